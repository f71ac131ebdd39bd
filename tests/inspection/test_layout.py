"""Which wells are at the edge of a plate."""

import pandas as pd
import pytest

from keras_dcmix.inspection.layout import _at_edge


@pytest.mark.parametrize(
    ("well", "is_edge"),
    [("A5", True), ("H5", True), ("D1", True), ("D12", True), ("B2", False), ("G11", False)],
)
def test_all_four_sides_of_a_96_well_plate_are_its_edge(well, is_edge):
    wells = pd.DataFrame({"row": [well[0], "H"], "column": [int(well[1:]), 12]})
    assert _at_edge(wells).iloc[0] == is_edge


def test_the_plate_is_the_smallest_that_contains_all_wells():
    wells = pd.DataFrame({"row": ["H", "P"], "column": [12, 24]})
    assert _at_edge(wells).tolist() == [False, True]
