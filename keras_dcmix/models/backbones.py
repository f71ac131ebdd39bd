"""The network behind the mixing layer: our small one, or one of the user's choice."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_dcmix._common.errors import ModelError, argument
from keras_dcmix._common.names import suggestion
from keras_dcmix.layers.attention import ATTENTION_LAYERS
from keras_dcmix.layers.channel_axis import channel_axis
from keras_dcmix.models.own_backbone import is_own, load_backbone


def backbone_features(
    x: Any,
    backbone: str | keras.Model | Callable[[Any], Any],
    *,
    weights: str | None = None,
    attention: str | None = None,
) -> Any:
    """One row of features an image: a backbone, averaged over its spatial axes.

    Args:
        x: Tensor `(batch, height, width, planes)`.
        backbone: See `keras_dcmix.models.build_classifier`.
        weights: See `build_classifier`.
        attention: See `build_classifier`.

    Returns:
        Tensor `(batch, features)`.

    Raises:
        ValueError: If the backbone is not known, or does not go with the planes, the weights or
            the attention.
    """
    axis = channel_axis(keras.config.image_data_format())
    if isinstance(backbone, str) and is_own(backbone):
        backbone = load_backbone(backbone)
    if attention is not None and backbone != "convnet":
        raise ModelError(
            "`attention` goes with backbone='convnet', whose blocks are ours. "
            f"Received: attention={attention!r}, backbone={backbone!r}"
        )
    if isinstance(backbone, str) and backbone != "convnet":
        x, backbone = _application(x, backbone, weights, axis)
    elif weights is not None:
        raise ModelError(
            f"{argument('weights')} goes with a backbone named in keras.applications; a model of "
            f"your own has its own weights. Received: {argument('weights', weights)}, "
            f"{argument('backbone', backbone)}"
        )
    if backbone == "convnet":
        x = convnet(x, attention=attention)
    elif callable(backbone):
        x = _applied(backbone, x, axis)
    else:
        raise ModelError(
            f"{argument('backbone')} must be a name, a keras.Model or a callable on tensors. "
            f"Received: {argument('backbone', backbone)}"
        )
    if len(x.shape) > 2:
        spatial = [i for i in range(1, len(x.shape)) if i != axis % len(x.shape)]
        x = keras.ops.mean(x, axis=spatial)
    return x


def convnet(x: Any, *, widths: Sequence[int] = (16, 32, 64), attention: str | None = None) -> Any:
    """Our small backbone: a 5x5 convolution with stride 2, then 3x3 convolutions with pooling.

    Args:
        x: Tensor `(batch, height, width, planes)`, any size.
        widths: Number of filters of each block.
        attention: Name of an attention layer at the end of each block, see
            `keras_dcmix.layers.ATTENTION_LAYERS`; `None` leaves it out.

    Returns:
        Tensor `(batch, height / 2**len(widths), width / 2**len(widths), widths[-1])`.

    Raises:
        ValueError: If the name of the attention layer is not known.
    """
    if attention is not None and attention not in tuple(ATTENTION_LAYERS):
        raise ModelError(
            f"Unknown `attention` {attention!r}"
            f"{suggestion(attention, ATTENTION_LAYERS)} Known: {', '.join(ATTENTION_LAYERS)}"
        )
    axis = channel_axis(keras.config.image_data_format())
    for block, width in enumerate(widths):
        if block == 0:
            # The first block would cost most of the time at full resolution.
            x = keras.layers.Conv2D(width, 5, strides=2, padding="same", use_bias=False)(x)
        else:
            x = keras.layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
            x = keras.layers.MaxPooling2D(2, padding="same")(x)
        # Momentum 0.9: with Keras' default 0.99 the moving statistics lag behind a short training
        # and the model evaluates no better than at random.
        x = keras.layers.BatchNormalization(axis=axis, momentum=0.9)(x)
        x = keras.layers.ReLU()(x)
        if attention is not None:
            x = ATTENTION_LAYERS[attention](name=f"{attention}_block_{block}")(x)
    return x


def _applied(backbone: Callable[[Any], Any], x: Any, axis: int) -> Any:
    if isinstance(backbone, keras.Model):
        expected = backbone.input_shape[axis]
        if x.shape[axis] == 1 and expected == 3:
            x = keras.layers.Concatenate(axis=axis, name="repeat_plane")([x, x, x])
        elif expected is not None and x.shape[axis] != expected:
            raise ModelError(
                f"The backbone '{backbone.name}' takes {expected} planes, the mixer gives "
                f"{x.shape[axis]}: set {argument('num_mixes', expected)}"
            )
    features = backbone(x)
    if features is None or not hasattr(features, "shape"):
        raise ModelError(f"A callable `backbone` must return one tensor. Received: {features!r}")
    return features


def _application(x: Any, name: str, weights: str | None, axis: int) -> tuple[Any, keras.Model]:
    check_backbone(name)
    planes = x.shape[axis]
    if weights is not None and planes not in (1, 3):
        raise ModelError(
            f"{argument('weights', weights)} needs one or three planes, the mixer gives {planes}: "
            f"set {argument('num_mixes', 3)}"
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
    """Refuses the name of a backbone that is not known, or one that cannot be loaded."""
    if is_own(name):
        load_backbone(name)
        return
    known = ("convnet", *applications())
    if name not in known:
        raise ModelError(
            f"Unknown {argument('backbone')} {name!r}{suggestion(name, known)} "
            f"Known: {', '.join(known)}"
        )


def applications() -> tuple[str, ...]:
    """Names of the backbones in `keras.applications`."""
    functions = inspect.getmembers(keras.applications, inspect.isfunction)
    return tuple(n for n, f in functions if "include_top" in inspect.signature(f).parameters)
