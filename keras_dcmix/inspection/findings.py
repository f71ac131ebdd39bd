"""A warning about a source, with the options that it proposes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """What is wrong with a source, and what to do about it.

    Args:
        text: Sentences that name options of the command line.
        options: The options that the text proposes for a ranking, as names in Python and values,
            such as `{"normalize": "plate"}`; only those that hold without a further choice.
    """

    text: str
    options: Mapping[str, str] = field(default_factory=dict)


def proposed_options(findings: Iterable[Finding]) -> dict[str, str]:
    """The options of several findings; of two values for one the more serious finding's, the first.

    Example:

    >>> few, plates = Finding("a", {"group": "Plate"}), Finding("b", {"group": "Well"})
    >>> proposed_options([few, plates])
    {'group': 'Plate'}
    """
    merged: dict[str, str] = {}
    for finding in findings:
        merged = {**finding.options, **merged}
    return merged
