"""Too few wells of a class are refused, and wells under another name are found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from keras_dcmix._common.errors import on_command_line
from keras_dcmix.inspection import refuse_few_groups
from keras_dcmix.inspection.groups import unnamed_wells


def treat(screen, *classes):
    """Gives the first wells of the screen these classes, and none to the others."""
    screen.table["Metadata_Drug"] = [*classes, *[""] * (len(screen.table) - len(classes))]


def refusal(screen, **options) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its words are asserted by the caller
        refuse_few_groups(screen.open(**options))
    return on_command_line(caught.value)


def test_three_wells_of_each_class_are_enough(screen):
    treat(screen, *"aaabbb")
    refuse_few_groups(screen.open())


def test_a_class_of_two_wells_is_refused_with_its_wells_and_the_way_out(screen):
    treat(screen, *"aaabb")
    assert refusal(screen) == (
        "A ranking needs at least 3 wells of each class: training, validation and test need one "
        "each. Received: 2 wells (P1/A04 and P1/A05) of class 'b'. Label more wells, or clear the "
        "class in the column of the labels"
    )


def test_of_several_such_classes_the_smallest_is_named_and_the_others_counted(screen):
    treat(screen, *"aaabbcdd")
    said = refusal(screen)
    assert "1 well (P1/A06) of class 'c', and likewise 2 other classes" in said


def test_plates_are_called_plates_and_a_finer_group_is_proposed(screen):
    said = refusal(screen, group="Metadata_Plate")
    assert "2 plates (P1 and P2) of class 'drug'" in said
    assert "choose a finer --group, such as wells" in said


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"Metadata_CPD_WELL_POSITION": ["A01", "A02", "B01"]}, "Metadata_CPD_WELL_POSITION"),
        ({"Metadata_well_position": ["a1", "b2", "b2"]}, "Metadata_well_position"),
        ({"Metadata_WellID": ["17", "17", "18"]}, "Metadata_WellID"),
        ({"Metadata_Position": ["B03", "C04", "C04"]}, "Metadata_Position"),
        ({"Wells": ["x", "y", "y"], "Place": ["B03", "C04", "C04"]}, "Place"),
        ({"Metadata_Plate": ["P1", "P2", "P2"]}, None),
        ({"Metadata_Site": ["s1", "s2", "s3"]}, None),
        ({"Metadata_Well_Row": ["A", "B", "B"]}, None),
        ({"Metadata_Compound": ["A01", "B02", "DMSO"]}, None),
        ({"Metadata_WellID": ["17", "", "18"]}, None),
        ({"Metadata_Well": ["A01", "A02", "B01"], "WellID": ["1", "2", "3"]}, None),
    ],
)
def test_a_column_of_wells_is_found_by_its_name_or_its_values(columns, expected):
    assert unnamed_wells(pd.DataFrame(columns)) == expected


def test_the_column_of_the_labels_is_not_taken_for_wells():
    table = pd.DataFrame({"Metadata_Dose": ["A1", "B2", "B2"]})
    assert unnamed_wells(table, np.array(["A1", "B2", "B2"], dtype=object)) is None


def test_wells_of_one_field_each_are_not_torn_apart_under_any_name(screen):
    screen.table["Metadata_WellID"] = screen.table.pop("Metadata_Well")
    assert screen.inspect().warnings == ()


def test_a_column_of_wells_is_no_candidate_for_the_label(screen):
    sites = [screen.table.assign(Metadata_Site=site) for site in "12"]
    screen.table = pd.concat(sites).drop(columns="Metadata_Drug")
    screen.table["Metadata_WellID"] = screen.table.pop("Metadata_Well")
    assert screen.inspect(label=None).label_columns.empty
