"""What every format in the registry promises: its options, its function, its z and its page."""

import inspect
import re
from dataclasses import fields
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from keras_dcmix import data
from keras_dcmix.data.formats import FORMATS, detect_format, open_images
from keras_dcmix.data.formats.reading import Reading

DOCS = Path(__file__).parents[3] / "docs"
OPTIONS = {"root": ".", "z": 1, "pattern": "{well}_{channel}.tif", "allow_outside": True}
READ = [known for known in FORMATS.values() if known.opens is not None]
each_format = pytest.mark.parametrize("known", READ, ids=lambda known: known.name)


@pytest.fixture(scope="module")
def sources():
    return {}


@pytest.fixture
def source(known, sources, tmp_path_factory):
    """Four wells, written once by `write_source` in the test file of the format."""
    if known.name not in sources:
        name = f"test_{known.opens.__module__.rpartition('.')[2]}"
        spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        sources[known.name] = module.write_source(tmp_path_factory.mktemp(known.name))
    return sources[known.name]


def needed(known):
    return {"pattern": OPTIONS["pattern"]} if known.name == "folders" else {}


def constant(path, page=None):
    return np.full((2, 3), 7)


class RecordedReading(Reading):
    """Remembers which options a reader looks at."""

    used: ClassVar[set[str]] = set()

    def __getattribute__(self, name):
        if name in OPTIONS:
            RecordedReading.used.add(name)
        return super().__getattribute__(name)


def test_every_option_has_a_value_here():
    assert {*OPTIONS, "reader"} == {field.name for field in fields(Reading)}


@each_format
def test_a_source_is_detected(known, source):
    assert detect_format(source) == known.name


@each_format
def test_a_reader_uses_the_options_of_its_entry_and_no_other(known, source):
    reading = RecordedReading(**needed(known))
    RecordedReading.used.clear()
    known.read(source, reading)
    assert RecordedReading.used == set(known.options)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("known", FORMATS.values(), ids=lambda known: known.name)
def test_an_option_outside_of_the_entry_is_refused(known, option, tmp_path):
    with pytest.raises(ValueError, match=r"\w") as error:
        open_images(tmp_path, format=known.name, reading=Reading(**{option: OPTIONS[option]}))
    is_refused = str(error.value).startswith(f"`{option}` is only for the formats")
    assert is_refused == (option not in known.options)


@each_format
def test_the_public_function_has_the_options_of_the_entry(known):
    parameters = inspect.signature(known.opens).parameters
    assert set(parameters) & set(OPTIONS) == set(known.options)
    assert getattr(data, known.opens.__name__) is known.opens


@each_format
def test_the_public_function_hands_on_its_arguments(known, source, tmp_path):
    every_well = known.read(source, Reading(**needed(known)))
    wells = every_well.table["Metadata_Well"]
    rows = [f"{well},{number % 2}" for number, well in enumerate(wells)]
    (tmp_path / "map.csv").write_text("\n".join(["well,Metadata_Dose", *rows]))
    options = needed(known) | ({"z": 1} if "z" in known.options else {})
    image_set = known.opens(
        source,
        channels=every_well.channel_names[-1:],
        label="Metadata_Dose",
        group="Metadata_Well",
        platemap=tmp_path / "map.csv",
        reader=constant,
        **options,
    )
    assert image_set.channel_names == every_well.channel_names[-1:]
    assert image_set.labels.tolist() == ["0", "1", "0", "1"]
    assert image_set.groups.tolist() == wells.tolist()
    assert image_set.group_unit == "well"
    assert (image_set.read(0) == 7).all()
    assert image_set.z == (1 if "z" in known.options else None)


@each_format
def test_a_set_keeps_the_plane_that_it_reads(known, source):
    image_set = known.opens(source, **needed(known))
    assert image_set.z == ("max" if "z" in known.options else None)
    changed = image_set.subset([0]).select_channels(image_set.channel_names[:1])
    assert changed.z == changed.joined(changed).z == image_set.z


@each_format
def test_a_missing_source_is_named(known, tmp_path):
    for open_source in (known.opens, lambda path: open_images(path, format=known.name)):
        with pytest.raises(ValueError, match=r"source must exist.*gone'"):
            open_source(tmp_path / "gone")


@pytest.mark.parametrize("known", FORMATS.values(), ids=lambda known: known.name)
def test_no_format_recognises_an_empty_folder_or_another_file(known, tmp_path):
    (tmp_path / "notes.txt").write_text("a,b\n1,2\n")
    (tmp_path / "empty").mkdir()
    assert not known.recognises(tmp_path / "notes.txt")
    assert not known.recognises(tmp_path / "empty")


@pytest.mark.parametrize("known", FORMATS.values(), ids=lambda known: known.name)
def test_a_format_has_an_entry_on_its_page(known):
    page, section = known.page.split("#")
    sections = re.split(r"^## ", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    (found,) = (each for each in sections if each.splitlines()[0].lower() == section)
    assert f"`{known.name}`" in found
