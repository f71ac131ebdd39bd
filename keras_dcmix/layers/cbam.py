"""CBAM: gates for the channels of an image, then gates for its positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_dcmix._common.errors import LayerError
from keras_dcmix.layers.channel_attention import BottleneckAttention, check_odd
from keras_dcmix.layers.channel_axis import channel_axis


@keras.saving.register_keras_serializable(package="keras_dcmix")
class CBAM(BottleneckAttention):
    """Gates each channel by its mean and maximum, then each position by those over the channels.

    `gates = sigmoid(mlp(mean(images)) + mlp(max(images)))`, one number for each channel, with
    the same `mlp(z) = W2 relu(W1 z + b1) + b2` both times;
    `refined[..., c] = gates[c] * images[..., c]`

    `spatial_gates = sigmoid(convolution([mean_c(refined), max_c(refined)]))`, one number for each
    position; `output = spatial_gates * refined`

    Each gate is between 0 and 1. Only the channel gates are specific to channels; the spatial gates
    are the same for all of them.

    Args:
        ratio: Positive integer, the reduction: `units = num_channels // ratio`
            between the two dense layers.
        min_units: Positive integer, the minimum of units between the two dense layers. The
            paper's `ratio` is intended for hundreds of channels: with six image channels no unit
            would remain. Of very few units, all can start dead (ReLU), and the gates never learn.
        kernel_size: Positive odd integer, height and width of the spatial convolution in pixels.
        use_bias: Whether the dense layers have biases, see `SqueezeExcitation`. The spatial
            convolution has none.
        channel_names: Names of the input channels in order; they are saved
            with the layer. `None` leaves the channels unnamed.
        data_format: `"channels_last"` or `"channels_first"`. `None` takes
            `keras.config.image_data_format()`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        images: Tensor of rank 4, `(batch, height, width, num_channels)`, or
            `(batch, num_channels, height, width)` with `data_format="channels_first"`.

    Input shape:
        `(batch, height, width, num_channels)`; all but `num_channels` may be unknown.

    Output shape:
        The input's.

    Raises:
        ValueError: If an argument or the input's rank does not fit.

    Example:

    >>> import numpy as np
    >>> images = np.ones((8, 32, 32, 3), "float32")
    >>> attention = CBAM(channel_names=["DNA", "ER", "Actin"])
    >>> tuple(attention(images).shape)
    (8, 32, 32, 3)
    >>> tuple(attention.gates(images).shape), tuple(attention.spatial_gates(images).shape)
    ((8, 3), (8, 32, 32, 1))

    Reference:
        Woo, Park, Lee, Kweon: CBAM: Convolutional Block Attention Module, ECCV 2018,
        equations 1 to 3, https://arxiv.org/abs/1807.06521
    """

    def __init__(
        self,
        ratio: int = 16,
        *,
        min_units: int = 8,
        kernel_size: int = 7,
        use_bias: bool = True,
        channel_names: Sequence[str] | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            ratio,
            min_units=min_units,
            use_bias=use_bias,
            channel_names=channel_names,
            data_format=data_format,
            **kwargs,
        )
        check_odd("kernel_size", kernel_size)
        self.kernel_size = kernel_size

    def build(self, input_shape: Sequence[int | None]) -> None:
        super().build(input_shape)
        # Always channels last: TensorFlow has no other convolution on a CPU.
        self._convolution = keras.layers.Conv2D(
            1,
            self.kernel_size,
            padding="same",
            use_bias=False,
            data_format="channels_last",
            dtype=self.dtype_policy,
            name="convolution",
        )
        self._convolution.build((None, None, None, 2))

    def gates(self, images: Any) -> Any:
        mean, largest = self._pooled(images, ops.mean), self._pooled(images, ops.max)
        return ops.sigmoid(self._bottleneck(mean) + self._bottleneck(largest))

    def spatial_gates(self, images: Any) -> Any:
        """The factor of each position of each image, as `call` applies it after the channel gates.

        Args:
            images: Images as `call` takes them, before the channel gates.

        Returns:
            Tensor `(batch, height, width, 1)`, or `(batch, 1, height, width)` with
            `data_format="channels_first"`, 0 to 1.

        Raises:
            ValueError: If the layer has no weights yet or the images' rank does not fit.
        """
        return self._spatial_gates(super().call(images))

    def call(self, images: Any) -> Any:
        refined = super().call(images)
        return refined * self._spatial_gates(refined)

    def _spatial_gates(self, refined: Any) -> Any:
        axis = channel_axis(self.data_format)
        planes = ops.stack([ops.mean(refined, axis=axis), ops.max(refined, axis=axis)], axis=-1)
        return ops.expand_dims(ops.sigmoid(self._convolution(planes)[..., 0]), axis=axis)

    def _check_tensor_rank(self, shape: Sequence[int | None]) -> None:
        if len(shape) != 4:
            raise LayerError(
                "CBAM requires images of rank 4, (batch, height, width, channels), because it "
                f"gates positions as well as channels. Received: shape={tuple(shape)}"
            )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kernel_size": self.kernel_size}
