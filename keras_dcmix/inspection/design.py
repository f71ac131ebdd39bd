"""The layout: whether classes can be told by their plate or place instead of their cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from keras_dcmix._common.wording import natural_key, probability, quoted
from keras_dcmix.data.image_set import ImageSet

_DRAWS = 199
_SURE = 0.01
_STRONG = 0.25  # how far Cramer's V must be above what chance gives
_FEWEST_GROUPS = 3  # training, validation, test
_PLATE_FORMATS = ((8, 12), (16, 24), (32, 48))
_WELL = re.compile(r"([A-Z]+)(\d+)")


@dataclass(frozen=True)
class Association:
    """How far two groupings of wells coincide.

    Args:
        strength: Cramer's V, from 0 (independent) to 1 (the one tells the other).
        by_chance: mean V of shuffled wells.
        p_value: share of shuffles that coincide as much.
    """

    strength: float
    by_chance: float
    p_value: float

    @property
    def is_strong(self) -> bool:
        """Whether it is more than chance, and not by little."""
        return self.p_value <= _SURE and self.strength >= self.by_chance + _STRONG

    def __str__(self) -> str:
        return (
            f"{self.strength:.2f} on a scale from 0 to 1, where chance gives {self.by_chance:.2f}; "
            f"{probability(self.p_value)}"
        )


def association(one: Sequence[object], other: Sequence[object], *, seed: int = 0) -> Association:
    """Measures how far two groupings coincide, by Cramer's V and a permutation test.

    Args:
        one: `(wells,)` group of each well.
        other: `(wells,)` its group in the other grouping.
        seed: seed of the shuffles.

    Example:

    >>> association(["a", "b"] * 20, ["P1", "P2"] * 20).strength
    1.0
    """
    counts = pd.crosstab(np.asarray(one, dtype=str), np.asarray(other, dtype=str)).to_numpy()
    if min(counts.shape) < 2:
        return Association(0.0, 0.0, 1.0)
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    shuffles = stats.random_table(rows, columns)
    rng = np.random.default_rng(seed)
    expected = np.outer(rows, columns)
    drawn = [_cramers_v(shuffles.rvs(random_state=rng), expected) for _ in range(_DRAWS)]
    strength = _cramers_v(counts, expected)
    # A hair below, since sums in another order differ in the last digit.
    as_strong = sum(value >= strength - 1e-9 for value in drawn)
    return Association(strength, float(np.mean(drawn)), (1 + as_strong) / (1 + _DRAWS))


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


def design_warnings(image_set: ImageSet, places: pd.DataFrame) -> list[str]:
    """Says where classes coincide with plates, experiments, columns, rows or the plate's edge.

    Wells are compared, not fields: the fields of a well are no independent witnesses.

    Args:
        image_set: fields with labels.
        places: as `places_of` returns them.
    """
    wells = places.assign(label=image_set.labels).drop_duplicates(["well", "label"])
    return [*_batch_warnings(wells), *_position_warnings(wells)]


def group_warnings(labels: pd.DataFrame, places: pd.DataFrame) -> list[str]:
    """Says which classes have too few groups for a split, and where groups are not known."""
    few = labels[labels["groups"] < _FEWEST_GROUPS]
    found = []
    if len(few):
        found.append(
            f"The class{'es' if len(few) > 1 else ''} {quoted(list(few['label']))} "
            f"{'have' if len(few) > 1 else 'has'} fewer than {_FEWEST_GROUPS} groups "
            f"(the least: {few['groups'].min()}), and training, validation and test need one "
            "each: use a finer --group, or blank such classes in the label column."
        )
    if (places["position"] == "").all() and labels["groups"].sum() == len(places):
        found.append(
            "No column Metadata_Well says which fields are neighbours, so each field counts as a "
            "group of its own, and fields of one well may be trained on and tested on: name "
            "wells, plates or experiments with --group."
        )
    return found


def _cramers_v(counts: np.ndarray, expected: np.ndarray) -> float:
    """Cramer's V of a table of counts; `expected` is the product of its margins."""
    squared = max((counts.astype(np.float64) ** 2 / expected).sum() - 1, 0)
    return round(float(np.sqrt(squared / (min(counts.shape) - 1))), 12)


