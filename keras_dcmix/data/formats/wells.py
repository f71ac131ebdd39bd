"""Names of wells: `A1`, `a01` and `A01` are one well."""

from __future__ import annotations

import re

import pandas as pd

from keras_dcmix._common.errors import DataError

_WELL = re.compile(r"\s*([A-Za-z]|[Aa][A-Fa-f])[ _-]?(\d{1,3})\s*")

# A plate with 1536 wells has 32 rows (to AF) and 48 columns.
_MOST_ROWS, _MOST_COLUMNS = 32, 48


def well_name(text: str) -> str:
    """The usual name of a well: row letters in upper case, column in two digits.

    Args:
        text: a well as tables and file names write it. What is no name of a well of a plate with
            up to 1536 wells comes back as it is.

    Example:

    >>> well_name("a1"), well_name("AF48"), well_name("control")
    ('A01', 'AF48', 'control')
    """
    match = _WELL.fullmatch(text)
    if match is None or not 1 <= int(match[2]) <= _MOST_COLUMNS:
        return text
    return f"{match[1].upper()}{int(match[2]):02d}"


def well_at(row: int, column: int) -> str:
    """The name of the well in a row and a column, both from 1.

    Raises:
        ValueError: if there is no such well on a plate with 1536 wells.

    Example:

    >>> well_at(2, 3), well_at(27, 1)
    ('B03', 'AA01')
    """
    if not (1 <= row <= _MOST_ROWS and 1 <= column <= _MOST_COLUMNS):
        raise DataError(
            f"A well must be in rows 1..{_MOST_ROWS} and columns 1..{_MOST_COLUMNS}. Received: "
            f"row={row}, column={column}"
        )
    letters = chr(ord("A") + (row - 1) % 26)
    return f"{'A' if row > 26 else ''}{letters}{column:02d}"


def with_well_names(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the usual names in `Metadata_Well`, where it has this column."""
    if "Metadata_Well" not in table:
        return table
    wells = table["Metadata_Well"].map(well_name, na_action="ignore")
    return table.assign(Metadata_Well=wells)
