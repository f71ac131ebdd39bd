import pandas as pd
import pytest

from keras_dcmix.data.formats.wells import well_at, well_name, with_well_names


@pytest.mark.parametrize("text", ["A1", "a1", "A01", "a01", "A001", " A01 ", "A-1", "A_01", "A 1"])
def test_a_well_has_one_name_however_it_is_written(text):
    assert well_name(text) == "A01"


@pytest.mark.parametrize(
    ("text", "name"), [("P24", "P24"), ("af48", "AF48"), ("aa1", "AA01"), ("h12", "H12")]
)
def test_wells_of_larger_plates_have_names_too(text, name):
    assert well_name(text) == name


@pytest.mark.parametrize("text", ["control", "1E02", "A0", "A49", "AG01", "A1.5", "", "12", "A"])
def test_what_is_no_well_stays_as_it_is(text):
    assert well_name(text) == text


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [(1, 1, "A01"), (8, 12, "H12"), (26, 1, "Z01"), (27, 1, "AA01"), (32, 48, "AF48")],
)
def test_rows_and_columns_are_counted_from_one(row, column, name):
    assert well_at(row, column) == well_name(name) == name


@pytest.mark.parametrize(("row", "column"), [(0, 1), (1, 0), (33, 1), (1, 49), (-1, 1)])
def test_a_place_that_no_plate_has_is_refused(row, column):
    with pytest.raises(ValueError, match=rf"Received: row={row}, column={column}"):
        well_at(row, column)


def test_blank_wells_of_a_table_stay_blank():
    table = pd.DataFrame({"Metadata_Well": ["a1", None], "Metadata_Dose": ["b2", "c3"]})
    named = with_well_names(table)
    assert named["Metadata_Well"][0] == "A01"
    assert pd.isna(named["Metadata_Well"][1])
    assert named["Metadata_Dose"].tolist() == ["b2", "c3"]


def test_a_table_without_wells_comes_back_as_it_is():
    table = pd.DataFrame({"Metadata_Site": ["a1"]})
    assert with_well_names(table) is table
