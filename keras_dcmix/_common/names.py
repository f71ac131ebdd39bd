"""Names: of channels, checked wherever they come in, and the nearest one to a misspelt one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate

from keras_dcmix._common.errors import InputError

# One slip in three letters: `DNS` for `DNA`, `Tubilin` for `Tubulin`; more is another word.
_LETTERS_PER_SLIP = 3
# A part of a name, such as `Well` of `Metadata_Well`, is enough if it has three letters.
_SHORTEST_PART = 3
# In so short a name another first letter is another word, as RNA is to DNA and YFP to GFP.
_SHORT = 4


def suggestion(name: object, options: Iterable[str]) -> str:
    """Returns the end of a sentence about an unknown name: what was probably meant.

    Args:
        name: What the caller wrote.
        options: The allowed names.

    Returns:
        `", did you mean 'X'?"`, or a full stop where no option is a likely misspelling.

    Example:

    >>> suggestion("dapi", ["GFP", "DAPI"])
    ", did you mean 'DAPI'?"
    >>> suggestion("Hoechst", ["GFP", "DAPI"]), suggestion("DNA", ["RNA", "ER"])
    ('.', '.')
    """
    likely = [option for option in options if _is_likely(name, option)]
    if not likely:
        return "."
    return f", did you mean {min(likely, key=lambda option: _distance(name, option))!r}?"


def _is_likely(name: object, option: str) -> bool:
    """Whether a name is an option with a slip or two, or a part of one of the two."""
    given, known = _plain(name), _plain(option)
    if not given or not known:
        return False
    shorter, longer = sorted((given, known), key=len)
    if len(shorter) >= _SHORTEST_PART and _is_part(shorter, longer):
        return True
    if len(longer) <= _SHORT and sorted(given) != sorted(known):
        return given[0] == known[0] and len(longer) > 2 and _slips(given, known) <= 1
    return _slips(given, known) <= max(1, len(longer) // _LETTERS_PER_SLIP)


def _distance(name: object, option: str) -> tuple[int, int]:
    """Sorts options: the fewest slips first, then those whose capitals differ least."""
    same = sum(one == other for one, other in zip(str(name), option, strict=False))
    return _slips(_plain(name), _plain(option)), -same


def _plain(name: object) -> str:
    """A name without what slips rarely change: capitals, separators, the prefix of columns.

    The prefix is long and equal in all columns: with it, any two of them would be similar.
    """
    return re.sub(r"[\W_]", "", str(name).casefold().removeprefix("metadata_"))


def _is_part(part: str, name: str) -> bool:
    """Whether one name contains the other, without cutting through a number: CD4 is not in CD45."""
    before = r"(?<!\d)" if part[0].isdigit() else ""
    after = r"(?!\d)" if part[-1].isdigit() else ""
    return re.search(f"{before}{re.escape(part)}{after}", name) is not None


def _slips(one: str, other: str) -> int:
    """Fewest letters to add, leave out, replace or swap with their neighbour.

    A digit counts twice: wells, wavelengths and versions often differ in nothing else.

    Reference:
        Optimal string alignment; Boytsov (2011), *Indexing methods for approximate dictionary
        searching*, section 2.
    """
    rows = [list(accumulate(map(_weight, other), initial=0))]
    for i, letter in enumerate(one, 1):
        row = [rows[-1][0] + _weight(letter)]
        for j, wanted in enumerate(other, 1):
            replaced = 0 if letter == wanted else max(_weight(letter), _weight(wanted))
            best = min(
                rows[-1][j] + _weight(letter),
                row[-1] + _weight(wanted),
                rows[-1][j - 1] + replaced,
            )
            if i > 1 and j > 1 and (one[i - 2], letter) == (wanted, other[j - 2]):
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _weight(letter: str) -> int:
    return 1 + letter.isdigit()


def checked_channel_names(
    channel_names: Sequence[str], num_channels: int | None = None
) -> tuple[str, ...]:
    """Returns channel names as a tuple, or raises and names the offender.

    Args:
        channel_names: What the caller gave.
        num_channels: How many there must be; any positive number by default.

    Raises:
        ValueError: If there is no name, or one is blank or repeated, or their number is wrong.
        TypeError: If they are one string, or one of them is not a string.

    Example:

    >>> checked_channel_names(["GFP", "DNA"])
    ('GFP', 'DNA')
    """
    if isinstance(channel_names, str):
        raise TypeError(
            f"channel_names must be a list of names, not one string. Received: {channel_names!r}"
        )
    names = tuple(channel_names)
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise TypeError(f"channel_names[{index}] must be a string. Received: {name!r}")
        if not name.strip():
            raise InputError(
                f"channel_names[{index}] must be a non-empty string. Received: {name!r}"
            )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError(
            f"channel_names must be unique; rename one of each. Received more than once: {repeated}"
        )
    if not names:
        raise InputError("channel_names must name at least one channel. Received: none")
    if num_channels is not None and len(names) != num_channels:
        raise InputError(
            f"channel_names must be {num_channels}, one for each channel. "
            f"Received {len(names)}: {', '.join(names)}"
        )
    return tuple(str(name) for name in names)
