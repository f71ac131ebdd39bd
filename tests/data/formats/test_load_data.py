import numpy as np
import pytest
import tifffile

from keras_dcmix._common.errors import InputWarning
from keras_dcmix.data import from_load_data
from keras_dcmix.data.formats import detect_format
from keras_dcmix.datasets import simulated_screen, write_screen


def write_source(folder):
    screen = simulated_screen(num_experiments=1, wells_per_plate=4, sites_per_well=1, size=64)
    write_screen(screen, folder / "screen", "loaddata")
    return folder / "screen"


def test_wells_and_plates_stay_texts(plate):
    image_set = from_load_data(plate.write_csv())
    assert list(image_set.table["Metadata_Well"]) == ["A01", "1E02", "B01", "B02"]
    assert image_set.table["Metadata_Plate"][0] == "007"
    assert image_set.channel_names == ("GFP", "DNA")
    assert image_set.labels is None


def test_file_columns_are_no_metadata(plate):
    columns = list(from_load_data(plate.write_csv()).table.columns)
    assert columns == ["Metadata_Plate", "Metadata_Well", "Metadata_Control"]


def test_rows_without_a_label_are_left_out_and_their_files_not_needed(plate):
    plate.table.loc[1, "Metadata_Control"] = ""
    plate.file("1E02", "GFP").unlink()
    image_set = from_load_data(plate.write_csv(), label="Metadata_Control")
    assert image_set.num_unlabelled == 1
    assert list(image_set.groups) == ["007/A01", "007/B01", "007/B02"]
    assert image_set.read(1).shape == (80, 90, 2)


def test_a_table_without_folders_looks_beside_the_csv(plate):
    plate.table = plate.table.drop(columns=["PathName_GFP", "PathName_DNA"])
    for file in (plate.folder / "images").iterdir():
        file.rename(plate.folder / file.name)
    assert from_load_data(plate.write_csv()).read(0).shape == (80, 90, 2)


def test_root_replaces_the_folder_of_the_csv(plate):
    path = plate.write_csv().rename(plate.folder / "images" / "elsewhere.csv")
    with pytest.raises(ValueError, match="8 of 8 missing"):
        from_load_data(path)
    assert from_load_data(path, root=plate.folder).read(0).shape == (80, 90, 2)


def test_absolute_folders_are_taken_as_they_are(plate):
    plate.table["PathName_GFP"] = str(plate.folder / "images")
    image_set = from_load_data(plate.write_csv())
    assert image_set.files["GFP"][0] == str(plate.file("A01", "GFP").resolve())


def test_missing_files_are_counted_and_the_first_is_named(plate):
    plate.file("B01", "DNA").unlink()
    plate.file("B02", "GFP").unlink()
    with pytest.raises(ValueError, match=r"2 of 8 missing.*B01-DNA\.tif' \(row 4, channel 'DNA'"):
        from_load_data(plate.write_csv())


def test_rows_are_counted_as_in_the_csv_when_unlabelled_ones_are_left_out(plate):
    plate.table.loc[0, "Metadata_Control"] = ""
    plate.file("B01", "DNA").unlink()
    with pytest.raises(ValueError, match=r"1 of 6 missing, .*row 4"):
        from_load_data(plate.write_csv(), label="Metadata_Control")


def test_only_the_files_of_chosen_channels_are_needed(plate):
    plate.file("B01", "DNA").unlink()
    assert from_load_data(plate.write_csv(), channels=["GFP"]).channel_names == ("GFP",)


def test_a_blank_file_cell_is_named(plate):
    plate.table.loc[1, "FileName_DNA"] = " "
    with pytest.raises(ValueError, match=r"Received: none for 1 of 8.*row 3.*'DNA'"):
        from_load_data(plate.write_csv())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "must be a table"),
        ("FileName_A\n", "only a header"),
        ("FileName_A\n\n \n", "Received: none for 1 of 1"),
        ("a,b\n1,2\n", "needs columns FileName_<channel>. Received: the columns a, b"),
        ("FileName_A,FileName_A\n1,2\n", "'FileName_A' several times"),
        ("FileName_A,x,x\n1,2,3\n", "'x' several times"),
        ("FileName_A\na.tif\nb.tif,c.tif,d.tif\n", "must be a table"),
    ],
)
def test_a_csv_that_is_no_load_data_table_is_refused(tmp_path, content, words):
    (tmp_path / "load_data.csv").write_text(content)
    with pytest.raises(ValueError, match=words):
        from_load_data(tmp_path / "load_data.csv")


