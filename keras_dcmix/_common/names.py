"""Names: of channels, checked wherever they come in, and the nearest one to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from keras_dcmix._common.errors import InputError

# Two letters of three alike, `DNS` and `DNA`, are a slip; fewer are another word. A part of a name,
# such as `Well` of `Metadata_Well`, is enough if it has three letters.
_LIKELY = 0.6
_SHORTEST_PART = 3


def suggestion(name: object, options: Iterable[str]) -> str:
    """Returns the end of a sentence about an unknown name: what was probably meant.

    Args:
        name: What the caller wrote.
        options: The allowed names.

    Returns:
        `", did you mean 'X'?"`, or a full stop where no option is similar.

    Example:

    >>> suggestion("dapi", ["GFP", "DAPI"])
    ", did you mean 'DAPI'?"
    >>> suggestion("Hoechst", ["GFP", "DAPI"])
    '.'
    """
    found = list(options)
    best = nearest(name, found) if found else ""
    return f", did you mean {best!r}?" if _similarity(name, best) >= _LIKELY else "."


def nearest(name: object, options: Iterable[str]) -> str:
    """Returns the option most similar to a name, however far it is; see `suggestion`.

    Args:
        name: What the caller wrote.
        options: The allowed names, at least one.

    Returns:
        One of `options`; the first one where several are equally near.
    """
    return max(options, key=lambda option: _similarity(name, option))


def _similarity(name: object, option: str) -> float:
    """0 to 1; upper and lower case are equal."""
    given, known = str(name).casefold(), option.casefold()
    ratio = SequenceMatcher(None, given, known).ratio()
    shorter, longer = sorted((given, known), key=len)
    is_part = len(shorter) >= _SHORTEST_PART and shorter in longer
    return max(ratio, _LIKELY) if is_part else ratio


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
