import os
import pickle

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from keras_dcmix.data import UnreadableImageError, from_folders, from_load_data
from keras_dcmix.data.formats.folders import is_folders
from keras_dcmix.data.formats.name_patterns import NamePattern, channel_twins, example_pattern


def write_source(folder):
    for column in "2345":
        tifffile.imwrite(folder / f"B0{column}_GFP.tif", np.ones((2, 3), np.uint16))
    return folder


@pytest.fixture
def write(tmp_path):
    """Writes images of one grey value each, or TIFFs of several pages."""

    def written(name, *values):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        planes = [np.full((2, 3), value, np.uint8) for value in values or (1,)]
        if path.suffix == ".tif":
            with tifffile.TiffWriter(path) as file:
                for plane in planes:
                    file.write(plane, contiguous=False)
        else:
            imageio.imwrite(path, planes[0])
        return path

    return written


def read_values(image_set, index=0):
    return image_set.read(index)[0, 0].tolist()


def test_each_folder_is_a_class_and_each_file_a_field(write, tmp_path):
    for name in ("drug/a.png", "drug/b.bmp", "control/a.png", "control/c.jpg"):
        write(name)
    image_set = from_folders(tmp_path, label="Metadata_Class")
    assert image_set.labels.tolist() == ["control", "control", "drug", "drug"]
    assert image_set.table["Metadata_Image"].tolist() == ["a", "c", "a", "b"]
    assert image_set.groups.tolist() == ["0", "1", "2", "3"]
    assert image_set.channel_names == ("channel_1",)


def test_pages_of_a_tiff_are_channels(write, tmp_path):
    write("drug/a.tif", 1, 2, 3)
    write("control/a.tif", 4, 5, 6)
    image_set = from_folders(tmp_path)
    assert image_set.channel_names == ("channel_1", "channel_2", "channel_3")
    assert read_values(pickle.loads(pickle.dumps(image_set))) == [4, 5, 6]


@pytest.mark.parametrize("values", [(4, 5), (4, 5, 6, 7)])
def test_a_file_with_another_number_of_pages_is_refused_when_it_is_read(write, tmp_path, values):
    write("a/a.tif", 1, 2, 3)
    write("b/b.tif", *values)
    image_set = from_folders(tmp_path)
    assert read_values(image_set) == [1, 2, 3]
    with pytest.raises(UnreadableImageError, match=rf"Received: {len(values)}.*b\.tif"):
        image_set.read(1)


def test_pages_that_are_planes_of_a_stack_are_refused(write, tmp_path):
    write("a/a.tif")
    stack = np.zeros((4, 2, 8, 8), np.uint16)
    tifffile.imwrite(tmp_path / "a/a.tif", stack, imagej=True, metadata={"axes": "ZCYX"})
    with pytest.raises(ValueError, match=r"4 planes and 1 time points in '.*a\.tif'. Save each"):
        from_folders(tmp_path)


def test_a_damaged_first_file_is_reported_when_it_is_read(write, tmp_path):
    write("a/a.tif").write_bytes(b"II*\0broken")
    image_set = from_folders(tmp_path)
    with pytest.raises(UnreadableImageError, match=r"must be a complete image.*a\.tif"):
        image_set.read(0)


def test_a_colour_image_is_refused_when_it_is_read(tmp_path, write):
    write("a/a.png")
    imageio.imwrite(tmp_path / "a/a.png", np.arange(24, dtype=np.uint8).reshape(2, 4, 3))
    with pytest.raises(UnreadableImageError, match="3 different colour channels"):
        from_folders(tmp_path).read(0)


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (("k/x_DAPI.tif", "k/x_GFP.tif"), "{class}/{image}_{channel}.tif"),
        (("k/x_ch1.tif", "k/x_ch2.tif"), "{class}/{image}_{channel}.tif"),
        (("k/B02_s1_w1.tif", "k/B02_s1_w2.tif"), "{class}/{well}_s{site}_{channel}.tif"),
        (("k/x-C1.tif", "k/x-C2.tif"), "{class}/{image}-{channel}.tif"),
        (("k/C1-x.tif", "k/C2-x.tif"), "{class}/{channel}-{image}.tif"),
        (("x/DAPI.tif", "x/GFP.tif"), "{image}/{channel}.tif"),
        (("DAPI/x.tif", "GFP/x.tif"), "{channel}/{image}.tif"),
    ],
)
def test_files_that_seem_to_be_channels_are_not_guessed_and_the_pattern_shown_fits(
    write, tmp_path, names, pattern
):
    for value, name in enumerate(names):
        write(name, value)
    with pytest.raises(ValueError, match="seem to be channels of one field") as error:
        from_folders(tmp_path)
    assert f"'{pattern}'" in str(error.value)
    image_set = from_folders(tmp_path, pattern=pattern)
    assert (len(image_set), read_values(image_set)) == (1, [0, 1])


