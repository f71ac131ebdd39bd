"""How good predicted classes are: balanced accuracy, area under the ROC curve, Z'-factor."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_dcmix._common.errors import MethodError

_EQUAL = 1e-9  # relative to the scores; what rounding leaves between means that are equal


def balanced_accuracy(labels: Any, predicted: Any, num_classes: int) -> float:
    """Averages the accuracy of the classes, each of which counts the same whatever its size.

    The mean over classes of the share of a class's images that are predicted as this class.
    Classes without an image are left out.

    Args:
        labels: `(num_images,)` integers from 0 to `num_classes - 1`, the true classes.
        predicted: `(num_images,)` integers from 0 to `num_classes - 1`.
        num_classes: Number of classes, at least 1.

    Returns:
        From 0 to 1; a prediction that is the same for all images gives 1 / (classes with images).

    Raises:
        ValueError: If there is no image, lengths differ or a class is out of range.

    Example:
        >>> balanced_accuracy([0, 0, 0, 1], [0, 0, 0, 0], 2)
        0.5
    """
    labels = _checked_classes("labels", labels, num_classes)
    predicted = _checked_classes("predicted", predicted, num_classes)
    if len(predicted) != len(labels):
        raise MethodError(
            f"`predicted` must hold one class for each of {len(labels)} labels. "
            f"Received: {len(predicted)}"
        )
    images = np.bincount(labels, minlength=num_classes)
    hits = np.bincount(labels[predicted == labels], minlength=num_classes)
    return float((hits[images > 0] / images[images > 0]).mean())


def roc_auc(labels: Any, probabilities: Any) -> float:
    """Computes the area under the ROC curve.

    For two classes: how often an image of the second class has a higher probability of this
    class than an image of the first one, where a tie counts half. For more classes: the mean of
    this over classes, each against all others together. Classes that have no images, or all of
    them, are left out. It is the Mann-Whitney statistic, computed from ranks.

    Args:
        labels: `(num_images,)` integers from 0 to `num_classes - 1`, the true classes.
        probabilities: `(num_images, num_classes)` for at least two classes, or any other scores.

    Returns:
        From 0 (always the wrong order) over 0.5 (no information) to 1 (perfect order); NaN where
        all images are of one class.

    Raises:
        ValueError: If there is no image, shapes do not fit or a probability is NaN.

    Reference:
        Hanley and McNeil, Radiology 143:29-36 (1982).

    Example:
        >>> roc_auc([0, 0, 1, 1], [[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]])
        0.75
    """
    probabilities = np.asarray(probabilities)
    if probabilities.ndim != 2 or probabilities.shape[1] < 2 or np.isnan(probabilities).any():
        raise MethodError(
            "`probabilities` must have the shape (num_images, num_classes) for at least two "
            f"classes, without NaN. Received: shape={probabilities.shape}"
        )
    num_classes = probabilities.shape[1]
    labels = _checked_classes("labels", labels, num_classes)
    if len(labels) != len(probabilities):
        raise MethodError(
            f"`probabilities` must hold one row for each of {len(labels)} labels. "
            f"Received: shape={probabilities.shape}"
        )
    images = np.bincount(labels, minlength=num_classes)
    scored = np.flatnonzero((images > 0) & (images < len(labels)))
    if not len(scored):
        return float("nan")
    if num_classes == 2:
        scored = scored[1:]
    return float(np.mean([_one_class_auc(labels == k, probabilities[:, k]) for k in scored]))


def _one_class_auc(is_class: np.ndarray, scores: np.ndarray) -> float:
    from scipy.stats import rankdata

    inside, outside = int(is_class.sum()), int((~is_class).sum())
    smallest = inside * (inside + 1) / 2  # the sum of ranks where all others score higher
    return float((rankdata(scores)[is_class].sum() - smallest) / (inside * outside))


def z_prime(scores: Any, labels: Any) -> float:
    """Computes the Z'-factor, the separation of positive and negative controls in an assay.

    `1 - 3 (s0 + s1) / |m0 - m1|` with the means `m` and the sample standard deviations `s` of the
    two classes. Above 0.5 the assay is called excellent; at 0 the bands of three standard
    deviations touch, and below they overlap.

    Args:
        scores: `(num_wells,)` one finite score a well, such as the mean probability of a class.
        labels: `(num_wells,)` integers, 0 or 1.

    Returns:
        At most 1, without a lower limit; NaN where it is undefined, with fewer than two wells of a
        class or equal means.

    Raises:
        ValueError: If lengths differ, a score is not finite or there are other labels.

    Reference:
        Zhang, Chung and Oldenburg, Journal of Biomolecular Screening 4:67-73 (1999).

    Example:
        >>> round(z_prime([0.0, 0.1, 0.2, 0.9, 1.0, 1.1], [0, 0, 0, 1, 1, 1]), 3)
        0.333
    """
    labels = _checked_classes("labels", labels, 2)
    scores = np.asarray(scores, dtype=np.float64)
    if scores.shape != labels.shape or not np.isfinite(scores).all():
        raise MethodError(
            f"`scores` must hold one finite number for each of {len(labels)} labels. "
            f"Received: shape={scores.shape}"
        )
    first, second = scores[labels == 0], scores[labels == 1]
    if min(len(first), len(second)) < 2:
        return float("nan")
    distance = abs(first.mean() - second.mean())
    if distance <= _EQUAL * np.abs(scores).max():
        return float("nan")
    return float(1 - 3 * (first.std(ddof=1) + second.std(ddof=1)) / distance)


def _checked_classes(what: str, values: Any, num_classes: int) -> np.ndarray:
    found = np.asarray(values)
    if found.ndim != 1 or not found.size or found.dtype.kind not in "iub":
        raise MethodError(
            f"`{what}` must be integers, one for each of at least one image. "
            f"Received: {found.dtype} of shape {found.shape}"
        )
    found = found.astype(np.int64)
    if found.min() < 0 or found.max() >= num_classes:
        raise MethodError(
            f"`{what}` must be from 0 to {num_classes - 1}. "
            f"Received: {found.min()} to {found.max()}"
        )
    return found
