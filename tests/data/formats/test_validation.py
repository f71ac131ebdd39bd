from dataclasses import replace

import pandas as pd
import pytest

from keras_dcmix.data import ImageSet
from keras_dcmix.data.formats.validation import label_and_validate, missing_files, repeated_files
from keras_dcmix.data.planes import Stack


@pytest.fixture
def image_set(tmp_path):
    """Four wells, two channels, files without pixels."""
    wells = ["A01", "A02", "B01", "B02"]
    files = {}
    for channel in ("GFP", "DNA"):
        files[channel] = [str(tmp_path / f"{well}-{channel}") for well in wells]
        for file in files[channel]:
            open(file, "x").close()
    table = pd.DataFrame({"Metadata_Well": wells, "Metadata_Drug": ["yes", "no", "yes", "no"]})
    return ImageSet(table, pd.DataFrame(files, dtype=object))


def with_cell(image_set, field, channel, cell):
    files = image_set.files.copy()
    files.at[field, channel] = cell
    return replace(image_set, files=files)


def test_without_wishes_nothing_changes(image_set):
    finished = label_and_validate(image_set)
    assert finished.files.equals(image_set.files)
    assert finished.table.equals(image_set.table)
    assert finished.labels is None


def test_channels_labels_and_groups_are_taken(image_set):
    finished = label_and_validate(
        image_set, channels=["DNA"], label="Metadata_Drug", group="Metadata_Well"
    )
    assert finished.channel_names == ("DNA",)
    assert finished.labels.tolist() == ["yes", "no", "yes", "no"]
    assert finished.groups.tolist() == ["A01", "A02", "B01", "B02"]


def test_the_label_may_come_from_the_platemap(image_set, tmp_path):
    (tmp_path / "map.csv").write_text("well,Metadata_Dose\na1,1\na2,2\nb1,1\n")
    with pytest.warns(UserWarning, match="1 wells of the images are not in the platemap"):
        finished = label_and_validate(
            image_set, platemap=tmp_path / "map.csv", label="Metadata_Dose"
        )
    assert finished.labels.tolist() == ["1", "2", "1"]
    assert finished.num_unlabelled == 1


def test_a_group_without_a_label_is_refused(image_set):
    with pytest.raises(ValueError, match="Received: group='Metadata_Well' without"):
        label_and_validate(image_set, group="Metadata_Well")


def test_a_missing_file_is_named(image_set):
    gone = with_cell(image_set, 2, "DNA", "gone.tif")
    with pytest.raises(
        ValueError, match=r"1 of 8 missing, .*'gone\.tif' \(well B01, channel 'DNA'"
    ):
        label_and_validate(gone)


def test_a_blank_cell_goes_before_a_missing_file(image_set):
    gone = with_cell(with_cell(image_set, 0, "GFP", "gone.tif"), 3, "DNA", None)
    with pytest.raises(ValueError, match=r"Received: none for 1 of 8, .* well B02, channel 'DNA'"):
        label_and_validate(gone)


def test_files_of_rows_without_a_label_are_not_missed(image_set):
    image_set.table.loc[2, "Metadata_Drug"] = " "
    gone = with_cell(image_set, 2, "DNA", "gone.tif")
    assert len(label_and_validate(gone, label="Metadata_Drug")) == 3


def test_files_are_not_missed_where_they_are_not_checked(image_set):
    gone = with_cell(image_set, 2, "DNA", "gone.tif")
    assert len(label_and_validate(gone, check_files=False)) == 4


def test_the_same_file_in_two_fields_is_refused(image_set):
    twice = with_cell(image_set, 3, "DNA", image_set.files.at[0, "DNA"])
    with pytest.raises(ValueError, match=r"A01-DNA' as channel 'DNA' of well A01; well B02"):
        label_and_validate(twice)


def test_the_same_planes_in_two_fields_are_refused(image_set):
    path = image_set.files.at[0, "DNA"]
    twice = with_cell(image_set, 1, "DNA", Stack(((path, 0), (path, 1))))
    twice = with_cell(twice, 3, "DNA", Stack(((path, 0), (path, 1))))
    with pytest.raises(ValueError, match=r"of well A02; well B02"):
        label_and_validate(twice)


def test_other_planes_of_the_same_file_are_another_field(image_set):
    path = image_set.files.at[0, "DNA"]
    stacked = with_cell(image_set, 0, "DNA", Stack(((path, 0),)))
    stacked = with_cell(stacked, 1, "DNA", Stack(((path, 1),)))
    assert len(label_and_validate(stacked)) == 4


def test_every_missing_file_of_a_stack_is_listed(image_set):
    stack = Stack(((image_set.files.at[0, "DNA"], 0), ("x.tif", None), ("y.tif", 0), ("y.tif", 1)))
    missing = missing_files(with_cell(image_set, 1, "DNA", stack))
    assert missing.to_numpy().tolist() == [[1, "DNA", "x.tif"], [1, "DNA", "y.tif"]]


def test_missing_files_are_listed_by_field(image_set):
    gone = with_cell(with_cell(image_set, 2, "GFP", "gone.tif"), 0, "DNA", None)
    assert missing_files(gone).to_numpy().tolist() == [[0, "DNA", None], [2, "GFP", "gone.tif"]]


def test_repeated_files_are_listed_side_by_side(image_set):
    first = image_set.files.at[0, "DNA"]
    repeated = repeated_files(with_cell(image_set, 3, "DNA", first))
    assert repeated.to_numpy().tolist() == [[0, "DNA", first], [3, "DNA", first]]


def test_a_set_without_faults_has_empty_lists(image_set):
    assert missing_files(image_set).empty
    assert repeated_files(image_set).empty


def test_fields_that_lack_a_channel_do_not_share_a_file(image_set):
    blank = with_cell(with_cell(image_set, 0, "DNA", None), 3, "DNA", None)
    assert repeated_files(blank).empty
