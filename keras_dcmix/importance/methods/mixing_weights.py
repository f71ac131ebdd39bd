"""DCMIX's own importance: the learned blending weights."""

from __future__ import annotations

import keras

from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.layers.dcmix import find_dcmix


def mixing_weights(model: keras.Model, *, layer_name: str | None = None) -> ChannelImportance:
    """Reads channel importance off a model's `DCMix` layer.

    The score is the channel's share of the mix, `alpha[c] / sum(alpha)`, from 0 to 1; with several
    planes the mean of its shares in them, each plane counting the same (see `DCMix.shares`).

    Args:
        model: Keras model with a `DCMix` layer, trained on channels of one scale.
        layer_name: Name of the layer; needed only where the model has several.

    Returns:
        A `ChannelImportance` without repeats; channels without names are called
        `channel_0`, `channel_1`, ...

    Raises:
        ValueError: If the model has no `DCMix` layer, or several and none is named.

    Example:

    >>> import keras, keras_dcmix
    >>> inputs = keras.Input((32, 32, 2))
    >>> mixed = keras_dcmix.layers.DCMix(channel_names=["GFP", "DNA"])(inputs)
    >>> mixing_weights(keras.Model(inputs, mixed))
    ChannelImportance('dcmix', GFP 0.5 > DNA 0.5, unit='share of the mix')

    Reference:
        https://arxiv.org/abs/2308.16637
    """
    layer = find_dcmix(model, layer_name)
    shares = layer.shares.mean(axis=1)
    return ChannelImportance("dcmix", layer.display_names, shares, unit="share of the mix")
