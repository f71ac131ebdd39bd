"""Names: of channels, checked wherever they come in, and the nearest one to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def checked_channel_names(
    channel_names: Sequence[str], num_channels: int | None = None
) -> tuple[str, ...]:
    """Returns channel names as a tuple, or raises and names the offender.

    Args:
        channel_names: what the caller gave.
        num_channels: how many there must be; any positive number by default.

    Raises:
        ValueError: if there is no name, or one is blank or repeated, or their number is wrong.
        TypeError: if they are one string, or one of them is not a string.

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
            raise ValueError(
                f"channel_names[{index}] must be a non-empty string. Received: {name!r}"
            )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(
            f"channel_names must be unique; rename one of each. Received more than once: {repeated}"
        )
    if not names:
        raise ValueError("channel_names must name at least one channel. Received: none")
    if num_channels is not None and len(names) != num_channels:
        raise ValueError(
            f"channel_names must be {num_channels}, one for each channel. "
            f"Received {len(names)}: {', '.join(names)}"
        )
    return tuple(str(name) for name in names)