def test_a_byte_order_mark_does_not_hide_the_first_column(plate):
    path = plate.write_csv()
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert "Metadata_Plate" in from_load_data(path).table


def test_a_table_with_semicolons_is_read_too(plate):
    path = plate.write_csv()
    path.write_text(path.read_text().replace(",", ";"))
    assert from_load_data(path).read(0).shape == (80, 90, 2)


def test_a_table_in_another_encoding_says_how_to_save_it(plate):
    path = plate.write_csv()
    path.write_bytes(path.read_bytes().replace(b"007", "\N{MICRO SIGN}7".encode("latin-1")))
    with pytest.raises(ValueError, match="Save it as UTF-8 text"):
        from_load_data(path)


def test_the_same_file_in_two_rows_is_refused(plate):
    plate.table.loc[2, "FileName_DNA"] = plate.table.loc[0, "FileName_DNA"]
    with pytest.raises(ValueError, match=r"channel 'DNA' of row 2; row 4"):
        from_load_data(plate.write_csv())


def test_channels_called_orig_are_named_without_it(plate):
    plate.table = plate.table.rename(columns=lambda name: name.replace("Name_", "Name_Orig"))
    assert from_load_data(plate.write_csv()).channel_names == ("GFP", "DNA")


def test_orig_stays_where_not_all_channels_have_it(plate):
    plate.table = plate.table.rename(columns=lambda name: name.replace("Name_D", "Name_OrigD"))
    assert from_load_data(plate.write_csv()).channel_names == ("GFP", "OrigDNA")


def test_illumination_functions_of_orig_channels_are_no_channels(plate):
    plate.table = plate.table.rename(columns=lambda name: name.replace("Name_", "Name_Orig"))
    plate.table["FileName_IllumDNA"] = "dna.npy"
    plate.table["PathName_IllumDNA"] = "illum"
    image_set = from_load_data(plate.write_csv())
    assert image_set.channel_names == ("GFP", "DNA")
    assert image_set.illumination["DNA"][0] == str(plate.folder / "illum" / "dna.npy")
    assert image_set.illumination["GFP"][0] is None


@pytest.mark.parametrize("suffix", [".csv.gz", ".parquet"])
def test_a_packed_table_is_read_as_the_csv(plate, suffix):
    plain = from_load_data(plate.write_csv(), label="Metadata_Control")
    path = plate.folder / f"packed{suffix}"
    if suffix == ".parquet":
        plate.table.to_parquet(path)
    else:
        plate.table.to_csv(path, index=False)
    packed = from_load_data(path, label="Metadata_Control")
    assert packed.table.equals(plain.table)
    assert packed.files.equals(plain.files)
    assert list(packed.row_numbers) == list(plain.row_numbers)


def test_a_parquet_that_is_none_is_named(tmp_path):
    (tmp_path / "load_data.parquet").write_bytes(b"no parquet")
    with pytest.raises(ValueError, match=r"must be a parquet.*'.*load_data\.parquet'"):
        from_load_data(tmp_path / "load_data.parquet")


def test_frames_number_the_pages_of_a_file(plate):
    pages = np.random.default_rng(0).integers(0, 9999, (2, 80, 90)).astype(np.uint16)
    tifffile.imwrite(plate.folder / "both.tif", pages)
    plate.table = plate.table.iloc[:1].drop(columns=["PathName_GFP", "PathName_DNA"])
    for number, name in enumerate(("GFP", "DNA")):
        plate.table[f"FileName_{name}"] = "both.tif"
        plate.table[f"Frame_{name}"] = str(number)
    image_set = from_load_data(plate.write_csv())
    np.testing.assert_array_equal(image_set.read(0), np.moveaxis(pages, 0, -1))
    assert "Frame_GFP" not in image_set.table


