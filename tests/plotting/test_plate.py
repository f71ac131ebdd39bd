"""Predictions of wells on their plates, and of other groups as dots."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PatchCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from keras_dcmix.plotting import plot_groups, plot_plate
from keras_dcmix.plotting.plate_grid import plate_grid
from keras_dcmix.plotting.plate_wells import are_wells, place_of, plate_format


def table(groups, labels=("DMSO", "Taxol"), *, correct=True, **more):
    """The classes take turns; each well has a probability of 0.9 for the predicted class."""
    true = np.resize(labels, len(groups))
    predicted = true if correct else np.roll(np.resize(labels, len(groups)), 1)
    rest = 0.1 / (len(labels) - 1)
    values = {f"p:{name}": np.where(predicted == name, 0.9, rest) for name in labels}
    columns = {"group": groups, "label": true, "images": 10, "predicted": predicted}
    return pd.DataFrame({**columns, **values, **more})


def texts(ax):
    return [text.get_text() for text in ax.texts]


def marks(ax):
    """The marks of wells with images: those in front."""
    return [
        part for part in ax.collections if isinstance(part, PatchCollection) and part.zorder == 3
    ]


@pytest.mark.parametrize(
    ("name", "plate", "row", "column"),
    [
        ("A01", "", 0, 0),
        ("h12", "", 7, 11),
        ("P1_A01", "P1", 0, 0),
        ("plate/B3", "plate", 1, 2),
        ("screen/P2/AF48", "screen/P2", 31, 47),
        ("2019-07-11-C04", "2019-07-11", 2, 3),
        ("AB", None, 0, 0),
        ("A00", None, 0, 0),
        ("A49", None, 0, 0),
        ("donor 7", None, 0, 0),
        ("cell_line_B", None, 0, 0),
    ],
)
def test_a_well_is_read_from_the_name_of_a_group(name, plate, row, column):
    found = place_of(name)
    assert are_wells([name]) == (plate is not None)
    if found is not None:
        assert (found.plate, found.row, found.column) == (plate, row, column)


@pytest.mark.parametrize(
    ("well", "size"),
    [("D06", (4, 6)), ("E01", (8, 12)), ("H12", (8, 12)), ("A13", (16, 24)), ("Q01", (32, 48))],
)
def test_the_smallest_plate_that_holds_the_wells_is_drawn(well, size):
    assert plate_format([place_of("A01"), place_of(well)]) == size
    rows = [text for text in texts(plot_plate(table(["A01", well]))) if text.isalpha()]
    assert len([each for each in rows if len(each) <= 2]) in (size[0], size[0] // 2)


def test_wells_have_the_colour_of_their_probability():
    (drawn,) = marks(plot_plate(table(["A01", "A02", "B01"])))
    blue, orange, again = (to_hex(face) for face in drawn.get_facecolor())
    assert blue == again != orange


def test_a_square_is_the_second_class_and_a_cross_a_wrong_well():
    ax = plot_plate(table(["A01", "A02"], correct=False))
    crosses = [line for line in ax.lines if line.get_label() == "_wrong"]
    assert len(crosses) == 2
    assert "another class is predicted" in texts(ax)
    assert not any(line.get_label() == "_wrong" for line in plot_plate(table(["A01"])).lines)
    assert any(isinstance(patch, Rectangle) for patch in ax.patches)


def test_every_plate_has_a_panel_with_its_name():
    ax = plot_plate(table(["P10_A01", "P9_A01", "P9_B01"]))
    assert [text for text in texts(ax) if text.startswith("P")] == ["P9", "P10"]
    assert len(marks(ax)) == 2


@pytest.mark.parametrize(
    ("number", "shape", "across"),
    [(1, (8, 12), 1), (2, (8, 12), 2), (2, (16, 24), 1), (4, (8, 12), 2), (12, (16, 24), 3)],
)
def test_plates_fill_a_page_side_by_side(number, shape, across):
    grid = plate_grid([f"P{index}" for index in range(number)], shape)
    assert grid.across == across
    width, height = grid.inches
    assert width < 9
    assert height < 1.4 * width + 1


def test_a_plate_can_come_from_its_column():
    ax = plot_plate(table(["A01", "A01"], plate=["one", "two"]))
    assert {"one", "two"} <= {*texts(ax)}


def test_a_well_of_two_classes_has_the_mean_of_its_images_and_no_cross():
    mixed = table(["A01", "A01"]).assign(predicted="Taxol", images=[30, 10])
    (drawn,) = marks(plot_plate(mixed))
    assert len(drawn.get_facecolor()) == 1
    assert not [line for line in plot_plate(mixed).lines if line.get_label() == "_wrong"]


def test_of_several_classes_the_true_one_counts_or_the_one_asked_for():
    three = table(["A01", "A02", "A03"], ("a", "b", "c"))
    assert "probability of the true class" in texts(plot_plate(three))
    assert "probability of b" in texts(plot_plate(three, of="b"))
    with pytest.raises(ValueError, match=r"`of` must be a class. Received: of='d'"):
        plot_plate(three, of="d")


def test_groups_that_are_not_wells_are_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"must be wells.*'donor 1'.*plot_groups"):
        plot_plate(table(["A01", "donor 1"]))


def test_a_table_without_probabilities_is_refused():
    with pytest.raises(ValueError, match=r"as in wells.csv. Received: 1 rows with group"):
        plot_plate(pd.DataFrame({"group": ["A01"]}))


def test_groups_are_dots_at_their_probability_in_the_row_of_their_class():
    ax = plot_groups(table(["d 1", "d 2", "d 3"]))
    places = [part.get_offsets() for part in ax.collections]
    assert [sorted(set(np.round(each[:, 0], 2))) for each in places] == [[0.1], [0.9]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["DMSO", "Taxol"]
    assert [len(each) for each in places] == [2, 1]


def test_wrong_groups_are_open_dots():
    ax = plot_groups(table(["d 1", "d 2"], correct=False))
    assert {to_hex(face) for part in ax.collections for face in part.get_facecolor()} == {"#ffffff"}
    assert ax.get_title(loc="right").startswith("open dots")
