"""Starts a masked model from the weights of the classifier on all channels."""

from __future__ import annotations

import keras

from keras_dcmix.layers.channel_subsets import ChannelSubsets


def start_from(model: keras.Model, trained: keras.Model) -> None:
    """Copies the weights of a trained classifier into the same classifier behind masks.

    Args:
        model: The classifier behind masks: either the same layers with one `ChannelSubsets` among
            them, or the classifier as one layer of a model that masks its input.
        trained: The trained classifier.
    """
    inner = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    if len(inner) == 1 and _shapes(inner[0]) == _shapes(trained):
        inner[0].set_weights(trained.get_weights())
        return
    kept = [layer for layer in model.layers if not isinstance(layer, ChannelSubsets)]
    for target, source in zip(_weighted(kept), _weighted(trained.layers), strict=True):
        target.set_weights(source.get_weights())


def _weighted(layers: list[keras.layers.Layer]) -> list[keras.layers.Layer]:
    return [layer for layer in layers if layer.weights]


def _shapes(model: keras.Model) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in model.weights]
