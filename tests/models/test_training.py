from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix import Training
from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.models.custom import CustomParts
from keras_dcmix.models.split import split_dataset
from keras_dcmix.models.training import train_classifier


def majority_model(images):
    """Learns how frequent each class is, and nothing else."""
    model = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize(("balance", "expected"), [(False, 0.1), (True, 0.5)])
def test_a_balanced_loss_counts_every_class_the_same(balance, expected):
    images = np.random.default_rng(0).normal(0, 1e-3, (400, 4, 4, 2)).astype("float32")
    labels = np.arange(400) % 10 == 0
    dataset = label_images(images, labels.astype(int))
    training = Training(epochs=15, balance=balance, mixer="none")
    split = split_dataset(dataset, training, split_seed=0, seed=0)
    trained = train_classifier(dataset, split, training, custom=CustomParts(majority_model))
    rare = trained.model.predict(images[:50], verbose=0)[:, 1].mean()
    np.testing.assert_allclose(rare, expected, atol=0.06)


def test_a_model_that_gives_logits_has_probabilities_by_which_its_accuracy_is_counted():
    images = np.random.default_rng(0).normal(0, 1, (60, 4, 4, 2)).astype("float32")
    dataset = label_images(images, np.arange(60) % 2)
    training = Training(epochs=1, mixer="none")
    split = split_dataset(dataset, training, split_seed=0, seed=0)
    trained = train_classifier(dataset, split, training, custom=CustomParts(model_of_logits))
    assert trained.probabilities.shape == (len(split.test), 2)
    np.testing.assert_allclose(trained.probabilities.sum(axis=1), 1, rtol=1e-5)
    logits = trained.model.predict(images[split.test], verbose=0)
    assert trained.predicted.tolist() == logits.argmax(axis=1).tolist()
    assert trained.accuracy == (trained.predicted == dataset.labels[split.test]).mean()


def model_of_logits(images):
    model = keras.Sequential(
        [keras.Input(images.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    return model
