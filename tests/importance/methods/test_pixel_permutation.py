"""Pixel permutation against numbers known in advance."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.importance import pixel_permutation

# Small whole numbers, so that their sums do not depend on the order of the pixels.
IMAGES = np.random.default_rng(0).integers(0, 8, (40, 4, 4, 2)).astype("float32")
LABELS = np.zeros(len(IMAGES), int)


def linear(kernel: np.ndarray) -> keras.Model:
    """Gives the sum of `kernel * image`, and a second output of 0."""
    layer = keras.layers.Dense(2, use_bias=False)
    model = keras.Sequential([keras.Input(kernel.shape), keras.layers.Flatten(), layer])
    layer.set_weights([np.stack([kernel.ravel(), 0 * kernel.ravel()], axis=1)])
    return model


def first_output(labels, outputs):
    return outputs[:, 0]


def scored(kernel, metric=first_output, **kwargs):
    return pixel_permutation(linear(kernel), IMAGES, LABELS, metric=metric, verbose=False, **kwargs)


def test_a_model_that_reads_the_mean_of_a_channel_scores_exactly_zero():
    assert scored(np.ones((4, 4, 2))).repeats.tolist() == [[0, 0]] * 5


def test_a_model_that_reads_one_pixel_loses_that_pixel_for_the_mean_of_its_channel():
    kernel = np.zeros((4, 4, 2))
    kernel[1, 2, 0] = 1
    found = scored(kernel, num_repeats=400)
    pixel = IMAGES[:, 1, 2, 0] - IMAGES[..., 0].mean(axis=(1, 2))
    standard_error = found.std[0] / np.sqrt(400)
    assert abs(found.scores[0] - pixel.mean()) < 3 * standard_error < 0.1
    assert found.scores[1] == 0


def test_the_squared_change_of_a_pixel_is_its_variance_and_squared_distance_from_the_mean():
    kernel = np.zeros((4, 4, 2))
    kernel[0, 0, 1] = 1
    pixel, channel = IMAGES[:, 0, 0, 1], IMAGES[..., 1].reshape(len(IMAGES), -1)
    changes = []

    def record(labels, outputs):
        changes.append(outputs[:, 0].copy())
        return outputs[:, 0]

    scored(kernel, record, num_repeats=400, batch_size=len(IMAGES))
    of_channel = np.stack(changes[2::2])  # after the images: channel 0 and 1 in turn
    expected = channel.var(axis=1) + (pixel - channel.mean(axis=1)) ** 2
    found = ((of_channel - pixel) ** 2).mean(axis=0)
    np.testing.assert_allclose(found.mean(), expected.mean(), rtol=0.05)


def test_all_channels_are_shuffled_by_the_same_permutation():
    same = np.repeat(IMAGES[..., :1], 2, axis=-1)
    kernel = np.random.default_rng(1).normal(size=(4, 4, 1)).repeat(2, axis=-1)
    found = pixel_permutation(linear(kernel), same, LABELS, metric=first_output, verbose=False)
    np.testing.assert_allclose(found.repeats[:, 0], found.repeats[:, 1], atol=1e-5)
    assert np.abs(found.repeats).max() > 0.01


def test_name_and_unit():
    found = scored(np.ones((4, 4, 2)), "accuracy")
    assert (found.method, found.unit) == ("pixel_permutation", "drop in accuracy")


def test_the_number_of_repeats_is_checked():
    with pytest.raises(ValueError, match="`num_repeats` must be a positive integer"):
        scored(np.ones((4, 4, 2)), num_repeats=0)