def test_a_frame_that_is_no_number_is_refused(plate):
    plate.table["Frame_GFP"] = "first"
    with pytest.raises(ValueError, match=r"page numbers from 0. Received: 'first' in row 2"):
        from_load_data(plate.write_csv())


def test_folders_written_as_on_windows_are_followed(plate):
    (plate.folder / "images").rename(plate.folder / "day 1")
    (plate.folder / "data").mkdir()
    (plate.folder / "day 1").rename(plate.folder / "data" / "day 1")
    for name in ("GFP", "DNA"):
        plate.table[f"PathName_{name}"] = "data\\day 1"
    assert from_load_data(plate.write_csv()).read(0).shape == (80, 90, 2)


@pytest.mark.parametrize("folder", ["/home/ubuntu/bucket/images", "D:\\screen\\images"])
def test_absolute_folders_of_another_machine_are_looked_up_under_the_root(plate, folder):
    for name in ("GFP", "DNA"):
        plate.table[f"PathName_{name}"] = folder
    path = plate.write_csv()
    with pytest.raises(ValueError, match="8 of 8 missing"):
        from_load_data(path)
    with pytest.warns(
        InputWarning, match=r"8 images .* instead of '(/home/ubuntu/bucket|D:/screen)'"
    ):
        image_set = from_load_data(path, root=plate.folder)
    np.testing.assert_array_equal(
        image_set.read(1)[..., 0], tifffile.imread(plate.file("1E02", "GFP"))
    )


def test_two_plates_are_never_looked_up_in_one_folder(plate):
    for name in ("GFP", "DNA"):
        plate.table[f"PathName_{name}"] = [f"/mnt/P{row // 2}/images" for row in range(4)]
    with pytest.raises(ValueError, match="8 of 8 missing"):
        from_load_data(plate.write_csv(), root=plate.folder)


def test_a_folder_with_a_load_data_table_is_read_as_this(plate):
    plate.write_csv()
    assert len(from_load_data(plate.folder)) == 4
    assert detect_format(plate.folder) == "loaddata"


def test_urls_of_local_files_are_followed(plate):
    for name in ("GFP", "DNA"):
        files = [plate.file(well, name).as_uri() for well in plate.table["Metadata_Well"]]
        plate.table = plate.table.drop(columns=[f"FileName_{name}", f"PathName_{name}"])
        plate.table[f"URL_{name}"] = files
    assert from_load_data(plate.write_csv()).read(3).shape == (80, 90, 2)


def test_urls_of_other_machines_are_refused(plate):
    plate.table = plate.table.drop(columns=["FileName_GFP", "PathName_GFP"])
    plate.table["URL_GFP"] = "s3://bucket/image.tif"
    with pytest.raises(ValueError, match=r"on this machine. Received: the URL 's3://bucket/image"):
        from_load_data(plate.write_csv())


def test_relative_paths_that_climb_out_are_refused_unless_allowed(plate):
    inner = plate.folder / "tables"
    inner.mkdir()
    for name in ("GFP", "DNA"):
        plate.table[f"PathName_{name}"] = "../images"
    path = plate.write_csv().rename(inner / "load_data.csv")
    with pytest.raises(ValueError, match=r"must stay in the folder.*'\.\./images/A01-GFP\.tif'"):
        from_load_data(path)
    assert from_load_data(path, allow_outside=True).read(0).shape == (80, 90, 2)


def test_wells_have_their_usual_names(plate):
    plate.table["Metadata_Well"] = ["A1", "a02", "B01", "1E02"]
    assert list(from_load_data(plate.write_csv()).table["Metadata_Well"]) == [
        *("A01", "A02", "B01", "1E02")
    ]


def test_names_with_blanks_and_other_scripts_are_read(plate):
    plate.file("A01", "GFP").rename(plate.folder / "images" / "Zelle \N{MICRO SIGN}1 \u7d30.tif")
    plate.table.loc[0, "FileName_GFP"] = "Zelle \N{MICRO SIGN}1 \u7d30.tif"
    assert from_load_data(plate.write_csv()).read(0).shape == (80, 90, 2)


def test_a_label_that_numbers_the_rows_is_refused(plate):
    with pytest.raises(ValueError, match="It seems to number the rows: choose another column"):
        from_load_data(plate.write_csv(), label="Metadata_Well")
