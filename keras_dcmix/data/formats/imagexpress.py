"""Image sets from ImageXpress plates, as MetaXpress exports them or keeps them in its database."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.formats.channel_naming import unique_names
from keras_dcmix.data.formats.fields_from_planes import fields_from_planes
from keras_dcmix.data.formats.format import Format
from keras_dcmix.data.formats.paths import existing_path, files_below
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.validation import label_and_validate
from keras_dcmix.data.image_files import read_image
from keras_dcmix.data.image_set import ImageSet

_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
# The UUID of the database follows the channel with nothing between them: only its fixed length
# shows that the channel of w117654C10-92F1-... is 1.
_NAME = re.compile(
    r"(?:.*_)?(?P<well>[A-Z]{1,2}\d\d)(?:_s(?P<site>\d+))?(?:_w(?P<wave>\d+))?"
    rf"(?P<thumb>_thumb)?(?P<uuid>{_UUID})?\.(?i:tiff?)"
)
_FOLDER = re.compile(r"(TimePoint|ZStep)_(\d+)")
_WAVE_NAME = re.compile(r'"WaveName(\d+)"\s*,\s*"?([^"\r\n]*)')
_PROJECTION = re.compile(r'"ZProjection"\s*,\s*"?TRUE', re.IGNORECASE)

_MOST_NAMES = 2_000


def from_imagexpress(
    path: str | os.PathLike[str],
    *,
    label: str | None = None,
    group: str | Sequence[str] | None = None,
    channels: Sequence[str] | None = None,
    platemap: str | os.PathLike[str] | None = None,
    z: str | int = "max",
    reader: Callable[..., np.ndarray] | None = None,
) -> ImageSet:
    """Builds an image set from ImageXpress plates.

    Well, site and channel come from file names, `<name>_<well>_s<site>_w<channel>.TIF`, where the
    database appends a UUID; time points and z steps from folders `TimePoint_<n>` and `ZStep_<n>`.
    Channels have the wavelengths' names from the plate's `.HTD`, or w1, w2, ... without one; two
    of the same name are distinguished as in "FITC (w2)". Thumbnails are left out.

    Args:
        path: the plate's folder, one of its time points, a folder of several plates, or the
            `.HTD`.
        label: metadata column that holds the classes, as in `open_images`.
        group: as in `ImageSet.with_labels`; needs `label`.
        channels: names of the channels to keep, in this order; all, by their number, where None.
        platemap: a table of wells whose other columns join the metadata.
        z: `"max"`, the instrument's own projection where there is one and else the maximum over
            the z steps, or the number of a step, from 1.
        reader: from a path to `(height, width)` pixels; `read_image` where None.

    Returns:
        An `ImageSet`, sorted by plate, well and site, with `Metadata_Plate` (name of the folder
        of the plate's images, `TimePoint_` or `ZStep_` folders), `Metadata_Well`, `Metadata_Site`
        ("1" where names have none), and `Metadata_TimePoint` where there are several. No image is
        opened.

    Raises:
        ValueError: if there are no images or only thumbnails, two are the same plane of a field,
            or a field lacks a channel.
    """
    image_set = read_imagexpress(existing_path(path), Reading(z=z, reader=reader))
    return label_and_validate(
        image_set, channels=channels, label=label, group=group, platemap=platemap
    )


def is_imagexpress(path: Path) -> bool:
    """Whether a path is an HTD, or a folder with one or with images named as ImageXpress does."""
    if path.is_file():
        return path.suffix.lower() == ".htd"
    names = islice(files_below(path), _MOST_NAMES) if path.is_dir() else ()
    return any(_is_own(Path(name), path) for name in names)


def read_imagexpress(path: Path, reading: Reading) -> ImageSet:
    """Lists the images; none is opened."""
    folder = path.parent if path.suffix.lower() == ".htd" else path
    if not folder.is_dir() or not path.exists():
        raise DataError(f"An ImageXpress plate must exist. Received: '{path}'")
    # Of absolute paths, so that a time point knows its plate.
    files = [Path(file) for file in files_below(Path(os.path.abspath(folder)))]
    images = _without_thumbnails([image for file in files if (image := _Image.of(file))], path)
    headers = _headers(files, {image.plate for image in images})
    plates = _plate_names(list(dict.fromkeys(image.plate for image in images)), folder)
    planes = pd.DataFrame([image.plane(plates, headers[image.plate]) for image in images])
    if planes["Metadata_TimePoint"].nunique() == 1:
        planes = planes.drop(columns="Metadata_TimePoint")
    _warn_of_absent_waves(planes, headers, plates)
    planes = _one_kind_of_z(planes, reading.z)
    channels = dict.fromkeys(planes.sort_values("wave", kind="stable")["channel"])
    table, cells = fields_from_planes(
        planes.drop(columns=["wave", "is_projection"]), z=reading.z, channels=list(channels)
    )
    return ImageSet(table, cells, reader=reading.reader or read_image, z=reading.z)


FORMAT = Format(
    "imagexpress",
    "ImageXpress",
    is_imagexpress,
    read_imagexpress,
    options=("z",),
    opens=from_imagexpress,
)


@dataclass(frozen=True)
class _Header:
    """The content of the HTD of a plate, or the defaults for a plate without one."""

    waves: dict[str, str]
    has_projections: bool = True

    @classmethod
    def read(cls, path: Path) -> _Header:
        content = path.read_bytes()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
        found = dict(_WAVE_NAME.findall(text))
        names = unique_names(list(found.values()), [f"w{wave}" for wave in found])
        return cls(dict(zip(found, names, strict=True)), bool(_PROJECTION.search(text)))


@dataclass(frozen=True)
class _Image:
    """An image file, and what its name and folders mean."""

    path: Path
    plate: Path
    well: str
    site: str
    wave: str
    time_point: str
    z_step: int | None
    is_thumbnail: bool

    @classmethod
    def of(cls, path: Path) -> _Image | None:
        match = _NAME.fullmatch(path.name)
        if match is None:
            return None
        plate, numbers = path.parent, {}
        while found := _FOLDER.fullmatch(plate.name):
            numbers[found[1]] = int(found[2])
            plate = plate.parent
        return cls(
            path=path,
            plate=plate,
            well=match["well"],
            site=str(int(match["site"] or 1)),
            wave=str(int(match["wave"] or 1)),
            time_point=str(numbers.get("TimePoint", 1)),
            z_step=numbers.get("ZStep"),
            is_thumbnail=match["thumb"] is not None,
        )

    def plane(self, plates: dict[Path, str], header: _Header) -> dict[str, str | float | bool]:
        """A row of the table that `fields_from_planes` takes."""
        is_first = self.z_step == 0 and header.has_projections
        return {
            "Metadata_Plate": plates[self.plate],
            "Metadata_Well": self.well,
            "Metadata_Site": self.site,
            "Metadata_TimePoint": self.time_point,
            "channel": header.waves.get(self.wave, f"w{self.wave}"),
            "wave": int(self.wave),
            "z": -1 if self.z_step is None or is_first else self.z_step,
            "is_projection": self.z_step is None or is_first,
            "path": str(self.path),
        }


def _is_own(file: Path, folder: Path) -> bool:
    """Whether a name is certainly of ImageXpress: others use similar names."""
    if file.suffix.lower() == ".htd":
        return True
    match = _NAME.fullmatch(file.name)
    if match is None:
        return False
    is_placed = file.parent == folder or _FOLDER.fullmatch(file.parent.name)
    return bool(match["uuid"] or (is_placed and match["site"] and match["wave"]))


def _without_thumbnails(found: list[_Image], path: Path) -> list[_Image]:
    images = [image for image in found if not image.is_thumbnail]
    if found and not images:
        raise DataError(
            f"An ImageXpress plate must hold its images. Received: only {len(found)} thumbnails, "
            f"the first is '{found[0].path.name}'. Copy the files without '_thumb' to '{path}' too"
        )
    if not images:
        raise DataError(
            "An ImageXpress plate must hold images called <name>_<well>_s<site>_w<channel>.tif. "
            f"Received: none in '{path}'"
        )
    return images


def _headers(files: list[Path], plates: set[Path]) -> dict[Path, _Header]:
    """The HTD of each plate: in its folder, above the source, or further down."""
    htds = [file for file in files if file.suffix.lower() == ".htd"]
    headers = {}
    for plate in plates:
        own = [file for file in sorted(plate.iterdir()) if file.suffix.lower() == ".htd"]
        below = [file for file in htds if plate in file.parents]
        found = [*own, *below]
        headers[plate] = _Header.read(found[0]) if found else _Header({})
    return headers


def _plate_names(folders: list[Path], source: Path) -> dict[Path, str]:
    """The names of the plates' folders; their paths, where two have the same name."""
    names = [folder.name for folder in folders]
    return {
        folder: (
            folder.name
            if names.count(folder.name) == 1
            else os.path.relpath(folder, source).replace(os.sep, "/")
        )
        for folder in folders
    }


def _warn_of_absent_waves(
    planes: pd.DataFrame, headers: dict[Path, _Header], plates: dict[Path, str]
) -> None:
    for plate, header in headers.items():
        there = set(planes.loc[planes["Metadata_Plate"] == plates[plate], "channel"])
        absent = [name for name in header.waves.values() if name not in there]
        if absent:
            warnings.warn(
                f"the .HTD of plate '{plates[plate]}' lists {', '.join(absent)}, but the plate has "
                "no such images: if they should exist, copy the plate again",
                stacklevel=2,
            )


def _one_kind_of_z(planes: pd.DataFrame, z: str | int) -> pd.DataFrame:
    """Leaves out steps where there are projections, or projections where there are steps.

    The instrument can take steps of some channels and projections of others, so each channel of
    a plate keeps what it has. Not each field: where one projection is missing, the
    maximum over its steps would be another kind of image than its neighbours.
    """
    keys = ["Metadata_Plate", "channel"]
    wanted = planes["is_projection"] == (z == "max")
    has_wanted = wanted.groupby([planes[key] for key in keys]).transform("any")
    return planes[wanted | ~has_wanted]
