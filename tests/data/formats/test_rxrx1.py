import imageio.v3 as imageio
import numpy as np
import pandas as pd
import pytest

from keras_dcmix.data import from_rxrx1
from keras_dcmix.data.formats import detect_format
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.rxrx1 import is_rxrx1, read_rxrx1
from keras_dcmix.datasets import simulated_screen, write_screen


def write_source(folder):
    screen = simulated_screen(num_experiments=1, wells_per_plate=4, sites_per_well=1, size=64)
    write_screen(screen, folder / "screen", "rxrx1")
    return folder / "screen"


class Screen:
    """Two experiments with the same plate and wells; tests change the table before writing it."""

    def __init__(self, folder):
        self.folder = folder
        wells = [
            (e, "1", w, s) for e in ("HUVEC-01", "RPE-02") for w in ("B02", "B03") for s in "12"
        ]
        self.table = pd.DataFrame(wells, columns=["experiment", "plate", "well", "site"])
        self.table["well_id"] = self.table[["experiment", "plate", "well"]].agg("_".join, axis=1)
        self.table["sirna_id"] = ["1", "1", "2", "2"] * 2
        self.table["well_type"] = "treatment"

    def write_images(self, images="images"):
        for number, row in self.table.iterrows():
            folder = self.folder / images / row["experiment"] / f"Plate{row['plate']}"
            folder.mkdir(parents=True, exist_ok=True)
            for wave in range(1, 7):
                plane = np.full((2, 3), 10 * number + wave, np.uint8)
                imageio.imwrite(folder / f"{row['well']}_s{row['site']}_w{wave}.png", plane)

    def write_table(self, name="metadata.csv"):
        self.table.to_csv(self.folder / name, index=False)
        return self.folder / name

    def write_wells(self, name):
        """A table without sites, as Kaggle's."""
        wells = self.table.drop_duplicates("well_id").rename(columns={"well_id": "id_code"})
        wells.drop(columns="site").to_csv(self.folder / name, index=False)
        return self.folder / name


@pytest.fixture
def screen(tmp_path):
    return Screen(tmp_path)


def test_a_row_is_a_field_of_six_stains(screen):
    screen.write_images()
    image_set = from_rxrx1(screen.write_table())
    stains = ("Hoechst", "ConA", "Phalloidin", "Syto14", "MitoTracker", "WGA")
    assert image_set.channel_names == stains
    assert len(image_set) == 8
    assert image_set.read(3)[0, 0].tolist() == [31, 32, 33, 34, 35, 36]


def test_columns_are_metadata_by_cellprofilers_names(screen):
    screen.table.insert(0, "filename", "a.jpeg")
    table = read_rxrx1(screen.write_table(), Reading()).table
    places = ["Metadata_Experiment", "Metadata_Plate", "Metadata_Well", "Metadata_Site"]
    others = ["Metadata_WellId", "Metadata_SirnaId", "Metadata_WellType"]
    assert list(table.columns) == places + others


def test_fields_keep_the_order_and_the_row_numbers_of_the_table(screen):
    screen.table = screen.table.iloc[::-1]
    image_set = read_rxrx1(screen.write_table(), Reading())
    assert image_set.table["Metadata_Experiment"][0] == "RPE-02"
    assert image_set.row_numbers.tolist() == list(range(2, 10))


def test_wells_of_two_experiments_are_two_groups(screen):
    screen.write_images()
    groups = from_rxrx1(screen.write_table(), label="Metadata_SirnaId").groups
    assert list(dict.fromkeys(groups)) == [
        *("HUVEC-01/1/B02", "HUVEC-01/1/B03", "RPE-02/1/B02", "RPE-02/1/B03")
    ]


@pytest.mark.parametrize("images", ["images", "images/train", "train", "test", "."])
def test_the_experiments_are_found_in_each_published_layout(screen, images):
    screen.write_images(images)
    screen.write_table()
    assert len(from_rxrx1(screen.folder)) == 8


def test_experiments_may_lie_in_train_and_test_of_one_folder(screen):
    screen.write_images("train")
    (screen.folder / "test").mkdir()
    (screen.folder / "train/RPE-02").rename(screen.folder / "test/RPE-02")
    assert len(from_rxrx1(screen.write_table())) == 8


def test_root_is_the_folder_of_the_experiments(screen):
    screen.write_images("elsewhere/pixels")
    path = screen.write_table()
    assert len(from_rxrx1(path, root=screen.folder / "elsewhere/pixels")) == 8
    with pytest.raises(ValueError, match=r"48 of 48 missing, the first is .* .row 2"):
        from_rxrx1(path)


def test_a_table_of_wells_stands_for_the_sites_that_have_images(screen):
    screen.write_images()
    for file in screen.folder.glob("images/RPE-02/Plate1/B03_s2_*"):
        file.unlink()
    image_set = from_rxrx1(screen.write_wells("train.csv"))
    assert image_set.table["Metadata_Site"].tolist() == list("1212121")
    assert image_set.row_numbers.tolist() == [2, 2, 3, 3, 4, 4, 5]


