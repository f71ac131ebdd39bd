"""Image sets from CellProfiler's LoadData tables."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.labelling import is_blank

_FILE = "FileName_"
_FOLDER = "PathName_"


def from_load_data(
    path: str | PathLike[str],
    *,
    label: str | None = None,
    group: str | Sequence[str] | None = None,
    channels: Sequence[str] | None = None,
    root: str | PathLike[str] | None = None,
) -> ImageSet:
    """Builds an image set from a CellProfiler LoadData csv.

    Each channel `X` has a column `FileName_X` and, unless its files lie in the csv's folder,
    `PathName_X`. All other columns are metadata and stay texts; cells that are empty or hold
    `NaN`, `nan` or `NA` count as missing.

    Args:
        path: the csv file, UTF-8.
        label: metadata column that holds the classes; rows where it is blank are left out and
            counted. Where None, the set has no labels.
        group: as in `ImageSet.with_labels`; needs `label`.
        channels: names of the channels to keep, in this order; all where None.
        root: folder that relative `PathName_` entries start from; the csv's folder where None.

    Returns:
        An `ImageSet`. No image is opened, but every file it names exists.

    Raises:
        ValueError: if the csv is missing, empty or no LoadData table, if a column, channel or
            label is wrong, or if a file cell is blank or its file is missing. Row numbers are
            the csv's, whose header is row 1.

    Reference:
        CellProfiler manual, module LoadData.
    """
    if group is not None and label is None:
        raise ValueError(f"group needs a label column, received group={group!r} and label=None")
    path = Path(path)
    cells = _read_cells(path)
    is_file = [name.startswith((_FILE, _FOLDER)) for name in cells.columns]
    table = cells.loc[:, ~np.array(is_file)].reset_index(drop=True)
    files = _locate(cells, path.parent if root is None else _checked_root(Path(root)))
    image_set = ImageSet(table, files, row_numbers=cells.index.to_numpy())
    if channels is not None:
        image_set = image_set.select_channels(channels)
    if label is None:
        return _checked_files(image_set)
    return _checked_files(image_set.with_labels(label, group))


def _read_cells(path: Path) -> pd.DataFrame:
    """Reads the csv as texts, indexed by its row numbers (the header is row 1)."""
    if not path.is_file():
        raise ValueError(f"LoadData csv is missing: '{path}'")
    try:
        # Without a header pandas keeps a repeated column name instead of renaming it "X.1".
        cells = pd.read_csv(
            path,
            header=None,
            dtype=str,
            keep_default_na=False,
            na_values=["", "NaN", "nan", "NA"],
            skip_blank_lines=False,
            sep=_separator(path),
        )
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"LoadData csv cannot be read as a table: '{path}' ({reason}); save it as UTF-8 text, "
            "with commas between the columns"
        ) from error
    names = cells.iloc[0].fillna("").str.strip()
    _refuse_columns(names, path)
    cells = cells.iloc[1:].set_axis(names.to_list(), axis=1)
    cells.index = cells.index + 1
    cells = cells.dropna(how="all")
    if cells.empty:
        raise ValueError(f"LoadData csv has a header but no rows: '{path}'")
    return cells


def _separator(path: Path) -> str:
    """Comma, or what stands in the header in its place where Excel speaks another language."""
    with path.open("rb") as file:
        header = file.readline()
    return max(",;\t", key=lambda separator: header.count(separator.encode()))


def _checked_root(root: Path) -> Path:
    if not root.is_dir():
        raise ValueError(f"root must be a folder, received '{root}'")
    return root


def _refuse_columns(names: pd.Series, path: Path) -> None:
    """Raises for a header with repeated columns or without file columns."""
    repeated = sorted(set(names[names.duplicated()]))
    if repeated:
        raise ValueError(
            f"column names must be unique, received more than once: {', '.join(repeated)} in "
            f"'{path}'"
        )
    if not names.str.startswith(_FILE).any():
        raise ValueError(
            f"a LoadData csv needs columns {_FILE}<channel>, received the columns "
            f"{', '.join(names)} in '{path}'"
        )


def _locate(cells: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Joins folder, `PathName_` and `FileName_`; a blank file cell gives a missing value."""
    folder = folder.resolve()
    files = {}
    for column in (name for name in cells.columns if name.startswith(_FILE)):
        channel = column.removeprefix(_FILE)
        names = cells[column].mask(is_blank(cells[column]))
        parents = cells.get(_FOLDER + channel, pd.Series("", index=cells.index)).fillna("")
        files[channel] = [
            None if pd.isna(name) else str(folder / parent.strip() / name.strip())
            for name, parent in zip(names, parents, strict=True)
        ]
    return pd.DataFrame(files, dtype=object)


def _checked_files(image_set: ImageSet) -> ImageSet:
    """Raises at the first blank file cell, at files that do not exist, and at repeated ones."""
    files, rows = image_set.files, image_set.row_numbers
    blank = np.argwhere(files.isna().to_numpy())
    if len(blank):
        row, column = blank[0]
        raise ValueError(
            f"{len(blank)} file cells are blank, the first in row {rows[row]} of the csv, "
            f"channel '{files.columns[column]}': fill it in or leave the row out"
        )
    is_missing = np.array([[not Path(cell).is_file() for cell in row] for row in files.to_numpy()])
    if is_missing.any():
        row, column = np.argwhere(is_missing)[0]
        raise ValueError(
            f"{is_missing.sum()} of {files.size} image files are missing, the first in row "
            f"{rows[row]} of the csv, channel '{files.columns[column]}': "
            f"'{files.iloc[row, column]}'; check root= and the {_FOLDER} columns"
        )
    for channel in files.columns:
        repeated = files[channel][files[channel].duplicated(keep=False)]
        if len(repeated):
            same = rows[np.flatnonzero(files[channel] == repeated.iloc[0])]
            raise ValueError(
                f"rows {', '.join(map(str, same[:4]))} of the csv name the same file for channel "
                f"'{channel}': '{repeated.iloc[0]}'; a field in two wells could be trained on and "
                "tested on, so leave all but one row out"
            )
    return image_set
