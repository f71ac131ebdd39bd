"""A simulated screen on disk: files, columns and pixels of every layout."""

import json
import sys

import imageio.v3 as imageio
import numpy as np
import pandas as pd
import pytest

from keras_dcmix.data import from_load_data, read_image
from keras_dcmix.datasets import LAYOUTS, SimulatedScreen, simulated_screen, write_screen

CHANNELS = ("DNA", "ER", "RNA", "Actin", "Mito", "Golgi")
PHENOTYPES = {"siRNA-A": {"Mito": 3.0}, "siRNA-B": {"ER": 2.0, "Actin": 1.0}}


@pytest.fixture(scope="module")
def screen():
    return simulated_screen(
        phenotypes=PHENOTYPES, num_experiments=2, wells_per_plate=4, size=64, seed=5
    )


@pytest.fixture(scope="module")
def written(screen, tmp_path_factory):
    """The folder of each layout."""
    folder = tmp_path_factory.mktemp("screens")
    return {layout: write_screen(screen, folder / layout, layout) for layout in LAYOUTS}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_all_layouts_are_known():
    assert LAYOUTS == ("rxrx1", "loaddata", "ome-zarr")


def test_rxrx1_has_the_columns_of_the_public_table(written):
    table = pd.read_csv(written["rxrx1"] / "metadata.csv")
    assert ",".join(table) == (
        "site_id,well_id,cell_type,dataset,experiment,plate,well,site,well_type,sirna,sirna_id"
    )
    first = table.iloc[0].to_dict()
    assert first["site_id"] == "SIM-01_1_A01_1"
    assert first["well_id"] == "SIM-01_1_A01"
    assert (first["experiment"], first["plate"], first["well"], first["site"]) == (
        *("SIM-01", 1, "A01", 1),
    )


def test_rxrx1_numbers_the_treatments_and_calls_the_control_empty(written):
    table = pd.read_csv(written["rxrx1"] / "metadata.csv")
    numbers = table.set_index("sirna")["sirna_id"].to_dict()
    assert numbers == {"siRNA-A": 0, "siRNA-B": 1, "EMPTY": 2}
    assert set(table["well_type"][table["sirna"] == "EMPTY"]) == {"negative_control"}


@pytest.mark.parametrize(("experiments", "tests"), [(1, 0), (2, 1), (5, 1), (8, 2)])
def test_rxrx1_tests_on_the_last_experiments(tmp_path, monkeypatch, experiments, tests):
    monkeypatch.setattr(SimulatedScreen, "field", lambda *_: np.zeros((64, 64, 6), np.uint16))
    screen = simulated_screen(
        num_experiments=experiments, wells_per_plate=4, sites_per_well=1, size=64
    )
    table = pd.read_csv(write_screen(screen, tmp_path / "S", "rxrx1") / "metadata.csv")
    datasets = table.groupby("experiment")["dataset"].unique().str.join("+").tolist()
    assert datasets == ["train"] * (experiments - tests) + ["test"] * tests


def test_rxrx1_images_lie_where_the_table_says(written):
    folder = written["rxrx1"]
    expected = {
        folder
        / "images"
        / row.experiment
        / f"Plate{row.plate}"
        / f"{row.well}_s{row.site}_w{w}.png"
        for row in pd.read_csv(folder / "metadata.csv").itertuples()
        for w in range(1, 7)
    }
    assert set(folder.rglob("*.png")) == expected
    assert names(folder) == ["images", "metadata.csv", "truth.csv"]


