"""From a Keras model to its card: channel names, classes and importance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from keras_dcmix._common.errors import ArtefactError, argument
from keras_dcmix._common.versions import versions
from keras_dcmix.data.cells.recipe import CropRecipe
from keras_dcmix.importance.methods.mixing_weights import mixing_weights
from keras_dcmix.inference.card import ModelCard
from keras_dcmix.layers.channel_axis import channel_axis
from keras_dcmix.layers.dcmix import DCMix, nested_layers


def card_of_model(
    model: keras.Model,
    *,
    channel_names: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    recipe: CropRecipe | None = None,
    earlier: ModelCard | None = None,
) -> ModelCard:
    """Makes a card from the layers of a model, its earlier card and what the caller adds.

    Args:
        model: A model from one batch of images to one number for each class; a single number is
            the probability of the second of two classes.
        channel_names: Names of its channels, where no layer knows them.
        classes: Names of its classes in the order of its outputs; `class_0`, ... where they are
            not known.
        recipe: How its images were made.
        earlier: The card that was stored with the model.

    Raises:
        ValueError: If the model takes anything but images, has no channel names, or names do
            not fit.
    """
    axis, (height, width), num_channels = _images_of(model)
    names = _channel_names(model, channel_names, earlier, num_channels)
    return ModelCard(
        channel_names=names,
        classes=_classes(model, classes, earlier),
        image_size=(height, width),
        importance=_importance(model, names),
        recipe=earlier.recipe if recipe is None and earlier is not None else recipe,
        data_format="channels_last" if axis == -1 else "channels_first",
        versions=versions(),
    )


def _images_of(model: keras.Model) -> tuple[int, tuple[int | None, int | None], int]:
    """Channel axis, height and width, and number of channels of what a model takes."""
    takes: Any = getattr(model, "input_shape", None)
    gives: Any = getattr(model, "output_shape", None)
    formats = (getattr(layer, "data_format", None) for layer in nested_layers(model))
    axis = channel_axis(next(filter(None, formats), keras.config.image_data_format()))
    takes_images = isinstance(takes, tuple) and len(takes) == 4 and takes[axis] is not None
    if not takes_images or not isinstance(gives, tuple) or len(gives) != 2:
        raise ArtefactError(
            f"A model must take one batch of images (batch, height, width, channels) and give one "
            f"number for each class. Received: '{model.name}' from {takes} to {gives}; a subclass "
            "of keras.Model must be wrapped: keras.Model(inputs, model(inputs)) with "
            "inputs = keras.Input((height, width, channels))"
        )
    sides = takes[1:3] if axis == -1 else takes[2:4]
    return axis, sides, takes[axis]


def _channel_names(
    model: keras.Model,
    given: Sequence[str] | None,
    earlier: ModelCard | None,
    num_channels: int,
) -> tuple[str, ...]:
    layers = sorted(nested_layers(model), key=lambda layer: not isinstance(layer, DCMix))
    known = next((n for layer in layers if (n := getattr(layer, "channel_names", None))), None)
    if known is None and earlier is not None:
        known = earlier.channel_names
    names = known if given is None else tuple(given)
    if names is None:
        raise ArtefactError(
            f"Model '{model.name}' does not name its {num_channels} channels: put a "
            "keras_dcmix.layers.DCMix with channel_names in front of it, or export it with "
            f"{argument('channel_names', ('A', 'B'))}, in the model's order (on the command line: "
            "keras-dcmix export --channel-names A,B)"
        )
    if known is not None and names != tuple(known):
        raise ArtefactError(
            f"{argument('channel_names')} must be those of the model, {', '.join(known)}: omit "
            f"the argument. Received: {', '.join(names)}"
        )
    if len(names) != num_channels:
        raise ArtefactError(
            f"{argument('channel_names')} must be {num_channels}, one for each channel of model "
            f"'{model.name}'. Received {len(names)}: {', '.join(names)}"
        )
    return tuple(names)


def _classes(
    model: keras.Model, given: Sequence[str] | None, earlier: ModelCard | None
) -> tuple[str, ...]:
    num_outputs = model.output_shape[-1]
    num_classes = max(2, num_outputs)
    if given is None and earlier is not None:
        given = earlier.classes
    if given is None:
        given = _unnamed(num_classes)
    if len(given) != num_classes:
        each = "one for each output" if num_outputs > 1 else "for the one output"
        raise ArtefactError(
            f"{argument('classes')} must be {num_classes}, {each} of model '{model.name}'. "
            f"Received {len(given)}: {', '.join(given)}"
        )
    known = () if earlier is None else earlier.classes
    if known and tuple(given) != known and known != _unnamed(num_classes):
        raise ArtefactError(
            f"{argument('classes')} must be those of the model, {', '.join(known)}: omit the "
            f"argument. Received: {', '.join(given)}"
        )
    return tuple(given)


def _unnamed(num_classes: int) -> tuple[str, ...]:
    return tuple(f"class_{number}" for number in range(num_classes))


def _importance(model: keras.Model, names: tuple[str, ...]) -> dict[str, float] | None:
    mixers = [layer for layer in nested_layers(model) if isinstance(layer, DCMix)]
    if len(mixers) != 1:
        return None
    return dict(zip(names, mixing_weights(model).scores.tolist(), strict=True))
