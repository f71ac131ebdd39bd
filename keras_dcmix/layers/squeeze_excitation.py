"""Squeeze-and-excitation: gates from two dense layers on each channel's mean."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from keras_dcmix.layers.channel_attention import BottleneckAttention


@keras.saving.register_keras_serializable(package="keras_dcmix")
class SqueezeExcitation(BottleneckAttention):
    """Gates each channel by two dense layers on the means of all channels.

    `z[c] = mean(images[..., c])`, `gates = sigmoid(W2 relu(W1 z + b1) + b2)`,
    `output[..., c] = gates[c] * images[..., c]`

    Each gate is between 0 and 1, whatever the other gates are.

    Args:
        ratio: Positive integer, the reduction: `units = num_channels // ratio`
            between the two dense layers.
        min_units: Positive integer, the minimum of units between the two dense layers. The
            paper's `ratio` is intended for hundreds of channels: with six image channels no unit
            would remain. Of very few units, all can start dead (ReLU), and the gates never learn.
        use_bias: Whether the dense layers have biases. The authors omit them inside ResNets; at
            the input, where the means of standardised images are near 0, all gates would stay near
            0.5 without them.
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
    >>> attention = SqueezeExcitation(channel_names=["DNA", "ER", "Actin"])
    >>> tuple(attention(images).shape)
    (8, 32, 32, 3)
    >>> tuple(attention.gates(images).shape)
    (8, 3)

    Reference:
        Hu, Shen, Sun: Squeeze-and-Excitation Networks, CVPR 2018, equations 2 to 4,
        https://arxiv.org/abs/1709.01507
    """

    def gates(self, images: Any) -> Any:
        return ops.sigmoid(self._bottleneck(self._pooled(images, ops.mean)))
