"""Image sets from plain folders: one for each class, or file names described by a pattern."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.names import suggestion
from keras_dcmix.data.formats.fields_from_planes import fields_from_planes, natural_key
from keras_dcmix.data.formats.format import Format
from keras_dcmix.data.formats.name_patterns import NamePattern, channel_twins, example_pattern
from keras_dcmix.data.formats.paths import existing_path, files_below
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.validation import label_and_validate
from keras_dcmix.data.image_files import read_image
from keras_dcmix.data.image_set import ImageSet

SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp")

_MOST_NAMES = 10_000


def from_folders(
    path: str | os.PathLike[str],
    *,
    pattern: str | None = None,
    channel_names: Mapping[str, str] | None = None,
    label: str | None = None,
    group: str | Sequence[str] | None = None,
    channels: Sequence[str] | None = None,
    platemap: str | os.PathLike[str] | None = None,
    z: str | int = "max",
    reader: Callable[..., np.ndarray] | None = None,
) -> ImageSet:
    """Builds an image set from image files in folders (PNG, TIFF, JPEG, BMP).

    Without a pattern, each folder in `path` is a class (`Metadata_Class`) and each file in it a
    field (`Metadata_Image`), whose channels are the pages of a TIFF: `channel_1`, `channel_2`, ...

    A pattern describes the path of a file, below `path` and with `/` between folders.
    It is written with names in braces, such as `"{plate}/{well}_s{site}_{channel}.tif"`, where
    each stands for one or more characters other than `/`, and `{_}` for some that are ignored;
    or as a regular expression with named groups, searched for in the path. `channel` names the
    channel, `z` numbers the plane of a stack, `well` (letter and number), or `row` and `column`,
    say which well; every other name becomes metadata, `site` as `Metadata_Site`. Without
    `channel`, channels are the pages of each file.

    Args:
        path: the folder.
        pattern: how files are named. Those with other names are left out with a warning.
        channel_names: from the text of a channel in file names to its new name.
        label: metadata column that holds the classes, such as `Metadata_Class`.
        group: as in `ImageSet.with_labels`; needs `label`.
        channels: names of the channels to keep, in this order; all where None.
        platemap: a table of wells whose other columns join the metadata.
        z: `"max"`, the maximum over the planes of a z stack, or the number of one, from 1.
        reader: from a path to `(height, width)` pixels; `read_image` where None.

    Returns:
        An `ImageSet`, sorted by experiment, plate, well and site; no pixel is read.

    Raises:
        ValueError: if there is no image, names do not fit the pattern, files seem to be channels
            that need a pattern, or several files are the same channel of a field.

    Example:

    >>> from_folders("plate", pattern="{well}_{channel}.tif")  # doctest: +SKIP
    ImageSet(96 fields, channels: DAPI, GFP)
    """
    image_set = read_folders(existing_path(path), Reading(z=z, pattern=pattern, reader=reader))
    if channel_names is not None:
        image_set = _renamed(image_set, channel_names)
    return label_and_validate(
        image_set, channels=channels, label=label, group=group, platemap=platemap
    )


def is_folders(path: Path) -> bool:
    """Whether a path is a folder with images, or with folders of images."""
    return path.is_dir() and any(map(_is_image, islice(files_below(path), _MOST_NAMES)))


def read_folders(path: Path, reading: Reading) -> ImageSet:
    """Lists the files; of their contents, only the number of pages of the first is read."""
    if not path.is_dir():
        raise DataError(
            f"The source of plain images must be a folder. Received: the file '{path}'. Pass its "
            "folder"
        )
    files = [file for file in files_below(path) if _is_image(file)]
    if not files:
        raise DataError(
            f"A folder of images must hold files such as {', '.join(SUFFIXES)}. Received: none in "
            f"'{path}' and the folders in it"
        )
    names = [os.path.relpath(file, path).replace(os.sep, "/") for file in files]
    if reading.pattern is None:
        planes = _classes(names, path)
    else:
        planes = NamePattern(reading.pattern).planes(names, path)
    planes["path"] = [os.path.join(os.path.abspath(path), name) for name in planes.pop("name")]
    read = reading.reader or read_image
    if "channel" not in planes:
        num_pages = _num_pages(planes["path"].iloc[0])
        planes = _pages(planes, num_pages)
        if num_pages > 1 and reading.reader is None:
            read = partial(read_page, num_pages=num_pages)
    channels = sorted(set(planes["channel"]), key=natural_key)
    table, cells = fields_from_planes(planes, z=reading.z, channels=channels)
    return ImageSet(table, cells, reader=read, z=reading.z)


FORMAT = Format(
    "folders",
    "folders of images",
    is_folders,
    read_folders,
    options=("z", "pattern"),
    opens=from_folders,
)


def read_page(path: str, page: int, *, num_pages: int) -> np.ndarray:
    """Reads a page of a file that must have as many as the first: the others would be lost."""
    plane = read_image(path, page)
    found = _num_pages(path)
    if found != num_pages:
        raise DataError(
            f"Each file must have {num_pages} pages, one a channel, like the first one. Received: "
            f"{found} pages in '{path}'"
        )
    return plane


def _is_image(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def _classes(names: list[str], path: Path) -> pd.DataFrame:
    """One row a file, with the folder that it lies in as its class."""
    other = next((name for name in names if name.count("/") != 1), None)
    if other is not None:
        where = "beside the folders" if "/" not in other else "in a folder further down"
        raise DataError(
            f"Without a {argument('pattern')}, each folder in '{path}' must be a class and hold "
            f"its images. Received: '{other}' {where}. Describe the file names with "
            f"{argument('pattern')}, such as '{example_pattern(other)}'"
        )
    twins = channel_twins(names)
    if twins is not None:
        raise DataError(
            f"Without a {argument('pattern')}, each file must be a field. Received: '{twins[0]}' "
            f"and '{twins[1]}', which seem to be channels of one field. Describe the file names "
            f"with {argument('pattern')}, such as '{example_pattern(twins[0])}' or, if each file "
            f"is a field of its own, '{{class}}/{{image}}{Path(twins[0]).suffix}'"
        )
    parts = [name.split("/") for name in names]
    return pd.DataFrame(
        {
            "Metadata_Class": [folder for folder, _ in parts],
            "Metadata_Image": [os.path.splitext(name)[0] for _, name in parts],
            "name": names,
        }
    )


def _num_pages(path: str) -> int:
    """Number of pages of a file, each a channel."""
    if not path.lower().endswith((".tif", ".tiff")):
        return 1
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff:
            sizes = tiff.series[0].sizes
            num_pages = len(tiff.pages)
    # Decoders raise errors of any kind; a damaged image is reported when it is read.
    except Exception:
        return 1
    planes, times = sizes.get("depth", 1), sizes.get("time", 1)
    if planes > 1 or times > 1:
        raise DataError(
            f"Pages of a TIFF must be channels. Received: {planes} planes and {times} time points "
            f"in '{path}'. Save each plane to a file of its own, or all as OME-TIFF and read them "
            "as ome-tiff"
        )
    return num_pages


def _pages(planes: pd.DataFrame, num_pages: int) -> pd.DataFrame:
    if num_pages == 1:
        return planes.assign(channel="channel_1")
    pages = [planes.assign(channel=f"channel_{page + 1}", page=page) for page in range(num_pages)]
    return pd.concat(pages, ignore_index=True)


def _renamed(image_set: ImageSet, channel_names: Mapping[str, str]) -> ImageSet:
    found = image_set.channel_names
    unknown = [name for name in channel_names if name not in found]
    if unknown:
        raise DataError(
            f"`channel_names` must be channels of the files. Received: '{unknown[0]}'"
            f"{suggestion(unknown[0], found)} Channels are: {', '.join(found)}"
        )
    return image_set.rename_channels(channel_names)
