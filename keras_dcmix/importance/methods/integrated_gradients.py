"""Integrated gradients: each channel's part in the way from a baseline to the model's output."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.progress import counting
from keras_dcmix._common.validation import check_positive_integer
from keras_dcmix.importance.baselines import Replacement, replacement
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.evaluation import Evaluation
from keras_dcmix.importance.gradients import output_gradients

_LARGEST_ERROR = 0.05
_SMALLEST_CHANGE = 1e-6  # of probabilities or logits in float32, below which all is rounding


def integrated_gradients(
    model: keras.Model,
    images: Any,
    labels: Any,
    *,
    channel_names: Sequence[str] | None = None,
    baseline: str | Any = "mean",
    num_steps: int = 32,
    num_folds: int = 5,
    batch_size: int = 32,
    seed: int = 0,
    verbose: bool = True,
) -> ChannelImportance:
    """Shares out the model's output for the label among the channels, along a straight path.

    `score[c] = mean over images of sum over the pixels of channel c of
    (x - baseline) * integral over t from 0 to 1 of gradient f_label(baseline + t (x - baseline))`

    `f_label` is what the model gives for the image's label, probability or logit as it comes; a
    model with one output gives it for the second class and its negative for the first. Scores are
    signed and complete: they add up to the mean of `f_label(x) - f_label(baseline)`. A negative
    score speaks against the label. The integral is a Gauss-Legendre sum.

    Args:
        model: Any Keras classifier of multi-channel images that can be differentiated.
        images: `(num_images, height, width, num_channels)` raw pixels as the model takes them,
            best of groups that it was not trained on; a NumPy array or `Crops`.
        labels: `(num_images,)` class numbers, or strings that name every class.
        channel_names: One name a channel. `None` takes those of the images or of the model.
        baseline: Where the path starts: `"mean"` (of the training images where the model
            knows it), `"zero"` (raw pixels), `"blur"`, or an array `(num_channels,)` or
            `(height, width, num_channels)` of raw pixels.
        num_steps: Points on the path, at least 1; each costs a gradient of all images.
        num_folds: The scores of so many random parts of the images are the repeats.
        batch_size: Images in memory at a time. A gradient takes several times the memory of
            a prediction.
        seed: Seed of the parts.
        verbose: Whether to show progress.

    Returns:
        A `ChannelImportance`: the mean over all images, with a repeat for each part.
        `details["completeness_error"]` is the mean over images of how far the scores are from
        `f_label(x) - f_label(baseline)`, relative to the mean size of that difference.

    Raises:
        ValueError: If the arguments do not fit each other, or the backend has no gradients.

    Warns:
        UserWarning: If the completeness error is above 0.05.

    Reference:
        Sundararajan, Taly, Yan, Axiomatic Attribution for Deep Networks, ICML 2017, section 3,
        https://arxiv.org/abs/1703.01365
    """
    evaluation = Evaluation(
        model, images, labels, channel_names=channel_names, batch_size=batch_size
    )
    fill = replacement(evaluation, baseline)
    folds = evaluation.folds(num_folds, seed)
    check_positive_integer("num_steps", num_steps, error=MethodError)
    steps = num_steps * len(list(evaluation.batches()))
    with counting("integrated_gradients", steps, enabled=verbose) as advance:
        shares, changes = _shared_out(evaluation, fill, num_steps, advance)
    error = _completeness_error(shares, changes)
    if error > _LARGEST_ERROR:
        warnings.warn(
            f"The scores miss the change of the model's output by {error:.0%}: raise `num_steps`, "
            f"now {num_steps}",
            stacklevel=2,
        )
    unit, details = "contribution to the model's output", {"completeness_error": error}
    return evaluation.importance("integrated_gradients", shares, folds, unit, details)


def _shared_out(
    evaluation: Evaluation, fill: Replacement, num_steps: int, advance: Callable[[], None]
) -> tuple[np.ndarray, np.ndarray]:
    """Each image's scores `(num_images, num_channels)` and change of output `(num_images,)`."""
    gradients = output_gradients(evaluation.model)
    nodes, weights = np.polynomial.legendre.leggauss(num_steps)  # on -1..1, the path is 0..1
    shares = np.empty((evaluation.num_images, evaluation.num_channels))
    changes = np.empty(evaluation.num_images)
    for rows in evaluation.batches():
        batch = evaluation.read(rows)
        start = np.broadcast_to(fill(batch), batch.shape)
        way, labels = batch - start, evaluation.padded(evaluation.labels[rows])
        mean_gradient = np.zeros(batch.shape)
        for t, weight in zip((1 + nodes) / 2, weights / 2, strict=True):
            points = evaluation.padded(start + np.float32(t) * way)
            mean_gradient += weight * gradients(points, labels)[: len(rows)]
            advance()
        shares[rows] = (way * mean_gradient).sum(axis=(1, 2))
        end, begin = (
            evaluation.label_outputs(rows, evaluation.outputs(pixels)) for pixels in (batch, start)
        )
        changes[rows] = end - begin
    return shares, changes


def _completeness_error(shares: np.ndarray, changes: np.ndarray) -> float:
    gap = np.abs(shares.sum(axis=1) - changes).mean()
    return float(gap / max(np.abs(changes).mean(), _SMALLEST_CHANGE))