def test_files_that_only_seem_to_be_channels_can_be_fields(write, tmp_path):
    write("k/x_w1.tif")
    write("k/x_w2.tif")
    assert len(from_folders(tmp_path, pattern="{class}/{image}.tif")) == 2


@pytest.mark.parametrize(
    "names", [("k/x_C01.tif", "k/x_C02.tif"), ("a/DAPI.tif", "b/GFP.tif"), ("k/1.tif", "k/2.tif")]
)
def test_wells_numbers_and_single_channels_are_no_twins(names):
    assert channel_twins(names) is None


@pytest.mark.parametrize("name", ["flat.png", "train/drug/a.png"])
def test_files_that_lie_in_no_class_folder_need_a_pattern(write, tmp_path, name):
    write("control/a.png")
    write(name)
    with pytest.raises(ValueError, match=f"Received: '{name}'") as error:
        from_folders(tmp_path)
    assert example_pattern(name) in str(error.value)


def test_a_template_names_the_parts_of_a_path(write, tmp_path):
    for site in "12":
        for value, channel in enumerate(("DAPI", "GFP")):
            write(f"plate_1/a1_s{site}_{channel}.tif", 10 * int(site) + value)
    image_set = from_folders(tmp_path, pattern="{plate}/{well}_s{site}_{channel}.tif")
    assert image_set.table.iloc[1].to_dict() == {
        "Metadata_Plate": "plate_1",
        "Metadata_Well": "A01",
        "Metadata_Site": "2",
    }
    assert image_set.channel_names == ("DAPI", "GFP")
    assert read_values(image_set, 1) == [20, 21]


def test_a_well_begins_after_underscores_of_the_plate(write, tmp_path):
    write("my_plate_B02_GFP.tif")
    table = from_folders(tmp_path, pattern="{plate}_{well}_{channel}.tif").table
    assert table.iloc[0].tolist() == ["my_plate", "B02"]


def test_a_name_that_comes_twice_in_a_template_is_the_same_text(write, tmp_path):
    write("P1/P1_B02.tif")
    write("P1/P2_B02.tif")
    with pytest.warns(UserWarning, match=r"1 of 2 image files .* left out, .* 'P1/P2_B02\.tif'"):
        image_set = from_folders(tmp_path, pattern="{plate}/{plate}_{well}.tif")
    assert len(image_set) == 1


def test_a_regular_expression_is_searched_for_in_the_path(write, tmp_path):
    write("deep/folder/x_B02_DAPI_old.tif")
    image_set = from_folders(tmp_path, pattern=r"_(?P<Well>[A-H]\d\d)_(?P<channel>[A-Z]+)_")
    assert image_set.table.iloc[0].to_dict() == {"Metadata_Well": "B02"}
    assert image_set.channel_names == ("DAPI",)


def test_other_names_become_metadata_and_those_that_begin_with_a_line_do_not(write, tmp_path):
    write("x1/0.5-B02.tif")
    table = from_folders(tmp_path, pattern="{_run}/{dose_um}-{well}.tif").table
    assert table.iloc[0].to_dict() == {"Metadata_Well": "B02", "Metadata_DoseUm": "0.5"}


@pytest.mark.parametrize("name", ["r02c03.tif", "rBc3.tif", "rbc03.tif"])
def test_row_and_column_make_the_well(write, tmp_path, name):
    write(name)
    table = from_folders(tmp_path, pattern="r{row}c{column}.tif").table
    assert table.iloc[0].to_dict() == {"Metadata_Well": "B03"}


@pytest.mark.parametrize(("z", "value"), [("max", 10), (1, 7), (2, 10), (3, 5)])
def test_planes_of_a_stack_are_projected_or_chosen(write, tmp_path, z, value):
    for number, plane in ((9, 7), (10, 10), (11, 5)):
        write(f"B02_z{number}_GFP.tif", plane)
    image_set = from_folders(tmp_path, pattern="{well}_z{z}_{channel}.tif", z=z)
    assert read_values(image_set) == [value]


def test_channels_are_sorted_as_people_count(write, tmp_path):
    for channel in (10, 9, 1):
        write(f"B02-ch{channel}.tif")
    image_set = from_folders(tmp_path, pattern="{well}-{channel}.tif")
    assert image_set.channel_names == ("ch1", "ch9", "ch10")


def test_channels_can_be_given_names(write, tmp_path):
    write("B02_1.tif", 1)
    write("B02_2.tif", 2)
    image_set = from_folders(
        tmp_path,
        pattern="{well}_{channel}.tif",
        channel_names={"1": "GFP", "2": "DNA"},
        channels=["DNA", "GFP"],
    )
    assert image_set.channel_names == ("DNA", "GFP")
    assert read_values(image_set) == [2, 1]


def test_a_name_for_a_channel_that_is_not_there_is_refused(write, tmp_path):
    write("B02_ch1.tif")
    with pytest.raises(ValueError, match=r"Received: 'ch2'. Channels are: ch1"):
        from_folders(tmp_path, pattern="{well}_{channel}.tif", channel_names={"ch2": "DNA"})


