"""Image sets from Harmony exports of Opera Phenix, Operetta and Opera."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix.data.formats.channel_naming import unique_names
from keras_dcmix.data.formats.fields_from_planes import fields_from_planes
from keras_dcmix.data.formats.format import Format
from keras_dcmix.data.formats.paths import existing_path, path_inside
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.safe_xml import child_texts, xml_elements
from keras_dcmix.data.formats.validation import label_and_validate
from keras_dcmix.data.formats.wells import well_at
from keras_dcmix.data.image_files import read_image
from keras_dcmix.data.image_set import ImageSet

_ROOT = "EvaluationInputData"
_NAMES = ("Index.idx.xml", "Index.xml")
_FOLDERS = ("", "Images", "images")
_PROFILE_NAME = re.compile(r'ChannelName:\s*(?:"([^"]*)"|([^,}]*))')


def from_harmony(
    path: str | os.PathLike[str],
    *,
    label: str | None = None,
    group: str | Sequence[str] | None = None,
    channels: Sequence[str] | None = None,
    platemap: str | os.PathLike[str] | None = None,
    root: str | os.PathLike[str] | None = None,
    z: str | int = "max",
    allow_outside: bool = False,
    reader: Callable[..., np.ndarray] | None = None,
) -> ImageSet:
    """Builds an image set from a Harmony export (Opera Phenix, Operetta CLS, Opera).

    Plates, wells, sites, planes and channel names come from `Index.idx.xml` or `Index.xml`, never
    from file names. Two channels of the same name are distinguished by their number, as in
    "Alexa 488 (ch2)"; one without a name is called by it, as "ch3".

    Args:
        path: the measurement's folder, its folder of images, a folder of several measurements,
            or the index itself.
        label: metadata column that holds the classes, as in `open_images`.
        group: as in `ImageSet.with_labels`; needs `label`.
        channels: names of the channels to keep, in this order; all, by their number, where None.
        platemap: a table of wells whose other columns join the metadata.
        root: folder of the image files, where they are not beside the index.
        z: `"max"`, the maximum over the planes of a z stack, or the number of one, from 1.
        allow_outside: whether the index may name files outside of its folder.
        reader: from a path to `(height, width)` pixels; `read_image` where None.

    Returns:
        An `ImageSet` with `Metadata_Plate`, `Metadata_Well`, `Metadata_Site`,
        `Metadata_Timepoint` where there are several, and `Metadata_Measurement`, the name of the
        folder, where a plate was measured more than once. No image is opened, but every file
        that the index names exists.

    Raises:
        ValueError: if the index is missing, damaged, or no Harmony index, if it lacks what places
            an image, if files are missing, or a column, channel or label is wrong.
    """
    reading = Reading(root=root, z=z, allow_outside=allow_outside, reader=reader)
    image_set = read_harmony(existing_path(path), reading)
    return label_and_validate(
        image_set, channels=channels, label=label, group=group, platemap=platemap
    )


def is_harmony(path: Path) -> bool:
    """Whether a path is an index, or a folder of one or several measurements."""
    return _is_index(path) if path.is_file() else bool(_indices(path))


def read_harmony(path: Path, reading: Reading) -> ImageSet:
    """Reads the index, or the indices; files may be missing."""
    indices = [path] if path.is_file() else _indices(path)
    if not indices:
        raise DataError(
            f"A Harmony measurement must hold {' or '.join(_NAMES)}, itself or in Images. "
            f"Received: '{path}'. Choose the folder that Harmony exported"
        )
    if reading.root is not None and len(indices) > 1:
        raise DataError(
            f"{argument('root')} must hold the images of one measurement. Received: {len(indices)} "
            f"measurements in '{path}'. Choose one of them, or leave {argument('root')} out"
        )
    measurements = [_Measurement.read(index) for index in indices]
    tables = [measurement.planes(reading) for measurement in measurements]
    plates = [measurement.plate for measurement in measurements]
    if len(set(plates)) < len(plates):
        for measurement, table in zip(measurements, tables, strict=True):
            table["Metadata_Measurement"] = measurement.folder.name
    names = dict.fromkeys(name for found in measurements for name in found.names.values())
    planes = pd.concat(tables, ignore_index=True)
    if planes["Metadata_Timepoint"].nunique() == 1:
        planes = planes.drop(columns="Metadata_Timepoint")
    table, files = fields_from_planes(planes, z=reading.z, channels=list(names))
    return ImageSet(table, files, reader=reading.reader or read_image, z=reading.z)


FORMAT = Format(
    "harmony",
    "Harmony export",
    is_harmony,
    read_harmony,
    options=("root", "z", "allow_outside"),
    opens=from_harmony,
)


def _is_index(path: Path) -> bool:
    """`Index.xml` is a name that other programs may use too."""
    if path.name.lower() == _NAMES[0].lower():
        return True
    if path.suffix.lower() != ".xml":
        return False
    with path.open("rb") as file:
        return _ROOT.encode() in file.read(2048)


def _indices(path: Path) -> list[Path]:
    """The index of a measurement, or those of the measurements in a folder."""
    if index := _index_in(path):
        return [index]
    with os.scandir(path) as entries:
        folders = sorted(entry.name for entry in entries if entry.is_dir())
    return [index for name in folders if (index := _index_in(path / name))]


def _index_in(folder: Path) -> Path | None:
    paths = (folder / place / name for place in _FOLDERS for name in _NAMES)
    return next((path for path in paths if path.is_file() and _is_index(path)), None)


class _Image(NamedTuple):
    """An image file of an index: its place, the number of its channel, its plane and path."""

    well: str
    site: str
    timepoint: str
    number: int
    z: int
    url: str


@dataclass
class _Measurement:
    """The content of one index.

    Args:
        index: its path.
        plate: name of the plate.
        names: name of each channel by its number, in the order of the numbers.
        images: its image files.
    """

    index: Path
    plate: str = ""
    names: dict[int, str] = field(default_factory=dict)
    images: list[_Image] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The measurement's folder."""
        folder = self.index.absolute().parent
        return folder.parent if folder.name in _FOLDERS else folder

    @classmethod
    def read(cls, index: Path) -> _Measurement:
        found = cls(index)
        plates: list[str] = []
        mapped: dict[int, str] = {}
        named: dict[int, str] = {}
        elements = xml_elements(
            index, ("Plate", "Entry", "Image"), what="a Harmony index", root=_ROOT
        )
        for element in elements:
            texts = child_texts(element)
            if "ChannelID" in element.attrib:
                number = _integer(element.attrib["ChannelID"], "ChannelID", index)
                mapped[number] = _mapped_name(texts) or mapped.get(number, "")
            elif "PlateID" in texts or "Name" in texts:
                plates.append(texts.get("Name") or texts.get("PlateID", ""))
            elif "URL" in texts or "ChannelID" in texts:
                found.images.append(_image(texts, named, index))
        if not found.images or len(plates) > 1:
            raise DataError(
                "A Harmony index must name images of one plate. Received: "
                f"{len(found.images)} images and {len(plates)} plates in '{index}'"
            )
        found.plate = plates[0] if plates else found.folder.name
        numbers = sorted({image.number for image in found.images})
        names = [named.get(number) or mapped.get(number, "") for number in numbers]
        marks = [f"ch{number}" for number in numbers]
        found.names = dict(zip(numbers, unique_names(names, marks), strict=True))
        return found

    def planes(self, reading: Reading) -> pd.DataFrame:
        """One row an image file, as `fields_from_planes` takes them."""
        folder = reading.folder(self.index.parent)
        rows = [
            {
                "Metadata_Plate": self.plate,
                "Metadata_Well": image.well,
                "Metadata_Site": image.site,
                "Metadata_Timepoint": image.timepoint,
                "channel": self.names[image.number],
                "z": image.z,
                "path": path_inside(
                    image.url.replace("\\", "/"), folder, allow_outside=reading.allow_outside
                ),
            }
            for image in self.images
        ]
        return pd.DataFrame(rows)


