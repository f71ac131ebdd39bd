"""Whether models are better than the majority baseline, with the group as the unit."""

from __future__ import annotations

import numpy as np

from keras_dcmix.evidence.statistics.groups import group_mean
from keras_dcmix.evidence.statistics.permutation import (
    label_permutation_p_value,
    smallest_p_value,
)
from keras_dcmix.evidence.verdict import Reliability
from keras_dcmix.experiments.predictions import Predictions

_LEVEL = 0.05


def read_reliability(predictions: Predictions) -> Reliability:
    """Accuracy with its interval over groups, and its p-value by permuting labels of groups.

    Labels are permuted within plates, where that allows a p-value of 5 % at all; within groups that
    hold several classes.

    Args:
        predictions: Of all tested images.
    """
    labels = predictions.labels
    hits = predictions.right.mean(axis=0)
    names, groups = np.unique(predictions.groups, return_inverse=True)
    membership = groups[:, None] == np.arange(len(names))
    p_value, smallest = _p_values(predictions, groups)
    interval = group_mean(hits @ membership / len(labels), sizes=membership.sum(axis=0))
    return Reliability(
        accuracy=float(hits.mean()),
        majority_baseline=float(np.bincount(labels).max() / len(labels)),
        num_images=len(labels),
        p_value=p_value,
        smallest_p_value=smallest,
        low=max(0.0, float(interval.low)),
        high=min(1.0, float(interval.high)),
    )


def _p_values(predictions: Predictions, groups: np.ndarray) -> tuple[float, float]:
    """The p-value and the smallest one, within plates or, where that allows none, everywhere."""
    pairs, first, units = np.unique(
        np.stack([groups, predictions.labels]), axis=1, return_index=True, return_inverse=True
    )
    num_classes = len(predictions.classes)
    counts = np.zeros((pairs.shape[1], num_classes))
    for predicted in predictions.predicted:
        np.add.at(counts, (units.ravel(), predicted), 1)
    holds_several = np.bincount(pairs[0])[pairs[0]] > 1
    everywhere = np.where(holds_several, pairs[0] + 1, 0)
    blocks = [everywhere]
    if predictions.plates is not None:
        plates = np.unique(predictions.plates, return_inverse=True)[1][first]
        within = np.where(holds_several, pairs[0] + 1, -plates)
        blocks = [within, everywhere]
    smallest = [smallest_p_value(pairs[1], each) for each in blocks]
    chosen = next((n for n, value in enumerate(smallest) if value <= _LEVEL), len(blocks) - 1)
    return label_permutation_p_value(counts, pairs[1], blocks[chosen]), smallest[chosen]
