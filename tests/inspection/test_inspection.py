"""Plates with one thing wrong each, written to disk, and plates with nothing wrong."""

import json

import numpy as np
import pandas as pd
import pytest
import tifffile

from keras_dcmix.data.formats import open_images
from keras_dcmix.inspection import example_fields, inspect_images, read_examples
from keras_dcmix.inspection.batches import plate_spread
from keras_dcmix.inspection.design import association
from keras_dcmix.inspection.pixels import look_at_plane, neighbour_agreement
from keras_dcmix.inspection.places import places_of, spread_fields

SIZE = 48


def cells(rng, brightness=1000):
    """Discs with a little noise, uint16; their darkest pixels are dim background."""
    rows, columns = np.indices((SIZE, SIZE))
    pixels = rng.normal(200, 5, (SIZE, SIZE))
    for row, column in rng.integers(6, SIZE - 6, (4, 2)):
        distance = (rows - row) ** 2 + (columns - column) ** 2
        pixels += brightness * np.exp(-distance / 18)
    return pixels.astype(np.uint16)


class Screen:
    """Plates of 4 x 6 wells and two channels; tests change table or images, then open it."""

    def __init__(self, folder, plates=("P1", "P2"), brightness=lambda plate: 1000):
        self.folder = folder
        rng = np.random.default_rng(0)
        rows = []
        for plate in plates:
            for index in range(24):
                well = f"{'ABCD'[index // 6]}{index % 6 + 1:02}"
                row = {"Metadata_Plate": plate, "Metadata_Well": well}
                for channel in ("DNA", "GFP"):
                    name = f"{plate}_{well}_{channel}.tif"
                    tifffile.imwrite(folder / name, cells(rng, brightness(plate)))
                    row[f"FileName_{channel}"] = name
                rows.append(row)
        self.table = pd.DataFrame(rows)
        self.column = self.table["Metadata_Well"].str[1:].astype(int)
        shuffled = np.concatenate([rng.permutation(["drug", "none"] * 12) for _ in plates])
        self.table["Metadata_Drug"] = shuffled

    def path(self, row, channel="DNA"):
        return self.folder / self.table[f"FileName_{channel}"][row]

    def write(self, row, pixels, channel="DNA"):
        tifffile.imwrite(self.path(row, channel), pixels)

    def open(self, label="Metadata_Drug", **options):
        path = self.folder / "load_data.csv"
        self.table.to_csv(path, index=False)
        return open_images(path, label=label, check_files=False, **options)

    def inspect(self, label="Metadata_Drug", group=None, num_fields=None):
        return inspect_images(self.open(label, group=group), num_fields=num_fields)


@pytest.fixture
def screen(tmp_path):
    return Screen(tmp_path)


def problem_rows(inspection, problem):
    return inspection.problems[inspection.problems["problem"] == problem]


def only_warning(inspection, words):
    """The one warning with these words."""
    found = [text for text in inspection.warnings if words in text]
    assert len(found) == 1, inspection.warnings
    return found[0]


def test_a_balanced_sound_plate_gives_no_warning(screen):
    inspection = screen.inspect()
    assert inspection.warnings == ()
    assert inspection.problems.empty
    assert "Nothing that was looked at speaks against a ranking" in inspection.summary()


def test_fields_wells_plates_and_files_are_counted(screen):
    assert screen.inspect().fields == {
        **{"experiments": 0, "plates": 2, "wells": 48, "sites": 1, "fields": 48, "files": 96}
    }


def test_classes_are_counted_in_wells_plates_and_groups(screen):
    labels = screen.inspect(group="Metadata_Plate").labels
    assert labels.to_dict("list") == {
        "label": ["drug", "none"],
        "fields": [24, 24],
        "wells": [24, 24],
        "plates": [2, 2],
        "groups": [2, 2],
    }


def test_classes_on_plates_of_their_own_are_the_loudest_warning(screen):
    screen.table["Metadata_Drug"] = screen.table["Metadata_Plate"].map({"P1": "drug", "P2": "none"})
    screen.path(3).unlink()
    warning = screen.inspect().warnings[0]
    assert "Each class is on plates of its own (2 plates" in warning
    assert "a ranking would compare plates, not treatments" in warning


def test_classes_in_experiments_of_their_own_are_called_by_the_experiment(screen):
    is_first = screen.table["Metadata_Plate"] == "P1"
    screen.table["Metadata_Experiment"] = np.where(is_first, "E1", "E2")
    screen.table["Metadata_Drug"] = np.where(is_first, "drug", "none")
    assert "Each class is on experiments of its own" in screen.inspect().warnings[0]


