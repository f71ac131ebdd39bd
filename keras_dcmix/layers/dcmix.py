"""DCMIX: blends all input channels into one or a few planes with learned weights >= 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_dcmix._common.errors import LayerError
from keras_dcmix._common.names import checked_channel_names
from keras_dcmix._common.validation import check_positive_integer
from keras_dcmix.layers.channel_axis import channel_axis, check_tensor_rank, known_channels
from keras_dcmix.layers.channel_selection import ChannelSelection


@keras.saving.register_keras_serializable(package="keras_dcmix")
class EqualBlend(keras.initializers.Initializer):
    """Initializes the weight of every channel to `1 / sqrt(num_channels)`.

    All channels start equal, so there is no ranking before training, and a mix of
    independent channels of unit variance has unit variance too.

    Example:

    >>> tuple(EqualBlend()((4, 1)).shape)
    (4, 1)
    """

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Any:
        return ops.full(shape, shape[0] ** -0.5, dtype=dtype or keras.config.floatx())

    def get_config(self) -> dict[str, Any]:
        return {}


_SELECTION = ChannelSelection()


@keras.saving.register_keras_serializable(package="keras_dcmix")
class DCMix(keras.layers.Layer):
    """Blends all input channels into `num_mixes` planes; the learned weights are the importance.

    `mixed[b, ..., m] = sum_c alpha[c, m] * images[b, ..., c]` with `alpha >= 0`

    `alpha` is learned end to end with the network that follows the layer. Weights of two
    channels are comparable only if both have the same scale: standardise each channel
    first, as `keras_dcmix.models.build_classifier` does.

    Args:
        num_mixes: Positive integer, the number of output planes.
        channel_names: Names of the input channels in order; they are saved
            with the layer. `None` leaves the channels unnamed.
        alpha_initializer: Initializer of `alpha`, shape `(num_channels, num_mixes)`.
            `None` initializes all channels equally, see `EqualBlend`.
        alpha_regularizer: Regularizer of `alpha`, on the non-negative values
            that the mix uses. The default, with more than eight channels, pulls the
            weights of those that the network does not use to 0, see `ChannelSelection`;
            `None` pulls none.
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
        The input's, with `num_mixes` in place of `num_channels`.

    Raises:
        ValueError: If an argument or the input's rank does not fit.

    Example:

    >>> import numpy as np
    >>> mix = DCMix(channel_names=["DNA", "ER", "Actin"])
    >>> tuple(mix(np.ones((8, 32, 32, 3), "float32")).shape)
    (8, 32, 32, 1)
    >>> mix.alpha.shape
    (3, 1)

    Reference:
        Siegismund, Wieser, Heyse, Steigele: Learning Channel Importance for High
        Content Imaging with Interpretable Deep Input Channel Mixing, GCPR 2023,
        https://arxiv.org/abs/2308.16637
    """

    def __init__(
        self,
        num_mixes: int = 1,
        *,
        channel_names: Sequence[str] | None = None,
        alpha_initializer: Any = None,
        alpha_regularizer: Any = _SELECTION,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_positive_integer("num_mixes", num_mixes, error=LayerError)
        self.num_mixes = num_mixes
        self.channel_names = None
        if channel_names is not None:
            self.channel_names = checked_channel_names(channel_names)
        self.alpha_initializer = keras.initializers.get(alpha_initializer) or EqualBlend()
        if alpha_regularizer is _SELECTION:  # each layer has one of its own
            alpha_regularizer = ChannelSelection()
        self.alpha_regularizer = keras.regularizers.get(alpha_regularizer)
        self.data_format = keras.config.image_data_format() if data_format is None else data_format
        channel_axis(self.data_format)

    def build(self, input_shape: Sequence[int | None]) -> None:
        check_tensor_rank(input_shape)
        num_channels = known_channels(input_shape, self.data_format)
        if self.channel_names is not None:
            checked_channel_names(self.channel_names, num_channels)
        self._alpha = self.add_weight(
            name="alpha",
            shape=(num_channels, self.num_mixes),
            initializer=self.alpha_initializer,
            constraint=keras.constraints.NonNeg(),
            autocast=False,  # the regularizer's loss joins one in float32
        )

    def call(self, images: Any) -> Any:
        check_tensor_rank(images.shape)
        alpha = self._non_negative(self._alpha)
        if self.alpha_regularizer is not None:
            self.add_loss(self.alpha_regularizer(alpha))
        images = ops.cast(images, self.compute_dtype)
        alpha = ops.cast(alpha, self.compute_dtype)
        # The equation is "...c,cm->...m"; as an einsum it takes ten times as long on TensorFlow.
        if channel_axis(self.data_format) == 1:
            mixed = ops.matmul(ops.moveaxis(images, 1, -1), alpha)
            return ops.moveaxis(mixed, -1, 1)
        return ops.matmul(images, alpha)

    @staticmethod
    def _non_negative(weight: Any) -> Any:
        # Keras applies the constraint only after optimizer steps, not to initial values,
        # `set_weights` or moving averages. The gradient here is 1 on every backend, also at
        # exactly 0, where those of `maximum` and `relu` differ and a channel could stay at 0.
        return weight + ops.stop_gradient(ops.maximum(weight, 0) - weight)

    @property
    def alpha(self) -> np.ndarray:
        """The blending weights, a NumPy array `(num_channels, num_mixes)`, never negative."""
        if not self.built:
            raise LayerError(
                f"Layer '{self.name}' has no weights yet: call it on images or build it first"
            )
        return np.maximum(ops.convert_to_numpy(self._alpha).astype("float32"), 0)

    @property
    def shares(self) -> np.ndarray:
        """Each channel's share of each plane, `alpha[c, m] / sum_c alpha[c, m]`, 0 to 1.

        NumPy array `(num_channels, num_mixes)`; a plane's column adds up to 1, or is 0 where all
        its weights are 0. Planes are not compared with each other: the network after the layer
        can rescale a plane, so the scale of a plane carries no information about importance. A
        channel's importance over several planes is therefore the mean of its shares.
        """
        alpha = self.alpha
        total = alpha.sum(axis=0)
        return np.divide(alpha, total, out=np.zeros_like(alpha), where=total != 0)

    @property
    def display_names(self) -> tuple[str, ...]:
        """The channel names, or `channel_0`, `channel_1`, ... where none were given."""
        if self.channel_names is not None:
            return self.channel_names
        return tuple(f"channel_{index}" for index in range(len(self.alpha)))

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        check_tensor_rank(input_shape)
        shape = list(input_shape)
        shape[channel_axis(self.data_format)] = self.num_mixes
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_mixes": self.num_mixes,
            "channel_names": None if self.channel_names is None else list(self.channel_names),
            "alpha_initializer": keras.initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": keras.regularizers.serialize(self.alpha_regularizer),
            "data_format": self.data_format,
        }


def find_dcmix(model: keras.Model, layer_name: str | None = None) -> DCMix:
    """The `DCMix` layer of a model, also inside nested models.

    Args:
        model: Any Keras model.
        layer_name: Name of the layer; required only if there are several.

    Raises:
        ValueError: If there is no such layer, or more than one.
    """
    # By identity: layers in two nested models may have the same name, and a layer may be shared.
    found = {id(layer): layer for layer in nested_layers(model) if isinstance(layer, DCMix)}
    matching = [layer for layer in found.values() if layer_name in (None, layer.name)]
    if len(matching) == 1:
        return matching[0]
    names = sorted(layer.name for layer in found.values())
    if not names:
        raise LayerError(
            f"Model '{model.name}' has no DCMix layer, so there are no mixing weights to read: "
            "put keras_dcmix.layers.DCMix in front of it or build it with mixer='dcmix'"
        )
    raise LayerError(
        f"Model '{model.name}' has the DCMix layers {names}: name one of them, by a unique "
        f"name. Received: layer_name={layer_name!r}"
    )


def nested_layers(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """A layer or model and all layers that it contains, from the outside in."""
    yield layer
    # Custom layers keep the layers they contain in `_layers`; there is no public attribute.
    for inner in getattr(layer, "layers", None) or getattr(layer, "_layers", None) or []:
        yield from nested_layers(inner)
