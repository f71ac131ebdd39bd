"""Which plate each field is from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix.data.columns import is_blank, joined_texts

_COLUMNS = ("Metadata_Experiment", "Metadata_Plate")


def plate_of_field(table: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Numbers the plates; experiments may use the same names for theirs.

    Args:
        table: metadata, one row a field.

    Returns:
        `(fields,)` number of each field's plate, and the names of the plates; one plate without
        a name where the table has no column `Metadata_Plate`.
    """
    columns = [name for name in _COLUMNS if name in table]
    if "Metadata_Plate" not in columns:
        return np.zeros(len(table), dtype=int), [""]
    numbers, names = pd.factorize(joined_texts(table[columns]))
    return numbers, list(names)


def control_fields(table: pd.DataFrame, controls: str, *, allow_none: bool = False) -> np.ndarray:
    """Finds the fields of `COLUMN=VALUE`.

    Args:
        table: metadata, one row a field.
        controls: column and value.
        allow_none: whether there may be no such field.

    Returns:
        `(fields,)` truth values.

    Raises:
        ValueError: if the column is unknown or no field has the value.
    """
    column, _, value = (part.strip() for part in controls.partition("="))
    if column not in table:
        raise DataError(
            f"{argument('controls')} must name a metadata column. Received: "
            f"{argument('controls', controls)}. Columns are: {', '.join(table.columns)}"
        )
    chosen = (table[column].astype(str).str.strip() == value).to_numpy() & ~is_blank(table[column])
    if not chosen.any() and not allow_none:
        listed = sorted(table[column].dropna().astype(str).unique())[:8]
        raise DataError(
            f"{argument('controls')} must match fields. Received: "
            f"{argument('controls', controls)}. Values of '{column}' are: {', '.join(listed)}"
        )
    return chosen
