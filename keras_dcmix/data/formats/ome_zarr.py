"""Image sets from OME-Zarr: images, plates, and folders of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix._common.optional_imports import import_zarr
from keras_dcmix.data.formats.fields_from_planes import fields_from_planes
from keras_dcmix.data.formats.file_places import places_of
from keras_dcmix.data.formats.format import Format
from keras_dcmix.data.formats.ome_zarr_image import OmeZarrImage, attributes_of, stem_of
from keras_dcmix.data.formats.paths import existing_path, path_inside
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.validation import label_and_validate
from keras_dcmix.data.formats.zarr_planes import read_zarr_plane
from keras_dcmix.data.image_set import ImageSet

_METADATA = (".zattrs", ".zgroup", ".zarray", "zarr.json")
_OTHER = ("labels", "tables", "OME")


def from_ome_zarr(
    path: str | os.PathLike[str],
    *,
    label: str | None = None,
    group: str | Sequence[str] | None = None,
    channels: Sequence[str] | None = None,
    platemap: str | os.PathLike[str] | None = None,
    z: str | int = "max",
    allow_outside: bool = False,
    reader: Callable[..., np.ndarray] | None = None,
) -> ImageSet:
    """Builds an image set from OME-Zarr images or plates, version 0.4 or 0.5.

    Each image is read at its first level, the one of the highest resolution. Segmentations
    (`labels`) are left out. Channels have the names that `omero` gives them; those without are
    called "channel_0" and so on. A missing chunk of a plane is an error when it is read:
    Zarr itself would give zeros.

    Args:
        path: an image, a plate, a well, or a folder of images or plates whose names end in
            `.zarr`.
        label: metadata column that holds the classes, as in `open_images`.
        group: as in `ImageSet.with_labels`; needs `label`.
        channels: names of the channels to keep, in this order; all where None.
        platemap: a table of wells whose other columns join the metadata.
        z: `"max"`, the maximum over the planes of a z stack, or the number of one, from 1.
        allow_outside: whether metadata may name wells, images and levels outside of their folder.
        reader: from the folder of an array and the number of a plane to `(height, width)` pixels;
            `read_zarr_plane` where None.

    Returns:
        An `ImageSet`. Fields of a plate have `Metadata_Plate` (its folder's name),
        `Metadata_Well`, `Metadata_Site` (the image's name in its well), and
        `Metadata_Acquisition` where there are several; other images have `Metadata_Site`, and
        `Metadata_Well` where their names tell it. `Metadata_Timepoint`, from 0, is there if an
        image has several. No pixel is read.

    Raises:
        ValueError: if the metadata are damaged or incomplete, name missing folders, or a
            column, channel or label is wrong.
        ImportError: if the package `zarr`, version 3, is not installed and there is no `reader`.

    Reference:
        Moore et al., OME-Zarr, Histochemistry and Cell Biology 2023; https://ngff.openmicroscopy.org
    """
    reading = Reading(z=z, allow_outside=allow_outside, reader=reader)
    image_set = read_ome_zarr(existing_path(path), reading)
    return label_and_validate(
        image_set, channels=channels, label=label, group=group, platemap=platemap
    )


def is_ome_zarr(path: Path) -> bool:
    """Whether a path is a Zarr folder, or a folder of those whose names end in `.zarr`."""
    return path.is_dir() and (_is_zarr(path) or bool(_zarr_folders(path)))


def read_ome_zarr(path: Path, reading: Reading) -> ImageSet:
    """Reads the metadata of all images; their pixels may be missing."""
    if reading.reader is None:
        import_zarr()
    found = list(_images(path.absolute(), reading))
    if not found:
        raise DataError(
            f"An OME-Zarr source must hold at least one image. Received: none in '{path}'. Choose "
            "an image, a plate, or a folder of those whose names end in .zarr"
        )
    places = _places([place for place, _ in found], path)
    images = [OmeZarrImage.read(folder, reading) for _, folder in found]
    tables = [image.planes() for image in images]
    sizes = [len(table) for table in tables]
    planes = pd.concat(tables, ignore_index=True)
    repeated = places.loc[places.index.repeat(sizes)].reset_index(drop=True)
    planes = pd.concat([repeated, planes], axis=1)
    if planes["Metadata_Timepoint"].nunique() == 1:
        planes = planes.drop(columns="Metadata_Timepoint")
    table, files = fields_from_planes(planes, z=reading.z)
    return ImageSet(table, files, reader=reading.reader or read_zarr_plane, z=reading.z)


FORMAT = Format(
    "ome-zarr",
    "OME-Zarr",
    is_ome_zarr,
    read_ome_zarr,
    options=("z", "allow_outside"),
    opens=from_ome_zarr,
)


def _places(places: list[dict[str, str]], path: Path) -> pd.DataFrame:
    """Metadata of each image: of a plate's as it stands, of others from their names."""
    is_loose = ["stem" in place for place in places]
    if all(is_loose):
        return places_of([place["stem"] for place in places])
    if any(is_loose):
        raise DataError(
            f"Images must be either all of plates or none. Received: both in '{path}'. Choose one "
            "of the folders in it"
        )
    table = pd.DataFrame(places)
    if table["Metadata_Acquisition"].nunique() == 1:
        table = table.drop(columns="Metadata_Acquisition")
    return table


def _images(folder: Path, reading: Reading) -> Iterator[tuple[dict[str, str], Path]]:
    """Finds images below a folder: what is known of their place, and where they are."""
    attributes = attributes_of(folder)
    if "image-label" in attributes:
        raise DataError(
            f"An image must not be a segmentation. Received: '{folder}'. Choose the image that it "
            "belongs to"
        )
    if "plate" in attributes:
        yield from _plate_images(folder, attributes["plate"], reading)
    elif "well" in attributes:
        yield from _well_images(folder, stem_of(folder.parent.parent), reading)
    elif "multiscales" in attributes:
        yield {"stem": stem_of(folder)}, folder
    elif "bioformats2raw.layout" in attributes:
        for name in _image_names(folder):
            yield {"stem": f"{stem_of(folder)}/{name}"}, folder / name
    elif _is_zarr(folder):
        raise DataError(
            "An OME-Zarr folder must name multiscales, a plate or a well in its metadata. "
            f"Received: {', '.join(attributes) or 'none of them'} in '{folder}'. Choose the folder "
            "of an image or a plate"
        )
    else:
        for name in _zarr_folders(folder):
            yield from _images(folder / name, reading)


def _plate_images(
    folder: Path, plate: object, reading: Reading
) -> Iterator[tuple[dict[str, str], Path]]:
    for path in _paths(plate, "wells", f"plate '{folder}'"):
        well = Path(path_inside(path, folder, allow_outside=reading.allow_outside))
        if not well.is_dir():
            raise DataError(
                f"Each well that a plate names must exist. Received: no '{path}' in '{folder}'. "
                "Copy it, or remove it from the plate's metadata"
            )
        yield from _well_images(well, stem_of(folder), reading)


def _well_images(
    folder: Path, plate: str, reading: Reading
) -> Iterator[tuple[dict[str, str], Path]]:
    row, column = folder.parent.name, folder.name
    well = row + column if row.isalpha() else f"{row}/{column}"
    described = attributes_of(folder).get("well")
    if described is None:
        images: dict[str, dict] = {name: {} for name in _image_names(folder)}
    else:
        images = _paths(described, "images", f"well '{folder}'")
    for path, entry in images.items():
        image = Path(path_inside(path, folder, allow_outside=reading.allow_outside))
        if not image.is_dir():
            raise DataError(
                f"Each image that a well names must exist. Received: no '{path}' in '{folder}'. "
                "Copy it, or remove it from the well's metadata"
            )
        yield (
            {
                "Metadata_Plate": plate,
                "Metadata_Well": well,
                "Metadata_Site": path,
                "Metadata_Acquisition": str(entry.get("acquisition", 0)),
            },
            image,
        )


def _paths(described: object, key: str, where: str) -> dict[str, dict]:
    """The entries of a plate or a well by their paths."""
    entries = described.get(key) if isinstance(described, dict) else None
    listed = entries if isinstance(entries, list) else []
    if not listed or not all(isinstance(entry, dict) and "path" in entry for entry in listed):
        raise DataError(
            f"Metadata of a {where.split()[0]} must list {key}, at least one, each with its path. "
            f"Received: {key}={str(entries)[:80]} in {where}"
        )
    return {str(entry["path"]): entry for entry in listed}


def _image_names(folder: Path) -> list[str]:
    """Folders in a group that hold an image, where no metadata name them."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir())
    return [
        name
        for name in names
        if name not in _OTHER and "multiscales" in attributes_of(folder / name)
    ]


def _is_zarr(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _METADATA)


def _zarr_folders(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(
            entry.name
            for entry in entries
            if entry.name.lower().endswith(".zarr") and entry.is_dir()
        )
