"""Columns of metadata tables: blank cells, texts and names."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd


def is_blank(column: pd.Series) -> np.ndarray:
    """Returns for each cell whether it is missing or holds only spaces."""
    return (column.isna() | (column.astype(str).str.strip() == "")).to_numpy(dtype=bool)


def texts(column: pd.Series) -> np.ndarray:
    """Returns a column as an object array of `str`, the same under every version of pandas."""
    return column.astype(str).to_numpy(dtype=object)


def joined_texts(columns: pd.DataFrame) -> np.ndarray:
    """Joins the cells of each row by `/`, blank ones as nothing, into an object array of `str`."""
    rows = columns.fillna("").to_numpy(dtype=str)
    return np.array(["/".join(row) for row in rows], dtype=object)


def metadata_column(name: str) -> str:
    """The name that CellProfiler would give to a column of metadata.

    Example:

    >>> metadata_column("sirna_id"), metadata_column("Metadata_Dose")
    ('Metadata_SirnaId', 'Metadata_Dose')
    """
    if name.startswith("Metadata_"):
        return name
    parts = name.replace("_", " ").split()
    return "Metadata_" + "".join(part[0].upper() + part[1:] for part in parts)


def prefix_source_columns(table: pd.DataFrame, reserved: Iterable[str]) -> pd.DataFrame:
    """Renames columns of a source to `source:NAME` where a result has columns of these names.

    Example:

    >>> list(prefix_source_columns(pd.DataFrame(columns=["Well", "predicted"]), ["predicted"]))
    ['Well', 'source:predicted']
    """
    taken = set(reserved)
    return table.rename(columns={name: f"source:{name}" for name in table if name in taken})