def test_rxrx1_pixels_are_the_counts_over_16_in_the_order_of_the_public_stains(screen, written):
    field = screen.field(1)
    for number, name in enumerate(("DNA", "ER", "Actin", "RNA", "Mito", "Golgi"), start=1):
        path = written["rxrx1"] / "images" / "SIM-01" / "Plate1" / f"A01_s2_w{number}.png"
        pixels = imageio.imread(path)
        assert pixels.dtype == np.uint8
        np.testing.assert_array_equal(pixels, field[..., CHANNELS.index(name)] // 16)


def test_loaddata_is_read_back_as_an_image_set(screen, written):
    image_set = from_load_data(
        written["loaddata"] / "load_data.csv", label="Metadata_Treatment", group="Metadata_Plate"
    )
    truth = pd.read_csv(written["loaddata"] / "truth.csv")
    assert list(image_set.channel_names) == list(truth["channel"].unique()) == list(CHANNELS)
    assert sorted(set(image_set.labels)) == ["EMPTY", "siRNA-A", "siRNA-B"]
    last = image_set.files.iloc[-1]
    for i, path in enumerate(last):
        pixels = read_image(path)
        assert pixels.dtype == np.uint16
        np.testing.assert_array_equal(pixels, screen.field(15)[..., i])


def test_loaddata_has_the_columns_of_cellprofiler(screen, written):
    table = pd.read_csv(written["loaddata"] / "load_data.csv")
    files = [f"{kind}_Orig{name}" for name in CHANNELS for kind in ("FileName", "PathName")]
    assert list(table) == [*screen.table, *files]
    assert table["PathName_OrigER"][0] == "images/SIM-01_1"
    assert table["FileName_OrigER"][0] == "A01_s1_ER.tiff"
    assert names(written["loaddata"]) == ["images", "load_data.csv", "truth.csv"]


def test_ome_zarr_plates_list_their_wells_and_fields(written):
    folder = written["ome-zarr"]
    assert names(folder) == ["SIM-01_1.zarr", "SIM-02_1.zarr", "platemap.csv", "truth.csv"]
    plate = json.loads((folder / "SIM-01_1.zarr" / ".zattrs").read_text())["plate"]
    assert (plate["version"], plate["field_count"]) == ("0.4", 2)
    assert [row["name"] for row in plate["rows"]] == ["A"]
    assert [column["name"] for column in plate["columns"]] == ["01", "02", "03", "04"]
    assert plate["wells"][2] == {"path": "A/03", "rowIndex": 0, "columnIndex": 2}
    well = json.loads((folder / "SIM-01_1.zarr" / "A" / "03" / ".zattrs").read_text())["well"]
    assert [image["path"] for image in well["images"]] == ["0", "1"]


def test_ome_zarr_images_name_their_channels_and_axes(written):
    path = written["ome-zarr"] / "SIM-02_1.zarr" / "A" / "04" / "1" / ".zattrs"
    image = json.loads(path.read_text())
    assert [channel["label"] for channel in image["omero"]["channels"]] == list(CHANNELS)
    assert [axis["name"] for axis in image["multiscales"][0]["axes"]] == ["c", "y", "x"]
    assert [level["path"] for level in image["multiscales"][0]["datasets"]] == ["0"]


def test_ome_zarr_pixels_are_the_counts(screen, written):
    import zarr

    array = zarr.open_array(written["ome-zarr"] / "SIM-02_1.zarr" / "A" / "04" / "1" / "0")
    assert array.metadata.zarr_format == 2
    np.testing.assert_array_equal(np.moveaxis(array[:], 0, -1), screen.field(15))


def test_ome_zarr_has_a_group_on_every_level(written):
    plate = written["ome-zarr"] / "SIM-01_1.zarr"
    levels = [plate, plate / "A", plate / "A" / "01", plate / "A" / "01" / "0"]
    assert all((level / ".zgroup").is_file() for level in levels)


def test_the_platemap_tells_the_treatment_of_each_well(screen, written):
    table = pd.read_csv(written["ome-zarr"] / "platemap.csv")
    assert list(table) == ["Metadata_Plate", "Metadata_Well", "Metadata_Treatment"]
    assert len(table) == 8
    expected = screen.table[list(table)].drop_duplicates().to_numpy().tolist()
    assert table.to_numpy().tolist() == expected


@pytest.mark.parametrize(
    ("layout", "channels"),
    [
        ("rxrx1", {"Mito": "MitoTracker", "ER": "ConA", "Actin": "Phalloidin"}),
        ("loaddata", {"Mito": "Mito", "ER": "ER", "Actin": "Actin"}),
        ("ome-zarr", {"Mito": "Mito", "ER": "ER", "Actin": "Actin"}),
    ],
)
def test_truth_names_the_channels_as_a_reader_does(written, layout, channels):
    table = pd.read_csv(written[layout] / "truth.csv")
    assert list(table) == ["phenotype", "channel", "effect"]
    assert len(table) == 2 * 6
    found = table[table["effect"] > 0].itertuples(index=False, name=None)
    assert set(found) == {
        ("siRNA-A", channels["Mito"], 3.0),
        ("siRNA-B", channels["ER"], 2.0),
        ("siRNA-B", channels["Actin"], 1.0),
    }


def test_processes_write_the_same_as_one(screen, written, tmp_path):
    folder = write_screen(screen, tmp_path / "S", "rxrx1", n_jobs=2)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*.*"))
    assert len(files) == 2 + 16 * 6
    for file in files:
        assert (folder / file).read_bytes() == (written["rxrx1"] / file).read_bytes()


def test_progress_counts_the_fields(screen, tmp_path):
    calls = []
    write_screen(
        screen, tmp_path / "S", "loaddata", progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(i, 16) for i in range(1, 17)]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_run_that_breaks_off_leaves_nothing(screen, tmp_path, n_jobs, error):
    def stop(done, total):
        raise error

    with pytest.raises(type(error)):
        write_screen(screen, tmp_path / "S", "ome-zarr", n_jobs=n_jobs, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_nothing_appears_before_the_end(screen, tmp_path):
    seen = []
    folder = write_screen(
        screen, tmp_path / "S", "rxrx1", progress=lambda *_: seen.append((tmp_path / "S").exists())
    )
    assert not any(seen)
    assert folder == tmp_path / "S"
    assert names(tmp_path) == ["S"]


def test_an_empty_folder_is_filled(screen, tmp_path):
    (tmp_path / "S").mkdir()
    assert "metadata.csv" in names(write_screen(screen, tmp_path / "S", "rxrx1"))


def test_a_folder_that_is_taken_is_refused(screen, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    for taken in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ValueError, match=r"must not exist, or be empty: choose another"):
            write_screen(screen, taken, "rxrx1")
    assert names(tmp_path) == ["mine.txt"]


def test_a_missing_parent_is_refused(screen, tmp_path):
    with pytest.raises(
        ValueError, match=r"must be inside a folder that exists: create '.*no' first"
    ):
        write_screen(screen, tmp_path / "no" / "S", "rxrx1")


def test_an_unknown_layout_names_the_nearest(screen, tmp_path):
    with pytest.raises(ValueError, match=r"one of rxrx1, .* layout='omezarr', .* 'ome-zarr'"):
        write_screen(screen, tmp_path / "S", "omezarr")


@pytest.mark.parametrize("n_jobs", [0, -2, 1.5, True])
def test_a_number_of_processes_that_cannot_be_is_refused(screen, tmp_path, n_jobs):
    with pytest.raises(ValueError, match=f"`n_jobs` must be a positive .* n_jobs={n_jobs}"):
        write_screen(screen, tmp_path / "S", "rxrx1", n_jobs=n_jobs)


def test_without_zarr_the_error_says_what_to_install(screen, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(ImportError, match=r"pip install 'keras-dcmix\[hci\]'"):
        write_screen(screen, tmp_path / "S", "ome-zarr")
    assert list(tmp_path.iterdir()) == []


def test_an_old_zarr_is_refused(screen, tmp_path, monkeypatch):
    import zarr

    monkeypatch.setattr(zarr, "__version__", "2.18.3")
    with pytest.raises(ImportError, match=r"version 3, but 2\.18\.3 is installed"):
        write_screen(screen, tmp_path / "S", "ome-zarr")
