"""Reading tables of metadata as texts, so that plate 007 and well 1E02 stay unchanged."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from keras_dcmix._common.errors import DataError

MISSING = ["", "NaN", "nan", "NA"]
SUFFIXES = (".csv", ".csv.gz", ".tsv", ".txt", ".parquet")


def is_table(path: Path) -> bool:
    """Whether a path has the name of a table that can be read."""
    return path.name.lower().endswith(SUFFIXES)


def read_texts(path: Path, what: str) -> pd.DataFrame:
    """Reads a table as texts, indexed by its row numbers (the header is row 1).

    Args:
        path: a csv (UTF-8; commas, semicolons or tabs), the same packed with gzip, or a parquet.
        what: the name of the table in errors, such as "LoadData csv".

    Returns:
        Cells as `str`; empty ones, `NaN`, `nan` and `NA` are missing. Rows without any entry are
        left out.

    Raises:
        ValueError: if the file is missing, no such table, has columns without a name or with the
            same name, or no rows.
        ImportError: for a parquet, if the package that reads it is not installed.
    """
    if not path.is_file():
        raise DataError(f"{what} must exist. Received: '{path}'")
    cells = _parquet(path, what) if path.suffix.lower() == ".parquet" else _csv(path, what)
    _refuse_columns(list(cells.columns), what, path)
    cells = cells.dropna(how="all")
    if cells.empty:
        raise DataError(f"{what} must have rows. Received: only a header in '{path}'")
    return cells


def header_of(path: Path) -> list[str]:
    """The column names of a table, without reading its rows; none where it is no table."""
    try:
        if path.suffix.lower() == ".parquet":
            import pyarrow.parquet

            return list(pyarrow.parquet.read_schema(path).names)
        with _opened(path) as file:
            line = file.readline(10**6).decode("utf-8-sig").rstrip("\r\n")
    except (OSError, EOFError, zlib.error, ValueError, ImportError):
        return []
    separator = max(",;\t", key=line.count)
    return [name.strip().strip('"') for name in line.split(separator)]


def _csv(path: Path, what: str) -> pd.DataFrame:
    try:
        with _opened(path) as file:
            header = file.readline()
        # Without a header pandas keeps a repeated column name instead of renaming it "X.1".
        cells = pd.read_csv(
            path,
            header=None,
            dtype=str,
            keep_default_na=False,
            na_values=MISSING,
            skip_blank_lines=False,
            # Excel writes other separators in some languages.
            sep=max(",;\t", key=lambda separator: header.count(separator.encode())),
        )
    except (ValueError, OSError, EOFError, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"{what} must be a table. Received: '{path}' ({reason}). Save it as UTF-8 text, with "
            "commas between the columns"
        ) from error
    names = cells.iloc[0].fillna("").str.strip()
    cells = cells.iloc[1:].set_axis(names.to_list(), axis=1)
    cells.index = cells.index + 1
    return cells


def _parquet(path: Path, what: str) -> pd.DataFrame:
    try:
        cells = pd.read_parquet(path)
    except ImportError as error:
        raise ImportError(
            f"Reading a parquet needs pyarrow: pip install 'keras-dcmix[hci]'. Received: '{path}'"
        ) from error
    except Exception as error:  # pyarrow raises its own kinds
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DataError(f"{what} must be a parquet. Received: '{path}' ({reason})") from error
    cells = cells.reset_index(drop=True).rename(columns=lambda name: str(name).strip())
    cells = cells.astype(object).where(cells.notna(), None).map(_text)
    cells.index = cells.index + 2
    return cells


def _text(cell: object) -> str | None:
    """A cell as a csv would hold it: an integer without `.0`."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = None if cell is None else str(cell)
    return None if text in MISSING else text


def _opened(path: Path) -> gzip.GzipFile | BinaryIO:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def _refuse_columns(names: list[str], what: str, path: Path) -> None:
    nameless = [number for number, name in enumerate(names, 1) if not name]
    if nameless:
        raise DataError(
            f"{what} must have a name for each column. Received: none for column {nameless[0]} in "
            f"'{path}'. Name it or delete it"
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(
            f"{what} must have each column once. Received: '{repeated[0]}' several times in "
            f"'{path}'"
        )
