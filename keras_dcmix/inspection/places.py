"""Where fields are from: experiments, plates, wells; and which of them are looked at."""

from __future__ import annotations

import numpy as np
import pandas as pd

from keras_dcmix.data.cells.plates import plate_of_field
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.planes import paths_of

_MOST_CLASSES = 6
# Multiples of it, less their whole part, fill the line evenly, however many there are.
_GOLDEN = (5**0.5 - 1) / 2


def places_of(image_set: ImageSet) -> pd.DataFrame:
    """The place of each field.

    Returns:
        One row a field: `experiment` and `plate` (with its experiment, so that no two plates are
        called the same), `plate_name` (without it), `position` (the well's name on its plate),
        all `""` where the source names none, and `well`, a text that no well of another plate
        has; a field without a well is a well of its own.
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


def count_places(image_set: ImageSet, places: pd.DataFrame) -> dict[str, int]:
    """Numbers of experiments, plates, wells, sites (the most in a well), fields and files.

    What the source does not name counts 0.
    """
    cells = image_set.files.to_numpy(dtype=object).ravel()
    named = places["position"] != ""
    return {
        "experiments": _distinct(places["experiment"]),
        "plates": _distinct(places["plate"]),
        "wells": int(places.loc[named, "well"].nunique()),
        "sites": int(places.loc[named, "well"].value_counts().max()) if named.any() else 0,
        "fields": len(image_set),
        "files": len({path for cell in cells if cell is not None for path in paths_of(cell)}),
    }


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
        places: as `places_of` returns them.
        num_fields: how many at most; all where None.

    Returns:
        Row numbers in ascending order. Where there are more plates than half as many, some plates
        are left out, so that two wells of a plate can be compared.
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
