"""What a model gives becomes probabilities, whether it ends in a softmax or in none."""

import keras
import numpy as np
import pytest

from keras_dcmix.models.probabilities import predicted_probabilities


def model_of(units: int, activation: str | None = None) -> keras.Model:
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(units, activation=activation)])


def test_probabilities_stay_what_they_are():
    given = np.array([[0.25, 0.75], [1, 0]])
    found = predicted_probabilities(model_of(2, "softmax"), given)
    assert found.dtype == "float32"
    np.testing.assert_array_equal(found, given)


def test_logits_go_through_a_softmax():
    found = predicted_probabilities(model_of(3), np.log([[1.0, 2.0, 5.0], [2.0, 2.0, 4.0]]))
    np.testing.assert_allclose(found, [[0.125, 0.25, 0.625], [0.25, 0.25, 0.5]], rtol=1e-6)


def test_large_logits_stay_finite():
    found = predicted_probabilities(model_of(2), np.array([[1e4, -1e4]]))
    assert found.tolist() == [[1, 0]]


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_one_output_is_for_the_second_class(activation):
    found = predicted_probabilities(model_of(1, activation), np.array([[0.0], [1.0]]))
    assert found[1, 1] == pytest.approx(1 if activation else 1 / (1 + np.exp(-1)))
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_nan_is_refused():
    with pytest.raises(ValueError, match="gives NaN for finite images"):
        predicted_probabilities(model_of(2), np.array([[np.nan, 0]]))
