"""Labels and groups taken from the columns of a metadata table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.names import suggestion
from keras_dcmix.data.columns import is_blank, joined_texts, texts


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
    _refuse_unknown(table, "label", label)
    is_labelled = ~is_blank(table[label])
    classes = sorted(set(texts(table.loc[is_labelled, label])))
    if len(classes) < 2:
        raise DataError(
            f"{argument('label')} must be a column with at least two classes. Received: "
            f"{argument('label', label)} with the classes {classes} in {is_labelled.sum()} "
            f"labelled rows of {len(table)}. Choose another column"
        )
    if len(classes) == is_labelled.sum():
        raise DataError(
            f"{argument('label')} must be a column whose classes occur in several rows. Received: "
            f"{argument('label', label)} with a different value in each of {len(classes)} rows, "
            f"such as '{classes[0]}'. It seems to number the rows: choose another column"
        )
    return is_labelled


def group_columns(table: pd.DataFrame, group: str | Sequence[str] | None) -> list[str]:
    """The columns whose values make up a group.

    Args:
        table: metadata, one row a field of view.
        group: a column or several. Where None: experiment (if the table has it), plate and well,
            as wells of several plates share their names; no column if the table has no
            `Metadata_Well`.
    """
    if group is not None:
        return [group] if isinstance(group, str) else list(group)
    names = ("Metadata_Experiment", "Metadata_Plate", "Metadata_Well")
    return [name for name in names if name in table] if "Metadata_Well" in table else []


def group_values(
    table: pd.DataFrame, columns: Sequence[str], row_numbers: np.ndarray | None = None
) -> np.ndarray:
    """Takes the group of each row from columns.

    Args:
        table: metadata, one row a field of view.
        columns: as `group_columns` returns them; without any, each row is a group.
        row_numbers: `(fields,)` number of each row in error messages; from 0 where None.

    Returns:
        `(fields,)` texts, the values of several columns joined by `/`.

    Raises:
        ValueError: if a column is unknown or a group is blank.
    """
    if not columns:
        return np.array([str(row) for row in range(len(table))], dtype=object)
    for name in columns:
        _refuse_unknown(table, "group", name)
        blank = is_blank(table[name])
        if blank.any():
            rows = np.arange(len(table)) if row_numbers is None else row_numbers
            raise DataError(
                f"{argument('group')} must be a column without blanks. Received: "
                f"{argument('group', name)} with {blank.sum()} blanks in {len(table)} rows, the "
                f"first in row {rows[np.argmax(blank)]}. Fill it in or choose another column"
            )
    return joined_texts(table[list(columns)])


def group_unit(columns: Sequence[str]) -> str:
    """What a group of `group_values` is, in one word or a few.

    Example:

    >>> group_unit(["Metadata_Plate", "Metadata_Well"]), group_unit(["Metadata_Cell_Line"])
    ('well', 'cell line')
    >>> group_unit([])
    'field of view'
    """
    names = [name.removeprefix("Metadata_").replace("_", " ").lower() for name in columns]
    if not names:
        return "field of view"
    # A well is identified together with its plate; any other combination is given in full.
    is_well = names[-1] == "well" and {*names} <= {"experiment", "plate", "well"}
    return "well" if is_well else " and ".join(names)


def _refuse_unknown(table: pd.DataFrame, option: str, name: str) -> None:
    known = [str(column) for column in table.columns]
    if name not in known:
        raise DataError(
            f"{argument(option)} must be a metadata column. Received: {argument(option, name)}"
            f"{suggestion(name, known)} Columns are: {', '.join(known) or 'none'}"
        )
