"""Channels without any contrast: found, named and left out."""

import warnings

import numpy as np
import pytest

from keras_dcmix.data.constant_channels import find_constant_channels, without_constant_channels
from keras_dcmix.data.labelled_images import label_images

NAMES = ("DNA", "empty", "GFP", "blank")


class Counted:
    """Images that count how many of them are read."""

    def __init__(self, images):
        self.images, self.shape, self.dtype, self.read = images, images.shape, images.dtype, 0

    def __getitem__(self, index):
        self.read += len(index)
        return self.images[index]


def images_with(constant, num_images=20):
    images = np.random.default_rng(0).integers(0, 255, (num_images, 4, 4, len(NAMES)))
    for channel in constant:
        images[..., channel] = 7 * channel
    return images.astype("uint8")


def test_constant_channels_are_left_out_and_listed():
    images = images_with([1, 3])
    dataset = label_images(images, np.arange(20) % 2, channel_names=NAMES)
    with pytest.warns(UserWarning, match="Left out the channels empty and blank: the same value"):
        found = without_constant_channels(dataset)
    assert found.channel_names == ("DNA", "GFP")
    assert found.constant_channels == ("empty", "blank")
    np.testing.assert_array_equal(found.images[np.arange(20)], images[..., [0, 2]])


def test_nothing_changes_where_all_channels_vary():
    dataset = label_images(images_with([]), np.arange(20) % 2, channel_names=NAMES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert without_constant_channels(dataset) is dataset


def test_images_without_a_label_do_not_count():
    images = images_with([1])
    images[0, 0, 0, 1] = 200
    labels = np.array([None, *["ab"[i % 2] for i in range(19)]], dtype=object)
    dataset = label_images(images, labels, channel_names=NAMES)
    with pytest.warns(UserWarning, match="channel empty"):
        assert without_constant_channels(dataset).constant_channels == ("empty",)


def test_one_channel_that_varies_cannot_be_ranked():
    dataset = label_images(images_with([0, 1, 3]), np.arange(20) % 2, channel_names=NAMES)
    with pytest.raises(ValueError, match="channels DNA, empty and blank, which leaves 1 of 4"):
        without_constant_channels(dataset)


def test_reading_ends_where_all_channels_have_varied():
    images = Counted(images_with([], num_images=40))
    assert not find_constant_channels(images, np.arange(40), batch_size=8).any()
    assert images.read == 8


def test_a_single_pixel_in_a_later_batch_is_seen():
    images = images_with([2], num_images=40)
    images[39, 3, 3, 2] += 1
    assert not find_constant_channels(images, np.arange(40), batch_size=8).any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_pixels_that_are_not_finite_are_not_constant(value):
    images = images_with([1]).astype("float32")
    images[5, 0, 0, 1] = value
    assert not find_constant_channels(images, np.arange(20))[1]
