"""What the tests of rankings with own models, callbacks and runs share."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.layers import DCMix
from keras_dcmix.models.custom import CustomParts


@pytest.fixture(scope="session")
def planted():
    """Images, labels and wells; class 1 brightens the middle of the second channel."""
    rng = np.random.default_rng(0)
    labels = np.arange(64) % 2
    images = rng.normal(100, 10, (64, 8, 8, 2)).astype("float32")
    images[:, 2:6, 2:6, 1] += 25 * labels[:, None, None]
    groups = np.array([f"W{index // 2 % 8:02}_{label}" for index, label in enumerate(labels)])
    return images, np.array(["low", "high"])[labels], groups


@pytest.fixture(scope="session")
def build():
    """A small model of one's own, with a DCMix layer if `mixes`."""

    def build_model(images, *, mixes: bool = True) -> keras.Model:
        inputs = keras.Input(images.shape[1:])
        x = keras.layers.Rescaling(0.1, offset=-10)(inputs)
        x = DCMix()(x) if mixes else x
        x = keras.layers.Conv2D(4, 3, activation="relu")(x)
        x = keras.layers.GlobalAveragePooling2D()(x)
        model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x), name="own")
        model.compile(keras.optimizers.Adam(0.03), "sparse_categorical_crossentropy")
        return model

    return build_model


@pytest.fixture(scope="session")
def quick_build():
    """A model that is made and trained in a moment: no graph is compiled for it."""

    def build_model(images, *, classes: int = 2) -> keras.Model:
        inputs = keras.Input(images.shape[1:])
        x = keras.layers.Rescaling(0.1, offset=-10)(inputs)
        x = keras.layers.GlobalAveragePooling2D()(DCMix()(x))
        outputs = keras.layers.Dense(classes, activation="softmax")(x)
        model = keras.Model(inputs, outputs, name="quick")
        loss = "sparse_categorical_crossentropy"
        model.compile(keras.optimizers.Adam(0.03), loss, run_eagerly=True)
        return model

    return build_model


@pytest.fixture
def trained(monkeypatch) -> list[str]:
    """Names of the trainings that were begun, in their order."""
    names: list[str] = []
    original = CustomParts.callbacks_of

    def noted(self, run):
        names.append(run)
        return original(self, run)

    monkeypatch.setattr(CustomParts, "callbacks_of", noted)
    return names
