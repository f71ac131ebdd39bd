import os

import numpy as np
import pytest
import tifffile

from keras_dcmix.data import from_imagexpress
from keras_dcmix.data.formats import detect_format
from keras_dcmix.data.formats.imagexpress import is_imagexpress, read_imagexpress
from keras_dcmix.data.formats.reading import Reading

UUID = "17654C10-92F1-4DFD-98AA-6A01BBD77557"
HTD = '"HTSInfoFile", Version 1.0\n"ZProjection", {}\n{}"EndFile"\n'


def write(path, value=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, np.full((2, 3), value, np.uint16))


def write_source(folder):
    for column in (2, 3, 4, 5):
        write(folder / f"x_B0{column}_s1_w1.tif")
    return folder


def write_htd(folder, *waves, projection="TRUE", encoding="latin-1"):
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'"WaveName{number}", "{name}"\n' for number, name in enumerate(waves, 1)]
    text = HTD.format(projection, "".join(lines))
    (folder / "plate.HTD").write_bytes(text.encode(encoding))


def read(path, z="max"):
    """Fields before files are checked: most of these files are empty."""
    return read_imagexpress(path, Reading(z=z))


def read_values(image_set, index=0):
    return image_set.read(index)[0, 0].tolist()


@pytest.fixture
def listed(shared_data, tmp_path):
    """The real names, as empty files, and the real HTDs."""
    samples = shared_data / "layouts/imagexpress"
    for name in (samples / "names.txt").read_text().split("\n"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sample = samples / name.replace("ImageXpress_exported", "exported")
        if path.suffix == ".HTD" and sample.is_file():
            path.write_bytes(sample.read_bytes())
        elif name:
            path.touch()
    return tmp_path


def test_a_plate_is_read_by_its_names_and_its_htd(tmp_path):
    plate = tmp_path / "Plate 7"
    write_htd(plate, "DAPI", "FITC µ")
    for site in (1, 2):
        for wave in (1, 2):
            write(plate / f"TimePoint_1/x_B02_s{site}_w{wave}.TIF", 10 * site + wave)
    image_set = from_imagexpress(plate)
    assert image_set.channel_names == ("DAPI", "FITC µ")
    assert image_set.table.iloc[1].to_dict() == {
        "Metadata_Plate": "Plate 7",
        "Metadata_Well": "B02",
        "Metadata_Site": "2",
    }
    assert read_values(image_set, 1) == [21, 22]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig"])
def test_an_htd_is_read_in_either_encoding(tmp_path, encoding):
    write_htd(tmp_path, "FITC µ", encoding=encoding)
    write(tmp_path / "x_B02_s1_w1.TIF")
    assert from_imagexpress(tmp_path).channel_names == ("FITC µ",)


@pytest.mark.parametrize("source", ["plate", "plate/TimePoint_1", "plate/plate.HTD", "."])
def test_a_plate_is_found_by_each_of_its_parts(tmp_path, source):
    write_htd(tmp_path / "plate", "DAPI")
    write(tmp_path / "plate/TimePoint_1/x_B02_s1_w1.TIF")
    image_set = from_imagexpress(tmp_path / source)
    assert image_set.channel_names == ("DAPI",)
    assert image_set.table["Metadata_Plate"].tolist() == ["plate"]
    assert detect_format(tmp_path / source) == "imagexpress"


def test_a_uuid_is_no_part_of_the_channel(tmp_path):
    write(tmp_path / f"x_B02_s1_w1{UUID}.tif", 1)
    write(tmp_path / f"x_B02_s1_w10{UUID}.tif", 10)
    write(tmp_path / f"x_B02_s1_w2{UUID}.tif", 2)
    image_set = from_imagexpress(tmp_path)
    assert image_set.channel_names == ("w1", "w2", "w10")
    assert read_values(image_set) == [1, 2, 10]


def test_a_name_without_site_and_channel_is_site_1_and_channel_1(tmp_path):
    write_htd(tmp_path, "DAPI")
    write(tmp_path / "TimePoint_1/x_B02.TIF")
    image_set = from_imagexpress(tmp_path)
    assert image_set.table["Metadata_Site"].tolist() == ["1"]
    assert image_set.channel_names == ("DAPI",)


def test_time_points_are_fields_of_their_own(tmp_path):
    for time in (1, 2):
        write(tmp_path / f"TimePoint_{time}/x_B02_s1_w1.TIF", time)
    image_set = from_imagexpress(tmp_path)
    assert image_set.table["Metadata_TimePoint"].tolist() == ["1", "2"]
    assert read_values(image_set, 1) == [2]


@pytest.mark.parametrize(("z", "value"), [("max", 5), (1, 8), (2, 9)])
def test_the_instruments_projection_goes_before_the_maximum(tmp_path, z, value):
    write_htd(tmp_path, "DAPI")
    for step, pixel in enumerate((5, 8, 9)):
        write(tmp_path / f"TimePoint_1/ZStep_{step}/x_B02_s1_w1.TIF", pixel)
    assert read_values(from_imagexpress(tmp_path, z=z)) == [value]


@pytest.mark.parametrize(("z", "value"), [("max", 9), (1, 5), (3, 9)])
def test_step_0_is_a_step_where_the_htd_knows_no_projection(tmp_path, z, value):
    write_htd(tmp_path, "DAPI", projection="FALSE")
    for step, pixel in enumerate((5, 8, 9)):
        write(tmp_path / f"TimePoint_1/ZStep_{step}/x_B02_s1_w1.TIF", pixel)
    assert read_values(from_imagexpress(tmp_path, z=z)) == [value]


@pytest.mark.parametrize(("z", "values"), [("max", [5, 6, 9]), (1, [8, 6, 7])])
def test_each_channel_has_the_projection_or_the_steps_that_were_taken(tmp_path, z, values):
    write(tmp_path / f"x_B02_s1_w1{UUID}.tif", 5)
    write(tmp_path / f"x_B02_s1_w2{UUID}.tif", 6)
    write(tmp_path / f"ZStep_1/x_B02_s1_w1{UUID}.tif", 8)
    write(tmp_path / f"ZStep_1/x_B02_s1_w3{UUID}.tif", 7)
    write(tmp_path / f"ZStep_2/x_B02_s1_w3{UUID}.tif", 9)
    assert read_values(from_imagexpress(tmp_path, z=z)) == values


def test_steps_are_sorted_as_people_count(tmp_path):
    for step in range(1, 11):
        write(tmp_path / f"ZStep_{step}/x_B02_s1_w1.TIF", step)
    assert read_values(from_imagexpress(tmp_path, z=10)) == [10]


def test_channels_of_the_same_name_are_told_apart(tmp_path):
    write_htd(tmp_path, "FITC", "FITC", "")
    for wave in (1, 2, 3):
        write(tmp_path / f"x_B02_s1_w{wave}.TIF")
    assert from_imagexpress(tmp_path).channel_names == ("FITC (w1)", "FITC (w2)", "w3")


def test_plates_in_folders_of_the_same_name_are_called_by_their_paths(tmp_path):
    for batch in ("a", "b"):
        write(tmp_path / f"{batch}/plate/TimePoint_1/x_B02_s1_w1.TIF")
    plates = from_imagexpress(tmp_path).table["Metadata_Plate"]
    assert plates.tolist() == ["a/plate", "b/plate"]


def test_thumbnails_alone_are_refused(tmp_path):
    write(tmp_path / f"x_B02_s1_w1_thumb{UUID}.tif")
    assert is_imagexpress(tmp_path)
    with pytest.raises(ValueError, match=r"only 1 thumbnails, .* without '_thumb'"):
        from_imagexpress(tmp_path)


def test_a_plate_without_images_is_refused(tmp_path):
    write_htd(tmp_path, "DAPI")
    with pytest.raises(
        ValueError, match=r"called <name>_<well>_s<site>_w<channel>\.tif. Received: none"
    ):
        from_imagexpress(tmp_path)


def test_two_files_of_one_channel_and_field_are_named(tmp_path):
    write(tmp_path / "x_B02_s1_w1.TIF")
    write(tmp_path / "y_B02_s01_w1.TIF")
    with pytest.raises(ValueError, match=r"Received: 2 that do not.*x_B02.*y_B02.*site 1"):
        from_imagexpress(tmp_path)


def test_a_field_that_lacks_a_channel_is_named(tmp_path):
    for name in ("B02_s1_w1", "B02_s1_w2", "B03_s1_w1"):
        write(tmp_path / f"x_{name}.TIF")
    with pytest.raises(ValueError, match=r"none for 1 of 4, .* well B03, site 1, channel 'w2'"):
        from_imagexpress(tmp_path)


def test_loops_of_links_are_not_followed(tmp_path):
    write(tmp_path / "x_B02_s1_w1.TIF")
    os.symlink(tmp_path, tmp_path / "TimePoint_1")
    assert len(from_imagexpress(tmp_path)) == 1


@pytest.mark.parametrize("name", ["class/x_B02_s1_w1.tif", "x_B02.tif", "x_w1.tif", "B02-GFP.tif"])
def test_names_that_others_give_too_are_not_recognised(tmp_path, name):
    write(tmp_path / name)
    assert not is_imagexpress(tmp_path)


def test_real_exported_plates_are_read(shared_data):
    with pytest.warns(UserWarning, match="lists Cy5, but the plate has no such images"):
        image_set = read(shared_data / "layouts/imagexpress/exported/9987_Plate_3434")
    assert image_set.channel_names == ("DAPI", "FITC", "Texas Red")
    assert image_set.table["Metadata_Site"].tolist() == ["1", "2"]
    assert image_set.read(0).shape == (256, 256, 3)


def test_real_names_of_exported_plates_are_read(listed):
    with pytest.warns(UserWarning, match="'9987_Plate_3434' lists Cy5"):
        table = read(listed / "ImageXpress_exported").table
    fields = table.groupby(["Metadata_Plate", "Metadata_TimePoint"]).size().to_dict()
    assert fields == {
        ("9987_Plate_3420", "1"): 1,
        ("9987_Plate_3434", "1"): 4,
        ("9987_Plate_3435", "1"): 4,
        ("9987_Plate_3435", "2"): 4,
    }


def test_real_names_of_the_database_are_read(listed):
    image_set = read(listed / "ImageXpress/Projection-Mix")
    assert image_set.channel_names == ("w1", "w2", "w3", "w4")
    assert set(image_set.table["Metadata_Plate"]) == {"1334"}
    assert image_set.files.notna().all(axis=None)
    assert not image_set.files.map(lambda file: "thumb" in file).any(axis=None)
    assert "w117654C10-92F1" in image_set.files["w1"][2]


def test_real_thumbnails_alone_are_refused(shared_data):
    with pytest.raises(ValueError, match="only 3 thumbnails"):
        read(shared_data / "layouts/imagexpress/database")
