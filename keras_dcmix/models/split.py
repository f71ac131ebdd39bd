"""Training, validation and test images, and the statistics of the training images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_dcmix._common.errors import ModelError
from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.data.pixel_statistics import channel_statistics
from keras_dcmix.data.splits import split_by_group
from keras_dcmix.models.options import Training

# Keras divides by the standard deviation or its epsilon of 1e-7, whichever is larger.
_SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True, eq=False)
class Split:
    """Image indices of one split; no group is in two of them."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split_dataset(
    dataset: LabelledImages, training: Training, *, split_seed: int, seed: int
) -> Split:
    """Splits by group: the test part follows from `split_seed`, the other two from `seed`.

    So all seeds of a ranking share test groups that none of their models has seen, and differ in
    what they train on.
    """
    labelled = dataset.labelled
    labels = np.array(dataset.classes)[dataset.labels[labelled]]
    groups = dataset.groups[labelled]
    *others, test = split_by_group(labels, groups, fractions=training.fractions, seed=split_seed)
    rest = np.sort(np.concatenate(others))
    shares = [share / sum(training.fractions[:2]) for share in training.fractions[:2]]
    train, validation = split_by_group(labels[rest], groups[rest], fractions=shares, seed=seed)
    return Split(labelled[rest[train]], labelled[rest[validation]], labelled[test])


def fold_split(
    dataset: LabelledImages, training: Training, folds: np.ndarray, fold: int, *, seed: int
) -> Split:
    """The split of one fold: it is tested, the rest is divided into training and validation.

    Args:
        dataset: Checked images and labels.
        training: Its first two `fractions` give the ratio of training and validation.
        folds: `(num_labelled,)`, see `keras_dcmix.data.folds.deal_folds`.
        fold: Number of the fold.
        seed: Decides which groups choose the epoch.
    """
    labelled = dataset.labelled
    rest = np.flatnonzero(folds != fold)
    labels = np.array(dataset.classes)[dataset.labels[labelled[rest]]]
    shares = [share / sum(training.fractions[:2]) for share in training.fractions[:2]]
    train, validation = split_by_group(
        labels, dataset.groups[labelled[rest]], fractions=shares, seed=seed
    )
    return Split(
        labelled[rest[train]], labelled[rest[validation]], labelled[np.flatnonzero(folds == fold)]
    )


def spread_of_channels(dataset: LabelledImages, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel over the training images, `(num_channels,)`.

    The standard deviation of a channel that is constant there is exactly 0; see
    `fit_standardization`.

    Raises:
        ValueError: If a channel varies too little to be standardised.
    """
    mean, std = channel_statistics(dataset.images, split.train)
    std = np.where(std <= 1e-9 * np.abs(mean), 0, std)  # no more than rounding
    tiny = [
        name
        for name, spread in zip(dataset.channel_names, std, strict=True)
        if 0 < spread < _SMALLEST_SPREAD
    ]
    if tiny:
        raise ModelError(
            f"Channel {', '.join(map(repr, tiny))} varies by less than {_SMALLEST_SPREAD}, too "
            "little for float32: multiply its pixels by a large number"
        )
    return mean, std
