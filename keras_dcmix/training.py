"""One training of one classifier: split, standardise, fit, test."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np

from keras_dcmix.callbacks import ChannelWeightHistory
from keras_dcmix.data.batches import ImageBatches
from keras_dcmix.data.channel_statistics import channel_statistics
from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.data.splits import split_by_group
from keras_dcmix.models import build_classifier, fit_standardization
from keras_dcmix.options import Training

if TYPE_CHECKING:
    import pandas as pd


# Keras divides by the standard deviation or its epsilon of 1e-7, whichever is larger.
_SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True, eq=False)
class Parts:
    """Image indices of one split; no group is in two of them."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


@dataclass(frozen=True, eq=False)
class TrainedClassifier:
    """What one training gives: the model, how it came about and how good it is.

    Attributes:
        model: The classifier with its best weights; takes raw pixels.
        accuracy: Share of test images that it classifies rightly, 0 to 1.
        validation_loss: Cross-entropy on the validation images, in nats.
        epochs: Epochs trained.
        seconds: Wall time of building, training and testing.
        history: `ChannelWeightHistory.to_frame()`; empty without a `DCMix` layer.
    """

    model: keras.Model
    accuracy: float
    validation_loss: float
    epochs: int
    seconds: float
    history: pd.DataFrame


def split_problem(
    problem: LabelledImages, training: Training, *, split_seed: int, seed: int
) -> Parts:
    """Splits by group: the test part follows from `split_seed`, the other two from `seed`.

    So all seeds of a ranking share test groups that none of their models has seen, and differ in
    what they train on.
    """
    labelled = problem.labelled
    labels = np.array(problem.classes)[problem.labels[labelled]]
    groups = problem.groups[labelled]
    *others, test = split_by_group(labels, groups, fractions=training.fractions, seed=split_seed)
    rest = np.sort(np.concatenate(others))
    shares = [share / sum(training.fractions[:2]) for share in training.fractions[:2]]
    train, validation = split_by_group(labels[rest], groups[rest], fractions=shares, seed=seed)
    return Parts(labelled[rest[train]], labelled[rest[validation]], labelled[test])


def train_classifier(
    problem: LabelledImages,
    parts: Parts,
    training: Training,
    *,
    seed: int = 0,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> TrainedClassifier:
    """Trains one classifier and tests it on the test part.

    Sets the global random seed of Keras, NumPy and the backend (`keras.utils.set_random_seed`).

    Args:
        problem: Checked images and labels.
        parts: The split.
        training: How to build and train.
        seed: Seed of the initial weights and of the order of batches.
        callbacks: Further Keras callbacks for `fit`.

    Raises:
        ValueError: If a channel is constant over the training images, or pixels are not finite.
    """
    start = time.perf_counter()
    keras.utils.set_random_seed(seed)
    model = _compiled(problem, parts, training)
    batches = _batches(problem, training, seed)
    weights = [ChannelWeightHistory()] if training.mixer == "dcmix" else []
    best = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=training.epochs, restore_best_weights=True
    )
    fitted = model.fit(
        batches(parts.train, shuffle=True, augment=training.augment),
        validation_data=batches(parts.validation),
        epochs=training.epochs,
        callbacks=[*weights, best, *callbacks],
        shuffle=False,  # the batches come shuffled; Keras would shuffle them again, unseeded
        verbose=0,
    )
    _, accuracy = model.evaluate(batches(parts.test), verbose=0)
    return TrainedClassifier(
        model=model,
        accuracy=float(accuracy),
        validation_loss=float(min(fitted.history["val_loss"])),
        epochs=len(fitted.epoch),
        seconds=time.perf_counter() - start,
        history=(weights or [ChannelWeightHistory()])[0].to_frame(),
    )


def _batches(problem: LabelledImages, training: Training, seed: int) -> Callable[..., ImageBatches]:
    def batches(indices: np.ndarray, **kwargs: bool) -> ImageBatches:
        return ImageBatches(
            problem.images,
            np.maximum(problem.labels, 0),  # unlabelled images are in no part
            batch_size=training.batch_size,
            indices=indices,
            seed=seed,
            **kwargs,
        )

    return batches


def _compiled(problem: LabelledImages, parts: Parts, training: Training) -> keras.Model:
    mean, std = channel_statistics(problem.images, parts.train)
    no_spread = std <= 1e-9 * np.abs(mean)
    constant = [n for n, flat in zip(problem.channel_names, no_spread, strict=True) if flat]
    if constant:
        raise ValueError(
            f"Channel {', '.join(map(repr, constant))} has the same value in every pixel of the "
            "training images, so it can tell nothing: leave it out"
        )
    tiny = [n for n, s in zip(problem.channel_names, std, strict=True) if s < _SMALLEST_SPREAD]
    if tiny:
        raise ValueError(
            f"Channel {', '.join(map(repr, tiny))} varies by less than {_SMALLEST_SPREAD}, too "
            "little for float32: multiply its pixels by a large number"
        )
    model = build_classifier(
        tuple(problem.images.shape[1:]),
        len(problem.classes),
        mixer=training.mixer,
        num_mixes=training.num_mixes,
        backbone=training.backbone,
        channel_names=problem.channel_names,
        normalization=fit_standardization(mean, std),
        dropout=training.dropout,
        weights=training.weights,
    )
    steps = training.epochs * -(-len(parts.train) // training.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model
