"""A dataset is consistent, or says what does not fit."""

import dataclasses

import numpy as np
import pytest

from keras_dcmix.datasets import ChannelDataset

FITTING = {
    "images": np.zeros((3, 4, 5, 2)),
    "labels": ["a", "b", "a"],
    "channel_names": ["DNA", "ER"],
    "truth": [1, 0],
    "groups": [0, 0, 1],
}


def test_lists_become_arrays_and_names_a_tuple():
    dataset = ChannelDataset(**FITTING)
    assert dataset.channel_names == ("DNA", "ER")
    assert dataset.truth.dtype == float
    assert dataset.labels.tolist() == ["a", "b", "a"]
    assert dataset.num_channels == 2
    assert dataset.group_unit == "group"
    assert dataset.plates is None
    assert ChannelDataset(**FITTING, plates=["P1", "P1", "P2"]).plates.tolist()[2] == "P2"


def test_a_dataset_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ChannelDataset(**FITTING).labels = [1, 2, 3]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("images", np.zeros((3, 4, 5)), r"`images` must have the shape .*shape=\(3, 4, 5\)"),
        ("labels", [1, 2], r"`labels` must hold one value for each of the 3 images.*\(2,\)"),
        ("groups", [[0], [0], [1]], r"`groups` must hold one value for each of the 3 images"),
        ("plates", ["P1"], r"`plates` must hold one value for each of the 3 images.*\(1,\)"),
        ("channel_names", ["DNA"], r"`channel_names` must .* 2 channels.*\(1,\)"),
        ("channel_names", ["DNA", "DNA"], r"must be unique; .*'DNA', 'DNA'"),
        ("truth", [1, 0, 0], r"`truth` must .* 2 channels.*\(3,\)"),
        ("truth", [[1, 0]], r"`truth` must .* 2 channels.*\(1, 2\)"),
        ("truth", [1, -1], r"`truth` must be finite and at least 0, .*\[1.0, -1.0\]"),
        ("truth", [1, np.nan], r"`truth` must be finite and at least 0, .*nan"),
    ],
)
def test_a_field_that_does_not_fit_is_named(field, value, words):
    with pytest.raises(ValueError, match=words):
        ChannelDataset(**{**FITTING, field: value})
