"""Predictions of groups: the mean probabilities of the images of a well, and where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.wording import listed, natural_key

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class GroupPredictions:
    """The groups by true class: a group that holds several classes stands here once for each.

    Attributes:
        groups: `(num_groups,)` names.
        plates: `(num_groups,)` the plate of each; `None` where plates are not known.
        labels: `(num_groups,)` the true class.
        images: `(num_groups,)` how many images it has.
        accuracy: `(num_groups,)` share of correct images, 0 to 1, the mean over repeats.
        probabilities: `(num_groups, num_classes)`, the mean over images and repeats.
    """

    groups: list[str]
    plates: list[str] | None
    labels: np.ndarray
    images: np.ndarray
    accuracy: np.ndarray
    probabilities: np.ndarray

    def table(self, classes: Sequence[str]) -> pd.DataFrame:
        """The table of `Predictions.group_table`.

        Args:
            classes: Names of the classes.
        """
        import pandas as pd

        names = np.array(classes, dtype=object)
        columns = {
            "group": self.groups,
            **({} if self.plates is None else {"plate": self.plates}),
            "label": names[self.labels],
            "images": self.images,
            "accuracy": self.accuracy,
            "predicted": names[self.probabilities.argmax(axis=1)],
            **{f"p:{name}": self.probabilities[:, k] for k, name in enumerate(classes)},
        }
        places = zip(self.plates or self.groups, self.groups, self.labels, strict=True)
        keys = [(natural_key(plate), natural_key(group), label) for plate, group, label in places]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return pd.DataFrame(columns).iloc[order].reset_index(drop=True)


def group_predictions(
    labels: np.ndarray, groups: np.ndarray, probabilities: np.ndarray, plates: np.ndarray | None
) -> GroupPredictions:
    """Gathers the predictions of the images of each group and true class.

    Args:
        labels: `(num_images,)` true classes.
        groups: `(num_images,)` groups.
        probabilities: `(num_repeats, num_images, num_classes)`.
        plates: `(num_images,)` plates, or `None`.
    """
    num_repeats, _, num_classes = probabilities.shape
    names, numbers = np.unique(groups, return_inverse=True)
    pairs = numbers.astype(np.int64) * num_classes + labels
    found, members, images = np.unique(pairs, return_inverse=True, return_counts=True)
    right = (probabilities.argmax(axis=-1) == labels).sum(axis=0)
    return GroupPredictions(
        groups=[str(names[pair // num_classes]) for pair in found],
        plates=None if plates is None else _plates_of(members, plates, len(found)),
        labels=found % num_classes,
        images=images,
        accuracy=np.bincount(members, right) / (num_repeats * images),
        probabilities=_sums(members, images, probabilities) / (num_repeats * images[:, None]),
    )


def _sums(members: np.ndarray, images: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """`(num_groups, num_classes)`, over the images of each group and all repeats."""
    order = np.argsort(members, kind="stable")
    starts = np.cumsum(images) - images
    # Repeat by repeat: those of a screen are large, and are never copied all at once.
    sums = (
        np.add.reduceat(each[order], starts, axis=0, dtype=np.float64) for each in probabilities
    )
    return np.sum(list(sums), axis=0)


def _plates_of(members: np.ndarray, plates: np.ndarray, num_groups: int) -> list[str]:
    """The plate of each group; several are listed, as where groups are donors."""
    found: list[set[str]] = [set() for _ in range(num_groups)]
    for group, plate in zip(members.tolist(), plates, strict=True):
        found[group].add(str(plate))
    return [listed(sorted(each, key=natural_key)) for each in found]