def _mapped_name(texts: dict[str, str]) -> str:
    """The name of a channel as a map has it: as an element, or in the text of a profile."""
    profile = _PROFILE_NAME.search(texts.get("FlatfieldProfile", ""))
    return texts.get("ChannelName") or (profile and (profile[1] or profile[2])) or ""


def _image(texts: dict[str, str], named: dict[int, str], index: Path) -> _Image:
    """An image of the index; its channel's name is added to `named`."""
    needed = ("Row", "Col", "FieldID", "ChannelID")
    missing = [name for name in (*needed, "URL") if not texts.get(name)]
    if missing:
        raise DataError(
            f"Each image of a Harmony index needs {', '.join((*needed, 'URL'))}. Received: image "
            f"'{texts.get('id', '')}' without {', '.join(missing)} in '{index}'. Export the "
            "measurement again"
        )
    row, column, site, number = (_integer(texts[name], name, index) for name in needed)
    name = texts.get("ChannelName", "")
    if named.setdefault(number, name) != name:
        raise DataError(
            f"A channel must have one name. Received: '{named[number]}' and '{name}' for channel "
            f"{number} in '{index}'. Export the measurement again"
        )
    return _Image(
        well=well_at(row, column),
        site=str(site),
        timepoint=texts.get("TimepointID") or "0",
        number=number,
        z=_integer(texts.get("PlaneID") or "1", "PlaneID", index),
        url=texts["URL"],
    )


def _integer(text: str, name: str, index: Path) -> int:
    if not re.fullmatch("[0-9]+", text):
        raise DataError(f"{name} must be an integer from 0. Received: '{text}' in '{index}'")
    return int(text)
