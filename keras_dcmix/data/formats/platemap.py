"""Labels from a table of wells, which screens keep beside their images."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from pathlib import Path

import pandas as pd

from keras_dcmix._common.errors import DataError, InputWarning, argument
from keras_dcmix.data.columns import joined_texts
from keras_dcmix.data.formats.tables import read_texts
from keras_dcmix.data.formats.wells import well_name
from keras_dcmix.data.image_set import ImageSet

# The most specific names first: a table may have several.
_WELL = ("metadata_well", "well", "well_position", "wellname", "well_name", "well_id")
_PLATE = ("metadata_plate", "plate", "plate_id", "plate_barcode", "metadata_barcode", "barcode")
_EXPERIMENT = ("metadata_experiment", "experiment")
_KEYS = {"Metadata_Experiment": _EXPERIMENT, "Metadata_Plate": _PLATE, "Metadata_Well": _WELL}


def join_platemap(image_set: ImageSet, path: str | os.PathLike[str]) -> ImageSet:
    """Adds the columns of a platemap to the metadata of each field.

    Args:
        image_set: fields with `Metadata_Well`, and with `Metadata_Plate` where the platemap names
            plates.
        path: a table (csv, csv.gz or parquet) with a column of wells (`Metadata_Well`, `well`,
            `well_position`, ...) and, for several plates, one of plates (`Metadata_Plate`,
            `plate`, `barcode`, ...).

    Returns:
        The same fields; those of wells that the platemap does not name get blank cells, so that
        their rows are left out where such a column is the label. Warns of such wells, and of
        wells in the platemap that have no image.

    Raises:
        ValueError: if there is no column of wells, a well comes twice, no well is one of the
            images, or a column of the platemap exists already with other values.
    """
    path = Path(path)
    layout = read_texts(path, "platemap")
    keys = _key_columns(layout, image_set.table, path)
    layout = layout.rename(columns={name: key for key, name in keys.items()})
    layout["Metadata_Well"] = layout["Metadata_Well"].map(well_name, na_action="ignore")
    names = list(keys)
    # A blank would join fields whose well is blank too.
    layout = layout.dropna(subset=names)
    _refuse_repeated(layout, names, has_plates="Metadata_Plate" in image_set.table, path=path)
    return _joined(image_set, layout, names, path)


def _key_columns(layout: pd.DataFrame, table: pd.DataFrame, path: Path) -> dict[str, str]:
    """Which column of the platemap holds the well, and the plate where it has one."""
    found = {}
    for key, known in _KEYS.items():
        columns = {name.lower().replace(" ", "_"): name for name in layout.columns}
        names = [columns[name] for name in known if name in columns]
        if names and key in table:
            found[key] = names[0]
    if "Metadata_Well" not in found:
        missing = "images without Metadata_Well"
        if "Metadata_Well" in table:
            missing = f"the columns {', '.join(layout.columns)}"
        raise DataError(
            f"{argument('platemap')} needs a column of wells, named Metadata_Well or well, and "
            f"images that have wells. Received: {missing}, '{path}'"
        )
    return found


def _refuse_repeated(
    layout: pd.DataFrame, names: list[str], *, has_plates: bool, path: Path
) -> None:
    twice = layout.duplicated(names, keep=False)
    if twice.any():
        first = "/".join(layout.loc[twice, names].iloc[0].astype(str))
        several = ". For several plates, add a column 'plate'"
        if "Metadata_Plate" in names:
            several = ""
        elif not has_plates:
            several = ". The images name no plate: choose the platemap of their plate alone"
        raise DataError(
            f"{argument('platemap')} must name each well once. Received: {int(twice.sum())} rows "
            f"that do not in '{path}', the first for {first} (A1, A01 and a01 are the same "
            f"well){several}"
        )


def _joined(image_set: ImageSet, layout: pd.DataFrame, names: list[str], path: Path) -> ImageSet:
    table = image_set.table
    known = [name for name in layout.columns if name in table and name not in names]
    joined = table.drop(columns=known).merge(layout, on=names, how="left", validate="m:1")
    ours, theirs = joined_texts(table[names]), joined_texts(layout[names])
    if not set(ours) & set(theirs):
        raise DataError(
            f"{argument('platemap')} must hold wells of the images, such as {ours[0]}. Received: "
            f"wells such as {theirs[0] if len(theirs) else 'none'} in '{path}'"
        )
    _warn_of_unmatched(set(ours), set(theirs), path)
    for name in known:
        both = table[name].notna() & joined[name].notna()
        if (table.loc[both, name] != joined.loc[both, name]).any():
            raise DataError(
                f"Columns of {argument('platemap')} must agree with the images' metadata. "
                f"Received: '{name}' with other values. Rename it in '{path}'"
            )
        joined[name] = joined[name].where(joined[name].notna(), table[name])
    return replace(image_set, table=joined)


def _warn_of_unmatched(ours: set[str], theirs: set[str], path: Path) -> None:
    for wells, text in (
        (ours - theirs, "wells of the images are not in the platemap"),
        (theirs - ours, "wells of the platemap have no image"),
    ):
        if wells:
            shown = ", ".join(sorted(wells)[:3])
            warnings.warn(
                InputWarning(
                    f"{len(wells)} {text} '{path}', such as {shown}; {len(ours & theirs)} are in "
                    "both"
                ),
                stacklevel=2,
            )
