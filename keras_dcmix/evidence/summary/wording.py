"""Small words that all sentences share."""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[str]) -> str:
    """Names as a part of a sentence: `A, B and C`."""
    if len(names) > 6:
        return f"{', '.join(names[:5])} and {len(names) - 5} more"
    *front, last = names
    return f"{', '.join(front)} and {last}" if front else last


def verb(names: Sequence[str], one: str, several: str) -> str:
    """The form of a verb, or whatever else depends on how many names there are."""
    return one if len(names) == 1 else several
