"""The layout: can a model recognise classes by their plate or position instead of their cells?"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from keras_dcmix._common.wording import natural_key
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.inspection.association import Association, association
from keras_dcmix.inspection.findings import Finding
from keras_dcmix.inspection.groups import FEWEST_GROUPS

_PLATE_FORMATS = ((8, 12), (16, 24), (32, 48))
_WELL = re.compile(r"([A-Z]+)(\d+)")
_MOST_NAMES = 6
_NORMALIZED = {"normalize": "plate"}


def label_table(image_set: ImageSet, places: pd.DataFrame) -> pd.DataFrame:
    """Counts the fields, wells, plates and groups of each class.

    Returns:
        One row a class: `label`, `fields`, `wells`, `plates`, `groups`.
    """
    table = places.assign(label=image_set.labels, group=image_set.groups)
    counts = table.groupby("label").agg(
        fields=("well", "size"),
        wells=("well", "nunique"),
        plates=("plate", "nunique"),
        groups=("group", "nunique"),
    )
    return counts.loc[sorted(counts.index, key=natural_key)].reset_index()


def class_warnings(image_set: ImageSet, places: pd.DataFrame) -> list[Finding]:
    """Says where classes coincide with plates, experiments, columns, rows or the plate's edge.

    Wells are compared, not fields: the fields of a well are not independent.

    Args:
        image_set: Fields with labels.
        places: As `places_of` returns them.
    """
    wells = places.assign(label=image_set.labels).drop_duplicates(["well", "label"])
    return [*_batch_warnings(wells), *map(Finding, _position_warnings(wells))]


def _batch_warnings(wells: pd.DataFrame) -> list[Finding]:
    """The most serious coincidence of classes with experiments or plates."""
    units = ("experiment", "plate")
    for unit in units:
        present = _present(wells, unit)
        if len(present) > 1 and (present.sum(axis=1) == 1).all():
            text = (
                f"Each class is on {unit}s of its own ({len(present)} {unit}s, none with two of "
                f"the {present.shape[1]} classes): a ranking would compare {unit}s, not "
                f"treatments. No option corrects this: image all classes on the same {unit}s."
            )
            return [Finding(text, _NORMALIZED)]
    for unit in units:
        found = association(wells[unit], wells["label"])
        if found.is_strong:
            return [_uneven(wells, unit, found)]
    return _plate_name_warnings(wells)


def _uneven(wells: pd.DataFrame, unit: str, found: Association) -> Finding:
    present, group = _present(wells, unit), _group_option(wells, unit)
    is_enough = present.sum(axis=0).min() >= FEWEST_GROUPS
    tested = f"and test on unseen {unit}s with --group {group}"
    if not is_enough:
        tested = f"and image more {unit}s: {FEWEST_GROUPS} of each class are needed to test on "
        tested += "unseen ones"
    text = (
        f"Classes are unevenly distributed over the {unit}s ({found}); "
        f"{present.all(axis=1).sum()} of {len(present)} {unit}s contain all classes: a "
        f"ranking would partly compare {unit}s. Use --normalize plate, with --controls if "
        f"every plate has some, {tested}."
    )
    return Finding(text, _NORMALIZED | ({"group": group} if is_enough else {}))


def _present(wells: pd.DataFrame, unit: str) -> np.ndarray:
    """`(units, classes)` which classes each unit has."""
    return pd.crosstab(wells[unit], wells["label"]).to_numpy() > 0


def _plate_name_warnings(wells: pd.DataFrame) -> list[Finding]:
    """A class may be on one plate of every experiment, always the one of the same name."""
    if wells["plate_name"].nunique() == wells["plate"].nunique():
        return []
    found = association(wells["plate_name"], wells["label"])
    if not found.is_strong:
        return []
    text = (
        f"Classes are on plates of the same name in all experiments ({found}): for classes on "
        "different plates, a ranking would partly compare plates. Use --normalize plate, and rely "
        "more on differences between classes that share their plates."
    )
    return [Finding(text, _NORMALIZED)]


def _group_option(wells: pd.DataFrame, unit: str) -> str:
    has_experiments = (wells["experiment"] != "").any()
    if unit == "experiment":
        return "Metadata_Experiment"
    return "Metadata_Experiment,Metadata_Plate" if has_experiments else "Metadata_Plate"


def _position_warnings(wells: pd.DataFrame) -> list[str]:
    parts = wells["position"].str.extract(_WELL)
    known = parts[0].notna()
    if not known.any():
        return []
    wells = wells[known].assign(row=parts[0][known], column=parts[1][known].astype(int))
    wells["edge"] = _at_edge(wells)
    found = []
    for axis in ("column", "row"):
        coincidence = association(wells[axis], wells["label"])
        if coincidence.is_strong:
            found.append(
                f"Classes differ in their {axis}s on the plate ({coincidence}): "
                f"{_most_confined(wells, axis)}. Edges, dispensing and drift also make {axis}s "
                "differ, and no option corrects this: rely on a channel only if it also ranks "
                "high on plates with another layout."
            )
    coincidence = association(wells["edge"], wells["label"])
    if coincidence.is_strong:
        found.append(
            f"Classes differ in the share of their wells at the plate's edge ({coincidence}): "
            f"{_edge_shares(wells)}. Wells at the edge dry out and look different for that reason, "
            "and no option corrects this: clear the labels of edge wells if enough others remain."
        )
    return found


def _at_edge(wells: pd.DataFrame) -> pd.Series:
    """Whether each well is at the edge of the smallest plate format that contains all wells."""
    rows = wells["row"].map(_row_number)
    last_row, last_column = next(
        (
            (height, width)
            for height, width in _PLATE_FORMATS
            if rows.max() <= height and wells["column"].max() <= width
        ),
        _PLATE_FORMATS[-1],
    )
    return rows.isin([1, last_row]) | wells["column"].isin([1, last_column])


def _row_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def _most_confined(wells: pd.DataFrame, axis: str) -> str:
    """Which classes are in the fewest columns, or rows."""
    places = wells.groupby("label")[axis].unique()
    order = sorted(places.index, key=lambda label: (len(places[label]), natural_key(label)))[:3]
    counts = wells["label"].value_counts()
    texts = [
        f"'{label}' in {_enumerated(sorted(places[label]))} ({counts[label]} wells)"
        for label in order
    ]
    return "; ".join(texts) + (f"; {len(places) - 3} more classes" if len(places) > 3 else "")


def _enumerated(names: Sequence[object]) -> str:
    shown = ", ".join(str(name) for name in names[:_MOST_NAMES])
    return shown + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")


def _edge_shares(wells: pd.DataFrame) -> str:
    counts = wells.groupby("label")["edge"].agg(["sum", "size"])
    shares = (counts["sum"] / counts["size"]).sort_values(ascending=False, kind="stable")
    ends = list(shares.index) if len(shares) <= 4 else [*shares.index[:2], *shares.index[-2:]]
    return ", ".join(
        f"{counts.loc[label, 'sum']} of {counts.loc[label, 'size']} of '{label}'" for label in ends
    )
