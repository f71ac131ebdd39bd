"""Attention gates: how far open the attention layer at a model's input is for each channel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.progress import counting
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.model_images import ModelImages, layers_on_channels
from keras_dcmix.layers.attention import ATTENTION_LAYERS
from keras_dcmix.layers.channel_attention import ChannelAttention
from keras_dcmix.layers.channel_subsets import ChannelSubsets
from keras_dcmix.layers.dcmix import nested_layers

_KEEP_CHANNELS_APART = (keras.layers.Normalization, keras.layers.Rescaling, ChannelSubsets)


def attention_gates(
    model: keras.Model,
    images: Any,
    *,
    layer_name: str | None = None,
    channel_names: Sequence[str] | None = None,
    num_folds: int = 5,
    batch_size: int = 128,
    seed: int = 0,
    verbose: bool = True,
) -> ChannelImportance:
    """Scores a channel by the mean of its gates in the attention layer at the model's input.

    `score[c] = mean over images of gates(images)[c]`

    The layer must see the image channels themselves: between the model's input and it there may
    be only layers that keep channels apart (`Normalization`, `Rescaling`, `ChannelSubsets`).
    A gate is what a channel is multiplied by, so the network behind it can undo it: an open gate
    is a hint, no proof.

    Args:
        model: Keras model with a `keras_dcmix.layers.ChannelAttention` layer at its input, as
            `build_classifier(mixer="squeeze_excitation")` makes it; Functional or Sequential.
        images: `(num_images, height, width, num_channels)` raw pixels as the model takes them; a
            NumPy array or `Crops`.
        layer_name: Name of the layer; needed only where several stand at the input.
        channel_names: One name a channel. `None` takes those of the images or of the layer.
        num_folds: The mean gates of so many random parts of the images are the repeats.
        batch_size: Images in memory at a time.
        seed: Seed of the parts.
        verbose: Whether to show progress.

    Returns:
        A `ChannelImportance` named after the kind of the layer, such as `"squeeze_excitation"`:
        the mean over all images, with a repeat for each part.

    Raises:
        ValueError: If there is no such layer, or several and none is named, or the named one
            stands deeper in the model; or if the other arguments do not fit.
    """
    seen = ModelImages(model, images, channel_names=channel_names, batch_size=batch_size)
    folds = seen.folds(num_folds, seed)
    layer = _attention_at_input(model, layer_name)
    before = keras.Model(model.inputs[0], layer.input)
    gates = np.empty((seen.num_images, seen.num_channels))
    with counting("attention_gates", len(list(seen.batches())), enabled=verbose) as advance:
        for rows in seen.batches():
            taken = before.predict_on_batch(seen.padded(seen.read(rows)))
            gates[rows] = keras.ops.convert_to_numpy(layer.gates(taken))[: len(rows)]
            advance()
    return seen.importance(_method_name(layer), gates, folds, "mean gate")


def _attention_at_input(model: keras.Model, layer_name: str | None) -> ChannelAttention:
    anywhere = {layer.name for layer in nested_layers(model) if isinstance(layer, ChannelAttention)}
    found = {
        layer.name: layer
        for layer in layers_on_channels(model, past=_KEEP_CHANNELS_APART)
        if isinstance(layer, ChannelAttention)
    }
    if layer_name is None and len(found) == 1:
        return next(iter(found.values()))
    if layer_name in found:
        return found[layer_name]
    if not anywhere:
        raise MethodError(
            f"Model '{model.name}' has no channel-attention layer, so there are no gates to read: "
            f"build it with mixer='squeeze_excitation', or another of {', '.join(ATTENTION_LAYERS)}"
        )
    if layer_name in anywhere or not found:
        deeper = sorted(anywhere) if layer_name is None else layer_name
        raise MethodError(
            f"The attention layer {deeper!r} of model '{model.name}' does not stand directly "
            "behind its input: its gates weigh features, not image channels. Build the model with "
            "mixer='squeeze_excitation', or ask permutation or occlusion"
        )
    raise MethodError(
        f"Model '{model.name}' has the attention layers {sorted(found)} at its input: name one of "
        f"them. Received: layer_name={layer_name!r}"
    )


def _method_name(layer: ChannelAttention) -> str:
    """The registered name of the layer's class in snake case."""
    name = keras.saving.get_registered_name(type(layer)).split(">")[-1]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