def test_an_uneven_spread_over_plates_is_told_with_its_strength_and_a_way_out(screen):
    is_first = screen.table["Metadata_Plate"] == "P1"
    is_rare = screen.table["Metadata_Well"].isin(["A01", "C04"])
    screen.table["Metadata_Drug"] = np.where(is_first ^ is_rare, "drug", "none")
    warning = only_warning(screen.inspect(), "unevenly spread over the plates")
    assert "(0.83 on a scale from 0 to 1" in warning
    assert "2 of 2 plates hold all classes" in warning
    assert "--normalize plate" in warning
    assert "--group Metadata_Plate" in warning


def test_classes_that_keep_to_plates_of_one_name_in_all_experiments_are_told(tmp_path):
    screen = Screen(tmp_path, plates=("E1-1", "E1-2", "E2-1", "E2-2"))
    names = screen.table["Metadata_Plate"].str.split("-", expand=True)
    screen.table["Metadata_Experiment"], screen.table["Metadata_Plate"] = names[0], names[1]
    number = np.random.default_rng(0).integers(0, 12, 96) * 2 + (names[1] == "2")
    screen.table["Metadata_Drug"] = "drug " + number.astype(str)
    assert "(1.00 on a scale" in only_warning(screen.inspect(), "plates of the same name")


def test_plates_of_the_same_name_in_two_experiments_are_two(tmp_path):
    screen = Screen(tmp_path)
    screen.table["Metadata_Experiment"] = screen.table["Metadata_Plate"]
    screen.table["Metadata_Plate"] = "1"
    inspection = screen.inspect()
    assert (inspection.fields["experiments"], inspection.fields["plates"]) == (2, 2)
    assert inspection.fields["wells"] == 48
    assert inspection.warnings == ()


def test_sites_of_a_well_do_not_make_a_chance_spread_look_sure(tmp_path):
    screen = Screen(tmp_path)
    wells = screen.table[screen.table["Metadata_Well"].isin(["A01", "A02", "A03", "A04"])]
    wells = wells.assign(Metadata_Drug=list("xxxyxyyy"))
    screen.table = pd.concat([wells.assign(Metadata_Site=str(site)) for site in range(20)])
    assert not [text for text in screen.inspect().warnings if "spread over" in text]


def test_classes_in_columns_of_their_own_are_named_with_the_columns(screen):
    screen.table["Metadata_Drug"] = np.where(screen.column <= 2, "none", "drug")
    warning = only_warning(screen.inspect(), "differ in their columns")
    assert "'none' in 1, 2 (16 wells)" in warning
    assert "no option removes that" in warning


def test_classes_in_rows_of_their_own_are_named_with_the_rows(screen):
    is_top = screen.table["Metadata_Well"].str[0].isin(["A", "B"])
    screen.table["Metadata_Drug"] = np.where(is_top, "none", "drug")
    assert "'none' in A, B (24 wells)" in only_warning(screen.inspect(), "differ in their rows")


def test_a_class_at_the_edge_of_the_plate_is_told_with_numbers(screen):
    wells = screen.table["Metadata_Well"]
    is_edge = wells.str.startswith("A") | wells.str.endswith("01")
    screen.table["Metadata_Drug"] = np.where(is_edge, "none", "drug")
    warning = only_warning(screen.inspect(), "lie at the plate's edge")
    assert "18 of 18 of 'none', 0 of 30 of 'drug'" in warning


def test_a_class_in_fewer_than_three_groups_is_named(screen):
    warning = only_warning(screen.inspect(group="Metadata_Plate"), "fewer than 3 groups")
    assert "'drug' and 'none' have fewer than 3 groups (the least: 2)" in warning
    assert "--group" in warning


def test_without_wells_each_field_is_a_group_and_that_is_said(screen):
    del screen.table["Metadata_Well"]
    assert "--group" in only_warning(screen.inspect(), "No column Metadata_Well")


def test_plates_that_differ_in_brightness_are_told_with_the_plates(tmp_path):
    screen = Screen(tmp_path, brightness=lambda plate: {"P1": 1000, "P2": 9000}[plate])
    warning = only_warning(screen.inspect(), "Plates differ in brightness")
    assert "on plate 'P1'" in warning
    assert "on plate 'P2'" in warning
    assert "--normalize plate" in warning


def test_a_truncated_file_is_a_problem_and_stops_nothing(screen):
    path = screen.path(5)
    path.write_bytes(path.read_bytes()[:2000])
    inspection = screen.inspect()
    (row,) = problem_rows(inspection, "unreadable").to_dict("records")
    assert (row["field"], row["channel"], row["path"]) == (5, "DNA", str(path))
    assert "must be a complete image" in row["reason"]
    assert str(path) not in row["reason"]
    assert inspection.channels["fields"].tolist() == [47, 48]
    assert "--skip-unreadable" in only_warning(inspection, "1 of 96 images cannot be read")
    assert not inspection.is_readable


