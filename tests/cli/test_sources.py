"""Options of the command line reach the readers and the crops."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
import tifffile

from keras_dcmix.cli.source_options import SourceOptions
from keras_dcmix.cli.sources import open_fields, open_source


@pytest.fixture
def source(tmp_path):
    """Two plates of six wells, two channels; the second plate is brighter by 1000."""
    rows = []
    for index in range(12):
        plate, well = f"P{index // 6}", f"A{index % 6 + 1:02}"
        row = {"Metadata_Plate": plate, "Metadata_Well": well}
        row["Metadata_Drug"] = ["none", "dose"][index % 2]
        for channel in ("GFP", "DNA"):
            name = f"{plate}{well}{channel}.tif"
            pixels = np.random.default_rng(index).integers(0, 200, (32, 32)) + 1000 * (index // 6)
            tifffile.imwrite(tmp_path / name, pixels.astype(np.uint16))
            row[f"FileName_{channel}"] = name
        rows.append(row)
    path = tmp_path / "load_data.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def opened(source, **options):
    given = {"label": "Metadata_Drug", "crop": "tiles", "size": 16} | options
    return open_source(str(source), SourceOptions(**given))


def test_crops_come_with_labels_groups_and_names(source):
    problem = opened(source)
    assert problem.images.shape == (48, 16, 16, 2)
    assert problem.channel_names == ("GFP", "DNA")
    assert problem.classes == ("dose", "none")
    assert problem.groups[0] == "P0/A01"


def test_plates_are_normalised_on_request(source):
    raw, even = opened(source), opened(source, normalize="plate")
    assert raw.images[:].mean() > 500
    for plate in (even.images[:24], even.images[24:]):
        np.testing.assert_allclose(plate.mean(), 0, atol=1e-3)


def test_controls_clip_background_and_illumination_reach_the_crops(source):
    problem = opened(
        source,
        normalize="plate",
        controls="Metadata_Drug=none",
        clip="1,99",
        background=5.0,
        illumination="estimate",
    )
    for word in ("normalize='plate'", "Metadata_Drug=none", "clip=(1.0, 99.0)", "background=5.0"):
        assert word in problem.images.cache_key
    assert "illumination='estimate'" in problem.images.cache_key


def test_the_cache_is_filled_and_used(source, tmp_path):
    first = opened(source, cache=tmp_path / "cache")
    assert any((tmp_path / "cache").iterdir())
    again = opened(source, cache=tmp_path / "cache")
    np.testing.assert_array_equal(first.images[:], again.images[:])


def test_unreadable_fields_are_left_out_counted_and_listed(source, tmp_path):
    (tmp_path / "P0A01GFP.tif").write_bytes(b"")
    (tmp_path / "P1A02DNA.tif").unlink()
    problem = opened(source, skip_unreadable=True)
    assert problem.images.shape[0] == 40
    assert "2 unreadable fields left out" in problem.describe()
    assert list(problem.skipped["Metadata_Well"]) == ["A01", "A02"]


def test_without_that_option_a_missing_file_is_an_error(source, tmp_path):
    (tmp_path / "P1A02DNA.tif").unlink()
    with pytest.raises(ValueError, match="1 of 24 missing"):
        opened(source)


def test_a_platemap_brings_the_labels(source, tmp_path):
    wells = pd.DataFrame({"well": [f"a{n}" for n in range(1, 7)], "compound": list("xyxyxy")})
    wells.to_csv(tmp_path / "map.csv", index=False)
    problem = opened(source, platemap=tmp_path / "map.csv", label="compound")
    assert problem.classes == ("x", "y")


def test_a_format_can_be_named(source):
    assert len(open_fields(str(source), SourceOptions(format="loaddata"))) == 12
    with pytest.raises(ValueError, match="format='load-data', did you mean 'loaddata'"):
        open_fields(str(source), SourceOptions(format="load-data"))


def test_a_channel_with_a_comma_in_its_name_is_quoted(source, tmp_path):
    table = pd.read_csv(source).rename(columns=lambda name: name.replace("GFP", "488, long"))
    table.to_csv(tmp_path / "comma.csv", index=False)
    options = SourceOptions(channels='DNA, "488, long"')
    assert open_fields(str(tmp_path / "comma.csv"), options).channel_names == ("DNA", "488, long")


@pytest.mark.parametrize("clip", ["1", "1,x", "1;99"])
def test_percentiles_that_are_none_are_refused(source, clip):
    with pytest.raises(ValueError, match="percentile"):
        opened(source, clip=clip)


@pytest.mark.parametrize("z", ["maximum", "0", "-1"])
def test_a_plane_that_is_none_is_refused(source, z):
    with pytest.raises(ValueError, match="`z` must be 'max' or the number of a plane"):
        opened(source, z=z)


def test_a_source_without_a_label_lists_its_columns(source):
    with pytest.raises(ValueError, match=r"--label\. Columns .*: Metadata_Plate, Metadata_Well"):
        opened(source, label=None)


def test_a_source_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"nowhere\.csv is neither a file or folder nor a known"):
        open_source("nowhere.csv", SourceOptions())


@pytest.mark.parametrize(
    "name",
    [f.name for f in fields(SourceOptions) if f.name not in {"channels", "size", "num_images"}],
)
def test_options_for_files_do_not_apply_to_simulated_cells(name):
    with pytest.raises(
        ValueError, match=f"--{name.replace('_', '-')} does not apply to the source"
    ):
        open_source("simulated", SourceOptions(**{name: "x"}))
