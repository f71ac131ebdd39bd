"""The nearest allowed name, for errors that answer a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher


def nearest(name: object, options: Iterable[str]) -> str:
    """Returns the option most similar to a name, upper and lower case being equal.

    Args:
        name: what the caller wrote.
        options: the allowed names, at least one.

    Returns:
        One of `options`; the first one where several are equally near.

    Example:

    >>> nearest("dapi", ["GFP", "DAPI"])
    'DAPI'
    """
    wanted = str(name).casefold()
    return max(options, key=lambda option: SequenceMatcher(None, wanted, option.casefold()).ratio())
