"""Labels and groups taken from the columns of a metadata table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix._common.names import nearest


def is_blank(column: pd.Series) -> np.ndarray:
    """Returns for each cell whether it is missing or holds only spaces."""
    return (column.isna() | (column.astype(str).str.strip() == "")).to_numpy(dtype=bool)


def labelled_rows(table: pd.DataFrame, label: str) -> np.ndarray:
    """Finds the rows that have a label.

    Args:
        table: metadata, one row a field of view.
        label: column that holds the classes.

    Returns:
        `(fields,)` truth values, True where the label is not blank.

    Raises:
        ValueError: if the column is unknown or holds fewer than two classes.
    """
    _refuse_unknown(table, label)
    is_labelled = ~is_blank(table[label])
    classes = sorted(set(texts(table.loc[is_labelled, label])))
    if len(classes) < 2:
        raise DataError(
            f"label column '{label}' must hold at least two classes, received {classes} in "
            f"{is_labelled.sum()} labelled rows of {len(table)}: choose another column"
        )
    if len(classes) == is_labelled.sum():
        raise DataError(
            f"label column '{label}' must hold classes that several rows share, received another "
            f"value in each of {len(classes)} rows, such as '{classes[0]}': it seems to number the "
            "rows, choose another column"
        )
    return is_labelled


def group_values(
    table: pd.DataFrame,
    group: str | Sequence[str] | None,
    row_numbers: np.ndarray | None = None,
) -> np.ndarray:
    """Takes the group of each row from one or several columns.

    Args:
        table: metadata, one row a field of view.
        group: a column, or several whose values are joined by `/`. Where None:
            experiment (if the table names it), plate and well, or each row its own group if the
            table has no `Metadata_Well`.
        row_numbers: `(fields,)` how errors call each row; from 0 where None.

    Returns:
        `(fields,)` texts.

    Raises:
        ValueError: if a column is unknown or a group is blank.
    """
    columns = _default_columns(table) if group is None else group
    columns = [columns] if isinstance(columns, str) else list(columns)
    if not columns:
        return np.array([str(row) for row in range(len(table))], dtype=object)
    for name in columns:
        _refuse_unknown(table, name)
        blank = is_blank(table[name])
        if blank.any():
            rows = np.arange(len(table)) if row_numbers is None else row_numbers
            raise DataError(
                f"group column '{name}' must not be blank, received {blank.sum()} blanks in "
                f"{len(table)} rows, the first in row {rows[np.argmax(blank)]}: "
                "fill it in or choose another column"
            )
    return joined_texts(table[columns])


def group_unit(table: pd.DataFrame, group: str | Sequence[str] | None) -> str:
    """What a group of `group_values` is, in one word or a few.

    Args:
        table: metadata, one row a field of view.
        group: as in `group_values`.

    Example:

    >>> group_unit(pd.DataFrame(columns=["Metadata_Plate", "Metadata_Well"]), None)
    'well'
    >>> group_unit(pd.DataFrame(columns=["Metadata_Cell_Line"]), "Metadata_Cell_Line")
    'cell line'
    """
    columns = _default_columns(table) if group is None else group
    columns = [columns] if isinstance(columns, str) else list(columns)
    names = [name.removeprefix("Metadata_").replace("_", " ").lower() for name in columns]
    if not names:
        return "field of view"
    # A well is named together with its plate; any other combination is named in full.
    is_well = names[-1] == "well" and {*names} <= {"experiment", "plate", "well"}
    return "well" if is_well else " and ".join(names)


def joined_texts(columns: pd.DataFrame) -> np.ndarray:
    """Joins the cells of each row by `/`, blank ones as nothing, into an object array of `str`."""
    rows = columns.fillna("").to_numpy(dtype=str)
    return np.array(["/".join(row) for row in rows], dtype=object)


def texts(column: pd.Series) -> np.ndarray:
    """Returns a column as an object array of `str`, the same under every version of pandas."""
    return column.astype(str).to_numpy(dtype=object)


def _default_columns(table: pd.DataFrame) -> list[str]:
    """Wells of several plates, and plates of several experiments, share their names."""
    if "Metadata_Well" not in table:
        return []
    names = ("Metadata_Experiment", "Metadata_Plate", "Metadata_Well")
    return [name for name in names if name in table]


def _refuse_unknown(table: pd.DataFrame, name: str) -> None:
    options = [str(column) for column in table.columns]
    if name not in options:
        hint = f", did you mean '{nearest(name, options)}'?" if options else "."
        raise DataError(
            f"unknown metadata column '{name}'{hint} Columns are: {', '.join(options) or 'none'}"
        )
