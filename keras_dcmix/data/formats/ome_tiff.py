"""Image sets from OME-TIFF: a file, a folder of them, or a file for each channel."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.formats.fields_from_planes import fields_from_planes
from keras_dcmix.data.formats.file_places import places_of
from keras_dcmix.data.formats.format import Format
from keras_dcmix.data.formats.ome_tiff_files import (
    OmeTiffRecord,
    is_ome_tiff_file,
    merged_channels,
    ome_tiff_files,
    ome_tiff_records,
)
from keras_dcmix.data.formats.paths import existing_path
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.validation import label_and_validate
from keras_dcmix.data.image_files import read_image
from keras_dcmix.data.image_set import ImageSet


def from_ome_tiff(
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
    """Builds an image set from OME-TIFF files.

    Channels have the names that the OME-XML gives them; those without are called "channel_1" and
    so on. Files of one channel each are one field where their names differ in the channel's name
    only, or in a part such as `_ch1` or `_w1`.

    Args:
        path: a file, a `.companion.ome`, or a folder whose `.tif` and `.tiff` are all OME-TIFF.
        label: metadata column that holds the classes, as in `open_images`.
        group: as in `ImageSet.with_labels`; needs `label`.
        channels: names of the channels to keep, in this order; all where None.
        platemap: a table of wells whose other columns join the metadata.
        root: folder of the files that the OME-XML names; that of the file itself where None.
        z: `"max"`, the maximum over the planes of a z stack, or the number of one, from 1.
        allow_outside: whether the OME-XML may name files outside of that folder.
        reader: from a path and the number of a page, from 0, to `(height, width)` pixels;
            `read_image` where None.

    Returns:
        An `ImageSet`. Where the OME-XML describes a plate, fields have `Metadata_Plate`,
        `Metadata_Well` and `Metadata_Site`; else `Metadata_Site` and, where the names of the files
        contain it, `Metadata_Well`. `Metadata_Image`, from 1, is added if a file holds several
        images, `Metadata_Timepoint`, from 0, if an image has several. No pixel is read, but every
        file exists.

    Raises:
        ValueError: if a file is damaged, no OME-TIFF, or in colour, if its OME-XML is incomplete,
            if files are missing, or a column, channel or label is wrong.
    """
    reading = Reading(root=root, z=z, allow_outside=allow_outside, reader=reader)
    image_set = read_ome_tiff(existing_path(path), reading)
    return label_and_validate(
        image_set, channels=channels, label=label, group=group, platemap=platemap
    )


def is_ome_tiff(path: Path) -> bool:
    """Whether a path is an OME-TIFF, or a folder whose first TIFF is one."""
    files = ome_tiff_files(path) if path.is_dir() else [path]
    return bool(files) and is_ome_tiff_file(files[0])


def read_ome_tiff(path: Path, reading: Reading) -> ImageSet:
    """Reads the OME-XML of all files; other files that it names may be missing."""
    records = merged_channels(ome_tiff_records(path.absolute(), reading))
    sizes = [len(record.image.planes) for record in records]
    places = _places(records, path)
    places = places.loc[places.index.repeat(sizes)].reset_index(drop=True)
    planes = pd.concat([record.planes() for record in records], ignore_index=True)
    planes = pd.concat([places, planes], axis=1)
    for name in ("Metadata_Image", "Metadata_Timepoint"):
        if planes[name].nunique() == 1:
            planes = planes.drop(columns=name)
    table, files = fields_from_planes(planes, z=reading.z)
    return ImageSet(table, files, reader=reading.reader or read_image, z=reading.z)


FORMAT = Format(
    "ome-tiff",
    "OME-TIFF",
    is_ome_tiff,
    read_ome_tiff,
    options=("root", "z", "allow_outside"),
    opens=from_ome_tiff,
)


def _places(records: list[OmeTiffRecord], path: Path) -> pd.DataFrame:
    """Metadata of each image: from the plate that the OME-XML describes, or from names."""
    is_placed = [bool(record.image.place) for record in records]
    if all(is_placed):
        return pd.DataFrame([record.image.place for record in records])
    if any(is_placed):
        raise DataError(
            f"Images must be either all of plates or none. Received: {sum(is_placed)} of "
            f"{len(records)} in '{path}'. Choose the files of one plate"
        )
    stems = list(dict.fromkeys(record.stem for record in records))
    places = places_of(stems).set_axis(stems, axis=0)
    return places.loc[[record.stem for record in records]].reset_index(drop=True)
