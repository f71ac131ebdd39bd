"""The last layer fitted again: a minimum where it should be, and near the trained layer."""

import keras
import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import log_softmax

from keras_dcmix.importance.last_layer import (
    _BIAS_PENALTY,
    _PENALTY,
    LastLayer,
    split_before_last_layer,
)
from keras_dcmix.models import build_classifier


@pytest.fixture
def trained():
    rng = np.random.default_rng(0)
    return LastLayer(rng.normal(size=(3, 3)), rng.normal(size=3))


@pytest.fixture
def images():
    """Features that tell three classes apart, not perfectly."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 60)
    return 1.5 * np.eye(3)[labels] + rng.normal(size=(60, 3)), labels


def loss(layer, start, features, labels, weights=None):
    """What `fitted` minimises, written down a second time."""
    fit = -layer.log_probabilities(features)[np.arange(len(labels)), labels]
    moved = _PENALTY * ((layer.kernel - start.kernel) ** 2).sum()
    moved += _BIAS_PENALTY * ((layer.bias - start.bias) ** 2).sum()
    return np.average(fit, weights=weights) + moved / 2


def test_log_probabilities_are_those_of_a_softmax(trained):
    features = np.random.default_rng(2).normal(size=(5, 3)) * 1000
    expected = log_softmax(features @ trained.kernel + trained.bias, axis=1)
    np.testing.assert_allclose(trained.log_probabilities(features), expected, rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_slope_at_the_fitted_layer_is_zero(trained, images, weighted):
    features, labels = images
    weights = np.random.default_rng(3).uniform(0.5, 2, 60) if weighted else None

    def around(flat):
        layer = LastLayer(flat[:9].reshape(3, 3), flat[9:])
        return loss(layer, trained, features, labels, weights)

    found = trained.fitted(features, labels, weights)
    at_start, at_end = (
        approx_fprime(np.concatenate([layer.kernel.ravel(), layer.bias]), around, 1e-6)
        for layer in (trained, found)
    )
    assert np.abs(at_end).max() < 1e-3 * np.abs(at_start).max()


def test_fitting_lowers_the_loss_and_leaves_the_trained_layer_as_it_was(trained, images):
    kernel = trained.kernel.copy()
    found = trained.fitted(*images)
    assert loss(found, trained, *images) < loss(trained, trained, *images) - 0.1
    np.testing.assert_array_equal(trained.kernel, kernel)


def test_features_that_are_all_zero_leave_the_kernel_as_it_was_trained(trained):
    labels = np.arange(30) % 3
    found = trained.fitted(np.zeros((30, 3)), labels)
    np.testing.assert_allclose(found.kernel, trained.kernel, atol=1e-6)
    np.testing.assert_allclose(np.exp(found.log_probabilities(np.zeros((1, 3)))), 1 / 3, atol=2e-3)


def test_weights_decide_how_much_an_image_counts():
    start = LastLayer(np.zeros((1, 2)), np.zeros(2))
    features, labels = np.zeros((10, 1)), np.array([0] * 9 + [1])
    plain = start.fitted(features, labels)
    alike = start.fitted(features, labels, 1 / np.bincount(labels)[labels])
    np.testing.assert_allclose(
        np.exp(plain.log_probabilities(features[:1])), [[0.9, 0.1]], atol=3e-3
    )
    np.testing.assert_allclose(np.exp(alike.log_probabilities(features[:1])), 0.5, atol=1e-6)


def classifier(**options) -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_classifier((8, 8, 2), 3, mixer="none", **options)


def dense(activation="softmax", units=3, **options) -> keras.Model:
    inputs = keras.Input((8, 8, 2))
    x = keras.layers.Flatten()(inputs)
    return keras.Model(inputs, keras.layers.Dense(units, activation, **options)(x))


def test_features_and_last_layer_together_are_our_classifier():
    model = classifier()
    images = np.random.default_rng(0).normal(size=(6, 8, 8, 2)).astype("float32")
    features, last = split_before_last_layer(model)
    found = np.exp(last.log_probabilities(features.predict_on_batch(images)))
    np.testing.assert_allclose(found, model.predict_on_batch(images), atol=1e-6)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3, "softmax")

    def call(self, images):
        return self.dense(keras.ops.mean(images, axis=(1, 2)))


def called() -> keras.Model:
    model = Subclassed()
    model(np.zeros((1, 8, 8, 2), "float32"))
    return model


def pixelwise() -> keras.Model:
    inputs = keras.Input((8, 8, 2))
    return keras.Model(inputs, keras.layers.Dense(3, "softmax")(inputs))


def scaled_after() -> keras.Model:
    model = dense()
    return keras.Model(model.inputs, keras.layers.Rescaling(1.0)(model.output))


MODELS = {
    "subclassed": called,
    "logits": lambda: dense(None),
    "sigmoid": lambda: dense("sigmoid", 1),
    "no bias": lambda: dense(use_bias=False),
    "a map of classes": pixelwise,
    "a layer after the softmax": scaled_after,
    "behind another model": lambda: keras.Sequential([keras.Input((8, 8, 2)), dense()]),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_does_not_end_with_a_dense_softmax_is_not_split(name):
    assert split_before_last_layer(MODELS[name]()) is None
