"""A custom model in a training: checked to fit the images and the classes."""

from __future__ import annotations

import keras
import numpy as np

from keras_dcmix._common.errors import ModelError
from keras_dcmix.data.channel_view import ChannelView
from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.layers.channel_subsets import ChannelSubsets
from keras_dcmix.layers.dcmix import DCMix, nested_layers
from keras_dcmix.models.classifier import fit_standardization
from keras_dcmix.models.custom import BuildModel
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import Split, spread_of_channels


def custom_model(
    build_model: BuildModel, dataset: LabelledImages, split: Split, training: Training
) -> keras.Model:
    """The compiled model that the caller's function makes.

    Args:
        build_model: From the raw training images to a compiled model.
        dataset: Checked images and labels.
        split: The split.
        training: With `mixer="dcmix"` the model must have a `DCMix` layer on the image channels;
            with `channel_subsets` it is put behind random masks.

    Raises:
        ValueError: If the model does not fit.
        TypeError: If something else than a model is returned.
    """
    view = ChannelView(dataset.images, rows=split.train)
    model = build_model(np.asarray(view) if view.in_memory else view)
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"`build_model` must return a compiled keras.Model. Received: {type(model).__name__}"
        )
    if not model.compiled:
        raise ModelError(
            "`build_model` must return a compiled model: call `model.compile(...)` in it. "
            f"Received: '{model.name}', not compiled"
        )
    if not model.built:
        model.build((None, *view.shape[1:]))
    _check_shapes(model, dataset, view.shape[1:])
    if training.mixer == "dcmix":
        name_channels(model, dataset.channel_names)
    return _behind_masks(model, dataset, split) if training.channel_subsets else model


def mixing_layers(model: keras.Model) -> list[DCMix]:
    """All `DCMix` layers of a model, also inside models that it is made of."""
    return [layer for layer in nested_layers(model) if isinstance(layer, DCMix)]


def _check_shapes(model: keras.Model, dataset: LabelledImages, shape: tuple[int, ...]) -> None:
    # A subclassed model may know neither.
    takes, gives = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    dims = takes[1:] if isinstance(takes, tuple) else ()
    if len(dims) != len(shape) or any(n not in (None, m) for n, m in zip(dims, shape, strict=True)):
        raise ModelError(
            "`build_model` must return a model of the images that it is given, here of shape "
            f"(batch, {', '.join(map(str, shape))}) for the channel(s) "
            f"{', '.join(dataset.channel_names)}. "
            f"Received: '{model.name}' of input shape {takes}"
        )
    if gives != (None, len(dataset.classes)):
        raise ModelError(
            f"`build_model` must return a model of {len(dataset.classes)} outputs, one for each "
            f"class ({', '.join(dataset.classes)}). "
            f"Received: '{model.name}' of output shape {gives}"
        )


def name_channels(model: keras.Model, channel_names: tuple[str, ...]) -> None:
    """Checks that a model mixes these channels; a `DCMix` layer without names gets them.

    Raises:
        ValueError: If there is not exactly one `DCMix` layer, or it mixes other channels.
    """
    layers = mixing_layers(model)
    if len(layers) != 1:
        raise ModelError(
            "A model to be ranked must have one keras_dcmix.layers.DCMix layer, whose weights are "
            f"the ranking: put it on the image channels. Received: '{model.name}' with "
            f"{len(layers)} such layers"
        )
    layer = layers[0]
    if len(layer.alpha) != len(channel_names) or layer.channel_names not in (None, channel_names):
        raise ModelError(
            f"The DCMix layer of model '{model.name}' must mix the image channels "
            f"{', '.join(channel_names)}, in this order. Received: '{layer.name}' of the channels "
            f"{', '.join(layer.display_names)}"
        )
    layer.channel_names = channel_names


def _behind_masks(model: keras.Model, dataset: LabelledImages, split: Split) -> keras.Model:
    """The model behind random masks: a masked channel has its training mean in every pixel."""
    mean, std = spread_of_channels(dataset, split)
    inputs = keras.Input(model.input_shape[1:], name="images")
    x = ChannelSubsets(name="channel_subsets")(fit_standardization(mean, std)(inputs))
    raw = keras.layers.Normalization(
        mean=mean.tolist(), variance=(std**2).tolist(), invert=True, name="raw_pixels"
    )
    masked = keras.Model(inputs, model(raw(x)), name=f"masked_{model.name}")
    masked.compile(model.optimizer, model.loss, metrics=["accuracy"], run_eagerly=model.run_eagerly)
    return masked
