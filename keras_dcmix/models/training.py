"""One training of one classifier: build, fit, test."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np

from keras_dcmix._common.errors import ModelError, argument
from keras_dcmix.callbacks import ChannelWeightHistory
from keras_dcmix.data.batches import ImageBatches
from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.models.classifier import build_classifier, fit_standardization
from keras_dcmix.models.custom import NO_CUSTOM_PARTS, CustomParts
from keras_dcmix.models.custom_model import custom_model, mixing_layers
from keras_dcmix.models.options import Training
from keras_dcmix.models.probabilities import predicted_probabilities
from keras_dcmix.models.split import Split, spread_of_channels
from keras_dcmix.models.starting import start_from

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class TrainedClassifier:
    """What one training gives: the model, how it came about and how good it is.

    Attributes:
        model: The classifier with its best weights; takes raw pixels.
        accuracy: Share of test images that it classifies correctly, 0 to 1.
        validation_loss: Cross-entropy on the validation images, in nats.
        epochs: Epochs trained.
        seconds: Wall time of building, training and testing.
        history: `ChannelWeightHistory.to_frame()`; empty without a `DCMix` layer.
        probabilities: `(num_test_images, num_classes)` in `float32`, of each test image.
    """

    model: keras.Model
    accuracy: float
    validation_loss: float
    epochs: int
    seconds: float
    history: pd.DataFrame
    probabilities: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """`(num_test_images,)`, the predicted class of each test image, an index."""
        return self.probabilities.argmax(axis=-1)


def train_classifier(
    dataset: LabelledImages,
    split: Split,
    training: Training,
    *,
    seed: int = 0,
    custom: CustomParts = NO_CUSTOM_PARTS,
    run: str = "",
    watch: keras.callbacks.Callback | None = None,
    start: keras.Model | None = None,
) -> TrainedClassifier:
    """Trains one classifier and tests it on the test part.

    Sets the global random seed of Keras, NumPy and the backend (`keras.utils.set_random_seed`).

    Args:
        dataset: Checked images and labels.
        split: The split.
        training: How to build and train.
        seed: Seed of the initial weights and of the order of batches.
        custom: Model, callbacks or optimizer of the user. Of `training` only the epochs, the size,
            augmentation and balance of batches, the fractions, `channel_subsets` and, if it is
            `"dcmix"`, the mixer count for a model from `build_model`.
        run: Name of the training, for callbacks.
        watch: A further callback, of ours.
        start: A trained classifier on the same channels, whose weights a model behind
            `ChannelSubsets` starts from.

    Raises:
        ValueError: If a channel varies too little for float32 (with our model), pixels are not
            finite, the model that `build_model` returns does not fit, or the training
            diverges.
        TypeError: If `build_model` returns something else than a model.
    """
    began = time.perf_counter()
    keras.utils.set_random_seed(seed)
    model = compiled_model(dataset, split, training, custom)
    if start is not None:
        start_from(model, start)
    batches = _batches(dataset, training, seed)
    weights = [ChannelWeightHistory()] if training.mixer == "dcmix" else []
    best = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=training.epochs, restore_best_weights=True
    )
    fitted = model.fit(
        batches(split.train, shuffle=True, augment=training.augment),
        validation_data=batches(split.validation),
        epochs=training.epochs,
        class_weight=_class_weights(dataset.labels[split.train]) if training.balance else None,
        callbacks=[*weights, best, *([watch] if watch else []), *custom.callbacks_of(run)],
        shuffle=False,  # the batches come shuffled; Keras would shuffle them again, unseeded
        verbose=0,
    )
    validation_loss = float(min(fitted.history["val_loss"]))
    if not np.isfinite(validation_loss):
        raise ModelError(
            f"Training on {', '.join(dataset.channel_names)} diverged at seed {seed} (validation "
            f"loss {validation_loss}): lower the learning rate. "
            f"Received: {argument('learning_rate', training.learning_rate)}"
        )
    outputs = model.predict(batches(split.test), verbose=0)
    probabilities = predicted_probabilities(model, outputs)
    return TrainedClassifier(
        model=model,
        accuracy=float((probabilities.argmax(axis=-1) == dataset.labels[split.test]).mean()),
        validation_loss=validation_loss,
        epochs=len(fitted.epoch),
        seconds=time.perf_counter() - began,
        history=(weights or [ChannelWeightHistory()])[0].to_frame(),
        probabilities=probabilities,
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


def compiled_model(
    dataset: LabelledImages, split: Split, training: Training, custom: CustomParts = NO_CUSTOM_PARTS
) -> keras.Model:
    """The model of one training before it is trained: ours, or that of `custom.build_model`."""
    if custom.build_model is not None:
        return custom_model(custom.build_model, dataset, split, training)
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
    _mute(model, std == 0)
    steps = training.epochs * -(-len(split.train) // training.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, steps)
    model.compile(
        custom.new_optimizer(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def _mute(model: keras.Model, constant: np.ndarray) -> None:
    """Starts the weights of channels that are constant in the training part at 0, and not even.

    Standardised they are 0 everywhere, so nothing would move their weights.
    """
    if not constant.any():
        return
    for layer in mixing_layers(model):
        alpha = layer.alpha
        alpha[constant] = 0
        layer.set_weights([alpha])
