"""Base classes of the channel-attention layers: one gate for each channel of each image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from keras_dcmix._common.errors import LayerError
from keras_dcmix._common.names import checked_channel_names
from keras_dcmix._common.validation import check_positive_integer
from keras_dcmix.layers.channel_axis import channel_axis, check_tensor_rank, known_channels


class ChannelAttention(keras.layers.Layer):
    """Multiplies each channel of each image by a gate that is computed from the image.

    `output[b, ..., c] = gates(images)[b, c] * images[b, ..., c]`

    Subclasses override `gates`, create their weights in `build`, and add their own arguments to
    the config. Unlike the weights of `DCMix`, gates differ between images, so importance is
    measured on images.

    Args:
        channel_names: Names of the input channels in order; they are saved
            with the layer. `None` leaves the channels unnamed.
        data_format: `"channels_last"` or `"channels_first"`. `None` takes
            `keras.config.image_data_format()`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        images: Tensor of rank 2 to 5, `(batch, ..., num_channels)`, or
            `(batch, num_channels, ...)` with `data_format="channels_first"`.

    Input shape:
        `(batch, num_channels)`, `(batch, steps, num_channels)`,
        `(batch, height, width, num_channels)` or
        `(batch, depth, height, width, num_channels)`; all but `num_channels`
        may be unknown.

    Output shape:
        The input's.

    Raises:
        ValueError: If an argument or the input's rank does not fit.
    """

    def __init__(
        self,
        *,
        channel_names: Sequence[str] | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channel_names = None
        if channel_names is not None:
            self.channel_names = checked_channel_names(channel_names)
        self.data_format = keras.config.image_data_format() if data_format is None else data_format
        channel_axis(self.data_format)

    def build(self, input_shape: Sequence[int | None]) -> None:
        self._check_tensor_rank(input_shape)
        self.num_channels = known_channels(input_shape, self.data_format)
        if self.channel_names is not None:
            checked_channel_names(self.channel_names, self.num_channels)

    def gates(self, images: Any) -> Any:
        """The factor of each channel of each image, as `call` applies it.

        Args:
            images: Images as `call` takes them.

        Returns:
            Tensor `(batch, num_channels)`, >= 0.

        Raises:
            ValueError: If the layer has no weights yet or the images' rank does not fit.
        """
        raise NotImplementedError(f"{type(self).__name__} must override `gates`")

    def call(self, images: Any) -> Any:
        shape = [-1] + [1] * (len(images.shape) - 1)
        shape[channel_axis(self.data_format)] = self.num_channels
        return ops.cast(images, self.compute_dtype) * ops.reshape(self.gates(images), shape)

    def _pooled(self, images: Any, reduce: Callable[..., Any]) -> Any:
        """Each channel of each image reduced to one number, `(batch, num_channels)`."""
        if not self.built:
            raise LayerError(
                f"Layer '{self.name}' has no weights yet: call it on images or build it first"
            )
        self._check_tensor_rank(images.shape)
        images = ops.cast(images, self.compute_dtype)
        rank = len(images.shape)
        spatial = [i for i in range(1, rank) if i != channel_axis(self.data_format) % rank]
        # Backends differ in a reduction over no axis.
        return reduce(images, axis=spatial) if spatial else images

    def _check_tensor_rank(self, shape: Sequence[int | None]) -> None:
        check_tensor_rank(shape)

    @property
    def display_names(self) -> tuple[str, ...]:
        """The channel names, or `channel_0`, `channel_1`, ... where none were given."""
        if self.channel_names is not None:
            return self.channel_names
        if not self.built:
            raise LayerError(
                f"The channels of layer '{self.name}' are not known yet: call it on images or "
                "build it first"
            )
        return tuple(f"channel_{index}" for index in range(self.num_channels))

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        self._check_tensor_rank(input_shape)
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "channel_names": None if self.channel_names is None else list(self.channel_names),
            "data_format": self.data_format,
        }


class BottleneckAttention(ChannelAttention):
    """Channel attention with gates from two dense layers with few units between them.

    `bottleneck(z) = W2 relu(W1 z + b1) + b2`, with `W1` of shape `(units, num_channels)`

    Args:
        ratio: Positive integer, the reduction: `units = num_channels // ratio`.
        min_units: Positive integer, the minimum of units between the two dense layers.
        use_bias: Whether the dense layers have biases.
        **kwargs: Arguments of `ChannelAttention`.
    """

    def __init__(
        self,
        ratio: int = 16,
        *,
        min_units: int = 8,
        use_bias: bool = True,
        channel_names: Sequence[str] | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(channel_names=channel_names, data_format=data_format, **kwargs)
        check_positive_integer("ratio", ratio, error=LayerError)
        check_positive_integer("min_units", min_units, error=LayerError)
        self.ratio = ratio
        self.min_units = min_units
        self.use_bias = use_bias

    def build(self, input_shape: Sequence[int | None]) -> None:
        super().build(input_shape)
        shared = {"use_bias": self.use_bias, "dtype": self.dtype_policy}
        units = max(self.num_channels // self.ratio, self.min_units)
        self._reduction = keras.layers.Dense(units, activation="relu", name="reduction", **shared)
        self._reduction.build((None, self.num_channels))
        self._expansion = keras.layers.Dense(self.num_channels, name="expansion", **shared)
        self._expansion.build((None, units))

    def _bottleneck(self, pooled: Any) -> Any:
        return self._expansion(self._reduction(pooled))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "ratio": self.ratio,
            "min_units": self.min_units,
            "use_bias": self.use_bias,
        }


def check_odd(name: str, value: Any) -> None:
    """Raises an error for an argument that is not a positive odd integer."""
    check_positive_integer(name, value, error=LayerError)
    if value % 2 == 0:
        raise LayerError(
            f"`{name}` must be odd, so that it has a centre. Received: {name}={value!r}"
        )
