"""Metrics of predicted probabilities for images and for groups, and why one is undefined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.wording import listed, plural
from keras_dcmix.evidence.statistics import balanced_accuracy, roc_auc, z_prime

if TYPE_CHECKING:
    import pandas as pd

_NAN = float("nan")


def metrics_table(
    classes: Sequence[str],
    images: tuple[np.ndarray, np.ndarray],
    groups: tuple[np.ndarray, np.ndarray],
    *,
    unit: str,
) -> pd.DataFrame:
    """The table of `Predictions.metrics`.

    Args:
        classes: Names of the classes.
        images: Labels `(num_images,)` and probabilities `(num_repeats, num_images, num_classes)`.
        groups: Labels `(num_groups,)` and mean probabilities `(num_groups, num_classes)`.
        unit: What a group is called.
    """
    import pandas as pd

    of_groups = _of_units(groups[0], groups[1])
    of_images = np.mean([_of_units(images[0], each) for each in images[1]], axis=0)
    missing = _missing_classes(classes, images[0])
    notes = ["", missing, _one_class(classes, images[0]) or missing]
    rows = list(
        zip(("accuracy", "balanced_accuracy", "auc"), of_images, of_groups, notes, strict=True)
    )
    if len(classes) == 2:
        scores = groups[1][:, 1]
        value = z_prime(scores, groups[0])
        note = (
            _why_no_z_prime(classes, scores, groups[0], unit)
            if np.isnan(value)
            else f"from the mean probabilities of {plural(unit)}"
        )
        rows.append(("z_prime", _NAN, value, note))
    return pd.DataFrame(rows, columns=["metric", "per_image", "per_group", "note"])


def _of_units(labels: np.ndarray, probabilities: np.ndarray) -> list[float]:
    """Accuracy, balanced accuracy and AUC of images, or of groups."""
    predicted = probabilities.argmax(axis=-1)
    return [
        float((predicted == labels).mean()),
        balanced_accuracy(labels, predicted, probabilities.shape[-1]),
        roc_auc(labels, probabilities),
    ]


def _one_class(classes: Sequence[str], labels: np.ndarray) -> str:
    present = np.unique(labels)
    return f"all test images are {classes[present[0]]}" if len(present) == 1 else ""


def _missing_classes(classes: Sequence[str], labels: np.ndarray) -> str:
    images = np.bincount(labels, minlength=len(classes))
    missing = [name for name, count in zip(classes, images, strict=True) if not count]
    return f"without {listed(missing, 4)}: no test images" if missing else ""


def _why_no_z_prime(
    classes: Sequence[str], scores: np.ndarray, labels: np.ndarray, unit: str
) -> str:
    counts = np.bincount(labels, minlength=2)
    if counts.min() == 0:
        return f"all {plural(unit)} are {classes[int(counts.argmax())]}"
    if counts.max() == 1:
        return f"each class has one {unit}"
    if counts.min() == 1:
        return f"{classes[int(counts.argmin())]} has one {unit}"
    if np.allclose(scores, scores[0], rtol=1e-9, atol=0):
        return "all scores are equal"
    return "both classes have the same mean score"
