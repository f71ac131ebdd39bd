"""A model and images that fit each other, checked at the door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.names import checked_channel_names
from keras_dcmix._common.validation import check_positive_integer
from keras_dcmix.data.finite_pixels import refuse_non_finite
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.layers.channel_attention import ChannelAttention
from keras_dcmix.layers.dcmix import DCMix, nested_layers


class ModelImages:
    """A model with images that fit it, read and predicted on batch by batch.

    Args:
        model: Any Keras model of one tensor `(batch, height, width, num_channels)`.
        images: `(num_images, height, width, num_channels)` as the model takes them; anything with
            `.shape` and `images[index_array]`, such as a NumPy array or `Crops`.
        channel_names: One name a channel. `None` takes those of the images or of the model.
        batch_size: Images in memory and on the device at a time, at least 1.

    Raises:
        ValueError: If they do not fit each other.
    """

    def __init__(
        self,
        model: keras.Model,
        images: Any,
        *,
        channel_names: Sequence[str] | None = None,
        batch_size: int = 128,
    ) -> None:
        if not isinstance(model, keras.Model):
            raise TypeError(f"`model` must be a keras.Model. Received: {type(model).__name__}")
        check_positive_integer("batch_size", batch_size, error=MethodError)
        self.model = model
        self.images = images
        if not hasattr(images, "shape") or keras.ops.is_tensor(images):
            self.images = keras.ops.convert_to_numpy(images)
        self.batch_size = batch_size
        _check_images(model, self.images)
        self.image_numbers = np.arange(int(self.images.shape[0]))
        given = getattr(images, "channel_names", None) if channel_names is None else channel_names
        self.channel_names = checked_channel_names(
            _names_in(model, self.num_channels) if given is None else given, self.num_channels
        )

    @property
    def num_images(self) -> int:
        """Number of images."""
        return len(self.image_numbers)

    @property
    def num_channels(self) -> int:
        """Number of channels."""
        return int(self.images.shape[-1])

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Raw pixels of some images, `(rows, height, width, num_channels)` in `float32`."""
        numbers = self.image_numbers[rows]
        with np.errstate(over="ignore"):  # what float32 cannot hold is refused as infinite
            batch = np.array(self.images[numbers], dtype=np.float32)
        refuse_non_finite(batch, numbers)
        return batch

    def batches(self) -> Iterator[np.ndarray]:
        """Numbers of the images, batch by batch."""
        for start in range(0, self.num_images, self.batch_size):
            yield np.arange(start, min(start + self.batch_size, self.num_images))

    def padded(self, values: np.ndarray) -> np.ndarray:
        """A batch brought to the size of the others, so that nothing is compiled twice."""
        missing = max(min(self.batch_size, self.num_images) - len(values), 0)
        return np.concatenate([values, np.repeat(values[:1], missing, axis=0)])

    def folds(self, num_folds: int, seed: int) -> list[np.ndarray]:
        """Image numbers in disjoint random parts of about equal size, none of them empty."""
        check_positive_integer("num_folds", num_folds, error=MethodError)
        order = np.random.default_rng(seed).permutation(self.num_images)
        return np.array_split(order, min(num_folds, self.num_images))

    def importance(
        self,
        method: str,
        scores: np.ndarray,
        folds: Sequence[np.ndarray],
        unit: str,
        details: Mapping[str, Any] | None = None,
    ) -> ChannelImportance:
        """The result of scores of single images: their mean, and a repeat for each fold.

        Args:
            method: Name of the method.
            scores: `(num_images, num_channels)`.
            folds: Image numbers, see `folds`; one fold alone is no repeat.
            unit: Scale of the scores.
            details: See `ChannelImportance`.
        """
        repeats = np.stack([scores[fold].mean(axis=0) for fold in folds])
        return ChannelImportance(
            method,
            self.channel_names,
            scores.mean(axis=0),
            repeats if len(folds) > 1 else None,
            unit,
            details or {},
        )


def _check_images(model: keras.Model, images: Any) -> None:
    shape = tuple(int(n) for n in images.shape)
    if len(shape) != 4 or 0 in shape:
        raise MethodError(
            "Expected images of shape (num_images, height, width, num_channels), none of them 0. "
            f"Received: shape={shape}"
        )
    # A model of the user's own class does not know its input shape.
    expected = getattr(model, "input_shape", (None,) * 4)
    if not isinstance(expected, tuple) or len(expected) != 4:
        raise MethodError(
            "The model must take one tensor (batch, height, width, num_channels). "
            f"Received: a model of input shape {expected}"
        )
    _, height, width, num_channels = expected
    if num_channels not in (None, shape[3]):
        raise MethodError(
            f"Model '{model.name}' takes {num_channels} channels, the images have {shape[3]}: "
            "give the channels that it was trained on, in their order"
        )
    if height not in (None, shape[1]) or width not in (None, shape[2]):
        raise MethodError(
            f"Model '{model.name}' takes images of {height} x {width} pixels. "
            f"Received: {shape[1]} x {shape[2]}"
        )


def _names_in(model: keras.Model, num_channels: int) -> Sequence[str]:
    """The channel names that a layer of the model carries, or numbers."""
    for layer in nested_layers(model):
        names = layer.channel_names if isinstance(layer, DCMix | ChannelAttention) else None
        if names is not None and len(names) == num_channels:
            return names
    return [f"channel_{index}" for index in range(num_channels)]


def layers_on_channels(
    model: keras.Model, past: tuple[type[keras.layers.Layer], ...] = ()
) -> Iterator[keras.layers.Layer]:
    """The layers of a model that take its image channels, before anything mixes these.

    Args:
        model: Keras model; one without a graph of layers has none.
        past: Kinds of layers that keep the channels apart, behind which the search goes on.
    """
    reached = list(getattr(model, "inputs", None) or ())
    for layer in model.layers:
        taken = getattr(layer, "input", None)
        if any(taken is tensor for tensor in reached):
            yield layer
            if isinstance(layer, past):
                reached.append(layer.output)
