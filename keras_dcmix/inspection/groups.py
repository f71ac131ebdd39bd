"""The groups that splits keep together: enough of each class, and no well torn apart?"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from keras_dcmix._common.command_lines import command_line, joined_names
from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.wording import listed, plural, quantity, quoted
from keras_dcmix.data.columns import is_blank
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.inspection.findings import Finding

FEWEST_GROUPS = 3  # training, validation, test

_POSITION = re.compile(r"([A-Z]{1,2})-?(\d{1,2})")
_PART_OF_A_WELL = re.compile(r"row|col|site|field|count|num|type|role", re.IGNORECASE)


def refuse_few_groups(image_set: ImageSet) -> None:
    """Raises where a class has too few wells for a ranking; only the table is looked at.

    Args:
        image_set: Fields with labels.

    Raises:
        ValueError: If a class has fewer groups than training, validation and test need.
    """
    pairs = pd.DataFrame({"label": image_set.labels, "group": image_set.groups}).drop_duplicates()
    counts = pairs["label"].value_counts()
    few = sorted(counts.index[counts < FEWEST_GROUPS], key=lambda name: (counts[name], name))
    if not few:
        return
    unit = image_set.group_unit or "group"
    found = pairs.loc[pairs["label"] == few[0], "group"]
    others = f", and likewise {quantity(len(few) - 1, 'other class')}" if len(few) > 1 else ""
    way_out = f"Label more {plural(unit)}, or clear the class in the column of the labels"
    if unit not in ("well", "field of view"):
        way_out += f", or choose a finer {argument('group')}, such as wells"
    raise DataError(
        f"A ranking needs at least {FEWEST_GROUPS} {plural(unit)} of each class: training, "
        f"validation and test need one each. Received: {quantity(len(found), unit)} "
        f"({listed(found.tolist())}) of class '{few[0]}'{others}. {way_out}"
    )


def group_warnings(
    image_set: ImageSet, labels: pd.DataFrame, places: pd.DataFrame
) -> list[Finding]:
    """Says which classes have too few groups for a split, and where wells may be torn apart.

    Args:
        image_set: Fields with labels.
        labels: As `label_table` returns them.
        places: As `places_of` returns them.
    """
    found = []
    few = labels[labels["groups"] < FEWEST_GROUPS]
    if len(few):
        text = (
            f"The class{'es' if len(few) > 1 else ''} {quoted(list(few['label']))} "
            f"{'have' if len(few) > 1 else 'has'} fewer than {FEWEST_GROUPS} groups "
            f"(minimum: {few['groups'].min()}), but training, validation and test need one each: "
            "use a finer --group, or clear such classes in the label column."
        )
        found.append(Finding(text))
    if (places["position"] == "").all() and labels["groups"].sum() == len(places):
        found += _torn_wells(image_set.table, places, image_set.labels)
    return found


def unnamed_wells(table: pd.DataFrame, labels: np.ndarray | None = None) -> str | None:
    """The column that seems to hold the wells where there is no `Metadata_Well`.

    Its name contains `well`, or its values are positions such as B03 in several rows and columns.

    Args:
        table: Metadata, one row a field.
        labels: `(fields,)` classes; their column is not taken.

    Example:

    >>> unnamed_wells(pd.DataFrame({"CPD_WELL_POSITION": ["A01", "A01", "B02"]}))
    'CPD_WELL_POSITION'
    """
    if "Metadata_Well" in table:
        return None
    named, positions = [], []
    for name in map(str, table.columns):
        values = table[name].astype(str)
        is_label = labels is not None and bool((values.to_numpy() == labels).all())
        if is_label or is_blank(table[name]).any() or values.nunique() < 2:
            continue
        short = name.removeprefix("Metadata_")
        if "well" in short.casefold() and not _PART_OF_A_WELL.search(short):
            named.append(name)
        if _are_positions(values):
            positions.append(name)
    both = [name for name in positions if name in named]
    return next(iter([*both, *positions, *named]), None)


def _are_positions(values: pd.Series) -> bool:
    """Whether all values are positions on a plate, in several rows and columns of it."""
    found = [_POSITION.fullmatch(value.strip().upper()) for value in values.unique()]
    known = [each for each in found if each is not None]
    rows, columns = ({each[part] for each in known} for part in (1, 2))
    return len(known) == len(found) and len(rows) > 1 and len(columns) > 1


def _torn_wells(
    table: pd.DataFrame, places: pd.DataFrame, labels: np.ndarray | None
) -> list[Finding]:
    """Each field counts as its own group: says so unless each well has one field only."""
    column = unnamed_wells(table, labels)
    if column is None:
        return [
            Finding(
                "There is no column Metadata_Well, so each field counts as its own group, and "
                "fields of one well may be in both training and test: name wells, plates or "
                "experiments with --group."
            )
        ]
    sizes = table.groupby([places["experiment"], places["plate"], table[column]]).size()
    if sizes.max() < 2:
        return []
    above = [name for name in ("Metadata_Experiment", "Metadata_Plate") if name in table]
    group = joined_names([*above, column])
    text = (
        f"The column '{column}' seems to hold the wells ({quantity(len(sizes), 'well')}, up to "
        f"{quantity(int(sizes.max()), 'field')} in one), but only Metadata_Well is read as "
        "wells: each field counts as its own group, so that models are trained on and tested on "
        f"fields of the same well. Use {command_line(['--group', group])}, or rename the column."
    )
    return [Finding(text, {"group": group})]
