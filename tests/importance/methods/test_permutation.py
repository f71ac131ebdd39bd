"""Permutation importance against numbers known in advance."""

from __future__ import annotations

from itertools import product

import keras
import numpy as np
import pytest

from keras_dcmix.importance import permutation

WEIGHTS = np.array([1.0, 2.0, 4.0])
# All combinations of three channels, four times: they are independent, each of variance 1/4.
PIXELS = np.array(list(product([0, 1], repeat=3)) * 4, dtype="float32")
LABELS = (PIXELS @ WEIGHTS).astype(int)


def regression() -> keras.Model:
    """Gives `WEIGHTS @ pixels`, and seven zeros so that 0 to 7 are labels."""
    layer = keras.layers.Dense(8, use_bias=False)
    model = keras.Sequential([keras.Input((1, 1, 3)), keras.layers.Flatten(), layer])
    layer.set_weights([np.pad(WEIGHTS[:, None], ((0, 0), (0, 7)))])
    return model


def negative_squared_error(labels, outputs):
    return -((outputs[:, 0] - labels) ** 2)


def scored(**kwargs):
    return permutation(
        regression(),
        PIXELS[:, None, None, :],
        LABELS,
        metric=negative_squared_error,
        verbose=False,
        **kwargs,
    )


def test_each_repeat_is_the_error_of_its_permutation():
    found = scored(num_repeats=4, seed=11)
    rng = np.random.default_rng(11)
    expected = [
        (WEIGHTS**2 * (PIXELS[rng.permutation(len(PIXELS))] - PIXELS) ** 2).mean(axis=0)
        for _ in range(4)
    ]
    np.testing.assert_allclose(found.repeats, expected, rtol=1e-6)
    assert found.method == "permutation"
    assert found.unit == "drop in negative squared error"


def test_in_the_mean_the_error_is_twice_the_variance_times_the_squared_weight():
    found = scored(num_repeats=300)
    expected = 2 * WEIGHTS**2 / 4
    standard_error = found.std / np.sqrt(300)
    assert (np.abs(found.scores - expected) < 3 * standard_error).all()
    assert (standard_error < 0.02 * expected).all()


def test_all_channels_meet_the_same_permutations():
    images = np.repeat(PIXELS[:, None, None, :1], 3, axis=-1)
    layer_as_one = permutation(
        regression(), images, LABELS * 0, metric=lambda y, given: given[:, 0] ** 2, verbose=False
    )
    same = permutation(
        regression(), images[..., ::-1], LABELS * 0, metric=lambda y, g: g[:, 0] ** 2, verbose=False
    )
    np.testing.assert_array_equal(layer_as_one.repeats, same.repeats)


def test_every_metric_known_by_name_can_be_asked_for():
    units = {
        metric: permutation(
            regression(), PIXELS[:, None, None, :], LABELS, metric=metric, verbose=False
        ).unit
        for metric in ("accuracy", "log_likelihood")
    }
    assert units == {
        "accuracy": "drop in accuracy",
        "log_likelihood": "drop in log likelihood",
    }


def test_the_default_metric_is_accuracy():
    images = PIXELS[:, None, None, :]
    assert permutation(regression(), images, LABELS, verbose=False).unit == "drop in accuracy"


def test_one_image_has_only_itself_to_swap_with():
    images = PIXELS[:1, None, None, :]
    with pytest.raises(ValueError, match="num_repeats"):
        permutation(regression(), images, LABELS[:1], num_repeats=1.5, verbose=False)
    assert permutation(regression(), images, LABELS[:1], verbose=False).scores.tolist() == [0] * 3
