"""Text that others wrote (file names, cards, errors of libraries), made safe for a terminal."""

from __future__ import annotations

import re

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # Keras writes its errors in colour
_LONGEST = 200


def is_harmless(text: str) -> bool:
    """Whether a text has no character that controls a terminal; tabs and line breaks are fine."""
    return not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text)


def harmless(text: str) -> str:
    """The text with the sign of an unknown character for each one that cannot be printed."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def short(error: BaseException) -> str:
    """The beginning of a library's error on one line, without characters that control a terminal.

    Example:

    >>> short(ValueError("one  line "))
    'one line'
    """
    plain = " ".join(_COLOURS.sub("", str(error)).split())[:_LONGEST]
    return "".join(c for c in plain if is_harmless(c)) or type(error).__name__
