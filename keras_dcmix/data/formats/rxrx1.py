"""Image sets from RxRx1, as it is published and as Kaggle had it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.columns import is_blank, metadata_column
from keras_dcmix.data.formats.format import Format
from keras_dcmix.data.formats.paths import existing_path, path_inside
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.tables import header_of, is_table, read_texts
from keras_dcmix.data.formats.validation import label_and_validate
from keras_dcmix.data.formats.wells import with_well_names
from keras_dcmix.data.image_files import read_image
from keras_dcmix.data.image_set import ImageSet

# The stains of w1 to w6, in Sypetkowski et al.
CHANNELS = ("Hoechst", "ConA", "Phalloidin", "Syto14", "MitoTracker", "WGA")

_PLACE = ("experiment", "plate", "well")
_IDS = ("site_id", "id_code", "well_id")
_TABLE = "metadata.csv"
_KAGGLE_TABLES = ("train.csv", "train_controls.csv", "test.csv", "test_controls.csv")
_SITES = ("1", "2")


def from_rxrx1(
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
    """Builds an image set from RxRx1's table and its PNGs, one a channel.

    The images of a row are `<experiment>/Plate<plate>/<well>_s<site>_w<1-6>.png`, below the root,
    its folder `images`, or a folder `train` or `test` of either. The channels w1 to w6 are named
    by their stains: Hoechst, ConA, Phalloidin, Syto14, MitoTracker, WGA. A table without a column
    `site` has one row a well, which stands for those of its sites 1 and 2 that have images.

    Args:
        path: the table (csv, csv.gz or parquet), or its folder: `metadata.csv`, or else all of
            `train.csv`, `train_controls.csv`, `test.csv` and `test_controls.csv` that exist.
        label: metadata column that holds the classes, such as `Metadata_Sirna`.
        group: as in `ImageSet.with_labels`; needs `label`.
        channels: names of the channels to keep, in this order; all where None.
        platemap: a table of wells whose other columns join the metadata.
        root: folder of the images, or of the experiments' folders; the table's where None.
        allow_outside: whether names in the table may lead out of the root by `..`.
        reader: from a path to `(height, width)` pixels; `read_image` where None.

    Returns:
        An `ImageSet` in the table's order, with `Metadata_Experiment`, `_Plate`, `_Well`, `_Site`
        and the table's other columns, as `Metadata_SirnaId` for `sirna_id`. Columns of file names
        are left out. No image is opened, but every file exists.

    Raises:
        ValueError: if there is no table, columns are missing, a field comes twice or is not named
            completely, or a file is missing.

    Reference:
        Sypetkowski et al., RxRx1: A Dataset for Evaluating Experimental Batch Correction Methods,
        CVPR Workshops 2023.
    """
    reading = Reading(root=root, allow_outside=allow_outside, reader=reader)
    image_set = read_rxrx1(existing_path(path), reading)
    return label_and_validate(
        image_set, channels=channels, label=label, group=group, platemap=platemap
    )


def is_rxrx1(path: Path) -> bool:
    """Whether a path is a table with RxRx1's columns, or a folder that holds one."""
    tables = _tables_in(path) if path.is_dir() else [path] if is_table(path) else []
    return any(
        set(_PLACE) <= (columns := set(header_of(table))) and columns & set(_IDS)
        for table in tables
    )


def read_rxrx1(path: Path, reading: Reading) -> ImageSet:
    """Reads the table; files may be missing."""
    tables = _tables_in(path) if path.is_dir() else [path]
    if not tables:
        raise DataError(
            f"A folder of RxRx1 needs the table {_TABLE}, or {', '.join(_KAGGLE_TABLES)}. "
            f"Received: none of them in '{path}'"
        )
    rows = pd.concat([_rows(table) for table in tables])
    folder = reading.folder(tables[0].parent)
    rows["folder"] = _plate_folders(rows, folder, reading)
    if "site" not in rows:
        rows = _with_sites(rows)
    _refuse_repeated(rows, path)
    stems = rows["folder"] + os.sep + rows["well"] + "_s" + rows["site"]
    files = {name: stems + f"_w{w}.png" for w, name in enumerate(CHANNELS, 1)}
    return ImageSet(
        _metadata(rows),
        pd.DataFrame(files, dtype=object).reset_index(drop=True),
        # Rows of several tables share their numbers.
        row_numbers=rows.index.to_numpy() if len(tables) == 1 else None,
        reader=reading.reader or read_image,
    )


