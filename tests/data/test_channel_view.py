"""Some channels of some images, without a copy."""

from __future__ import annotations

import numpy as np
import pytest

from keras_dcmix.data.channel_view import ChannelView
from keras_dcmix.data.labelled_images import label_images

NAMES = ["noise", "signal", "copy"]


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(100, 10, (8, 4, 4, 3)).astype("float32")


def test_a_view_keeps_the_channels_asked_for_in_their_order(images):
    dataset = label_images(images, np.arange(8) % 2, channel_names=NAMES)
    kept = dataset.keep([2, 0])
    assert kept.channel_names == ("copy", "noise")
    assert kept.images.shape == (8, 4, 4, 2)
    assert kept.images.dtype == images.dtype
    np.testing.assert_array_equal(kept.images[[5, 3]], images[[5, 3]][..., [2, 0]])
    np.testing.assert_array_equal(kept.images[4], images[4][..., [2, 0]])
    np.testing.assert_array_equal(np.asarray(kept.images), images[..., [2, 0]])
    np.testing.assert_array_equal(kept.keep([1]).images[:], images[..., :1])
    assert kept.labels is dataset.labels


def test_fingerprints_of_views_differ_by_channels_and_pixels(images):
    prints = {ChannelView(images, kept).fingerprint() for kept in ([0], [1], [0, 1], [1, 0])}
    assert len(prints) == 4
    before = ChannelView(images, [0]).fingerprint()
    images[3, 0, 0, 1] += 1
    assert ChannelView(images, [0]).fingerprint() == before
    images[3, 0, 0, 0] += 1
    assert ChannelView(images, [0]).fingerprint() != before

    class Files:
        shape, dtype = images.shape, images.dtype

        def fingerprint(self):
            return "two files"

    assert ChannelView(Files(), [0]).fingerprint().startswith("two files [0]")


@pytest.mark.parametrize("channels", [[], [3], [-1], [0.5], 1])
def test_channels_that_are_not_there_are_refused(images, channels):
    with pytest.raises(ValueError, match=r"numbers from 0 to 2, at least one. Received: "):
        ChannelView(images, channels)


def test_a_channel_comes_once(images):
    with pytest.raises(ValueError, match=r"different numbers. Received: channels=\[1, 1\]"):
        ChannelView(images, [1, 1])
