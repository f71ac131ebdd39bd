"""Scores of images with some channels, by the classifier itself or with its last layer fitted."""

import keras
import numpy as np
import pytest

from keras_dcmix.importance.evaluation import Evaluation
from keras_dcmix.importance.last_layer import split_before_last_layer
from keras_dcmix.importance.subset_scorer import FittingImages, SubsetScorer

ALL = np.ones((1, 2), dtype=bool)
SUBSETS = np.array([[False, False], [True, False], [False, True], [True, True]])


def softmax_of_means(units: int = 2, activation: str | None = "softmax") -> keras.Model:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4, 4, 2))
    x = keras.layers.GlobalAveragePooling2D()(inputs)
    return keras.Model(inputs, keras.layers.Dense(units, activation)(x))


@pytest.fixture
def images():
    """40 images; class 1 is brighter in channel 1 alone."""
    labels = np.arange(40) % 2
    pixels = np.random.default_rng(0).normal(size=(40, 4, 4, 2)).astype("float32")
    pixels[..., 1] += 2 * labels[:, None, None]
    return pixels, labels


def own_scores(model, pixels, labels):
    probabilities = model.predict_on_batch(pixels)
    log_likelihood = np.log(probabilities[np.arange(len(labels)), labels])
    return np.stack([probabilities.argmax(axis=1) == labels, log_likelihood])


def test_without_fitting_the_scores_are_those_of_the_model(images):
    model = softmax_of_means()
    scores = SubsetScorer(Evaluation(model, *images)).scores(ALL)
    np.testing.assert_allclose(scores[:, 0], own_scores(model, *images), atol=1e-5)


def test_a_channel_outside_of_the_subset_is_replaced_by_its_mean(images):
    model = softmax_of_means()
    pixels, labels = images
    filled = np.broadcast_to(pixels.mean(axis=(0, 1, 2)), pixels.shape).copy()
    filled[..., 1] = pixels[..., 1]
    scores = SubsetScorer(Evaluation(model, pixels, labels)).scores(SUBSETS)
    np.testing.assert_allclose(scores[:, 2], own_scores(model, filled, labels), atol=1e-5)


def test_each_subset_is_scored_with_the_layer_that_was_fitted_to_it(images):
    model, (pixels, labels) = softmax_of_means(), images
    evaluation = Evaluation(model, pixels, labels, batch_size=16)
    fitting = FittingImages(pixels[:20], labels[:20])
    scores = SubsetScorer(evaluation, fitting=fitting).scores(SUBSETS)
    features, last = split_before_last_layer(model)
    for number, subset in enumerate(SUBSETS):
        masked = np.where(subset, pixels, pixels.mean(axis=(0, 1, 2)))
        found = features.predict_on_batch(masked).astype(float)
        fitted = last.fitted(found[:20], labels[:20]).log_probabilities(found)
        expected = fitted[np.arange(40), labels]
        np.testing.assert_allclose(scores[1, number], expected, atol=1e-4)
        np.testing.assert_array_equal(scores[0, number], fitted.argmax(axis=1) == labels)


def test_fitting_finds_a_signal_that_the_trained_layer_overlooks(images):
    model, (pixels, labels) = softmax_of_means(), images
    model.layers[-1].set_weights([np.zeros((2, 2)), np.zeros(2)])
    evaluation = Evaluation(model, pixels, labels)
    plain = SubsetScorer(evaluation).scores(SUBSETS)[0].mean(axis=1)
    fitting = FittingImages(pixels, labels)
    fitted = SubsetScorer(evaluation, fitting=fitting).scores(SUBSETS)[0].mean(axis=1)
    assert plain.tolist() == [0.5] * 4
    assert fitted[2] > 0.9
    assert fitted[1] < 0.8


def test_a_classifier_of_logits_stays_as_it_is(images):
    evaluation = Evaluation(softmax_of_means(activation=None), *images)
    plain, fitted = (
        SubsetScorer(evaluation, fitting=fitting).scores(SUBSETS)
        for fitting in (None, FittingImages(*images))
    )
    np.testing.assert_array_equal(plain, fitted)


@pytest.mark.parametrize("is_fitted", [False, True])
def test_progress_comes_to_its_end(images, is_fitted):
    scorer = SubsetScorer(
        Evaluation(softmax_of_means(), *images, batch_size=16),
        fitting=FittingImages(*images) if is_fitted else None,
    )
    steps = []
    scorer.scores(SUBSETS, advance=lambda: steps.append(1))
    assert len(steps) == scorer.num_steps(len(SUBSETS)) == 4 * (3 + is_fitted)
