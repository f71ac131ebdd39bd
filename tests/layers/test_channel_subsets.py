"""Which channels are kept, how often, and that nothing else happens to the images."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.layers import ChannelSubsets


def masked(images: np.ndarray, **kwargs) -> np.ndarray:
    return keras.ops.convert_to_numpy(ChannelSubsets(**kwargs)(images, training=True))


def kept(num_images: int = 8000, num_channels: int = 4, **kwargs) -> np.ndarray:
    """`(num_images, num_channels)`: which channels are left."""
    ones = np.ones((num_images, 2, 3, num_channels), "float32")
    pixels = masked(ones, **kwargs)
    assert (pixels == pixels[:, :1, :1]).all(), "a channel goes or stays as a whole"
    return pixels[:, 0, 0]


def test_images_pass_unchanged_outside_of_training():
    images = np.random.default_rng(0).normal(size=(5, 4, 4, 3)).astype("float32")
    for training in (False, None):
        passed = keras.ops.convert_to_numpy(ChannelSubsets()(images, training=training))
        np.testing.assert_array_equal(passed, images)


def test_what_is_kept_is_not_rescaled():
    images = np.random.default_rng(0).normal(size=(50, 4, 4, 3)).astype("float32")
    found = masked(images, seed=0)
    assert (found == 0).any()
    np.testing.assert_array_equal(found[found != 0], images[found != 0])


def test_without_whole_images_every_subset_size_is_equally_frequent():
    sizes = kept(keep_all=0.0, extremes=0.0, seed=1).sum(axis=1)
    np.testing.assert_allclose(np.bincount(sizes.astype(int)) / len(sizes), 0.2, atol=0.02)


def test_every_channel_is_kept_equally_often():
    np.testing.assert_allclose(kept(keep_all=0.0, seed=2).mean(axis=0), 0.5, atol=0.02)


def test_every_subset_of_a_size_is_equally_frequent():
    found = kept(20_000, keep_all=0.0, seed=3)
    pairs = found[found.sum(axis=1) == 2]
    _, counts = np.unique(pairs, axis=0, return_counts=True)
    assert len(counts) == 6
    np.testing.assert_allclose(counts / len(pairs), 1 / 6, atol=0.03)


def test_a_share_of_the_images_is_left_whole():
    whole = (kept(keep_all=0.6, extremes=0.0, seed=4).sum(axis=1) == 4).mean()
    assert whole == pytest.approx(0.6 + 0.4 / 5, abs=0.02)


def test_a_share_of_the_images_keeps_one_channel_or_all_but_one():
    sizes = kept(keep_all=0.2, extremes=0.5, seed=6).sum(axis=1).astype(int)
    found = np.bincount(sizes, minlength=5) / len(sizes)
    np.testing.assert_allclose(found, [0.06, 0.31, 0.06, 0.31, 0.26], atol=0.02)


@pytest.mark.parametrize("extremes", [-0.1, 0.9])
def test_a_share_of_extremes_out_of_range_is_refused(extremes):
    with pytest.raises(ValueError, match=r"share from 0 to 1 - keep_all. Received: extremes="):
        ChannelSubsets(keep_all=0.2, extremes=extremes)


def test_the_seed_fixes_the_masks_and_each_call_draws_new_ones():
    ones = np.ones((40, 2, 2, 5), "float32")
    np.testing.assert_array_equal(masked(ones, seed=7), masked(ones, seed=7))
    layer = ChannelSubsets(seed=7)
    first, second = (keras.ops.convert_to_numpy(layer(ones, training=True)) for _ in range(2))
    assert (first != second).any()


def test_channels_first_masks_channels():
    ones = np.ones((40, 3, 2, 4), "float32")
    found = masked(ones, keep_all=0.0, seed=5, data_format="channels_first")
    np.testing.assert_array_equal(found, np.broadcast_to(found[:, :, :1, :1], found.shape))
    assert set(found[:, :, 0, 0].sum(axis=1)) == {0, 1, 2, 3}


def test_one_channel_is_there_or_not():
    assert set(kept(100, 1, seed=0).ravel()) == {0, 1}


@pytest.mark.parametrize("keep_all", [-0.1, 1, 1.5])
def test_a_share_out_of_range_is_refused(keep_all):
    with pytest.raises(ValueError, match=f"share from 0 up to 1. Received: keep_all={keep_all}"):
        ChannelSubsets(keep_all)


def test_an_unknown_number_of_channels_is_refused():
    with pytest.raises(ValueError, match="number of channels must be known"):
        ChannelSubsets()(keras.Input((4, 4, None)))
