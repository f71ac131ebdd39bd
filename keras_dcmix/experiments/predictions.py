"""Predictions for the test images: confusion, accuracy by class and by group, metrics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix.experiments.prediction_groups import GroupPredictions, group_predictions
from keras_dcmix.experiments.prediction_metrics import metrics_table

if TYPE_CHECKING:
    import pandas as pd

_ROUNDING = 1e-5  # by which a probability may lie outside of 0 to 1


@dataclass(frozen=True, eq=False)
class Predictions:
    """The probabilities of the classes that models predict for the test images.

    Each image is a test image of one model in each repeat: with cross-validation a repeat is one
    round of folds, and without, each of several models is a repeat.

    Args:
        classes: Names of the classes.
        labels: `(num_images,)` integers, the true class of each image as an index into `classes`.
        groups: `(num_images,)` well, plate or experiment of each image.
        probabilities: `(num_repeats, num_images, num_classes)`, 0 to 1.
        plates: `(num_images,)` plate of each image; `None` where there is one, or none is known.

    Raises:
        ValueError: If there is no image or no repeat, shapes do not fit, a class is out of range
            or a probability is not from 0 to 1.

    Example:
        >>> first = [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]
        >>> second = [[0.8, 0.2], [0.7, 0.3], [0.3, 0.7]]
        >>> found = Predictions(("a", "b"), [0, 0, 1], ["W1", "W2", "W2"], [first, second])
        >>> found.confusion()
        predicted    a    b
        label
        a          1.5  0.5
        b          0.0  1.0
        >>> found.group_table()
          group label  images  accuracy predicted   p:a   p:b
        0    W1     a       1       1.0         a  0.85  0.15
        1    W2     a       1       0.5         b  0.45  0.55
        2    W2     b       1       1.0         b  0.35  0.65
    """

    classes: tuple[str, ...]
    labels: np.ndarray
    groups: np.ndarray
    probabilities: np.ndarray
    plates: np.ndarray | None = None

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        probabilities = np.asarray(self.probabilities)
        _check_probabilities(probabilities, labels, len(self.classes))
        kept = {
            "labels": labels,
            "groups": _one_each("groups", self.groups, labels),
            "probabilities": probabilities,
        }
        if self.plates is not None:
            kept["plates"] = _one_each("plates", self.plates, labels)
        for name, value in kept.items():
            object.__setattr__(self, name, value)

    @cached_property
    def predicted(self) -> np.ndarray:
        """`(num_repeats, num_images)` integers, the class with the highest probability."""
        return self.probabilities.argmax(axis=-1)

    @property
    def right(self) -> np.ndarray:
        """`(num_repeats, num_images)` bool: whether the true class is predicted."""
        return self.predicted == self.labels

    def confusion(self) -> pd.DataFrame:
        """Returns how many images of each class are predicted as each class, mean over repeats.

        Returns:
            A row a true class (`label`), a column a predicted class; a row adds up to the images
            of its class, the diagonal is what is correct.
        """
        import pandas as pd

        size = len(self.classes)
        pairs = self.labels * size + self.predicted
        counts = np.bincount(pairs.ravel(), minlength=size * size).reshape(size, size)
        names = list(self.classes)
        return pd.DataFrame(
            counts / len(self.predicted),
            index=pd.Index(names, name="label"),
            columns=pd.Index(names, name="predicted"),
        )

    def by_class(self) -> pd.DataFrame:
        """Returns the accuracy of each class: `label`, `images`, `accuracy`, `accuracy_std`.

        Accuracy is the share of the class's images that are classified correctly, 0 to 1, the mean
        over repeats; `accuracy_std` its sample standard deviation over repeats, NaN with one.
        """
        return self._by(self.labels, "label", list(self.classes))

    def by_group(self) -> pd.DataFrame:
        """Returns the accuracy of each group, the lowest first.

        Columns `group`, `images`, `accuracy` and `accuracy_std`, as in `by_class`.
        """
        groups, indices = np.unique(self.groups, return_inverse=True)
        table = self._by(indices, "group", [str(group) for group in groups])
        return table.sort_values("accuracy", kind="stable", ignore_index=True)

    def group_table(self) -> pd.DataFrame:
        """Returns what is predicted for each group, a row a group and true class.

        Returns:
            `group`, `plate` (with plates), `label`, `images`, `accuracy` (mean over repeats),
            `predicted` (the class with the highest mean probability) and, for each class, its
            probability `p:NAME`, the mean over the images and repeats. Sorted by plate, group and
            class; A02 comes before A10.
        """
        return self._by_group.table(self.classes)

    def metrics(self, *, unit: str = "group") -> pd.DataFrame:
        """Returns accuracy, balanced accuracy, AUC and Z'-factor, of images and of groups.

        Of images each is the mean over repeats. Of groups it is that of the mean probabilities in
        `group_table`, where a group that holds several classes counts once for each.

        Args:
            unit: What a group is called in the notes, such as `"well"`.

        Returns:
            `metric` (`accuracy`, `balanced_accuracy`, `auc`, and for two classes `z_prime`),
            `per_image`, `per_group`, and `note`: why a value is NaN, or what it leaves out. The
            Z'-factor is that of the groups' mean probability of the second class.
        """
        return metrics_table(
            self.classes,
            (self.labels, self.probabilities),
            (self._by_group.labels, self._by_group.probabilities),
            unit=unit,
        )

    @cached_property
    def _by_group(self) -> GroupPredictions:
        return group_predictions(self.labels, self.groups, self.probabilities, self.plates)

    def _by(self, indices: np.ndarray, what: str, names: list[str]) -> pd.DataFrame:
        import pandas as pd

        images = np.bincount(indices, minlength=len(names))
        hits = np.array([np.bincount(indices, row, len(names)) for row in self.right])
        # A class without a test image has no accuracy.
        accuracy = np.divide(hits, images, out=np.full(hits.shape, np.nan), where=images > 0)
        spread = accuracy.std(axis=0, ddof=1) if len(hits) > 1 else np.full(len(names), np.nan)
        return pd.DataFrame(
            {
                what: names,
                "images": images,
                "accuracy": accuracy.mean(axis=0),
                "accuracy_std": spread,
            }
        )


def _check_probabilities(probabilities: np.ndarray, labels: np.ndarray, num_classes: int) -> None:
    expected = (*labels.shape, num_classes)
    if probabilities.ndim != 3 or not probabilities.size or probabilities.shape[1:] != expected:
        raise MethodError(
            f"`probabilities` must have the shape (num_repeats, {labels.size}, {num_classes}), "
            f"one row for each of the {labels.size} labels. Received: shape={probabilities.shape}"
        )
    low, high = probabilities.min(), probabilities.max()
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):  # nor NaN
        raise MethodError(f"`probabilities` must be from 0 to 1. Received: {low:.3g} to {high:.3g}")
    if labels.min() < 0 or labels.max() >= num_classes:
        raise MethodError(
            f"`labels` must be from 0 to {num_classes - 1}. "
            f"Received: {labels.min()} to {labels.max()}"
        )


def _one_each(what: str, values: Any, labels: np.ndarray) -> np.ndarray:
    found = np.asarray(values)
    if found.shape != labels.shape:
        raise MethodError(
            f"`{what}` must hold one {what.removesuffix('s')} for each of the {labels.size} "
            f"labels. Received: shape={found.shape}"
        )
    return found
