"""Channel names are checked, and misspelt names get a suggestion where it is likely."""

from __future__ import annotations

import pytest

from keras_dcmix._common.names import checked_channel_names, suggestion


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("dapi", ["GFP", "DAPI"], "DAPI"),
        ("mito", ["ER", "Mito"], "Mito"),
        ("hoechst", ["GFP", "Hoechst"], "Hoechst"),
        ("Hoecsht", ["GFP", "Hoechst"], "Hoechst"),
        ("Hoechst", ["GFP", "Hoechst 33342"], "Hoechst 33342"),
        ("colour", ["size", "color"], "color"),
        ("GPF", ["DNA", "GFP"], "GFP"),
        ("DNS", ["RNA", "DNA"], "DNA"),
        ("DAN", ["RNA", "DNA"], "DNA"),
        ("RE", ["DNA", "ER"], "ER"),
        ("dna", ["dNA", "DNA"], "dNA"),
        ("onxx", ["keras", "onnx"], "onnx"),
        ("load-data", ["folders", "loaddata"], "loaddata"),
        ("ResNet51", ["VGG16", "ResNet50"], "ResNet50"),
        ("Well", ["Metadata_Plate", "Metadata_Well"], "Metadata_Well"),
        ("Metadata_Treatmnt", ["Metadata_Plate", "Metadata_Treatment"], "Metadata_Treatment"),
        ("CD8", ["CD4", "CD8a"], "CD8a"),
    ],
)
def test_a_slip_gets_a_suggestion(name, options, expected):
    assert suggestion(name, options) == f", did you mean '{expected}'?"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Hoechst", ["GFP", "DNA", "ER"]),
        ("hoechst", ["GFP", "Phalloidin", "ConA"]),
        ("DNA", ["RNA", "ER"]),
        ("GFP", ["YFP", "RFP", "BFP"]),
        ("ER", ["EM", "E", "RNA"]),
        ("RE", ["DNA", "RNA"]),
        ("Mito", ["Golgi", "Actin"]),
        ("CD4", ["CD8", "CD45", "CD45RO"]),
        ("Ch1", ["Ch2", "Ch10"]),
        ("Alexa488", ["Alexa568", "Alexa647"]),
        ("Metadata_Treatment", ["Metadata_Plate", "Metadata_Well"]),
        ("Metadata_Drug", ["well"]),
        ("Metadata_Drug", ["Metadata_Dose"]),
        (3, ["z"]),
        ("", ["DNA"]),
        ("__", ["DNA"]),
        ("x", []),
    ],
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
