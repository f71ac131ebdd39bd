"""Metadata columns that could hold the labels."""

from __future__ import annotations

import pandas as pd

from keras_dcmix._common.wording import natural_key
from keras_dcmix.data.columns import is_blank
from keras_dcmix.inspection.groups import unnamed_wells

_FEWEST, _MOST = 2, 50
# Where a field is, not what was done to it; as microscopes and CellProfiler name such columns.
_PLACES = {
    *("experiment", "plate", "barcode", "plate_id", "plate_barcode", "batch", "assay_plate"),
    *("well", "well_id", "wellname", "well_position", "row", "col", "column", "well_row"),
    *("well_col", "well_column", "site", "field", "fieldid", "field_id", "fov", "site_id"),
}


def label_columns(table: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Finds columns with 2 to 50 values, each the same in all fields of a well, that wells share.

    Args:
        table: Metadata, one row a field.
        places: As `places_of` returns them.

    Returns:
        One row a column and value: `column`, `value`, `wells`; the columns with the fewest values
        first, values by their number of wells.
    """
    found = []
    wells_column = unnamed_wells(table)
    for name in table.columns:
        is_place = name.removeprefix("Metadata_").lower() in _PLACES
        if is_place or name == wells_column:
            continue
        filled = ~is_blank(table[name])
        values = table.loc[filled, name].astype(str)
        if not _FEWEST <= values.nunique() <= _MOST:
            continue
        wells = places.loc[filled, "well"]
        if (values.groupby(wells).nunique() > 1).any():
            continue
        counts = wells.groupby(values).nunique()
        counts = counts.loc[
            sorted(counts.index, key=lambda value: (-counts[value], natural_key(value)))
        ]
        if counts.sum() >= 2 * len(counts):
            found.append((len(counts), name, counts))
    found.sort(key=lambda each: each[0])
    rows = [(name, value, wells) for _, name, counts in found for value, wells in counts.items()]
    return pd.DataFrame(rows, columns=["column", "value", "wells"])
