"""Soft attention over channels: gates with a fixed sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_dcmix.layers.channel_attention import ChannelAttention


@keras.saving.register_keras_serializable(package="keras_dcmix")
class SoftAttention(ChannelAttention):
    """Gates each channel by a softmax over all channels.

    `z[c] = mean(images[..., c])`, `gates = num_channels * softmax(W z + b)`,
    `output[..., c] = gates[c] * images[..., c]`

    Unlike in the other attention layers, the gates have a fixed sum. The softmax is multiplied by
    `num_channels`, so that equal gates are 1 and do not change the images: with the plain softmax,
    every additional channel would reduce the input of the network that follows.
    `gates / num_channels` are the softmax weights. `W` and `b` start at 0, so all channels are
    equal before training.

    The idea, soft attention on the individual channels of the input, is that of the reference;
    computing it by one dense layer on each channel's mean is ours.

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

    Example:

    >>> import keras
    >>> import numpy as np
    >>> images = np.ones((1, 32, 32, 3), "float32")
    >>> attention = SoftAttention(channel_names=["DNA", "ER", "Actin"])
    >>> tuple(attention(images).shape)
    (1, 32, 32, 3)
    >>> keras.ops.convert_to_numpy(attention.gates(images)).tolist()
    [[1.0, 1.0, 1.0]]

    Reference:
        Bastidas, Tang: Channel Attention Networks, CVPR Workshops 2019,
        https://doi.org/10.1109/CVPRW.2019.00117
    """

    def build(self, input_shape: Sequence[int | None]) -> None:
        super().build(input_shape)
        self._logits = keras.layers.Dense(
            self.num_channels, kernel_initializer="zeros", dtype=self.dtype_policy, name="logits"
        )
        self._logits.build((None, self.num_channels))

    def gates(self, images: Any) -> Any:
        means = self._pooled(images, ops.mean)
        logits = self._logits(means)
        # Not `ops.softmax`, which warns about a single channel. Equal gates are exactly 1 here.
        exponents = ops.exp(logits - ops.max(logits, axis=-1, keepdims=True))
        return exponents / ops.mean(exponents, axis=-1, keepdims=True)
