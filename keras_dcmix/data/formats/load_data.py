"""Image sets from CellProfiler's LoadData tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote, urlsplit

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.formats.format import Format
from keras_dcmix.data.formats.paths import existing_path, path_inside
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.rerooting import is_absolute, rerooted
from keras_dcmix.data.formats.tables import header_of, is_table, read_texts
from keras_dcmix.data.formats.validation import label_and_validate
from keras_dcmix.data.formats.wells import with_well_names
from keras_dcmix.data.image_files import read_image
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.planes import Stack, paths_of

# What the table is called where a folder is named that holds it.
_NAMES = ("load_data.csv", "load_data.csv.gz", "load_data.parquet")
_FILE = "FileName_"
_FOLDER = "PathName_"
_URL = "URL_"
_FRAME = "Frame_"
_OTHER = ("Series_", "Height_", "Width_", "MD5Digest_", "Scaling_")


def from_load_data(
    path: str | os.PathLike[str],
    *,
    label: str | None = None,
    group: str | Sequence[str] | None = None,
    channels: Sequence[str] | None = None,
    platemap: str | os.PathLike[str] | None = None,
    root: str | os.PathLike[str] | None = None,
    allow_outside: bool = False,
    reader: Callable[..., np.ndarray] | None = None,
) -> ImageSet:
    """Builds an image set from a CellProfiler LoadData table.

    Each channel `X` has a column `FileName_X` and, unless its files lie in the table's folder,
    `PathName_X`; `Frame_X` numbers the page of files with several, from 0. Where all channels are
    called `OrigX`, as in JUMP, they are named `X` here. Illumination functions (`FileName_IllumX`,
    `.npy`) are kept apart and applied on request. All other columns are metadata and stay texts;
    cells that are empty or hold `NaN`, `nan` or `NA` count as missing.

    Args:
        path: csv (UTF-8), csv.gz or parquet; or a folder that holds `load_data.csv`.
        label: metadata column that holds the classes, as in `open_images`.
        group: as in `ImageSet.with_labels`; needs `label`.
        channels: names of the channels to keep, in this order; all where None.
        platemap: a table of wells whose other columns join the metadata.
        root: folder that relative `PathName_` entries start from; the table's folder where None.
            Absolute entries of another machine are looked up under it: it replaces the beginning
            that they share, which a warning shows.
        allow_outside: whether relative paths may lead out of the root by `..`.
        reader: from a path to `(height, width)` pixels; `read_image` where None.

    Returns:
        An `ImageSet`. No image is opened, but every file it names exists.

    Raises:
        ValueError: if the table is missing, empty or no LoadData table, if a column, channel or
            label is wrong, or if a file cell is blank or its file is missing. Row numbers are
            the table's, whose header is row 1.

    Reference:
        CellProfiler manual, module LoadData.
    """
    reading = Reading(root=root, allow_outside=allow_outside, reader=reader)
    image_set = read_load_data(existing_path(path), reading)
    return label_and_validate(
        image_set, channels=channels, label=label, group=group, platemap=platemap
    )


def is_load_data(path: Path) -> bool:
    """Whether a path is a table with LoadData's columns, or a folder with one `load_data` table."""
    if path.is_dir():
        return any(is_load_data(path / name) for name in _NAMES if (path / name).is_file())
    if not (path.is_file() and is_table(path)):
        return False
    return any(name.startswith((_FILE, _URL)) for name in header_of(path))


def read_load_data(path: Path, reading: Reading) -> ImageSet:
    """Reads the table; files may be missing."""
    if path.is_dir():
        path = next((path / name for name in _NAMES if (path / name).is_file()), path / _NAMES[0])
    cells = read_texts(path, "LoadData csv")
    names = _channel_columns(list(cells.columns), path)
    folder = reading.folder(path.parent)
    located = {
        column: _located(cells, column, folder, reading)
        for column in [*names.values(), *_illum(names, cells)]
    }
    if reading.root is not None:
        located = _found_under_root(located, folder)
    files = pd.DataFrame({name: located[column] for name, column in names.items()}, dtype=object)
    illumination = {name: located.get(f"Illum{name}") for name in names}
    is_file = cells.columns.str.startswith((_FILE, _FOLDER, _URL, _FRAME, *_OTHER))
    return ImageSet(
        with_well_names(cells.loc[:, ~is_file].reset_index(drop=True)),
        files,
        row_numbers=cells.index.to_numpy(),
        reader=reading.reader or read_image,
        illumination=(
            pd.DataFrame(illumination, dtype=object) if any(illumination.values()) else None
        ),
    )


