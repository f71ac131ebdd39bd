"""Predicted classes of the test images: confusion, accuracy by class and by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.errors import MethodError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Predictions:
    """The classes that several models predict for the same test images.

    Args:
        classes: Names of the classes.
        labels: `(num_images,)` integers, the true class of each image as an index into `classes`.
        groups: `(num_images,)` well, plate or experiment of each image.
        predicted: `(num_seeds, num_images)` integers, the class that each model predicts.

    Raises:
        ValueError: If there is no image or no seed, or the shapes do not fit.

    Example:
        >>> found = Predictions(("a", "b"), [0, 0, 1], ["W1", "W2", "W2"], [[0, 1, 1], [0, 0, 1]])
        >>> found.confusion()
        predicted    a    b
        label
        a          1.5  0.5
        b          0.0  1.0
    """

    classes: tuple[str, ...]
    labels: np.ndarray
    groups: np.ndarray
    predicted: np.ndarray

    def __post_init__(self) -> None:
        labels, groups = np.asarray(self.labels), np.asarray(self.groups)
        predicted = np.asarray(self.predicted)
        if predicted.ndim != 2 or not predicted.size or predicted.shape[1:] != labels.shape:
            raise MethodError(
                "`predicted` must have shape (num_seeds, num_images) with one class for each of "
                f"the {labels.size} labels. Received: shape {predicted.shape}"
            )
        if groups.shape != labels.shape:
            raise MethodError(
                f"`groups` must hold one group for each of the {labels.size} labels. "
                f"Received: shape {groups.shape}"
            )
        kept = {"labels": labels, "groups": groups, "predicted": predicted}
        for name, value in kept.items():
            object.__setattr__(self, name, value)

    @property
    def right(self) -> np.ndarray:
        """`(num_seeds, num_images)` bool: whether a model predicts the true class."""
        return self.predicted == self.labels

    def confusion(self) -> pd.DataFrame:
        """Returns how many images of each class are predicted as each class, the mean over seeds.

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
        over seeds; `accuracy_std` its sample standard deviation over seeds, NaN with one seed.
        """
        return self._by(self.labels, "label", list(self.classes))

    def by_group(self) -> pd.DataFrame:
        """Returns the accuracy of each group, the lowest first.

        Columns `group`, `images`, `accuracy` and `accuracy_std`, as in `by_class`.
        """
        groups, indices = np.unique(self.groups, return_inverse=True)
        table = self._by(indices, "group", [str(group) for group in groups])
        return table.sort_values("accuracy", kind="stable", ignore_index=True)

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
