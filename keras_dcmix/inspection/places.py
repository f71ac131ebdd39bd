"""Where fields are from (experiments, plates, wells), and which of them are read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_dcmix.data.cells.plates import plate_of_field
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.planes import paths_of

_MOST_CLASSES = 6
# The fractional parts of its multiples are spread evenly over 0 to 1, however many there are.
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class SourceCounts:
    """What a source lists; 0 for what it does not name.

    Args:
        experiments: Number of experiments.
        plates: Number of plates.
        wells: Number of wells.
        sites: Largest number of fields in one well.
        fields: Number of fields.
        files: Number of different files.
    """

    experiments: int
    plates: int
    wells: int
    sites: int
    fields: int
    files: int


def places_of(image_set: ImageSet) -> pd.DataFrame:
    """The place of each field.

    Returns:
        One row a field: `experiment` and `plate` (with its experiment, so that each plate has a
        unique name), `plate_name` (without it), `position` (the well's name on its plate), all
        `""` where the source names none, and `well`, unique over all plates; a field without a
        well counts as a well.
    """
    table = image_set.table
    blank = pd.Series("", index=table.index)
    numbers, names = plate_of_field(table)
    places = pd.DataFrame(
        {
            "experiment": table.get("Metadata_Experiment", blank).fillna("").astype(str),
            "plate": np.array(names, dtype=object)[numbers],
            "plate_name": table.get("Metadata_Plate", blank).fillna("").astype(str),
            "position": table.get("Metadata_Well", blank).fillna("").astype(str),
        }
    )
    wells = places["position"].where(places["position"] != "", "field " + table.index.astype(str))
    places["well"] = places["experiment"] + "/" + places["plate"] + "/" + wells
    return places


def count_places(image_set: ImageSet, places: pd.DataFrame) -> SourceCounts:
    """Counts what the source lists."""
    cells = image_set.files.to_numpy(dtype=object).ravel()
    named = places["position"] != ""
    return SourceCounts(
        experiments=_distinct(places["experiment"]),
        plates=_distinct(places["plate"]),
        wells=int(places.loc[named, "well"].nunique()),
        sites=int(places.loc[named, "well"].value_counts().max()) if named.any() else 0,
        fields=len(image_set),
        files=len({path for cell in cells if cell is not None for path in paths_of(cell)}),
    )


def plate_table(places: pd.DataFrame, labels: np.ndarray | None) -> pd.DataFrame:
    """Counts what is on each plate.

    Returns:
        One row a plate: `plate`, `wells`, `fields`, and for up to six classes `<class> wells`.
    """
    table = places.groupby("plate", sort=False).agg(
        wells=("well", "nunique"), fields=("well", "size")
    )
    if labels is not None and len(set(labels)) <= _MOST_CLASSES:
        wells = places.assign(label=labels).drop_duplicates(["well", "label"])
        table = table.join(pd.crosstab(wells["plate"], wells["label"]).add_suffix(" wells"))
    return table.reset_index()


def spread_fields(places: pd.DataFrame, num_fields: int | None) -> np.ndarray:
    """Chooses fields spread evenly over plates and wells, the same at each call.

    Args:
        places: As `places_of` returns them.
        num_fields: Maximum number; all where None.

    Returns:
        Row numbers in ascending order. With more than `num_fields / 2` plates, some plates are
        skipped, so that two wells of a plate can be compared.
    """
    if num_fields is None or num_fields >= len(places):
        return np.arange(len(places))
    numbers, plates = pd.factorize(places["plate"])
    wells = places.groupby("plate")["well"].transform(lambda names: pd.factorize(names)[0])
    order = pd.DataFrame(
        {
            "plate": numbers,
            "round": places.groupby("well").cumcount(),
            # Shifted from plate to plate, so that not all show the same wells.
            "turn": (_GOLDEN * (wells + numbers)) % 1,
        }
    ).sort_values(["round", "turn"], kind="stable")
    visited = min(len(plates), max(1, num_fields // 2))
    chosen = np.unique(np.linspace(0, len(plates) - 1, visited).round().astype(int))
    order = order[order["plate"].isin(chosen)]
    order["rank"] = order.groupby("plate").cumcount()
    order = order.sort_values("rank", kind="stable")
    return np.sort(order.index[:num_fields].to_numpy())


def _distinct(names: pd.Series) -> int:
    return int(names[names != ""].nunique())
