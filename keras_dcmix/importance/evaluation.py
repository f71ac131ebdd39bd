"""A trained classifier with images and labels: its outputs and how well they fit."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.names import suggestion
from keras_dcmix.importance.model_images import ModelImages
from keras_dcmix.models.probabilities import class_probabilities, look_like_logits

Metric = str | Callable[[np.ndarray, np.ndarray], np.ndarray]

METRICS = ("accuracy", "log_likelihood")

_SMALLEST_PROBABILITY = 1e-7  # as in Keras' own cross-entropy

# From image numbers and their raw pixels to changed copies, always as many and in the same order.
Variants = Callable[[np.ndarray, np.ndarray], Iterator[np.ndarray]]


class Evaluation(ModelImages):
    """A classifier with images and labels: its outputs, and how well they fit the labels.

    Args:
        model: Any Keras classifier: probabilities or logits over classes, or one output for the
            second of two classes.
        images: See `ModelImages`.
        labels: `(num_images,)` integers from 0 to `num_classes - 1`, or strings, which stand for
            their places in sorted order and must name every class.
        channel_names: See `ModelImages`.
        batch_size: See `ModelImages`.

    Raises:
        ValueError: If they do not fit each other.
    """

    def __init__(
        self,
        model: keras.Model,
        images: Any,
        labels: Any,
        *,
        channel_names: Sequence[str] | None = None,
        batch_size: int = 128,
    ) -> None:
        super().__init__(model, images, channel_names=channel_names, batch_size=batch_size)
        first = self.outputs(self.read(next(self.batches())))
        self.num_classes = 2 if first.shape[1] == 1 else first.shape[1]
        self.are_logits = look_like_logits(model, first)
        self.labels = _checked_labels(labels, self.num_images, self.num_classes)

    def select(self, rows: np.ndarray) -> Evaluation:
        """The same model on some of the images, which are numbered from 0."""
        some = copy.copy(self)
        some.image_numbers, some.labels = self.image_numbers[rows], self.labels[rows]
        return some

    def outputs(self, batch: np.ndarray) -> np.ndarray:
        """What the model gives for one batch, `(batch, outputs)` in `float64`."""
        outputs = self.model.predict_on_batch(self.padded(batch))
        shape = getattr(outputs, "shape", None)
        if shape is None or len(shape) != 2:
            raise MethodError(
                "The model must give one vector of classes for each image. "
                f"Received: output shape {shape or type(outputs).__name__}"
            )
        outputs = np.asarray(outputs, dtype=np.float64)
        if np.isnan(outputs).any():
            raise MethodError(
                f"Model '{self.model.name}' gives NaN for finite images: its training has probably "
                "diverged"
            )
        return outputs[: len(batch)]

    def label_outputs(self, rows: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """`(rows,)` the model's output for the label of each image.

        One output alone speaks for the second class, its negative for the first.
        """
        labels = self.labels[rows]
        if outputs.shape[1] == 1:
            return np.where(labels == 1, outputs[:, 0], -outputs[:, 0])
        return outputs[np.arange(len(labels)), labels]

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """`(batch, num_classes)` probabilities, whether the model gives these or logits."""
        return class_probabilities(outputs, are_logits=self.are_logits)

    def score(self, metric: Metric, rows: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """`(rows,)` score of each image, higher is better.

        A metric of the caller's own is called with the labels and with what the model gives.
        """
        labels = self.labels[rows]
        if callable(metric):
            scores = np.asarray(metric(labels, outputs), dtype=np.float64)
            if scores.shape != rows.shape:
                raise MethodError(
                    f"A `metric` must return one score for each of {len(rows)} images. "
                    f"Received: shape {scores.shape}"
                )
            return scores
        probabilities = self.probabilities(outputs)
        if metric == "accuracy":
            return (probabilities.argmax(axis=1) == labels).astype(np.float64)
        chosen = probabilities[np.arange(len(labels)), labels]
        return np.log(np.clip(chosen, _SMALLEST_PROBABILITY, 1))

    def score_variants(
        self,
        metrics: Sequence[Metric],
        num_variants: int,
        variants: Variants,
        *,
        advance: Callable[[], None] = lambda: None,
    ) -> np.ndarray:
        """Scores every image in every variant of it.

        Args:
            metrics: What to score by.
            num_variants: How many variants there are of each image.
            variants: Called with image numbers and their raw pixels, yields changed copies.
            advance: Called after each prediction.

        Returns:
            `(num_metrics, num_variants, num_images)`.
        """
        scores = np.empty((len(metrics), num_variants, self.num_images))
        for rows in self.batches():
            for variant, changed in enumerate(variants(rows, self.read(rows))):
                outputs = self.outputs(changed)
                for m, metric in enumerate(metrics):
                    scores[m, variant, rows] = self.score(metric, rows, outputs)
                advance()
        return scores


def checked_metric(metric: Metric) -> Metric:
    """Refuses a metric that is neither known nor callable."""
    if callable(metric) or metric in METRICS:
        return metric
    raise MethodError(
        f"Unknown `metric` {metric!r}{suggestion(metric, METRICS)} "
        f"Known: {', '.join(METRICS)}, or a function of labels and outputs"
    )


def unit_of(metric: Metric, what: str) -> str:
    """The unit of a score that is a difference of metrics, such as `"drop in accuracy"`."""
    name = getattr(metric, "__name__", "score") if callable(metric) else metric
    name = "score" if name == "<lambda>" else name
    return f"{what} {name.replace('_', ' ')}"


def _checked_labels(labels: Any, num_images: int, num_classes: int) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != (num_images,):
        raise MethodError(
            f"Expected labels of shape ({num_images},), one for each image. "
            f"Received: shape={labels.shape}"
        )
    if labels.dtype.kind not in "iub":
        labels = _class_numbers(labels, num_classes)
    labels = labels.astype(np.int64)
    outside = np.flatnonzero((labels < 0) | (labels >= num_classes))
    if len(outside):
        raise MethodError(
            f"Labels must be from 0 to {num_classes - 1}, the classes of the model. "
            f"Received: {labels[outside[0]]} at image {outside[0]}"
        )
    return labels


def _class_numbers(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """The place of each text among all of them, sorted."""
    odd = [row for row, label in enumerate(labels) if not isinstance(label, str)]
    if odd:
        raise MethodError(
            "Labels must be integer class numbers or text. "
            f"Received: {labels[odd[0]]!r} at image {odd[0]}"
        )
    names, numbers = np.unique(labels.astype(str), return_inverse=True)
    if len(names) != num_classes:
        raise MethodError(
            f"Labels that are text must name all {num_classes} classes of the model, or give "
            f"class numbers from 0. Received: {', '.join(names[:8])}"
        )
    return numbers
