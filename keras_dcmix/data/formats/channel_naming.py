"""Unique names for channels whose names are blank or repeated."""

from __future__ import annotations

from collections.abc import Sequence


def unique_names(names: Sequence[str], marks: Sequence[str]) -> list[str]:
    """Distinguishes channels of the same name by a mark.

    Args:
        names: name of each channel in the file; blank where it has none.
        marks: its number on the instrument; the name of a channel without one.

    Returns:
        One name a channel, each once.

    Example:

    >>> unique_names(["Alexa 488", "DAPI", "Alexa 488", ""], ["ch1", "ch2", "ch3", "ch4"])
    ['Alexa 488 (ch1)', 'DAPI', 'Alexa 488 (ch3)', 'ch4']
    """
    named = [name.strip() or mark for name, mark in zip(names, marks, strict=True)]
    return [
        f"{name} ({mark})" if named.count(name) > 1 else name
        for name, mark in zip(named, marks, strict=True)
    ]
