"""A classifier that begins with a mixing layer, as a plain Functional `keras.Model`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import ModelError, argument
from keras_dcmix._common.names import checked_channel_names, suggestion
from keras_dcmix.layers.attention import ATTENTION_LAYERS
from keras_dcmix.layers.channel_axis import channel_axis
from keras_dcmix.layers.channel_subsets import ChannelSubsets
from keras_dcmix.layers.dcmix import DCMix
from keras_dcmix.models.backbones import backbone_features
from keras_dcmix.models.options import check_dropout

MIXERS = ("dcmix", "none", *ATTENTION_LAYERS)


def build_classifier(
    input_shape: Sequence[int | None],
    num_classes: int,
    *,
    mixer: str | keras.layers.Layer = "dcmix",
    num_mixes: int = 1,
    backbone: str | keras.Model | Callable[[Any], Any] = "convnet",
    channel_names: Sequence[str] | None = None,
    normalization: bool | keras.layers.Normalization = True,
    dropout: float = 0.0,
    weights: str | None = None,
    attention: str | None = None,
    channel_subsets: bool = False,
) -> keras.Model:
    """Builds standardisation -> channel subsets, if asked for -> mixer -> backbone -> head.

    The model takes raw pixels: the standardisation (each channel to mean 0 and standard
    deviation 1 over the training images) travels inside it, so rescaling a raw channel
    changes nothing.

    Args:
        input_shape: `(height, width, num_channels)`; height and width may be `None` where
            the backbone allows it. With `keras.config.image_data_format()` set to
            `"channels_first"` it is `(num_channels, height, width)`.
        num_classes: Number of classes, at least 2.
        mixer: `"dcmix"`, `"none"` (all channels straight into the backbone), the name of an
            attention layer in `keras_dcmix.layers.ATTENTION_LAYERS`, or a Keras layer.
        num_mixes: Number of planes that `"dcmix"` makes.
        backbone: `"convnet"` (small, ours), a name in `keras.applications` such as
            `"ResNet50"`, a `keras.Model`, or a callable on tensors. What it returns is
            averaged over its spatial axes, if it has any.
        channel_names: One name a channel, kept in the `DCMix` or attention layer.
        normalization: `True` adds a `keras.layers.Normalization` named `"standardize"` that is
            still to be adapted: `model.get_layer("standardize").adapt(images)`. A layer that
            is ready, see `fit_standardization`, is taken as it is. `False` leaves it out.
        dropout: Rate of dropout before the head, 0 to 1 (1 excluded).
        weights: `None` or `"imagenet"`, for a backbone named in `keras.applications`.
            The latter takes three planes: one plane is repeated three times, or
            `num_mixes=3`.
        attention: Name of an attention layer that stands after each block of the `"convnet"`
            backbone; `None` leaves it out.
        channel_subsets: Whether a random subset of the standardised channels is masked to zero
            for each image in training, see `keras_dcmix.layers.ChannelSubsets`.

    Returns:
        A plain Functional `keras.Model`, `(batch, height, width, num_channels)` to class
        probabilities `(batch, num_classes)` in float32, not compiled.

    Raises:
        ValueError: If an argument does not fit; unknown names get the nearest known one.

    Example:

    >>> model = build_classifier((48, 48, 5), num_classes=3)
    >>> model.output_shape
    (None, 3)
    """
    input_shape = _checked_shape(input_shape)
    _check_head(num_classes, dropout)
    axis = channel_axis(keras.config.image_data_format())
    if channel_names is not None:
        checked_channel_names(channel_names, input_shape[-1 if axis == -1 else 0])
    images = keras.Input(input_shape, name="images")
    x = _standardized(images, normalization, axis)
    if channel_subsets:
        x = ChannelSubsets(name="channel_subsets")(x)
    x = _mixed(x, mixer, num_mixes, channel_names)
    x = backbone_features(x, backbone, weights=weights, attention=attention)
    if dropout:
        x = keras.layers.Dropout(dropout, name="dropout")(x)
    # float32 also under mixed precision: probabilities in float16 lose the loss its accuracy.
    head = keras.layers.Dense(num_classes, activation="softmax", dtype="float32", name="classes")
    return keras.Model(images, head(x), name="classifier")


def fit_standardization(mean: Any, std: Any, *, ndim: int = 4) -> keras.layers.Normalization:
    """A ready standardisation layer from statistics of the training images.

    `Normalization.adapt` does the same in float32; here the statistics are the caller's, so they
    can come from a stream of files in float64. A channel without spread (standard deviation 0)
    becomes 0 instead of rounding noise divided by almost nothing.

    Args:
        mean: `(num_channels,)`, mean of each raw channel over the training images.
        std: `(num_channels,)`, its standard deviation, >= 0.
        ndim: Rank of the images with the batch axis.

    Returns:
        A built `keras.layers.Normalization` for `build_classifier(normalization=...)`.
    """
    mean, std = np.asarray(mean, "float64"), np.asarray(std, "float64")
    finite = np.isfinite(mean).all() and np.isfinite(std).all()
    if mean.ndim != 1 or mean.shape != std.shape or not finite or (std < 0).any():
        raise ModelError(
            "Expected a finite mean and a finite standard deviation >= 0 for each channel. "
            f"Received: mean={mean}, std={std}"
        )
    axis = channel_axis(keras.config.image_data_format())
    layer = _normalization_layer(axis)
    shape: list[int | None] = [None] * ndim
    shape[axis] = len(mean)
    layer.build(shape)
    variance = np.where(std > 0, std**2, np.inf)
    count = np.zeros((), "int32")
    layer.set_weights([mean, variance, count])
    layer.finalize_state()
    return layer


def _normalization_layer(axis: int) -> keras.layers.Normalization:
    # float32 also under mixed precision: 16-bit cameras count to 65535, float16 to 65504, and
    # bfloat16 keeps 8 bits of a pixel.
    return keras.layers.Normalization(axis=axis, dtype="float32", name="standardize")


def _standardized(images: Any, normalization: bool | keras.layers.Normalization, axis: int) -> Any:
    if normalization is False:
        return images
    if normalization is True:
        normalization = _normalization_layer(axis)
    if not isinstance(normalization, keras.layers.Normalization):
        raise ModelError(
            "`normalization` must be True, False or a keras.layers.Normalization. "
            f"Received: normalization={normalization!r}"
        )
    return normalization(images)


def _mixed(x: Any, mixer: Any, num_mixes: int, channel_names: Sequence[str] | None) -> Any:
    if mixer != "dcmix" and num_mixes != 1:
        raise ModelError(
            f"{argument('num_mixes')} goes with mixer='dcmix'. "
            f"Received: {argument('num_mixes', num_mixes)}, mixer={mixer!r}"
        )
    if isinstance(mixer, keras.layers.Layer):
        return mixer(x)
    if mixer == "none":
        return x
    if mixer == "dcmix":
        return DCMix(num_mixes, channel_names=channel_names, name="dcmix")(x)
    if mixer in tuple(ATTENTION_LAYERS):  # a tuple also takes what cannot be hashed
        return ATTENTION_LAYERS[mixer](channel_names=channel_names, name=mixer)(x)
    raise ModelError(
        f"Unknown `mixer` {mixer!r}{suggestion(mixer, MIXERS)} "
        f"Known: {', '.join(MIXERS)}, or a Keras layer"
    )


def _checked_shape(input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
    shape = tuple(input_shape)
    first = keras.config.image_data_format() == "channels_first"
    ok = len(shape) == 3 and all(n is None or (isinstance(n, int) and n > 0) for n in shape)
    if not ok or shape[0 if first else -1] is None:
        raise ModelError(
            "`input_shape` must be (height, width, num_channels), positive, with a known number "
            f"of channels. Received: input_shape={shape}"
        )
    return shape


def _check_head(num_classes: int, dropout: float) -> None:
    if not isinstance(num_classes, int | np.integer) or num_classes < 2:
        raise ModelError(
            f"`num_classes` must be an integer of at least 2. Received: num_classes={num_classes!r}"
        )
    check_dropout(dropout)
