"""What others' code and files say, in a form that fits into a sentence on a terminal."""

from __future__ import annotations

import re

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # Keras writes its errors in colour
_LONGEST = 200


def is_harmless(text: str) -> bool:
    """Whether a text holds no character that steers a terminal; breaks of lines do no harm."""
    return not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text)


def short(error: BaseException) -> str:
    """The beginning of a library's error on one line, without characters that steer a terminal."""
    plain = " ".join(_COLOURS.sub("", str(error)).split())[:_LONGEST]
    return "".join(c for c in plain if is_harmless(c)) or type(error).__name__
