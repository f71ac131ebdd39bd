import numpy as np
import pytest

from keras_dcmix.data import channel_statistics


@pytest.mark.parametrize("batch_size", [1, 7, 256])
def test_batches_of_any_size_give_the_statistics_of_the_whole(batch_size):
    images = np.random.default_rng(0).integers(0, 65535, (20, 6, 5, 3), dtype=np.uint16)
    mean, std = channel_statistics(images, batch_size=batch_size)
    np.testing.assert_allclose(mean, images.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(std, images.std(axis=(0, 1, 2)))
    assert mean.dtype == std.dtype == np.float64


def test_a_small_spread_on_a_large_offset_keeps_its_digits():
    noise = np.random.default_rng(0).normal(size=(50, 16, 16, 2))
    mean, std = channel_statistics(noise + 1e6, batch_size=8)
    np.testing.assert_allclose(mean, noise.mean(axis=(0, 1, 2)) + 1e6, rtol=1e-14)
    np.testing.assert_allclose(std, noise.std(axis=(0, 1, 2)), rtol=1e-9)


def test_a_constant_channel_has_a_deviation_of_exactly_zero():
    mean, std = channel_statistics(np.full((9, 7, 7, 1), 0.1), batch_size=4)
    assert mean[0] == 0.1
    assert std[0] == 0


def test_only_the_chosen_images_count():
    images = np.arange(24.0).reshape(6, 2, 2, 1)
    mean, _ = channel_statistics(images, np.array([4, 0]))
    assert mean[0] == images[[0, 4]].mean()


def test_images_of_unsigned_bytes_do_not_overflow():
    mean, std = channel_statistics(np.full((4, 8, 8, 1), 255, np.uint8))
    assert (mean[0], std[0]) == (255, 0)


def test_pixels_that_are_not_finite_are_named():
    images = np.zeros((9, 4, 4, 2), np.float32)
    images[7, 1, 2, 1] = np.inf
    with pytest.raises(ValueError, match="image 7, channel 1"):
        channel_statistics(images, np.array([2, 5, 7]), batch_size=2)


def test_no_images_have_no_statistics():
    with pytest.raises(ValueError, match=r"at least one image. Received: indices=.."):
        channel_statistics(np.zeros((0, 4, 4, 2)))


def test_images_of_three_axes_are_refused():
    with pytest.raises(ValueError, match=r"Received: shape=\(4, 4, 2\)"):
        channel_statistics(np.zeros((4, 4, 2)))
