"""Where the channels are, what they are called: checks that all layers share."""

from __future__ import annotations

from collections.abc import Sequence

_AXES = {"channels_last": -1, "channels_first": 1}


def channel_axis(data_format: str) -> int:
    """The axis that holds the channels: -1 or 1."""
    if data_format not in _AXES:
        raise ValueError(
            f"`data_format` must be one of {', '.join(map(repr, _AXES))}. "
            f"Received: data_format={data_format!r}"
        )
    return _AXES[data_format]


def check_rank(shape: Sequence[int | None]) -> None:
    """Refuses inputs that are not of rank 2 to 5."""
    if not 2 <= len(shape) <= 5:
        raise ValueError(
            "Expected images of rank 2 to 5, such as (batch, height, width, channels). "
            f"Received: shape={tuple(shape)}"
        )


def check_channel_names(
    channel_names: Sequence[str] | None, num_channels: int | None = None
) -> tuple[str, ...] | None:
    """The names as a tuple; refuses blank and repeated ones and a wrong number of them."""
    if channel_names is None:
        return None
    if isinstance(channel_names, str):
        raise TypeError(
            "`channel_names` must be a sequence of names, one a channel. "
            f"Received: channel_names={channel_names!r}"
        )
    names = tuple(channel_names)
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"A channel name must be a non-empty string. Received: {name!r}")
        if names.count(name) > 1:
            raise ValueError(
                f"Channel names must be unique, but {name!r} stands {names.count(name)} times "
                f"in {names}"
            )
    if num_channels is not None and len(names) != num_channels:
        raise ValueError(
            f"Expected one name for each of the {num_channels} channels. "
            f"Received {len(names)}: {names}"
        )
    return names
