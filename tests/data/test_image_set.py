import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile

from keras_dcmix.data import ImageSet, UnreadableImageError, from_load_data


@pytest.fixture
def image_set(plate):
    return from_load_data(plate.write_csv())


def test_a_field_has_its_channels_on_the_last_axis(image_set, plate):
    field = image_set.read(1)
    assert field.shape == (80, 90, 2)
    np.testing.assert_array_equal(field[..., 1], tifffile.imread(plate.file("1E02", "DNA")))


def test_selected_channels_come_in_the_order_asked_for(image_set):
    swapped = image_set.select_channels(["DNA", "GFP"])
    assert swapped.channel_names == ("DNA", "GFP")
    assert swapped.num_channels == 2
    np.testing.assert_array_equal(swapped.read(0), image_set.read(0)[..., ::-1])


def test_an_unknown_channel_is_answered_with_the_nearest(image_set):
    with pytest.raises(ValueError, match="Received: 'dna', did you mean 'DNA'"):
        image_set.select_channels(["dna"])


def test_a_channel_selected_twice_is_refused(image_set):
    with pytest.raises(ValueError, match=r"unique.*more than once.*DNA"):
        image_set.select_channels(["DNA", "DNA"])


def test_a_text_is_not_taken_for_a_list_of_channels(image_set):
    with pytest.raises(TypeError, match=r"list of channel names. Received: channels='DNA'"):
        image_set.select_channels("DNA")


def test_a_missing_file_is_named_with_row_and_channel(image_set, plate):
    plate.file("B01", "DNA").unlink()
    with pytest.raises(UnreadableImageError, match=r"row 4, channel 'DNA': .*B01-DNA\.tif"):
        image_set.read(2)


def test_channels_of_different_size_in_one_field_are_refused(image_set, plate):
    tifffile.imwrite(plate.file("B01", "DNA"), np.zeros((40, 45), np.uint16))
    with pytest.raises(ValueError, match=r"row 4.*'GFP' with 80 x 90.*'DNA' with 40 x 45"):
        image_set.read(2)


def test_a_reader_that_returns_several_planes_is_refused(image_set):
    volumes = replace(image_set, reader=lambda path: np.zeros((3, 8, 8)))
    with pytest.raises(ValueError, match=r"row 2, channel 'GFP'.*Received: shape=\(3, 8, 8\)"):
        volumes.read(0)


def test_a_subset_keeps_rows_labels_and_groups_together(image_set):
    subset = image_set.with_labels("Metadata_Control").subset([3, 0])
    assert list(subset.table["Metadata_Well"]) == ["B02", "A01"]
    assert list(subset.labels) == ["positive", "negative"]
    assert list(subset.groups) == ["007/B02", "007/A01"]
    np.testing.assert_array_equal(subset.read(0), image_set.read(3))


@pytest.mark.parametrize("blank", ["", "  ", np.nan, None])
def test_rows_with_a_blank_label_are_left_out_and_counted(image_set, blank):
    image_set.table["Metadata_Control"] = pd.Series(["a", "b", blank, "b"], dtype=object)
    labelled = image_set.with_labels("Metadata_Control")
    assert labelled.num_unlabelled == 1
    assert list(labelled.labels) == ["a", "b", "b"]
    assert labelled.files["DNA"].iloc[2].endswith("B02-DNA.tif")


@pytest.mark.parametrize(
    ("group", "unit", "first"),
    [
        (None, "well", "007/A01"),
        ("Metadata_Plate", "plate", "007"),
        (["Metadata_Plate", "Metadata_Well"], "well", "007/A01"),
        (["Metadata_Control", "Metadata_Plate"], "control and plate", "negative/007"),
    ],
)
def test_groups_and_what_they_are_come_from_their_columns(image_set, group, unit, first):
    labelled = image_set.with_labels("Metadata_Control", group)
    assert (labelled.group_unit, labelled.groups[0]) == (unit, first)
    kept = labelled.subset([0, 1]).select_channels(["DNA"])
    assert (kept.group_unit, kept.groups[0]) == (unit, first)


def test_groups_without_a_well_column_are_single_fields(image_set):
    wells_unknown = replace(image_set, table=image_set.table.drop(columns="Metadata_Well"))
    labelled = wells_unknown.with_labels("Metadata_Control")
    assert labelled.group_unit == "field of view"
    assert len(set(labelled.groups)) == 4


def test_a_set_without_groups_has_no_unit_of_them(image_set):
    labelled = image_set.with_labels("Metadata_Control")
    joined = labelled.joined(labelled.subset([0]))
    for without in (image_set, joined, labelled.select_channels(["DNA"]).all_channels):
        assert without.groups is without.group_unit is without.labels is None
    assert len(joined) == 5


def test_renamed_channels_keep_their_files(image_set, plate):
    renamed = image_set.rename_channels({"DNA": "Hoechst"})
    assert renamed.channel_names == ("GFP", "Hoechst")
    np.testing.assert_array_equal(renamed.read(0), image_set.read(0))


def test_a_blank_group_is_refused_with_its_row(image_set):
    image_set.table.loc[2, "Metadata_Well"] = None
    with pytest.raises(
        ValueError, match=r"without blanks. Received: group='Metadata_Well' with 1 blanks.*row 4"
    ):
        image_set.with_labels("Metadata_Control")


def test_an_unknown_column_is_answered_with_the_nearest_and_the_list(image_set):
    with pytest.raises(ValueError, match=r"did you mean 'Metadata_Control'.*Metadata_Plate, "):
        image_set.with_labels("Control")
    with pytest.raises(ValueError, match="group='Wel', did you mean 'Metadata_Well'"):
        image_set.with_labels("Metadata_Control", "Wel")


def test_a_constant_label_is_refused(image_set):
    with pytest.raises(ValueError, match=r"at least two classes. Received: .*\['007'\] in 4"):
        image_set.with_labels("Metadata_Plate")


def test_a_set_without_rows_is_refused(image_set):
    with pytest.raises(ValueError, match=r"at least one field.*Received: 0 fields and 2 channels"):
        image_set.subset([])


def test_lengths_that_differ_are_refused(image_set):
    with pytest.raises(ValueError, match=r"must have 4 entries.*len\(labels\)=2"):
        replace(image_set, labels=np.array(["a", "b"]))


def test_a_repeated_channel_name_is_refused(image_set):
    files = pd.concat([image_set.files, image_set.files[["DNA"]]], axis=1)
    with pytest.raises(ValueError, match=r"channel_names must be unique.*DNA"):
        ImageSet(image_set.table, files)


def test_a_set_comes_back_from_a_pickle(image_set):
    labelled = image_set.with_labels("Metadata_Control")
    copy = pickle.loads(pickle.dumps(labelled))
    assert list(copy.labels) == list(labelled.labels)
    np.testing.assert_array_equal(copy.read(3), labelled.read(3))
