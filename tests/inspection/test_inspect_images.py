"""The tables of an inspection: what a source contains, and which files have a problem."""

import json

import numpy as np
import pandas as pd
import pytest

from keras_dcmix.inspection import inspect_images
from keras_dcmix.inspection.places import SourceCounts


def test_fields_wells_plates_and_files_are_counted(screen):
    inspection = screen.inspect()
    assert inspection.counts == SourceCounts(
        experiments=0, plates=2, wells=48, sites=1, fields=48, files=96
    )
    assert inspection.describe() == (
        "48 fields of 2 plates, 48 wells, in 2 channels (DNA, GFP), 96 files."
    )


def test_classes_are_counted_in_wells_plates_and_groups(screen):
    labels = screen.inspect(group="Metadata_Plate").labels
    assert labels.to_dict("list") == {
        "label": ["drug", "none"],
        "fields": [24, 24],
        "wells": [24, 24],
        "plates": [2, 2],
        "groups": [2, 2],
    }


@pytest.mark.parametrize(
    ("name", "problem", "fields", "reason"),
    [
        ("truncated_file", "unreadable", [5], "must be a complete image"),
        ("missing_and_blank_files", "missing", [5], "there is no such file"),
        ("missing_and_blank_files", "blank", [7], "the source lists no file"),
        ("file_listed_twice", "repeated", [0, 1], "several fields list this file"),
        ("bit_depths", "other data type", [4], "uint8, others uint16"),
        ("sizes_within_a_field", "other size", [4], "40 x 48 pixels, others 48 x 48"),
        ("constant_image", "constant", [4], "all pixels are 7"),
    ],
)
def test_a_file_with_a_problem_is_a_row_with_its_reason(defective, name, problem, fields, reason):
    inspection = defective(name)
    rows = inspection.problems[inspection.problems["problem"] == problem]
    assert rows["field"].tolist() == fields
    assert rows["reason"].str.contains(reason, regex=False).all()
    assert inspection.is_readable == (problem not in ("unreadable", "missing", "blank"))
    assert problem == "unreadable" or "unreadable" not in set(inspection.problems["problem"])


def test_the_row_of_an_unreadable_file_has_its_path_outside_of_the_reason(defective):
    row = defective("truncated_file").problems.iloc[0]
    assert row["channel"] == "DNA"
    assert row["path"].endswith("P1_A06_DNA.tif")
    assert row["path"] not in row["reason"]


def test_missing_files_are_found_in_fields_that_are_not_read(screen):
    screen.path(40).unlink()
    inspection = screen.inspect(num_fields=4)
    assert 40 not in inspection.rows
    assert inspection.problems[["problem", "field"]].to_numpy().tolist() == [["missing", 40]]


@pytest.mark.parametrize(
    ("name", "column", "dna", "gfp"),
    [
        ("truncated_file", "fields", 47, 48),
        ("bit_depths", "dtype", "uint16 (47), uint8 (1)", "uint16"),
        ("constant_image", "constant", pytest.approx(1 / 48), 0),
        ("saturation", "limit", 4095, pytest.approx(np.nan, nan_ok=True)),
        ("saturation", "saturated", pytest.approx(0.12, abs=0.1), 0),
        ("noise", "noise", pytest.approx(1, abs=0.1), 0),
        ("noise", "note", "only noise", ""),
        ("identical_channels", "note", "", "identical to RNA"),
        ("almost_identical_channels", "note", "almost identical to GFP", "almost identical to DNA"),
    ],
)
def test_a_channel_has_its_defect_in_a_column(defective, name, column, dna, gfp):
    assert defective(name).channels.set_index("channel")[column][["DNA", "GFP"]].tolist() == [
        dna,
        gfp,
    ]


def test_intensities_of_a_channel_are_those_of_its_pixels(screen):
    row = screen.inspect().channels.iloc[0]
    pixels = np.stack([screen.read(number) for number in range(48)])
    expected = np.percentile(pixels, [0.1, 1, 50, 99, 99.9])
    np.testing.assert_allclose(row[["p0.1", "p1", "p50", "p99", "p99.9"]].astype(float), expected)
    assert (row["min"], row["max"]) == (pixels.min(), pixels.max())
    assert row["mean"] == pytest.approx(pixels.mean())


def test_columns_that_wells_share_are_offered_as_labels(screen):
    screen.table["Metadata_Number"] = range(48)
    screen.table["Metadata_Col"] = screen.column
    assert screen.inspect(label=None).label_columns.to_numpy().tolist() == [
        ["Metadata_Drug", "drug", 24],
        ["Metadata_Drug", "none", 24],
    ]


def test_a_column_that_differs_within_a_well_is_not_offered(screen):
    sites = [screen.table.assign(Metadata_Site=site, Metadata_Focus=site) for site in "12"]
    screen.table = pd.concat(sites)
    assert set(screen.inspect(label=None).label_columns["column"]) == {"Metadata_Drug"}


def test_without_a_label_the_verdict_says_how_to_check_the_layout(screen):
    inspection = screen.inspect(label=None)
    assert inspection.labels is None
    assert "--label" in inspection.verdict()


def test_the_number_of_fields_read_is_limited_and_described(screen):
    inspection = screen.inspect(num_fields=10)
    assert len(inspection.rows) == 10
    assert "The pixels of 10 fields were read" in inspection.describe()


@pytest.mark.parametrize("number", [0, -1, 2.0, True])
def test_a_wrong_number_of_fields_is_refused(screen, number):
    with pytest.raises(ValueError, match=rf"at least 1, or None .* num_fields={number}"):
        screen.inspect(num_fields=number)


def test_progress_counts_to_the_number_of_fields_read(screen):
    seen = []
    inspect_images(screen.open(), num_fields=5, progress=lambda *pair: seen.append(pair))
    assert seen == [(number, 5) for number in range(1, 6)]


def test_everything_fits_into_json_even_if_nothing_can_be_read(screen):
    for row in range(len(screen.table)):
        screen.path(row).write_bytes(b"no image")
    content = json.loads(json.dumps(screen.inspect().to_dict(), allow_nan=False))
    assert content["channels"][0]["p50"] is None
    assert content["fields"]["wells"] == 48
    assert len(content["problems"]) == 48
