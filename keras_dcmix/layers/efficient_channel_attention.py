"""Efficient channel attention: gates from a convolution over neighbouring channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_dcmix._common.errors import LayerError
from keras_dcmix._common.validation import check_positive_integer
from keras_dcmix.layers.channel_attention import (
    ChannelAttention,
    check_odd,
)


@keras.saving.register_keras_serializable(package="keras_dcmix")
class EfficientChannelAttention(ChannelAttention):
    """Gates each channel by its own mean and those of its neighbours, with shared weights.

    `z[c] = mean(images[..., c])`, `gates[c] = sigmoid(sum_j w[j] z[c + j])` with `j` from
    `-(kernel_size // 2)` to `kernel_size // 2` and `z = 0` beyond the first and last channel,
    `output[..., c] = gates[c] * images[..., c]`

    Only the `kernel_size` weights are learned. Note two limitations at the input: which channels
    are neighbours depends on their arbitrary order, and below 8 channels the paper's kernel size is
    1, so all channels share one weight and each gate depends on its own channel only.

    Args:
        kernel_size: Positive odd integer, at most `2 * num_channels - 1`: weights further out
            would have no input. `None` uses the paper's, see `adaptive_kernel_size`.
        gamma: Above 0; divisor of the adaptive kernel size.
        b: Offset of the adaptive kernel size.
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

    Example:

    >>> import numpy as np
    >>> images = np.ones((8, 32, 32, 3), "float32")
    >>> attention = EfficientChannelAttention(channel_names=["DNA", "ER", "Actin"])
    >>> tuple(attention(images).shape)
    (8, 32, 32, 3)
    >>> attention.count_params()
    1

    Reference:
        Wang, Wu, Zhu, Li, Zuo, Hu: ECA-Net: Efficient Channel Attention for Deep Convolutional
        Neural Networks, CVPR 2020, section 3.2, https://arxiv.org/abs/1910.03151
    """

    def __init__(
        self,
        kernel_size: int | None = None,
        *,
        gamma: float = 2,
        b: float = 1,
        channel_names: Sequence[str] | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(channel_names=channel_names, data_format=data_format, **kwargs)
        if kernel_size is not None:
            check_odd("kernel_size", kernel_size)
        _check_adaptive(gamma, b)
        self.kernel_size = kernel_size
        self.gamma = gamma
        self.b = b

    def build(self, input_shape: Sequence[int | None]) -> None:
        super().build(input_shape)
        largest = 2 * self.num_channels - 1
        size = self.kernel_size
        if size is None:
            size = min(adaptive_kernel_size(self.num_channels, self.gamma, self.b), largest)
        if size > largest:
            raise LayerError(
                f"`kernel_size` must be at most {largest} for {self.num_channels} channels: "
                f"weights further out would have no input. Received: kernel_size={size}"
            )
        self._convolution = keras.layers.Conv1D(
            1,
            size,
            padding="same",
            use_bias=False,
            data_format="channels_last",
            dtype=self.dtype_policy,
            name="convolution",
        )
        self._convolution.build((None, self.num_channels, 1))

    def gates(self, images: Any) -> Any:
        means = ops.expand_dims(self._pooled(images, ops.mean), axis=-1)
        return ops.sigmoid(ops.squeeze(self._convolution(means), axis=-1))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "gamma": self.gamma,
            "b": self.b,
        }


def adaptive_kernel_size(num_channels: int, gamma: float = 2, b: float = 1) -> int:
    """The kernel size of the paper: the odd number nearest to `|(log2(num_channels) + b) / gamma|`.

    Of the two odd numbers next to an even one the larger is used.

    Args:
        num_channels: Number of channels, at least 1.
        gamma: Divisor, above 0.
        b: Offset.

    Example:

    >>> [adaptive_kernel_size(num_channels) for num_channels in (6, 64, 256)]
    [1, 3, 5]

    Reference:
        ECA-Net, equation 12 and the paragraph after it.
    """
    check_positive_integer("num_channels", num_channels, error=LayerError)
    _check_adaptive(gamma, b)
    return 2 * int(abs((math.log2(num_channels) + b) / gamma) // 2) + 1


def _check_adaptive(gamma: float, b: float) -> None:
    if not (0 < gamma < math.inf and math.isfinite(b)):
        raise LayerError(
            "`gamma` must be a number above 0 and `b` a finite number. "
            f"Received: gamma={gamma!r}, b={b!r}"
        )
