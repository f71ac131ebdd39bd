"""Commands to copy: words quoted for the shell that they are pasted into."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable

_PLAIN = re.compile(r"[\w@+=:,./-]+", re.ASCII)
# Inside double quotes these have a meaning in sh, PowerShell or cmd; so has a backslash in sh
# before another one or at the end.
_SPECIAL = re.compile(r'["$`!%\n]|\\\\|\\$')


def command_line(words: Iterable[str], *, windows: bool = os.name == "nt") -> str:
    r"""Joins words into a line that a shell takes apart again.

    A path with backslashes is in double quotes where all shells read them alike, because it may be
    copied from one to the other.

    Args:
        words: Program, options and values.
        windows: Whether the line is for cmd and PowerShell, where single quotes, or a backslash
            before a quote, mean something else than in sh.

    Example:

    >>> print(command_line(["rank", r"C:\my plate\1.csv", "--label", "Drug"], windows=False))
    rank "C:\my plate\1.csv" --label Drug
    >>> print(command_line(["rank", "it's $5"], windows=False))
    rank 'it'"'"'s $5'
    """
    return " ".join(_quoted(word, windows) for word in words)


def joined_names(names: Iterable[str]) -> str:
    """Names as one value of an option: joined with commas, one with a comma in double quotes.

    Example:

    >>> joined_names(["DNA", "488, long"])
    'DNA,"488, long"'
    """
    quoted = (
        '"' + name.replace('"', '""') + '"' if re.search('[,"]', name) else name for name in names
    )
    return ",".join(quoted)


def _quoted(word: str, windows: bool) -> str:
    if _PLAIN.fullmatch(word):
        return word
    if (windows or "\\" in word) and not _SPECIAL.search(word):
        return f'"{word}"'
    if not windows:
        return shlex.quote(word)
    # Programs on Windows read a backslash before a quote as an escape, and no other.
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', word)
    return '"' + re.sub(r"(\\+)$", r"\1\1", escaped) + '"'
