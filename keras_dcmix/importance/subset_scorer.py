"""Scores of single images for subsets of the channels, with the last layer fitted for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_dcmix.importance.baselines import replacement
from keras_dcmix.importance.evaluation import METRICS, Evaluation
from keras_dcmix.importance.last_layer import LastLayer, split_before_last_layer


@dataclass(frozen=True, eq=False)
class FittingImages:
    """Images on which the last layer is fitted again for each subset.

    Attributes:
        images: `(num_images, height, width, num_channels)` raw pixels of training images.
        labels: `(num_images,)` class numbers.
        weights: `(num_images,)`, how much each counts; `None`: all alike.
    """

    images: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None = None


class SubsetScorer:
    """Scores every image with the channels of a subset, the others replaced by their mean.

    Args:
        evaluation: A classifier, its images and labels.
        baseline: What replaces a channel, see `keras_dcmix.importance.subset_scores`.
        fitting: Images to fit the last layer on, for each subset; `None` leaves the classifier as
            it is. A classifier that does not end with a dense softmax layer stays as it is too.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        baseline: str | Any = "mean",
        fitting: FittingImages | None = None,
    ) -> None:
        self.evaluation = evaluation
        self.fill = replacement(evaluation, baseline)
        self.fitting = fitting
        self.parts = None if fitting is None else split_before_last_layer(evaluation.model)

    def scores(
        self, subsets: np.ndarray, *, advance: Callable[[], None] = lambda: None
    ) -> np.ndarray:
        """Accuracy and log-likelihood of every image: `(2, num_subsets, num_images)`.

        Args:
            subsets: `(num_subsets, num_channels)` bool.
            advance: Called `num_steps` times.
        """
        if self.parts is None or self.fitting is None:
            return self.evaluation.score_variants(
                METRICS, len(subsets), self._masking(subsets), advance=advance
            )
        layers = [self._fitted(subset, self.fitting, advance) for subset in subsets]
        scores = np.empty((len(METRICS), len(subsets), self.evaluation.num_images))
        for rows in self.evaluation.batches():
            masked = self._masking(subsets)(rows, self.evaluation.read(rows))
            for number, (layer, images) in enumerate(zip(layers, masked, strict=True)):
                found = np.exp(layer.log_probabilities(self._features(images)))
                for m, metric in enumerate(METRICS):
                    scores[m, number, rows] = self.evaluation.score(metric, rows, found)
                advance()
        return scores

    def num_steps(self, num_subsets: int) -> int:
        """How often `scores` calls `advance`."""
        each = len(list(self.evaluation.batches())) + (self.parts is not None)
        return num_subsets * each

    def _masking(
        self, subsets: np.ndarray
    ) -> Callable[[np.ndarray, np.ndarray], Iterator[np.ndarray]]:
        def masked(_: np.ndarray, images: np.ndarray) -> Iterator[np.ndarray]:
            filled = self.fill(images)
            for subset in subsets:
                yield np.where(subset, images, filled)

        return masked

    def _fitted(
        self, subset: np.ndarray, fitting: FittingImages, advance: Callable[[], None]
    ) -> LastLayer:
        if self.parts is None:
            raise TypeError("a classifier without a dense last layer cannot be fitted")
        size = self.evaluation.batch_size
        features = [
            self._features(next(self._masking(subset[None])(np.arange(0), part)))
            for part in np.split(fitting.images, range(size, len(fitting.images), size))
        ]
        advance()
        return self.parts[1].fitted(np.concatenate(features), fitting.labels, fitting.weights)

    def _features(self, images: np.ndarray) -> np.ndarray:
        """The inputs of the last layer, `(num_images, num_features)`."""
        if self.parts is None:
            raise TypeError("a classifier without a dense last layer has no features")
        missing = max(self.evaluation.batch_size - len(images), 0)
        padded = np.concatenate([images, np.repeat(images[:1], missing, axis=0)])
        features = np.asarray(self.parts[0].predict_on_batch(padded), dtype=np.float64)
        return features[: len(images)]