def test_two_channels_cannot_get_the_same_name(write, tmp_path):
    write("B02_1.tif")
    write("B02_2.tif")
    names = {"1": "GFP", "2": "GFP"}
    with pytest.raises(ValueError, match=r"more than once: \['GFP'\]"):
        from_folders(tmp_path, pattern="{well}_{channel}.tif", channel_names=names)


def test_a_pattern_that_fits_no_file_shows_the_first_one(write, tmp_path):
    write("p/B02_DAPI.png")
    with pytest.raises(ValueError, match=r"matches none of 1.*'p/B02_DAPI\.png'") as error:
        from_folders(tmp_path, pattern="{well}_{channel}.png")
    assert "'{class}/{well}_{channel}.png'" in str(error.value)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(?P<well>[A-H]", r"or a regular expression.* \(missing \), unterminated"),
        (r"_(\d)", "with only unnamed parts"),
        ("{channel}_{z}.tif", "with only channel, z"),
        ("{row}_{channel}.tif", "row and column of a well together"),
        ("{well}_{row}_{column}.tif", "with 'well' twice"),
        ("{well}_{Well}.tif", "with 'well' twice"),
    ],
)
def test_a_pattern_that_cannot_work_says_why(pattern, words):
    with pytest.raises(ValueError, match=words):
        NamePattern(pattern)


def test_a_plane_that_is_no_number_is_refused(write, tmp_path):
    write("B02_top.tif")
    with pytest.raises(ValueError, match=r"number of a plane. Received: 'top' in 'B02_top\.tif'"):
        from_folders(tmp_path, pattern="(?P<well>B02)_(?P<z>[a-z]+)")


def test_a_row_and_column_that_are_no_well_are_refused(write, tmp_path):
    write("x-y.tif")
    with pytest.raises(ValueError, match="Received: 'x' and 'y'"):
        from_folders(tmp_path, pattern="(?P<row>.)-(?P<column>.)")


def test_two_files_of_one_channel_and_field_are_named(write, tmp_path):
    write("A1_GFP.tif")
    write("a01_GFP.tif")
    with pytest.raises(ValueError, match=r"Received: 2 that do not.*A1_GFP.*a01_GFP.*well A01"):
        from_folders(tmp_path, pattern="{well}_{channel}.tif")


def test_a_field_that_lacks_a_channel_is_named(write, tmp_path):
    write("A01_GFP.tif")
    write("A01_DNA.tif")
    write("A02_GFP.tif")
    with pytest.raises(ValueError, match=r"none for 1 of 4, the first in well A02.*'DNA'"):
        from_folders(tmp_path, pattern="{well}_{channel}.tif")


def test_paths_may_have_blanks_and_letters_of_any_language(write, tmp_path):
    write("Größe 5 µm/Bild 1.tif", 7)
    image_set = from_folders(tmp_path)
    assert image_set.table["Metadata_Class"][0] == "Größe 5 µm"
    assert read_values(image_set) == [7]


def test_hidden_files_are_no_images(write, tmp_path):
    write("k/a.png")
    write("k/._a.png")
    write(".thumbs/a.png")
    assert len(from_folders(tmp_path)) == 1


def test_links_are_followed_and_their_loops_are_not(write, tmp_path):
    write("source/k/a.png")
    (tmp_path / "elsewhere").mkdir()
    write("elsewhere/b.png")
    os.symlink(tmp_path / "elsewhere", tmp_path / "source/linked")
    os.symlink(tmp_path / "source", tmp_path / "source/k/loop")
    image_set = from_folders(tmp_path / "source")
    assert image_set.table["Metadata_Class"].tolist() == ["k", "linked"]


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(ValueError, match=r"must hold files such as \.png, .* Received: none"):
        from_folders(tmp_path)


def test_folders_are_recognised_by_images(write, tmp_path):
    (tmp_path / "a.csv").write_text("x\n")
    assert not is_folders(tmp_path)
    file = write("deep/down/a.TIFF".replace("TIFF", "png"))
    assert is_folders(tmp_path)
    assert not is_folders(file)


def test_a_reader_of_ones_own_gets_the_page(write, tmp_path):
    write("k/a.tif", 1, 2)
    image_set = from_folders(tmp_path, reader=page_numbers)
    assert read_values(image_set) == [0, 1]


def page_numbers(path, page):
    return np.full((2, 2), page)


def test_a_real_plate_is_read_as_its_table_says(real_plate):
    pattern = "images/Channel{channel}-{_}-{row}-{column}.tif"
    names = {"1": "GFP", "2": "DNA"}
    with pytest.warns(UserWarning, match="1 of 193 image files"):
        image_set = from_folders(real_plate, pattern=pattern, channel_names=names)
    expected = from_load_data(real_plate / "load_data.csv")
    assert image_set.channel_names == expected.channel_names
    assert image_set.table["Metadata_Well"].equals(expected.table["Metadata_Well"])
    assert image_set.files.equals(expected.files)
    np.testing.assert_array_equal(image_set.read(95), expected.read(95))
