import re
import shutil

import pytest

from keras_dcmix.data.formats import detect_format, open_images
from keras_dcmix.data.formats.cellvoyager import PATTERN
from keras_dcmix.data.formats.reading import Reading


@pytest.fixture
def measurement(shared_data):
    (folder,) = (path for path in (shared_data / "layouts/cellvoyager").iterdir() if path.is_dir())
    return folder


def test_a_measurement_is_recognised_by_its_index(measurement):
    index = measurement / "MeasurementData.mlf"
    assert detect_format(measurement) == detect_format(index) == "cellvoyager"


def test_a_measurement_is_refused_with_the_way_to_read_it(tmp_path):
    (tmp_path / "MeasurementData.mlf").write_text("<xml/>")
    words = "cannot be read.*Read the images by their names with format='folders'"
    with pytest.raises(ValueError, match=words) as error:
        open_images(tmp_path)
    assert f"'{PATTERN}'" in str(error.value)


def test_the_pattern_that_is_shown_reads_the_measurement(measurement):
    with pytest.warns(UserWarning, match=r"1 of 5 .* left out, .* is 'DC_DCAM#1_CAM3\.tif'"):
        image_set = open_images(measurement, reading=Reading(pattern=PATTERN))
    assert image_set.channel_names == ("01", "02")
    assert image_set.table["Metadata_Well"].tolist() == ["D08", "D08"]
    assert image_set.table["Metadata_Site"].tolist() == ["001", "002"]
    assert not image_set.read(1).any()


def test_the_pattern_that_is_shown_fits_every_name_of_the_index(measurement, tmp_path):
    index = (measurement / "MeasurementData.mlf").read_text(encoding="utf-8")
    names = re.findall(r">([^<]+\.tif)<", index)
    for name in names:
        (tmp_path / name).touch()
    shutil.copy(measurement / "MeasurementData.mlf", tmp_path)
    image_set = open_images(tmp_path, reading=Reading(pattern=PATTERN))
    assert (len(names), image_set.files.shape) == (96, (12, 2))
    assert {len(cell.planes) for cell in image_set.files.to_numpy().ravel()} == {4}
