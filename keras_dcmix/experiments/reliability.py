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
    p_value, smallest, missing = _permuted(predictions, groups)
    interval = group_mean(hits @ membership / len(labels), sizes=membership.sum(axis=0))
    return Reliability(
        accuracy=float(hits.mean()),
        majority_baseline=float(np.bincount(labels).max() / len(labels)),
        num_images=len(labels),
        p_value=p_value,
        smallest_p_value=smallest,
        groups_missing=missing,
        low=float(np.clip(interval.low, 0, 1)),
        high=float(np.clip(interval.high, 0, 1)),
    )


def _permuted(predictions: Predictions, groups: np.ndarray) -> tuple[float, float, int]:
    """The p-value, the smallest one, and how many more groups the level of 5 % needs.

    Labels are permuted within plates or, where that allows no p-value of 5 %, everywhere.
    """
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
    found = label_permutation_p_value(counts, pairs[1], blocks[chosen])
    return found, smallest[chosen], _groups_missing(pairs[1], everywhere, num_classes)


def _groups_missing(classes: np.ndarray, blocks: np.ndarray, num_classes: int) -> int:
    """How many groups of the rarest classes must be added; block 0 has those of one class."""
    missing = 0
    while smallest_p_value(classes, blocks) > _LEVEL:
        rarest = np.bincount(classes[blocks == 0], minlength=num_classes).argmin()
        classes, blocks = np.append(classes, rarest), np.append(blocks, 0)
        missing += 1
    return missing
