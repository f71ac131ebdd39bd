"""One training of one classifier: split, standardise, fit, test."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from keras_dcmix._common.errors import ModelError
from keras_dcmix.callbacks import ChannelWeightHistory
from keras_dcmix.data.batches import ImageBatches
from keras_dcmix.data.channel_view import ChannelView
from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.data.pixel_statistics import channel_statistics
from keras_dcmix.data.splits import split_by_group
from keras_dcmix.models.classifier import build_classifier, fit_standardization
from keras_dcmix.models.options import Training

if TYPE_CHECKING:
    import pandas as pd


# Keras divides by the standard deviation or its epsilon of 1e-7, whichever is larger.
_SMALLEST_SPREAD = 1e-6

# From the training images, an array or a view that is read when it is indexed, to a compiled model.
BuildModel = Callable[[Any], keras.Model]


@dataclass(frozen=True, eq=False)
class Split:
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
        predicted: `(num_test_images,)`, the class that it names for each test image, an index.
    """

    model: keras.Model
    accuracy: float
    validation_loss: float
    epochs: int
    seconds: float
    history: pd.DataFrame
    predicted: np.ndarray


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


def train_classifier(
    dataset: LabelledImages,
    split: Split,
    training: Training,
    *,
    seed: int = 0,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    build_model: BuildModel | None = None,
) -> TrainedClassifier:
    """Trains one classifier and tests it on the test part.

    Sets the global random seed of Keras, NumPy and the backend (`keras.utils.set_random_seed`).

    Args:
        dataset: Checked images and labels.
        split: The split.
        training: How to build and train.
        seed: Seed of the initial weights and of the order of batches.
        callbacks: Further Keras callbacks for `fit`.
        build_model: Makes the model in place of ours: a function from the raw training images
            `(num_images, height, width, num_channels)`, a NumPy array or a view of which
            `images[:1000]` is one, to a compiled model with one output for each class and a
            loss for class numbers. Of `training` only the epochs, the size, augmentation and
            balance of batches and the fractions count then.

    Raises:
        ValueError: If a channel is constant over the training images (with our model), pixels
            are not finite, the model that `build_model` returns does not fit, or the training
            diverges.
        TypeError: If `build_model` returns something else than a model.
    """
    start = time.perf_counter()
    keras.utils.set_random_seed(seed)
    model = _compiled(dataset, split, training, build_model)
    batches = _batches(dataset, training, seed)
    ours_mixes = build_model is None and training.mixer == "dcmix"
    weights = [ChannelWeightHistory()] if ours_mixes else []
    best = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=training.epochs, restore_best_weights=True
    )
    fitted = model.fit(
        batches(split.train, shuffle=True, augment=training.augment),
        validation_data=batches(split.validation),
        epochs=training.epochs,
        class_weight=_class_weights(dataset.labels[split.train]) if training.balance else None,
        callbacks=[*weights, best, *callbacks],
        shuffle=False,  # the batches come shuffled; Keras would shuffle them again, unseeded
        verbose=0,
    )
    validation_loss = float(min(fitted.history["val_loss"]))
    if not np.isfinite(validation_loss):
        raise ModelError(
            f"Training on {', '.join(dataset.channel_names)} diverged at seed {seed} (validation "
            f"loss {validation_loss}): lower the learning rate. "
            f"Received: learning_rate={training.learning_rate}"
        )
    named = model.predict(batches(split.test), verbose=0).argmax(axis=-1)
    return TrainedClassifier(
        model=model,
        accuracy=float((named == dataset.labels[split.test]).mean()),
        validation_loss=validation_loss,
        epochs=len(fitted.epoch),
        seconds=time.perf_counter() - start,
        history=(weights or [ChannelWeightHistory()])[0].to_frame(),
        predicted=named,
    )


def _class_weights(labels: np.ndarray) -> dict[int, float]:
    """Weights of mean 1 over the images, by which every class counts the same in the loss."""
    counts = np.bincount(labels)
    return {k: len(labels) / (len(counts) * count) for k, count in enumerate(counts) if count}


def _batches(dataset: LabelledImages, training: Training, seed: int) -> Callable[..., ImageBatches]:
    def batches(indices: np.ndarray, **kwargs: bool) -> ImageBatches:
        return ImageBatches(
            dataset.images,
            np.maximum(dataset.labels, 0),  # unlabelled images are in no part
            batch_size=training.batch_size,
            indices=indices,
            seed=seed,
            **kwargs,
        )

    return batches


def spread_of_channels(dataset: LabelledImages, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel over the training images, `(num_channels,)`.

    Raises:
        ValueError: If a channel is constant or varies too little to be standardised.
    """
    mean, std = channel_statistics(dataset.images, split.train)
    no_spread = std <= 1e-9 * np.abs(mean)
    constant = [n for n, flat in zip(dataset.channel_names, no_spread, strict=True) if flat]
    if constant:
        raise ModelError(
            f"Channel {', '.join(map(repr, constant))} has the same value in every pixel of the "
            "training images, so it can tell nothing: leave it out"
        )
    tiny = [n for n, s in zip(dataset.channel_names, std, strict=True) if s < _SMALLEST_SPREAD]
    if tiny:
        raise ModelError(
            f"Channel {', '.join(map(repr, tiny))} varies by less than {_SMALLEST_SPREAD}, too "
            "little for float32: multiply its pixels by a large number"
        )
    return mean, std


def _compiled(
    dataset: LabelledImages, split: Split, training: Training, build_model: BuildModel | None
) -> keras.Model:
    if build_model is not None:
        return _built(build_model, dataset, split)
    mean, std = spread_of_channels(dataset, split)
    model = build_classifier(
        tuple(dataset.images.shape[1:]),
        len(dataset.classes),
        mixer=training.mixer,
        num_mixes=training.num_mixes,
        backbone=training.backbone,
        channel_names=dataset.channel_names,
        normalization=fit_standardization(mean, std),
        dropout=training.dropout,
        weights=training.weights,
        attention=training.attention,
        channel_subsets=training.channel_subsets,
    )
    steps = training.epochs * -(-len(split.train) // training.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def _built(build_model: BuildModel, dataset: LabelledImages, split: Split) -> keras.Model:
    """The model that the caller's function makes, checked to fit the dataset."""
    view = ChannelView(dataset.images, rows=split.train)
    model = build_model(np.asarray(view) if view.in_memory else view)
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"`build_model` must return a compiled keras.Model. Received: {type(model).__name__}"
        )
    if not model.compiled:
        raise ModelError(
            "`build_model` must return a compiled model: call `model.compile(...)` in it. "
            f"Received: '{model.name}', not compiled"
        )
    if not model.built:
        model.build((None, *view.shape[1:]))
    # A subclassed model may know neither.
    takes, gives = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    fits = isinstance(takes, tuple) and len(takes) == 4
    if not fits or any(n not in (None, m) for n, m in zip(takes[1:], view.shape[1:], strict=True)):
        raise ModelError(
            "`build_model` must return a model of the images that it is given, here of shape "
            f"(batch, {', '.join(map(str, view.shape[1:]))}) for the channel(s) "
            f"{', '.join(dataset.channel_names)}. "
            f"Received: '{model.name}' of input shape {takes}"
        )
    if gives != (None, len(dataset.classes)):
        raise ModelError(
            f"`build_model` must return a model of {len(dataset.classes)} outputs, one for each "
            f"class ({', '.join(dataset.classes)}). "
            f"Received: '{model.name}' of output shape {gives}"
        )
    return model
