"""What replaces a channel that is removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.names import suggestion
from keras_dcmix.data.pixel_statistics import channel_statistics
from keras_dcmix.importance.evaluation import Evaluation
from keras_dcmix.importance.model_images import layers_on_channels

BASELINES = ("mean", "zero", "blur")

Replacement = Callable[[np.ndarray], np.ndarray]


def replacement(evaluation: Evaluation, baseline: str | Any) -> Replacement:
    """Makes the function that gives, for raw images, what replaces their channels.

    Args:
        evaluation: The model and its images.
        baseline: `"mean"`, each channel's mean over the training images where the model carries it
            in a `Normalization` layer, else over the images given; `"zero"`, raw zeros; `"blur"`,
            the image itself without detail (Gaussian of an eighth of its smaller side); or an
            array of raw pixels, `(num_channels,)` or `(height, width, num_channels)`.

    Returns:
        A function from `(batch, height, width, num_channels)` to an array that broadcasts to it.

    Raises:
        ValueError: If the baseline is unknown or has another shape.
    """
    if isinstance(baseline, str):
        if baseline not in BASELINES:
            raise MethodError(
                f"Unknown `baseline` {baseline!r}{suggestion(baseline, BASELINES)} "
                f"Known: {', '.join(BASELINES)}, or an array"
            )
        if baseline == "blur":
            return _blurred
        values = _means(evaluation) if baseline == "mean" else np.zeros(evaluation.num_channels)
    else:
        values = _checked(baseline, tuple(int(n) for n in evaluation.images.shape[1:]))
    return lambda batch: values.astype(np.float32)


def _blurred(batch: np.ndarray) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    sigma = min(batch.shape[1:3]) / 8
    return gaussian_filter(batch, (0, sigma, sigma, 0), mode="nearest")


def _means(evaluation: Evaluation) -> np.ndarray:
    for layer in layers_on_channels(evaluation.model):
        if isinstance(layer, keras.layers.Normalization):
            mean = keras.ops.convert_to_numpy(layer.mean).ravel()
            if len(mean) == evaluation.num_channels:
                return mean
    return channel_statistics(
        evaluation.images, evaluation.image_numbers, batch_size=evaluation.batch_size
    )[0]


def _checked(baseline: Any, shape: tuple[int, ...]) -> np.ndarray:
    values = np.asarray(baseline, dtype=np.float64)
    if values.shape not in (shape, shape[-1:]):
        raise MethodError(
            f"A `baseline` must have the shape {shape[-1:]}, one value a channel, or {shape}, one "
            f"image. Received: shape {values.shape}"
        )
    if not np.isfinite(values).all():
        raise MethodError("A `baseline` must be finite. Received: NaN or infinity")
    return values