def test_missing_and_blank_files_are_told_apart(screen):
    screen.path(5).unlink()
    screen.table.loc[7, "FileName_GFP"] = ""
    inspection = screen.inspect()
    assert problem_rows(inspection, "missing")["field"].tolist() == [5]
    assert problem_rows(inspection, "blank")["field"].tolist() == [7]
    assert problem_rows(inspection, "unreadable").empty
    assert "('DNA': 1)" in only_warning(inspection, "are not where the source says")
    assert "row 9" in only_warning(inspection, "1 of 96 images have no file")


def test_missing_files_are_found_in_fields_that_are_not_read(screen):
    screen.path(40).unlink()
    inspection = screen.inspect(num_fields=4)
    assert 40 not in inspection.rows
    assert problem_rows(inspection, "missing")["field"].tolist() == [40]


def test_a_file_named_for_two_fields_is_told(screen):
    screen.table.loc[1, "FileName_DNA"] = screen.table["FileName_DNA"][0]
    inspection = screen.inspect()
    assert problem_rows(inspection, "repeated")["field"].tolist() == [0, 1]
    only_warning(inspection, "2 cells of the source name a file that another field names too")


def test_an_image_of_another_bit_depth_is_told(screen):
    screen.write(4, (cells(np.random.default_rng(1)) // 8).astype(np.uint8))
    inspection = screen.inspect()
    (row,) = problem_rows(inspection, "other data type").to_dict("records")
    assert (row["field"], row["reason"]) == (4, "uint8, others uint16")
    assert inspection.channels["dtype"][0] == "uint16 (47), uint8 (1)"
    assert "a ranking refuses them" in only_warning(inspection, "differ in data type")


def test_an_image_of_another_size_is_told(screen):
    for channel in ("DNA", "GFP"):
        screen.write(4, cells(np.random.default_rng(1))[:40], channel)
    inspection = screen.inspect()
    assert problem_rows(inspection, "other size")["reason"].unique() == [
        "40 x 48 pixels, others 48 x 48"
    ]
    assert "94 of 48 x 48, 2 of 40 x 48" in only_warning(inspection, "Images differ in size")


def test_channels_of_one_field_that_differ_in_size_are_told(screen):
    screen.write(4, cells(np.random.default_rng(1))[:40])
    warning = only_warning(screen.inspect(), "In 1 of 48 fields the channels differ in size")
    assert "--skip-unreadable" in warning


def test_a_constant_image_and_its_channel_are_told(screen):
    screen.write(4, np.full((SIZE, SIZE), 7, np.uint16))
    inspection = screen.inspect()
    assert problem_rows(inspection, "constant")["reason"].tolist() == ["all pixels are 7"]
    assert inspection.channels["constant"].tolist() == [pytest.approx(1 / 48), 0]
    assert "2.1 % of the 48 fields" in only_warning(inspection, "'DNA' is constant")


def test_a_channel_that_is_another_one_again_is_told(screen):
    screen.table["FileName_RNA"] = screen.table["FileName_GFP"]
    inspection = screen.inspect()
    assert inspection.channels["remark"].tolist() == ["", "the same as RNA", "the same as GFP"]
    warning = only_warning(inspection, "'GFP' and 'RNA' hold the same pixels")
    assert "--channels DNA,GFP" in warning


def test_a_channel_that_nearly_is_another_one_is_told(screen):
    for row in range(len(screen.table)):
        pixels = tifffile.imread(screen.path(row, "GFP"))
        pixels[0, 0] += 1
        screen.write(row, 2 * pixels)
    only_warning(screen.inspect(), "'DNA' and 'GFP' agree almost wholly")


def test_channels_that_are_the_same_in_one_field_only_are_no_twins(screen):
    screen.write(0, tifffile.imread(screen.path(0, "GFP")))
    assert not screen.inspect().channels["remark"].any()


def test_a_camera_of_12_bits_saturates_at_its_own_limit(screen):
    for row in range(len(screen.table)):
        pixels = tifffile.imread(screen.path(row)).astype(int) * 8
        screen.write(row, np.minimum(pixels, 4095).astype(np.uint16))
    inspection = screen.inspect()
    assert inspection.channels["limit"].tolist()[0] == 4095
    assert inspection.channels["saturated"][0] > 0.02
    assert "at the limit of 4,095" in only_warning(inspection, "In the channel 'DNA'")


def test_an_unusual_plateau_counts_as_saturation():
    pixels = cells(np.random.default_rng(0))
    clipped = np.minimum(pixels, 700)
    plain, cut = look_at_plane(pixels, 100), look_at_plane(clipped, 100)
    assert plain.at_maximum <= plain.just_below
    assert cut.at_maximum > cut.just_below
    assert cut.at_maximum == (pixels >= 700).sum()


def test_a_channel_of_noise_only_is_told(screen):
    rng = np.random.default_rng(0)
    for row in range(len(screen.table)):
        screen.write(row, rng.poisson(100, (SIZE, SIZE)).astype(np.uint16))
    inspection = screen.inspect()
    dna, gfp = inspection.channels["noise"]
    assert (dna > 0.9, gfp) == (True, 0)
    assert "--channels GFP" in only_warning(inspection, "'DNA' shows nothing but noise")


def test_neighbours_agree_in_structures_and_under_uneven_light_not_in_noise():
    rng = np.random.default_rng(0)
    noise = rng.normal(100, 5, (256, 256))
    light = np.linspace(0, 30, 256)
    assert neighbour_agreement(noise) == pytest.approx(1, abs=0.1)
    assert neighbour_agreement(noise + light) < 1.3
    assert neighbour_agreement(np.indices((64, 64))[0] // 4 % 2) > 8
    assert np.isnan(neighbour_agreement(np.ones((64, 64))))


def test_intensities_of_a_channel_are_those_of_its_pixels(screen):
    row = screen.inspect().channels.iloc[0]
    pixels = np.stack([tifffile.imread(screen.path(number)) for number in range(48)])
    expected = np.percentile(pixels, [0.1, 1, 50, 99, 99.9])
    np.testing.assert_allclose(row[["p0.1", "p1", "p50", "p99", "p99.9"]].astype(float), expected)
    assert (row["min"], row["max"]) == (pixels.min(), pixels.max())
    assert row["mean"] == pytest.approx(pixels.mean())


def test_columns_that_wells_share_are_offered_as_labels(screen):
    screen.table["Metadata_Number"] = range(48)
    screen.table["Metadata_Col"] = screen.column
    candidates = screen.inspect(label=None).candidates
    assert candidates.to_numpy().tolist() == [
        ["Metadata_Drug", "drug", 24],
        ["Metadata_Drug", "none", 24],
    ]


def test_a_column_that_differs_within_a_well_is_not_offered(screen):
    sites = [screen.table.assign(Metadata_Site=site, Metadata_Focus=site) for site in "12"]
    screen.table = pd.concat(sites)
    assert set(screen.inspect(label=None).candidates["column"]) == {"Metadata_Drug"}


def test_without_a_label_the_verdict_says_what_was_not_looked_at(screen):
    inspection = screen.inspect(label=None)
    assert inspection.labels is None
    assert "shows with --label" in inspection.summary()


def test_fields_are_read_from_all_plates_and_different_wells(screen):
    image_set = screen.open()
    places = places_of(image_set)
    rows = spread_fields(places, 12)
    assert places.loc[rows, "plate"].value_counts().tolist() == [6, 6]
    assert places.loc[rows, "well"].nunique() == 12
    assert places.loc[rows, "position"].str[0].nunique() == 4


def test_of_many_plates_those_that_are_read_show_two_wells_each(screen):
    screen.table["Metadata_Plate"] = [f"P{row // 2}" for row in range(48)]
    places = places_of(screen.open())
    rows = spread_fields(places, 10)
    assert places.loc[rows, "plate"].value_counts().tolist() == [2] * 5


def test_the_inspection_says_of_how_many_fields_it_speaks(screen):
    inspection = screen.inspect(num_fields=10)
    assert len(inspection.rows) == 10
    assert "The pixels of 10 fields were read" in inspection.describe()


@pytest.mark.parametrize("number", [0, -1, 2.0, True])
def test_a_wrong_number_of_fields_is_refused(screen, number):
    with pytest.raises(ValueError, match="num_fields must be a whole number of at least 1, or"):
        screen.inspect(num_fields=number)


def test_progress_counts_to_the_number_of_fields_read(screen):
    seen = []
    inspect_images(screen.open(), num_fields=5, progress=lambda *pair: seen.append(pair))
    assert seen == [(number, 5) for number in range(1, 6)]


def test_all_of_it_is_json_even_where_nothing_can_be_read(screen):
    for row in range(len(screen.table)):
        screen.path(row).write_bytes(b"no image")
    facts = json.loads(json.dumps(screen.inspect().to_dict(), allow_nan=False))
    assert facts["channels"][0]["p50"] is None
    assert len(facts["problems"]) == 48


def test_association_is_1_where_one_tells_the_other_and_chance_is_told_beside():
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


def test_examples_show_each_class_from_plates_of_their_own(screen):
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
