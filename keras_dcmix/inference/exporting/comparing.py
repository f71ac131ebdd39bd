"""Sample images, and whether an export has the same outputs for them as the Keras model."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from keras_dcmix._common.errors import ArtefactError, argument
from keras_dcmix._common.wording import short
from keras_dcmix.inference.exporting.writing import alternatives, standardizations
from keras_dcmix.inference.formats import Format, ModelCard
from keras_dcmix.layers.dcmix import nested_layers

LARGEST_DIFFERENCE = 1e-5
_MIXED_PRECISION_DIFFERENCE = 1e-2
_NUM_SAMPLES, _NUM_DRAWN, _SAMPLE_SIZE = 5, 20, 64


def sample_images(model: keras.Model, card: ModelCard, num_images: int = _NUM_DRAWN) -> np.ndarray:
    """Draws images with the mean and standard deviation that a model was trained on.

    Their contrast rises from almost none to full: most noise gives outputs of 0 or 1.

    Args:
        model: The model.
        card: Its card.
        num_images: How many.

    Returns:
        `float32` images as the model takes them, always the same.
    """
    num_channels = len(card.channel_names)
    mean, std = np.zeros(num_channels), np.ones(num_channels)
    for layer in standardizations(model):
        values = [keras.ops.convert_to_numpy(part).ravel() for part in (layer.mean, layer.variance)]
        if len(values[0]) == num_channels:
            mean, std = values[0], np.sqrt(np.where(np.isfinite(values[1]), values[1], 0))
            break
    height, width = (side or _SAMPLE_SIZE for side in card.image_size)
    noise = np.random.default_rng(0).normal(size=(num_images, height, width, num_channels))
    noise *= np.geomspace(0.02, 1, num_images)[:, None, None, None]
    # The images differ in brightness too, or their outputs would hardly differ.
    noise += np.random.default_rng(1).uniform(-1, 1, (num_images, 1, 1, num_channels))
    images = (mean + std * noise).astype("float32")
    return images if card.data_format == "channels_last" else np.moveaxis(images, -1, 1).copy()


def least_sure(outputs: np.ndarray, num_images: int = _NUM_SAMPLES) -> np.ndarray:
    """Chooses images for a comparison: outputs of 0 or 1 show no difference.

    Args:
        outputs: `(images, classes)` probabilities.
        num_images: How many to choose.

    Returns:
        Their numbers.
    """
    distance = np.abs(outputs - np.clip(np.round(outputs), 0, 1))
    return np.argsort(-distance.reshape(len(outputs), -1).max(axis=1))[:num_images]


def outputs_of(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """The outputs of the Keras model for the sample images.

    Raises:
        ValueError: If there are too few, the model cannot take them, or outputs are not finite.
    """
    if len(images) < 2:
        raise ArtefactError(
            f"{argument('images')} must be two or more, so that batches of several sizes are "
            f"compared. Received: {len(images)}"
        )
    # Called, not `predict`: with JAX the latter leaves a model that Keras takes for never called.
    try:
        outputs = keras.ops.convert_to_numpy(model(images, training=False)).astype("float32")
    except Exception as error:  # each backend has errors of its own
        raise ArtefactError(
            f"Model '{model.name}' cannot take sample images of shape {images.shape} with the "
            f"backend {keras.backend.backend()} ({short(error)}): pass "
            f"{argument('images')} as it takes them, or try another backend with KERAS_BACKEND"
        ) from error
    if not np.isfinite(outputs).all():
        raise ArtefactError(
            f"Model '{model.name}' has outputs that are not finite for the sample images, so no "
            f"export can be compared with it: pass {argument('images')} such as it was trained on, "
            "or train it again"
        )
    return outputs


def compared(
    path: Path,
    known: Format,
    card: ModelCard,
    images: np.ndarray,
    expected: np.ndarray,
    tolerance: float,
) -> float:
    """Loads an export and returns its largest difference from the Keras model.

    Raises:
        ValueError: If it does not run, or the difference is larger than the tolerance.
    """
    run, found = known.load(path)
    if found != card:
        raise ArtefactError(f"The card of the {known.title} export differs after it is read back")
    scale = max(1.0, float(np.abs(expected).max()))
    worst = 0.0
    for some in (images[:1], images):  # a batch of one, and of several
        try:
            outputs = np.asarray(run(some), dtype="float32")
        except Exception as error:  # each runtime has errors of its own
            raise ArtefactError(
                f"The {known.title} that the backend {keras.backend.backend()} wrote does not run "
                f"({short(error)}): {alternatives(known)}"
            ) from error
        gap = np.abs(outputs - expected[: len(some)]).max() / scale
        worst = max(worst, float(gap)) if np.isfinite(gap) else float("inf")
    if worst > tolerance:
        raise ArtefactError(
            f"The {known.title} has other outputs than the Keras model: expected a largest "
            f"difference of {tolerance:g}, received {worst:.2g}; {alternatives(known)}"
        )
    return worst


def tolerance_of(model: keras.Model) -> float:
    """The largest difference that is accepted: rounding at the precision of the model."""
    exact = all(layer.compute_dtype == "float32" for layer in nested_layers(model))
    return LARGEST_DIFFERENCE if exact else _MIXED_PRECISION_DIFFERENCE
