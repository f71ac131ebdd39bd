"""What every format in the registry promises: its options, its function, its z and its page."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import tifffile

from keras_dcmix import data
from keras_dcmix.data.formats import FORMATS, detect_format, open_images
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.datasets import simulated_screen, write_screen

DOCS = Path(__file__).parents[3] / "docs"
OPTIONS = {"root": ".", "z": 1, "pattern": "{well}_{channel}.tif", "allow_outside": True}
INDEX = """<EvaluationInputData xmlns="x"><Images><Image>
<URL>B02_a.tif</URL><Row>2</Row><Col>2</Col><FieldID>1</FieldID><ChannelID>1</ChannelID></Image></Images></EvaluationInputData>"""

COMPANION = """<OME xmlns="x"><Image ID="0"><Pixels DimensionOrder="XYZCT" SizeX="3" SizeY="2"
 SizeZ="1" SizeC="1" SizeT="1"><Channel Name="DNA"/>
<TiffData IFD="0"><UUID FileName="a.tif">u</UUID></TiffData></Pixels></Image></OME>"""


def write_planes(folder, *names):
    for name in names:
        tifffile.imwrite(folder / name, np.ones((2, 3), np.uint16))
    return folder


def write_layout(layout):
    def written(folder):
        screen = simulated_screen(num_experiments=1, wells_per_plate=4, sites_per_well=1, size=64)
        write_screen(screen, folder / "screen", layout)
        return folder / "screen"

    return written


def write_harmony(folder):
    (folder / "Index.xml").write_text(INDEX)
    return write_planes(folder, "B02_a.tif")


def write_ome_tiff(folder):
    (folder / "plate.companion.ome").write_text(COMPANION)
    return write_planes(folder, "a.tif")


SOURCES = {
    "loaddata": write_layout("loaddata"),
    "harmony": write_harmony,
    "ome-zarr": write_layout("ome-zarr"),
    "ome-tiff": write_ome_tiff,
    "rxrx1": write_layout("rxrx1"),
    "imagexpress": lambda folder: write_planes(folder, "x_B02_s1_w1.tif", "x_B02_s1_w2.tif"),
    "folders": lambda folder: write_planes(folder, "B02_GFP.tif", "B03_GFP.tif"),
}
READ = [known for known in FORMATS.values() if known.opens is not None]
each_format = pytest.mark.parametrize("known", READ, ids=lambda known: known.name)


class RecordedReading(Reading):
    """Remembers which options a reader looked at."""

    def __getattribute__(self, name):
        if name in OPTIONS:
            used.add(name)
        return super().__getattribute__(name)


used: set[str] = set()


def opened(known, folder, **options):
    if known.name == "folders":
        options = {"pattern": OPTIONS["pattern"], **options}
    source = SOURCES[known.name](folder)
    return source, open_images(source, format=known.name, reading=Reading(**options))


def test_every_format_has_a_source_here_and_every_option_a_value():
    assert set(SOURCES) == {known.name for known in READ}
    assert {*OPTIONS, "reader"} == {field.name for field in fields(Reading)}


@each_format
def test_a_reader_uses_the_options_of_its_entry_and_no_other(known, tmp_path):
    source, expected = opened(known, tmp_path)
    pattern = {"pattern": OPTIONS["pattern"]} if "pattern" in known.options else {}
    reading = RecordedReading(**pattern)
    used.clear()
    image_set = known.read(source, reading)
    assert used == set(known.options)
    assert image_set.channel_names == expected.channel_names


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("known", FORMATS.values(), ids=lambda known: known.name)
def test_an_option_outside_of_the_entry_is_refused(known, option, tmp_path):
    with pytest.raises(ValueError, match=r"\w") as error:
        open_images(tmp_path, format=known.name, reading=Reading(**{option: OPTIONS[option]}))
    is_refused = str(error.value).startswith(f"`{option}` is only for the formats")
    assert is_refused == (option not in known.options)


@each_format
def test_the_public_function_has_the_options_of_the_entry(known):
    parameters = set(inspect.signature(known.opens).parameters)
    assert parameters >= {"path", "label", "group", "channels", "platemap", "reader"}
    assert parameters & set(OPTIONS) == set(known.options)
    assert getattr(data, known.opens.__name__) is known.opens


@each_format
def test_a_set_knows_its_plane_and_keeps_it(known, tmp_path):
    source, image_set = opened(known, tmp_path)
    assert image_set.z == ("max" if "z" in known.options else None)
    if "z" in known.options:
        pattern = {"pattern": OPTIONS["pattern"]} if "pattern" in known.options else {}
        image_set = known.opens(source, z=1, **pattern)
        assert image_set.z == 1
    changed = image_set.subset([0]).select_channels(image_set.channel_names[:1])
    assert changed.z == changed.joined(changed).z == image_set.z


@each_format
def test_a_source_is_detected(known, tmp_path):
    source = SOURCES[known.name](tmp_path)
    assert detect_format(source) == known.name


@pytest.mark.parametrize("known", FORMATS.values(), ids=lambda known: known.name)
def test_a_format_has_an_entry_on_its_page(known):
    page, section = known.page.split("#")
    text = (DOCS / page).read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    (found,) = (each for each in sections if each.splitlines()[0].lower() == section)
    assert f"`{known.name}`" in found