def _batch_warnings(wells: pd.DataFrame) -> list[str]:
    """The loudest of what experiments and plates have to say."""
    for unit in ("experiment", "plate"):
        counts = pd.crosstab(wells[unit], wells["label"]).to_numpy() > 0
        if len(counts) > 1 and (counts.sum(axis=1) == 1).all():
            return [
                f"Each class is on {unit}s of its own ({len(counts)} {unit}s, none with two of the "
                f"{counts.shape[1]} classes): a ranking would compare {unit}s, not treatments. "
                f"No option repairs that: image all classes on the same {unit}s."
            ]
    for unit in ("experiment", "plate"):
        found = association(wells[unit], wells["label"])
        if found.is_strong:
            whole = int((pd.crosstab(wells[unit], wells["label"]).to_numpy() > 0).all(axis=1).sum())
            return [
                f"Classes are unevenly spread over the {unit}s ({found}); {whole} of "
                f"{wells[unit].nunique()} {unit}s hold all classes: a ranking would partly compare "
                f"{unit}s. Use --normalize plate, with --controls if there are some on every "
                f"plate, and test on unseen {unit}s with --group {_group_of(wells, unit)}."
            ]
    return _plate_name_warnings(wells)


def _plate_name_warnings(wells: pd.DataFrame) -> list[str]:
    """A class may be on one plate of every experiment, and this always the one of that name."""
    if wells["plate_name"].nunique() == wells["plate"].nunique():
        return []
    found = association(wells["plate_name"], wells["label"])
    if not found.is_strong:
        return []
    return [
        f"Classes keep to plates of the same name in all experiments ({found}): between classes "
        "on different plates, a ranking would partly compare plates. Use --normalize plate, and "
        "believe a difference more if its classes share their plates."
    ]


def _group_of(wells: pd.DataFrame, unit: str) -> str:
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
        strength = association(wells[axis], wells["label"])
        if strength.is_strong:
            found.append(
                f"Classes differ in their {axis}s on the plate ({strength}): "
                f"{_confined(wells, axis)}. Edges, dispensing and drift make {axis}s differ too, "
                "and no option removes that: believe a channel only if it also ranks high on "
                "plates laid out otherwise."
            )
    strength = association(wells["edge"], wells["label"])
    if strength.is_strong:
        found.append(
            f"Classes differ in how many of their wells lie at the plate's edge ({strength}): "
            f"{_edge_shares(wells)}. Wells at the edge dry out and look different by themselves, "
            "and no option removes that: blank the labels of edge wells if enough others are left."
        )
    return found


def _at_edge(wells: pd.DataFrame) -> pd.Series:
    """Whether each well is at the edge of the smallest plate that has all of the wells."""
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


def _confined(wells: pd.DataFrame, axis: str) -> str:
    """Which classes lie in the fewest columns, or rows."""
    places = wells.groupby("label")[axis].unique()
    order = sorted(places.index, key=lambda label: (len(places[label]), natural_key(label)))[:3]
    counts = wells["label"].value_counts()
    texts = []
    for label in order:
        names = [str(name) for name in sorted(places[label])]
        shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        texts.append(f"'{label}' in {shown} ({counts[label]} wells)")
    return "; ".join(texts) + (f"; {len(places) - 3} classes more" if len(places) > 3 else "")


def _edge_shares(wells: pd.DataFrame) -> str:
    counts = wells.groupby("label")["edge"].agg(["sum", "size"])
    shares = (counts["sum"] / counts["size"]).sort_values(ascending=False, kind="stable")
    ends = list(shares.index) if len(shares) <= 4 else [*shares.index[:2], *shares.index[-2:]]
    return ", ".join(
        f"{counts.loc[label, 'sum']} of {counts.loc[label, 'size']} of '{label}'" for label in ends
    )
