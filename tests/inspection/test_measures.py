"""The measures behind the warnings, and the choice of fields, each against a known answer."""

import numpy as np
import pandas as pd
import pytest

from keras_dcmix.inspection import example_fields, read_examples
from keras_dcmix.inspection.association import association
from keras_dcmix.inspection.pixels import measure_plane, neighbour_agreement
from keras_dcmix.inspection.places import places_of, spread_fields
from keras_dcmix.inspection.plate_brightness import plate_spread


def test_an_unusual_plateau_counts_as_saturation(draw_cells):
    pixels = draw_cells(np.random.default_rng(0))
    plain, cut = (measure_plane(each, 100) for each in (pixels, np.minimum(pixels, 700)))
    assert plain.at_maximum <= plain.just_below
    assert cut.at_maximum > cut.just_below
    assert cut.at_maximum == (pixels >= 700).sum()


def test_neighbours_agree_in_structures_and_under_uneven_light_not_in_noise():
    noise = np.random.default_rng(0).normal(100, 5, (256, 256))
    assert neighbour_agreement(noise) == pytest.approx(1, abs=0.1)
    assert neighbour_agreement(noise + np.linspace(0, 30, 256)) < 1.3
    assert neighbour_agreement(np.indices((64, 64))[0] // 4 % 2) > 8
    assert np.isnan(neighbour_agreement(np.ones((64, 64))))


def test_association_is_1_where_one_grouping_determines_the_other():
    found = association(list("aabbcc") * 5, list("xxyyzz") * 5)
    assert found.strength == 1
    assert found.p_value == pytest.approx(1 / 200)
    assert 0 < found.by_chance < 0.5
    assert found.is_strong


def test_association_of_a_balanced_layout_is_0():
    found = association(list("ab") * 8, list("xxyy") * 4)
    assert (found.strength, found.p_value, found.is_strong) == (0, 1, False)


def test_plate_spread_is_the_ratio_of_planted_spreads():
    rng = np.random.default_rng(0)
    wells = 20 * rng.normal(size=400)[:, None] + 5 * rng.normal(size=(400, 6))
    table = pd.DataFrame({"wells": 6, "mean": wells.mean(axis=1), "std": wells.std(axis=1, ddof=1)})
    ratio, p_value = plate_spread(table)
    assert ratio == pytest.approx(4, rel=0.1)
    assert p_value < 1e-6


def test_plate_spread_needs_two_plates_and_two_wells_on_one():
    table = pd.DataFrame({"wells": [1, 1], "mean": [1.0, 2.0], "std": [np.nan, np.nan]})
    assert np.isnan(plate_spread(table)).all()
    assert np.isnan(plate_spread(table.assign(wells=4, std=1.0)[:1])).all()


def test_fields_are_read_from_all_plates_and_different_wells(screen):
    places = places_of(screen.open())
    rows = spread_fields(places, 12)
    assert places.loc[rows, "plate"].value_counts().tolist() == [6, 6]
    assert places.loc[rows, "well"].nunique() == 12
    assert places.loc[rows, "position"].str[0].nunique() == 4


def test_of_many_plates_those_that_are_read_show_two_wells_each(screen):
    screen.table["Metadata_Plate"] = [f"P{row // 2}" for row in range(48)]
    places = places_of(screen.open())
    rows = spread_fields(places, 10)
    assert places.loc[rows, "plate"].value_counts().tolist() == [2] * 5


def test_examples_show_each_class_from_different_plates(screen):
    rows, names = zip(*example_fields(screen.open()), strict=True)
    assert [name.split("\n")[0] for name in names] == ["drug", "none"]
    assert len(set(screen.table["Metadata_Plate"][list(rows)])) == 2


def test_examples_of_many_classes_reach_from_the_first_to_the_last(screen):
    screen.table["Metadata_Drug"] = [str(row % 12) for row in range(48)]
    names = [name.split("\n")[0] for _, name in example_fields(screen.open(), most=3)]
    assert names == ["0", "6", "11"]


def test_an_example_that_cannot_be_read_is_blank(screen):
    screen.path(0).unlink()
    (field,) = read_examples(screen.open(), [0], side=24)
    assert field.shape == (24, 24, 2)
    assert np.isnan(field[..., 0]).all()
    assert np.isfinite(field[..., 1]).all()