def test_a_well_without_any_image_is_missed(screen):
    screen.write_images()
    for file in screen.folder.glob("images/RPE-02/Plate1/B03_*"):
        file.unlink()
    with pytest.raises(ValueError, match=r"6 of 42 missing, the first is .* .row 5"):
        from_rxrx1(screen.write_wells("train.csv"))


def test_a_folder_of_kaggles_tables_is_all_of_them(screen):
    screen.write_images("train")
    whole = screen.table
    screen.table = whole[whole["experiment"] == "HUVEC-01"]
    screen.write_wells("train.csv")
    screen.table = whole[whole["experiment"] == "RPE-02"].drop(columns="sirna_id")
    screen.write_wells("test.csv")
    image_set = from_rxrx1(screen.folder, label="Metadata_SirnaId")
    assert (len(image_set), image_set.num_unlabelled) == (4, 4)
    assert set(image_set.table["Metadata_Dataset"]) == {"train"}
    assert image_set.row_numbers is None


def test_metadata_csv_goes_before_kaggles_tables(screen):
    screen.write_images()
    screen.write_table()
    (screen.folder / "train.csv").write_text("id_code,experiment,plate,well\nx,x,1,B02\n")
    assert len(from_rxrx1(screen.folder)) == 8


def test_a_missing_column_is_named(screen):
    screen.table = screen.table.rename(columns={"plate": "dish"})
    with pytest.raises(ValueError, match=r"Received: experiment, dish.* without 'plate'"):
        from_rxrx1(screen.write_table())


def test_a_field_that_comes_twice_is_named_whatever_its_well_is_called(screen):
    screen.table.loc[2, ["well", "site"]] = ["b2", "1"]
    with pytest.raises(ValueError, match=r"rows 2 and 4, both HUVEC-01, 1, B02, 1. Delete"):
        from_rxrx1(screen.write_table())


def test_a_blank_well_is_named_with_its_row(screen):
    screen.table.loc[4, "well"] = " "
    with pytest.raises(ValueError, match=r"Column 'well' .* 1 blanks, the first in row 6"):
        from_rxrx1(screen.write_table())


@pytest.mark.parametrize(("column", "name"), [("experiment", "../../x"), ("well", "../../B02")])
def test_a_name_that_climbs_out_of_the_root_is_refused(screen, column, name):
    screen.table.loc[0, column] = name
    with pytest.raises(ValueError, match="must stay in the folder"):
        from_rxrx1(screen.write_table())


def test_a_name_may_climb_out_if_this_is_allowed(screen):
    screen.write_images("images")
    screen.table["experiment"] = "../images/" + screen.table["experiment"]
    path = screen.write_table()
    (screen.folder / "root").mkdir()
    assert len(from_rxrx1(path, root=screen.folder / "root", allow_outside=True)) == 8


def test_folders_may_have_blanks_and_letters_of_any_language(tmp_path):
    (tmp_path / "Größe 5 µm").mkdir()
    screen = Screen(tmp_path / "Größe 5 µm")
    screen.write_images()
    screen.write_table()
    assert from_rxrx1(screen.folder).read(0).shape == (2, 3, 6)


def test_a_folder_without_a_table_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"needs the table metadata\.csv, or train\.csv"):
        from_rxrx1(tmp_path)


def test_a_folder_and_a_table_are_recognised(screen):
    path = screen.write_table()
    assert detect_format(path) == detect_format(screen.folder) == "rxrx1"


def test_a_table_without_ids_is_not_recognised(screen):
    screen.table = screen.table.drop(columns="well_id")
    assert not is_rxrx1(screen.write_table())


@pytest.mark.parametrize("name", ["HEPG2_test", "train", "train_0"])
def test_the_public_tables_are_read(shared_data, name):
    path = shared_data / f"layouts/rxrx1/{name}.first200.csv"
    assert is_rxrx1(path)
    image_set = read_rxrx1(path, Reading())
    assert len(image_set) == 200
    assert image_set.table["Metadata_Well"][0] == "B03"
    assert ("Metadata_Sirna" in image_set.table) == (name != "HEPG2_test")


def test_all_of_rxrx1_takes_seconds(tmp_path):
    wells = pd.MultiIndex.from_product(
        [
            [f"HUVEC-{number:02d}" for number in range(51)],
            ["1", "2", "3", "4"],
            [f"{row}{column:02d}" for row in "BCDEFGHIJKLMNO" for column in range(2, 24)],
            ["1", "2"],
        ],
        names=["experiment", "plate", "well", "site"],
    )
    wells.to_frame(index=False).assign(site_id="x").to_csv(tmp_path / "metadata.csv", index=False)
    image_set = read_rxrx1(tmp_path / "metadata.csv", Reading())
    assert image_set.files.shape == (125_664, 6)
