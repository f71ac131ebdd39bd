"""Evaluations turn what any classifier gives into scores of single images."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.importance.baselines import replacement
from keras_dcmix.importance.evaluation import Evaluation, unit_of
from keras_dcmix.importance.model_images import ModelImages, layers_on_channels


def table_model(num_outputs: int, activation: str | None = None) -> keras.Model:
    """Gives the pixels of 1x1 images, one a channel, through an activation."""
    inputs = keras.Input((1, 1, num_outputs))
    outputs = keras.layers.Activation(activation)(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, outputs)


def evaluated(outputs, labels, activation=None, **kwargs) -> Evaluation:
    images = np.array(outputs, "float32")[:, None, None, :]
    return Evaluation(table_model(images.shape[-1], activation), images, labels, **kwargs)


def scores_of(evaluation: Evaluation, metric) -> list[float]:
    def unchanged(_, batch):
        yield batch

    return evaluation.score_variants([metric], 1, unchanged)[0, 0].tolist()


LOGITS = [[2.0, 0.0, -1.0], [0.0, 0.5, 3.0]]


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_log_likelihood_is_that_of_the_softmax(activation):
    evaluation = evaluated(LOGITS, [0, 1], activation)
    expected = [2 - np.log(np.exp(LOGITS[0]).sum()), 0.5 - np.log(np.exp(LOGITS[1]).sum())]
    np.testing.assert_allclose(scores_of(evaluation, "log_likelihood"), expected, rtol=1e-5)


@pytest.mark.parametrize("activation", ["linear", "sigmoid"])
def test_one_output_speaks_for_the_second_class(activation):
    evaluation = evaluated([[2.0], [2.0], [-1.0]], [0, 1, 0], activation)
    assert evaluation.num_classes == 2
    expected = np.log([1 / (1 + np.exp(2)), 1 / (1 + np.exp(-2)), 1 / (1 + np.exp(-1))])
    np.testing.assert_allclose(scores_of(evaluation, "log_likelihood"), expected, rtol=1e-5)
    assert scores_of(evaluation, "accuracy") == [0, 1, 1]


def test_one_logit_between_zero_and_one_is_still_a_logit():
    evaluation = evaluated([[0.2], [0.4]], [1, 0], "linear")
    assert scores_of(evaluation, "accuracy") == [1, 0]


def test_one_output_of_no_known_activation_is_judged_by_its_range():
    assert scores_of(evaluated([[0.2], [0.4]], [1, 0], "relu"), "accuracy") == [0, 1]
    assert scores_of(evaluated([[0.2], [4.0]], [1, 0], "relu"), "accuracy") == [1, 0]


def test_a_model_inside_a_model_ends_in_its_activation():
    inner = table_model(1, "sigmoid")
    outer = keras.Sequential([keras.Input((1, 1, 1)), inner])
    evaluation = Evaluation(outer, np.full((1, 1, 1, 1), -1.0), [0])
    assert scores_of(evaluation, "accuracy") == [1]


def test_a_hopeless_image_costs_a_finite_likelihood():
    assert scores_of(evaluated([[2000.0, 0.0]], [1]), "log_likelihood") == [np.log(1e-7)]
    lost = evaluated([[2000.0], [-2000.0]], [0, 1], "linear")
    assert scores_of(lost, "log_likelihood") == [np.log(1e-7)] * 2


def test_a_metric_of_ones_own_gets_labels_and_what_the_model_gives():
    def gap_to_class_2(labels, outputs):
        assert labels.tolist() == [0, 1]
        return outputs[:, 2] - labels

    assert scores_of(evaluated(LOGITS, [0, 1]), gap_to_class_2) == [-1, 2]


def test_units_name_the_metric():
    assert unit_of("log_likelihood", "drop in") == "drop in log likelihood"
    assert unit_of(lambda labels, outputs: labels, "drop in") == "drop in score"


def test_the_last_batch_is_padded_and_cut_again():
    evaluation = evaluated(np.eye(3), [0, 1, 2], batch_size=2)
    assert [rows.tolist() for rows in evaluation.batches()] == [[0, 1], [2]]
    assert evaluation.padded(evaluation.read(np.array([2]))).shape == (2, 1, 1, 3)
    assert evaluation.outputs(evaluation.read(np.array([2]))).tolist() == [[0, 0, 1]]


def test_selected_images_are_counted_anew():
    some = evaluated(np.eye(3), [0, 1, 2]).select(np.array([2, 1]))
    assert some.num_images == 2
    assert some.labels.tolist() == [2, 1]
    assert some.read(np.array([0])).ravel().tolist() == [0, 0, 1]
    assert scores_of(some, "accuracy") == [1, 1]


def test_folds_are_disjoint_and_none_is_empty():
    evaluation = evaluated(np.eye(3), [0, 1, 2])
    folds = evaluation.folds(5, seed=0)
    assert sorted(map(len, folds)) == [1, 1, 1]
    assert sorted(np.concatenate(folds)) == [0, 1, 2]
    assert [len(fold) for fold in evaluation.folds(2, seed=0)] == [2, 1]


def test_names_given_come_before_those_of_the_images():
    class Named(np.ndarray):
        channel_names = ("DNA", "ER")

    images = np.zeros((1, 1, 1, 2)).view(Named)
    assert ModelImages(table_model(2), images).channel_names == ("DNA", "ER")
    given = ModelImages(table_model(2), images, channel_names=["a", "b"])
    assert given.channel_names == ("a", "b")


def test_pixels_that_float32_cannot_hold_are_refused():
    with pytest.raises(ValueError, match="NaN or infinity in image 0, channel 1"):
        Evaluation(table_model(2), np.array([0, 1e300]).reshape(1, 1, 1, 2), [0])


def standardized_model(**kwargs) -> keras.Model:
    inputs = keras.Input((4, 4, 2))
    scaled = keras.layers.Normalization(name="standardize", **kwargs)(inputs)
    return keras.Model(inputs, keras.layers.Flatten()(scaled))


def filled(model: keras.Model, images: np.ndarray, baseline) -> np.ndarray:
    return replacement(Evaluation(model, images, np.zeros(len(images), int)), baseline)(images)


IMAGES = np.random.default_rng(0).normal(3, 1, (5, 4, 4, 2)).astype("float32")


def test_the_mean_is_that_of_the_training_images_where_the_model_knows_it():
    known = standardized_model(mean=[7.0, 9.0], variance=[1.0, 4.0])
    assert filled(known, IMAGES, "mean").tolist() == [7, 9]


def test_the_mean_is_that_of_the_images_where_the_model_knows_none():
    inputs = keras.Input((4, 4, 2))
    scaled = keras.layers.Rescaling(0.1)(inputs)
    deeper = keras.layers.Normalization(mean=[7.0, 9.0], variance=[1.0, 4.0])(scaled)
    for model in (
        keras.Model(inputs, keras.layers.Flatten()(inputs)),
        keras.Model(inputs, keras.layers.Flatten()(deeper)),
    ):
        found = filled(model, IMAGES, "mean")
        np.testing.assert_allclose(found, IMAGES.mean(axis=(0, 1, 2)), rtol=1e-5)


def test_the_mean_of_selected_images_is_theirs():
    model = keras.Model(inputs := keras.Input((4, 4, 2)), keras.layers.Flatten()(inputs))
    some = Evaluation(model, IMAGES, np.zeros(5, int)).select(np.array([1, 3]))
    found = replacement(some, "mean")(IMAGES)
    np.testing.assert_allclose(found, IMAGES[[1, 3]].mean(axis=(0, 1, 2)), rtol=1e-5)


def test_zero_and_arrays_replace_by_themselves():
    model = standardized_model()
    assert filled(model, IMAGES, "zero").tolist() == [0, 0]
    assert filled(model, IMAGES, [1, 2]).tolist() == [1, 2]
    np.testing.assert_array_equal(filled(model, IMAGES, IMAGES[0]), IMAGES[0])


def test_blur_keeps_brightness_and_leaves_no_detail():
    blurred = filled(standardized_model(), IMAGES, "blur")
    assert blurred.shape == IMAGES.shape
    np.testing.assert_allclose(blurred.mean(), IMAGES.mean(), rtol=0.02)
    assert blurred.std(axis=(1, 2)).mean() < 0.8 * IMAGES.std(axis=(1, 2)).mean()


def test_the_search_for_layers_on_channels_goes_past_the_kinds_named():
    inputs = keras.Input((4, 4, 2))
    x = keras.layers.Rescaling(2.0, name="rescaling")(inputs)
    x = keras.layers.Activation("relu", name="relu")(x)
    model = keras.Model(inputs, keras.layers.Flatten(name="flatten")(x))
    assert [layer.name for layer in layers_on_channels(model)] == ["rescaling"]
    past = layers_on_channels(model, past=(keras.layers.Rescaling,))
    assert [layer.name for layer in past] == ["rescaling", "relu"]