FORMAT = Format(
    "rxrx1",
    "RxRx1",
    is_rxrx1,
    read_rxrx1,
    options=("root", "allow_outside"),
    opens=from_rxrx1,
)


def _tables_in(folder: Path) -> list[Path]:
    if (folder / _TABLE).is_file():
        return [folder / _TABLE]
    return [folder / name for name in _KAGGLE_TABLES if (folder / name).is_file()]


def _rows(path: Path) -> pd.DataFrame:
    rows = read_texts(path, "RxRx1 table")
    missing = [name for name in _PLACE if name not in rows]
    if missing:
        raise DataError(
            f"An RxRx1 table needs the columns {', '.join(_PLACE)}. Received: "
            f"{', '.join(rows.columns)}, without '{missing[0]}', in '{path}'"
        )
    for name in [*_PLACE, "site"]:
        blank = is_blank(rows[name]) if name in rows else np.zeros(len(rows), bool)
        if blank.any():
            raise DataError(
                f"Column '{name}' of an RxRx1 table must not be blank. Received: {blank.sum()} "
                f"blanks, the first in row {rows.index[blank][0]}, in '{path}'"
            )
    if "dataset" not in rows and path.name in _KAGGLE_TABLES:
        rows["dataset"] = path.name.partition(".")[0].partition("_")[0]
    return rows.drop(columns=[name for name in rows if name in ("filename", "folder")])


def _plate_folders(rows: pd.DataFrame, root: Path, reading: Reading) -> list[str]:
    """The folder of each row's images; the table's names are checked, each once."""
    for name in {*rows["well"], *rows.get("site", _SITES)}:
        path_inside(name, root, allow_outside=reading.allow_outside)
    bases = {name: _experiment_folder(root, name) for name in rows["experiment"].unique()}
    plates = list(zip(rows["experiment"], rows["plate"], strict=True))
    folders = {
        (experiment, plate): path_inside(
            os.path.join(bases[experiment], f"Plate{plate}"),
            root,
            allow_outside=reading.allow_outside,
        )
        for experiment, plate in set(plates)
    }
    return [folders[plate] for plate in plates]


def _experiment_folder(root: Path, experiment: str) -> str:
    """Where an experiment lies; in `images`, as published, where it is not found."""
    parents = ("images", "images/train", "images/test", "train", "test", "")
    folders = [os.path.join(os.path.abspath(root), parent, experiment) for parent in parents]
    return next(filter(os.path.isdir, folders), folders[0])


def _with_sites(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each site that has an image; site 1, which is missing, without any."""
    names = {folder: _listed(folder) for folder in rows["folder"].unique()}
    sites = [
        [site for site in _SITES if f"{well}_s{site}" in names[folder]] or [_SITES[0]]
        for folder, well in zip(rows["folder"], rows["well"], strict=True)
    ]
    return rows.assign(site=pd.Series(sites, index=rows.index)).explode("site")


def _listed(folder: str) -> set[str]:
    """Names of the files in a folder, without their channel."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return {name.rpartition("_w")[0] for name in names}


def _refuse_repeated(rows: pd.DataFrame, path: Path) -> None:
    fields = with_well_names(rows[[*_PLACE, "site"]].rename(columns={"well": "Metadata_Well"}))
    twice = fields.duplicated(keep=False).to_numpy()
    if twice.any():
        first = fields[twice].iloc[0]
        same = np.flatnonzero((fields == first).all(axis=1))[:2]
        raise DataError(
            f"An RxRx1 table must name each field once. Received: {twice.sum()} rows that do not, "
            f"the first are rows {rows.index[same[0]]} and {rows.index[same[1]]}, both "
            f"{', '.join(first)}. Delete all but one in '{path}'"
        )


def _metadata(rows: pd.DataFrame) -> pd.DataFrame:
    first = [*_PLACE, "site"]
    table = rows[first + [name for name in rows if name not in (*first, "folder")]]
    return with_well_names(table.rename(columns=metadata_column).reset_index(drop=True))
