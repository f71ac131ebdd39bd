import numpy as np
import pytest
import tifffile

from keras_dcmix.data.formats import FORMATS, detect_format, open_images
from keras_dcmix.data.formats.reading import Reading


@pytest.fixture
def folder(tmp_path):
    for name in ("drug/B01_GFP", "control/B02_GFP", "drug/B03_GFP", "control/B04_GFP"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        tifffile.imwrite(tmp_path / f"{name}.tif", np.zeros((2, 3), np.uint8))
    return tmp_path


def test_a_source_is_opened_by_what_it_is(folder, plate):
    assert detect_format(plate.write_csv()) == "loaddata"
    assert detect_format(folder / "drug") == "folders"


def test_every_argument_is_handed_on(folder):
    (folder / "map.csv").write_text("well,Metadata_Dose\nB01,1\nB02,1\nB03,2\nB04,2\n")
    image_set = open_images(
        folder,
        reading=Reading(pattern="{class}/{well}_{channel}.tif"),
        channels=["GFP"],
        label="Metadata_Dose",
        group="Metadata_Class",
        platemap=folder / "map.csv",
    )
    assert image_set.labels.tolist() == ["1", "1", "2", "2"]
    assert image_set.groups.tolist() == ["drug", "control", "drug", "control"]


def test_files_are_checked_unless_this_is_not_wanted(plate):
    plate.file("B01", "DNA").unlink()
    with pytest.raises(ValueError, match="1 of 8 missing"):
        open_images(plate.write_csv())
    assert len(open_images(plate.write_csv(), check_files=False)) == 4


def test_a_pattern_makes_a_source_a_folder_whatever_it_looks_like(tmp_path):
    tifffile.imwrite(tmp_path / "x_B02_s1_w1.tif", np.zeros((2, 3), np.uint8))
    assert detect_format(tmp_path) == "imagexpress"
    reading = Reading(pattern="x_{well}_s{site}_{channel}.tif")
    assert open_images(tmp_path, reading=reading).table["Metadata_Well"].tolist() == ["B02"]
    assert "Metadata_Plate" not in open_images(tmp_path, reading=reading).table


def test_a_missing_source_has_no_format(tmp_path):
    with pytest.raises(ValueError, match=r"source must exist.*gone'"):
        detect_format(tmp_path / "gone")


def test_a_source_of_no_known_format_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match=r"known format: loaddata \(CellProfiler LoadData\)"):
        detect_format(tmp_path)


def test_an_unknown_format_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(ValueError, match="Received: format='rxrx', did you mean 'rxrx1'"):
        open_images(tmp_path, format="rxrx")


def test_a_format_that_is_named_is_not_guessed(plate):
    with pytest.raises(ValueError, match=r"RxRx1 table needs the columns experiment"):
        open_images(plate.write_csv(), format="rxrx1")


def test_bare_folders_are_tried_last():
    assert list(FORMATS)[-1] == "folders"
