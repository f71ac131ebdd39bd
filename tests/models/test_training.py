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
