"""The axis of the channels, and checks of shapes that all layers share."""

from __future__ import annotations

from collections.abc import Sequence

from keras_dcmix._common.errors import LayerError

_AXES = {"channels_last": -1, "channels_first": 1}


def channel_axis(data_format: str) -> int:
    """The axis of the channels: -1 or 1."""
    if data_format not in _AXES:
        raise LayerError(
            f"`data_format` must be one of {', '.join(map(repr, _AXES))}. "
            f"Received: data_format={data_format!r}"
        )
    return _AXES[data_format]


def check_tensor_rank(shape: Sequence[int | None]) -> None:
    """Raises an error for inputs that are not of rank 2 to 5."""
    if not 2 <= len(shape) <= 5:
        raise LayerError(
            "Expected images of rank 2 to 5, such as (batch, height, width, channels). "
            f"Received: shape={tuple(shape)}"
        )


def known_channels(shape: Sequence[int | None], data_format: str) -> int:
    """The number of channels of a shape; raises an error where it is unknown."""
    num_channels = shape[channel_axis(data_format)]
    if num_channels is None:
        raise LayerError(
            f"The number of channels must be known. Received: input_shape={tuple(shape)} "
            f"with data_format={data_format!r}"
        )
    return num_channels
