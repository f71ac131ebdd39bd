"""A classifier that begins with a mixing layer, as a plain Functional `keras.Model`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from keras_dcmix.layers.channel_axis import channel_axis
from keras_dcmix.layers.dcmix import DCMix
from keras_dcmix.names import checked_channel_names, nearest

MIXERS = ("dcmix", "none")


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
) -> keras.Model:
    """Builds standardisation -> mixer -> backbone -> head.

    The model takes raw pixels: the standardisation (each channel to mean 0 and standard
    deviation 1 over the training images) travels inside it, so rescaling a raw channel
    changes nothing.

    Args:
        input_shape: `(height, width, num_channels)`; height and width may be `None` where
            the backbone allows it. With `keras.config.image_data_format()` set to
            `"channels_first"` it is `(num_channels, height, width)`.
        num_classes: Number of classes, at least 2.
        mixer: `"dcmix"`, `"none"` (all channels straight into the backbone), or a Keras layer.
        num_mixes: Number of planes that `"dcmix"` makes.
        backbone: `"convnet"` (small, ours), a name in `keras.applications` such as
            `"ResNet50"`, a `keras.Model`, or a callable on tensors. What it returns is
            averaged over its spatial axes, if it has any.
        channel_names: One name a channel, kept in the `DCMix` layer.
        normalization: `True` adds a `keras.layers.Normalization` named `"standardize"` that is
            still to be adapted: `model.get_layer("standardize").adapt(images)`. A layer that
            is ready, see `fit_standardization`, is taken as it is. `False` leaves it out.
        dropout: Rate of dropout before the head, 0 to 1 (1 excluded).
        weights: `None` or `"imagenet"`, for a backbone named in `keras.applications`.
            The latter takes three planes: one plane is repeated three times, or
            `num_mixes=3`.

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
    x = _mixed(x, mixer, num_mixes, channel_names)
    x = _features(x, backbone, weights, axis)
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
        raise ValueError(
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
    # float32 also under mixed precision: 16 bit cameras count to 65535, float16 to 65504, and
    # bfloat16 keeps 8 bits of a pixel.
    return keras.layers.Normalization(axis=axis, dtype="float32", name="standardize")


def _standardized(images: Any, normalization: bool | keras.layers.Normalization, axis: int) -> Any:
    if normalization is False:
        return images
    if normalization is True:
        normalization = _normalization_layer(axis)
    if not isinstance(normalization, keras.layers.Normalization):
        raise ValueError(
            "`normalization` must be True, False or a keras.layers.Normalization. "
            f"Received: normalization={normalization!r}"
        )
    return normalization(images)


def _mixed(x: Any, mixer: Any, num_mixes: int, channel_names: Sequence[str] | None) -> Any:
    if mixer != "dcmix" and num_mixes != 1:
        raise ValueError(
            f"`num_mixes` goes with mixer='dcmix'. Received: num_mixes={num_mixes!r}, "
            f"mixer={mixer!r}"
        )
    if isinstance(mixer, keras.layers.Layer):
        return mixer(x)
    if mixer == "none":
        return x
    if mixer == "dcmix":
        return DCMix(num_mixes, channel_names=channel_names, name="dcmix")(x)
    raise ValueError(
        f"Unknown `mixer` {mixer!r}, did you mean {nearest(mixer, MIXERS)!r}? "
        f"Known: {', '.join(MIXERS)}, or a Keras layer"
    )


def _features(x: Any, backbone: Any, weights: str | None, axis: int) -> Any:
    if isinstance(backbone, str) and backbone != "convnet":
        x, backbone = _application(x, backbone, weights, axis)
    elif weights is not None:
        raise ValueError(
            "`weights` goes with a backbone named in keras.applications; a model of your own "
            f"brings its weights along. Received: weights={weights!r}, backbone={backbone!r}"
        )
    if backbone == "convnet":
        x = convnet(x)
    elif callable(backbone):
        x = _applied(backbone, x, axis)
    else:
        raise ValueError(
            "`backbone` must be a name, a keras.Model or a callable on tensors. "
            f"Received: backbone={backbone!r}"
        )
    if len(x.shape) > 2:
        spatial = [i for i in range(1, len(x.shape)) if i != axis % len(x.shape)]
        x = keras.ops.mean(x, axis=spatial)
    return x


def convnet(x: Any, *, widths: Sequence[int] = (16, 32, 64)) -> Any:
    """Our small backbone: a 5x5 convolution with stride 2, then 3x3 convolutions with pooling.

    Args:
        x: Tensor `(batch, height, width, planes)`, any size.
        widths: Number of filters of each block.

    Returns:
        Tensor `(batch, height / 2**len(widths), width / 2**len(widths), widths[-1])`.
    """
    axis = channel_axis(keras.config.image_data_format())
    for block, width in enumerate(widths):
        if block == 0:
            # The first block would cost most of the time at full resolution.
            x = keras.layers.Conv2D(width, 5, strides=2, padding="same", use_bias=False)(x)
        else:
            x = keras.layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
            x = keras.layers.MaxPooling2D(2, padding="same")(x)
        # Momentum 0.9: with Keras' default 0.99 the moving statistics lag behind a short training
        # and the model evaluates near chance.
        x = keras.layers.BatchNormalization(axis=axis, momentum=0.9)(x)
        x = keras.layers.ReLU()(x)
    return x


def _applied(backbone: Callable[[Any], Any], x: Any, axis: int) -> Any:
    if isinstance(backbone, keras.Model):
        expected = backbone.input_shape[axis]
        if x.shape[axis] == 1 and expected == 3:
            x = keras.layers.Concatenate(axis=axis, name="repeat_plane")([x, x, x])
        elif expected is not None and x.shape[axis] != expected:
            raise ValueError(
                f"The backbone '{backbone.name}' takes {expected} planes, the mixer gives "
                f"{x.shape[axis]}: set num_mixes={expected}"
            )
    features = backbone(x)
    if features is None or not hasattr(features, "shape"):
        raise ValueError(f"A callable `backbone` must return one tensor. Received: {features!r}")
    return features


def _application(x: Any, name: str, weights: str | None, axis: int) -> tuple[Any, keras.Model]:
    check_backbone(name)
    planes = x.shape[axis]
    if weights is not None and planes not in (1, 3):
        raise ValueError(
            f"weights={weights!r} needs one or three planes, the mixer gives {planes}: "
            "set num_mixes=3"
        )
    shape = list(x.shape[1:])
    if planes == 1:
        shape[-1 if axis == -1 else 0] = 3
    build = getattr(keras.applications, name)
    # Some would rescale the pixels themselves, which are standardised here: MobileNetV3 divides
    # by 127.5 and subtracts 1, so that next to nothing of the image would be left.
    own = inspect.signature(build).parameters.keys() & {"include_preprocessing"}
    model = build(
        include_top=False, weights=weights, input_shape=tuple(shape), **dict.fromkeys(own, False)
    )
    return x, model


def check_backbone(name: str) -> None:
    """Refuses the name of a backbone that is not known, and says the nearest that is."""
    known = ("convnet", *applications())
    if name not in known:
        raise ValueError(
            f"Unknown `backbone` {name!r}, did you mean {nearest(name, known)!r}? "
            f"Known: {', '.join(known)}"
        )


def applications() -> tuple[str, ...]:
    """Names of the backbones in `keras.applications`."""
    functions = inspect.getmembers(keras.applications, inspect.isfunction)
    return tuple(n for n, f in functions if "include_top" in inspect.signature(f).parameters)


def _checked_shape(input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
    shape = tuple(input_shape)
    first = keras.config.image_data_format() == "channels_first"
    ok = len(shape) == 3 and all(n is None or (isinstance(n, int) and n > 0) for n in shape)
    if not ok or shape[0 if first else -1] is None:
        raise ValueError(
            "`input_shape` must be (height, width, num_channels), positive, with a known number "
            f"of channels. Received: input_shape={shape}"
        )
    return shape


def _check_head(num_classes: int, dropout: float) -> None:
    if not isinstance(num_classes, int | np.integer) or num_classes < 2:
        raise ValueError(
            "`num_classes` must be an integer of at least 2: one class is nothing to tell "
            f"apart. Received: num_classes={num_classes!r}"
        )
    if not 0 <= dropout < 1:
        raise ValueError(f"`dropout` must be from 0 up to 1. Received: dropout={dropout!r}")
