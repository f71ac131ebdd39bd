"""What a labelled dataset knows of its images, whichever way they come in."""

from dataclasses import replace

import numpy as np
import pytest

from keras_dcmix.data import crop_fields, from_load_data
from keras_dcmix.data.channel_view import ChannelView
from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.datasets import simulated_cells

PIXELS = np.zeros((4, 2, 3, 2))
LABELS = ["b", "a", "b", "a"]


@pytest.fixture
def crops(plate):
    image_set = replace(from_load_data(plate.write_csv()), z=3)
    return crop_fields(image_set.with_labels("Metadata_Control"), crop="cells", size=20)


def test_arrays_become_a_dataset():
    dataset = label_images(PIXELS, LABELS, channel_names=["DNA", "ER"], groups=[1, 1, 2, 2])
    assert dataset.classes == ("a", "b")
    assert dataset.labels.tolist() == [1, 0, 1, 0]
    assert dataset.channel_names == ("DNA", "ER")
    assert dataset.groups.tolist() == [1, 1, 2, 2]
    assert dataset.recipe is dataset.truth is dataset.skipped is None


@pytest.mark.parametrize(("groups", "unit"), [([1, 1, 2, 2], "group"), (None, "image")])
def test_groups_of_arrays_have_no_name_and_images_without_groups_stand_alone(groups, unit):
    dataset = label_images(PIXELS, LABELS, groups=groups)
    assert dataset.group_unit == unit
    assert dataset.channel_names == ("channel_0", "channel_1")


def test_crops_bring_labels_groups_names_and_recipe(crops):
    dataset = label_images(crops)
    assert dataset.group_unit == "well"
    assert dataset.recipe == crops.recipe
    assert dataset.recipe.z == 3
    assert dataset.channel_names == ("GFP", "DNA")
    assert dataset.groups.tolist() == crops.groups.tolist()


def test_groups_that_are_given_replace_those_of_crops(crops):
    dataset = label_images(crops, groups=np.arange(len(crops)) // 2)
    assert dataset.group_unit == "group"
    assert len(np.unique(dataset.groups)) == len(crops) // 2


def test_plates_are_text_and_none_where_there_is_only_one():
    assert label_images(PIXELS, LABELS, plates=[1, 1, 2, 2]).plates.tolist() == ["1", "1", "2", "2"]
    assert label_images(PIXELS, LABELS, plates=["P1"] * 4).plates is None
    assert label_images(PIXELS, LABELS).plates is None


def test_crops_and_simulated_cells_bring_their_plates(plate):
    plate.table["Metadata_Plate"] = ["007", "007", "008", "008"]
    image_set = from_load_data(plate.write_csv(), label="Metadata_Control")
    crops = crop_fields(image_set, crop="cells", size=20)
    dataset = label_images(crops)
    assert dataset.plates.tolist() == [["007", "008"][field // 2] for field in crops.fields]
    assert dataset.keep([0, 1]).plates is dataset.plates
    cells = simulated_cells(num_images=8, size=16, wells_per_plate=4)
    assert label_images(cells).plates.tolist() == cells.plates.tolist()


def test_crops_of_one_plate_have_none(crops):
    assert crops.plates is None
    assert label_images(crops).plates is None


def test_plates_that_are_given_replace_those_of_the_images():
    cells = simulated_cells(num_images=8, size=16, wells_per_plate=4)
    assert label_images(cells, plates=list("abababab")).plates.tolist() == list("abababab")


def test_chosen_channels_keep_recipe_groups_and_truth(crops):
    kept = label_images(crops).keep([1])
    assert (kept.recipe, kept.group_unit) == (crops.recipe, "well")
    assert kept.channel_names == ("DNA",)
    dataset = label_images(simulated_cells(num_images=8, size=16, wells_per_plate=4))
    assert dataset.keep([2, 0]).truth.tolist() == dataset.truth[[2, 0]].tolist()


def test_a_view_of_crops_keeps_their_recipe(crops):
    view = ChannelView(crops, [1, 0], channel_names=["DNA", "GFP"])
    dataset = label_images(view, crops.labels)
    assert dataset.recipe == crops.recipe
    assert dataset.channel_names == ("DNA", "GFP")


def test_a_labelled_dataset_is_returned_as_it_is(crops):
    dataset = label_images(crops)
    assert label_images(dataset) is dataset


@pytest.mark.parametrize("blank", [None, np.nan, "", "  "])
def test_blank_labels_are_counted_and_are_no_class(blank):
    dataset = label_images(PIXELS, np.array(["a", "b", blank, "a"], dtype=object))
    assert dataset.classes == ("a", "b")
    assert dataset.labels.tolist() == [0, 1, -1, 0]
    assert dataset.labelled.tolist() == [0, 1, 3]
    assert dataset.num_unlabelled == 1


def test_integer_labels_are_classes_by_their_value():
    dataset = label_images(PIXELS, [10, 2, 10, 2])
    assert dataset.classes == ("2", "10")
    assert dataset.labels.tolist() == [1, 0, 1, 0]


def test_a_description_counts_images_channels_groups_and_classes():
    text = label_images(PIXELS, LABELS, groups=[1, 1, 2, 2]).describe()
    for part in ("4 images", "2 x 3 pixels", "2 channels", "2 groups", "a (2)", "b (2)"):
        assert part in text


@pytest.mark.parametrize(
    ("images", "labels", "options", "words"),
    [
        (PIXELS[0], LABELS, {}, r"num_images, height, width.*Received: shape=\(2, 3, 2\)"),
        (PIXELS[:0], [], {}, r"without a 0.*shape=\(0, 2, 3, 2\)"),
        (PIXELS[..., :1], LABELS, {}, "at least two channels"),
        (PIXELS, None, {}, "one label for each image. Received: labels=None"),
        (PIXELS, LABELS[:3], {}, r"`labels` must have the shape \(4,\).*shape=\(3,\)"),
        (PIXELS, LABELS, {"groups": [1]}, r"`groups` must have the shape \(4,\).*shape=\(1,\)"),
        (PIXELS, LABELS, {"plates": [1]}, r"`plates` must have the shape \(4,\).*shape=\(1,\)"),
        (PIXELS, ["a"] * 4, {}, "at least two classes. Received: a"),
        (PIXELS, [""] * 4, {}, "only blank labels"),
        (PIXELS, LABELS, {"channel_names": ["a", "a"]}, "unique"),
    ],
)
def test_what_does_not_fit_is_refused(images, labels, options, words):
    with pytest.raises(ValueError, match=words):
        label_images(images, labels, **options)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_the_image_with_a_pixel_that_is_not_finite_is_named(value):
    pixels = PIXELS.copy()
    pixels[2, 1, 1, 1] = value
    with pytest.raises(ValueError, match=r"NaN or infinity in image 2, channel\(s\) \[1\]"):
        label_images(pixels, LABELS)


def test_pixels_that_are_no_numbers_are_refused():
    with pytest.raises(TypeError, match=r"must be numbers. Received: dtype=object"):
        label_images(PIXELS.astype(object), LABELS)


def test_the_description_counts_groups_as_the_source_calls_them():
    cells = simulated_cells(48, size=16)
    assert "from 48 wells" not in label_images(cells).describe()  # each image is its own group
    assert "from 24 wells" in label_images(simulated_cells(48, size=16, num_plates=1)).describe()