FORMAT = Format(
    "loaddata",
    "CellProfiler LoadData",
    is_load_data,
    read_load_data,
    options=("root", "allow_outside"),
    opens=from_load_data,
)


def _channel_columns(columns: list[str], path: Path) -> dict[str, str]:
    """From the name of each channel to its name in the columns."""
    found = [name.removeprefix(_FILE) for name in columns if name.startswith(_FILE)]
    found += [
        name.removeprefix(_URL)
        for name in columns
        if name.startswith(_URL) and name.removeprefix(_URL) not in found
    ]
    if not found:
        raise DataError(
            f"A LoadData csv needs columns {_FILE}<channel>. Received: the columns "
            f"{', '.join(columns)} in '{path}'"
        )
    bare = {name.removeprefix("Orig") for name in found}
    channels = [
        name for name in found if not (name.startswith("Illum") and name[len("Illum") :] in bare)
    ]
    if all(name.startswith("Orig") and name != "Orig" for name in channels):
        return {name.removeprefix("Orig"): name for name in channels}
    return {name: name for name in channels}


def _illum(names: dict[str, str], cells: pd.DataFrame) -> list[str]:
    return [f"Illum{name}" for name in names if f"{_FILE}Illum{name}" in cells]


def _located(
    cells: pd.DataFrame, column: str, folder: Path, reading: Reading
) -> list[str | Stack | None]:
    """The file of each row for one channel; None where its cell is blank."""
    blank = pd.Series(None, index=cells.index, dtype=object)
    names = cells.get(_FILE + column, blank)
    parents = cells.get(_FOLDER + column, blank)
    urls = cells.get(_URL + column, blank) if _FILE + column not in cells else blank
    frames = cells.get(_FRAME + column, blank)
    rows = zip(names, parents, urls, frames, cells.index, strict=True)
    return [_cell(*row, folder=folder, reading=reading) for row in rows]


def _cell(
    name: str | None,
    parent: str | None,
    url: str | None,
    frame: str | None,
    row: int,
    *,
    folder: Path,
    reading: Reading,
) -> str | Stack | None:
    name, parent, url, frame = (
        "" if pd.isna(text) else text.strip() for text in (name, parent, url, frame)
    )
    if url:
        name = _local_path(url, row)
    if not name:
        return None
    path = _path(parent, name, folder, reading)
    if not frame:
        return path
    if not frame.isdigit():
        raise DataError(
            f"{_FRAME} columns must hold page numbers from 0. Received: '{frame}' in row {row}"
        )
    return Stack(((path, int(frame)),))


def _path(parent: str, name: str, folder: Path, reading: Reading) -> str:
    """Joins a row's folder and file, which may be written as Windows does."""
    joined = f"{parent.rstrip('/')}/{name}" if parent else name
    if os.sep == "/" and (PureWindowsPath(joined).drive or "\\" in joined):
        joined = joined.replace("\\", "/")
    if is_absolute(joined):
        return joined
    return path_inside(joined, folder, allow_outside=reading.allow_outside)


def _found_under_root(
    located: dict[str, list[str | Stack | None]], root: Path
) -> dict[str, list[str | Stack | None]]:
    """The same cells with absolute paths of another machine looked up under the root."""
    cells = [cell for column in located.values() for cell in column if cell is not None]
    paths = (path for cell in cells for path in paths_of(cell))
    base = os.path.abspath(root)
    moved = rerooted((path for path in paths if not path.startswith(base)), root)

    def found(cell: str | Stack | None) -> str | Stack | None:
        if isinstance(cell, Stack):
            return Stack(tuple((moved.get(path, path), page) for path, page in cell.planes))
        return None if cell is None else moved.get(cell, cell)

    return {name: [found(cell) for cell in column] for name, column in located.items()}


def _local_path(url: str, row: int) -> str:
    parts = urlsplit(url)
    if parts.scheme in ("", "file"):
        return unquote(parts.path)
    if len(parts.scheme) == 1:  # the drive of a Windows path
        return url
    raise DataError(
        f"Images must be files on this machine. Received: the URL '{url}' in row {row}. Download "
        f"them and list them in {_FILE} columns"
    )
