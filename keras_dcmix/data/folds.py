"""Folds for cross-validation: every group is tested once, by a model that has not seen it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.splits import split_by_group

# Each class needs groups in training, validation and test.
_PARTS = 3

# One fold alone is a single test part of this size, 1 / 5 of the groups.
_PARTS_OF_ONE_FOLD = 5


def deal_folds(
    labels: np.ndarray,
    groups: np.ndarray,
    *,
    plates: np.ndarray | None = None,
    num_folds: int = 5,
    seed: int = 0,
) -> np.ndarray:
    """Deals groups into folds, stratified by class and, where groups have one class, by plate.

    Groups of one class are dealt one by one, plate after plate, so that the folds differ by at
    most one group of each class. Where a group holds several classes (a plate with both
    treatments, a field with several cell types), the folds are those of
    `keras_dcmix.data.split_by_group`.

    Args:
        labels: `(num_images,)` class of each image.
        groups: `(num_images,)` well, plate or experiment of each image.
        plates: `(num_images,)` plate of each image; `None` where there is one or it is not known.
        num_folds: Number of folds, at least 1. With 1 only one of five parts is tested.
        seed: Seed of the order of the groups.

    Returns:
        `(num_images,)` the fold that tests each image, from 0; -1 where no fold does.

    Raises:
        ValueError: If a class has too few groups, see `most_folds`; or exactly three of them, and
            two folds are asked for: one of these would test two groups, which leaves one to train
            and to choose the epoch.

    Example:

    >>> folds = deal_folds(np.array(["a", "b"] * 3), np.arange(6), num_folds=3)
    >>> sorted(folds[::2].tolist()), sorted(folds[1::2].tolist())
    ([0, 1, 2], [0, 1, 2])
    """
    parts = _PARTS_OF_ONE_FOLD if num_folds == 1 else num_folds
    most = most_folds(labels, groups)
    if parts == _PARTS - 1 and most == _PARTS:
        raise DataError(
            f"Two folds need at least 4 groups of each class, or one of them leaves a single group "
            f"to train on. Received: {most} groups of a class. Use {_PARTS} folds, or add groups"
        )
    parts = min(parts, most)
    frame = pd.DataFrame({"label": labels, "group": groups})
    frame["plate"] = "" if plates is None else plates
    if (frame.groupby("group")["label"].nunique() > 1).any():
        folds = np.empty(len(labels), dtype=np.int64)
        fractions = [1 / parts] * parts
        found = split_by_group(labels, groups, fractions=fractions, seed=seed)
        for fold, rows in enumerate(found):
            folds[rows] = fold
    else:
        folds = _deal_pure_groups(frame, parts, np.random.default_rng(seed))
    return np.where(folds == 0, 0, -1) if num_folds == 1 else folds


def most_folds(labels: np.ndarray, groups: np.ndarray) -> int:
    """The largest number of folds that these groups allow: the fewest groups of a class.

    Raises:
        ValueError: If a class has fewer than three groups: one each to train, to choose the epoch
            and to test.
    """
    pairs = pd.DataFrame({"label": labels, "group": groups}).drop_duplicates()
    counts = pairs["label"].value_counts()
    fewest, least = str(counts.index[-1]), int(counts.iloc[-1])
    if least < _PARTS:
        names = ", ".join(map(str, pairs.loc[pairs["label"] == counts.index[-1], "group"]))
        raise DataError(
            f"A ranking needs at least {_PARTS} groups of each class: to train, to choose the "
            f"epoch and to test. Received: {least} of class '{fewest}' ({names}). Add groups, or "
            "leave the class out"
        )
    return least


def _deal_pure_groups(frame: pd.DataFrame, parts: int, rng: np.random.Generator) -> np.ndarray:
    """Deals groups of one class each, like cards: class by class, plate by plate."""
    pairs = frame.drop_duplicates("group")
    fold_of_group: dict[object, int] = {}
    dealt = 0
    for _, of_class in pairs.groupby("label", sort=True):
        shuffled = of_class.iloc[rng.permutation(len(of_class))]
        for group in shuffled.sort_values("plate", kind="stable")["group"]:
            fold_of_group[group] = dealt % parts
            dealt += 1
    return frame["group"].map(fold_of_group).to_numpy(dtype=np.int64)
