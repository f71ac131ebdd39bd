"""Channel names are checked, and misspelt names get a suggestion where it is likely."""

from __future__ import annotations

import pytest

from keras_dcmix._common.names import checked_channel_names, suggestion


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("dapi", ["GFP", "DAPI"], "DAPI"),
        ("colour", ["size", "color"], "color"),
        ("GPF", ["DNA", "GFP"], "GFP"),
        ("onxx", ["keras", "onnx"], "onnx"),
        ("ResNet51", ["VGG16", "ResNet50"], "ResNet50"),
    ],
)
def test_a_slip_gets_a_suggestion(name, options, expected):
    assert suggestion(name, options) == f", did you mean '{expected}'?"


@pytest.mark.parametrize(
    ("name", "options"),
    [("Hoechst", ["GFP", "DNA", "ER"]), ("Metadata_Drug", ["well"]), (3, ["z"]), ("x", [])],
)
def test_another_word_gets_none(name, options):
    assert suggestion(name, options) == "."


@pytest.mark.parametrize(
    ("names", "number", "words"),
    [
        (["GFP", "GFP"], None, "unique"),
        (["GFP", " "], None, r"channel_names\[1\] must be a non-empty string"),
        ([], None, "at least one channel"),
        (["GFP"], 2, "must be 2, one for each channel"),
    ],
)
def test_channel_names_that_do_not_fit_are_refused(names, number, words):
    with pytest.raises(ValueError, match=words):
        checked_channel_names(names, number)


@pytest.mark.parametrize("names", ["GFP", [1, 2]])
def test_channel_names_of_another_type_are_refused(names):
    with pytest.raises(TypeError, match="must be a"):
        checked_channel_names(names)
