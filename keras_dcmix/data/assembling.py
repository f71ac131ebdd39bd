"""From a list of planes, as instruments write them, to fields with one cell a channel."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from keras_dcmix.data.planes import Stack
from keras_dcmix.data.wells import with_well_names

_ORDER = ("Metadata_Experiment", "Metadata_Plate", "Metadata_Well", "Metadata_Site")


def assemble_fields(
    planes: pd.DataFrame, *, z: str | int = "max", channels: Sequence[str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Gathers the planes of each field.

    Args:
        planes: one row a plane: columns `Metadata_*` say which field it belongs to (all of them
            together name the field), `channel` and `path` what and where it is. Optional are `z`
            (number of the plane in its stack, in any units) and `page` (number of the plane in
            its file, from 0).
        z: `"max"`, or the number of a plane counted from 1 in each stack; a stack of one plane
            gives this one in either case.
        channels: the names of the channels, in their order; in order of appearance where None.

    Returns:
        `(table, files)` for an `ImageSet`: fields sorted by experiment, plate, well and site,
        metadata as texts, wells by their usual names. A cell is None where a field lacks a
        channel.

    Raises:
        ValueError: if two planes are the same field, channel and z, or a stack has fewer planes
            than `z`.
    """
    planes = with_well_names(planes.reset_index(drop=True))
    keys = sorted(
        (name for name in planes.columns if name.startswith("Metadata_")),
        key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER),
    )
    planes[keys] = planes[keys].astype(str)
    for name, value in (("z", 0), ("page", None)):
        if name not in planes:
            planes[name] = value
    _refuse_duplicates(planes, keys)
    if channels is None:
        channels = list(dict.fromkeys(planes["channel"]))
    files = _cells(planes, keys, z).unstack("channel").reindex(columns=list(channels))
    files = files.iloc[_natural_order(files.index.to_frame(index=False))]
    table = files.index.to_frame(index=False)
    files = files.reset_index(drop=True).astype(object)
    files.columns.name = None
    return table, files.where(files.notna(), None)


def _cells(planes: pd.DataFrame, keys: list[str], z: str | int) -> pd.Series:
    """One cell for each field and channel, indexed by both."""
    names = [*keys, "channel"]
    if not planes.duplicated(names).any():
        if planes["page"].isna().all():
            return planes.set_index(names)["path"]
        pairs = zip(planes["path"], planes["page"], strict=True)
        cells = [Stack(((path, _page(page)),)) for path, page in pairs]
        return pd.Series(cells, index=pd.MultiIndex.from_frame(planes[names]))
    cells = {
        key: _cell(stack, z, key)
        for key, stack in planes.sort_values("z", kind="stable").groupby(names, sort=False)
    }
    return pd.Series(list(cells.values()), index=pd.MultiIndex.from_tuples(cells, names=names))


def _cell(stack: pd.DataFrame, z: str | int, key: tuple[str, ...]) -> str | Stack:
    if z != "max" and len(stack) > 1:
        if z > len(stack):
            raise ValueError(
                f"z must be a plane of the stack, received z={z} and {len(stack)} planes for "
                f"{', '.join(key)}: choose a smaller number, or 'max'"
            )
        stack = stack.iloc[int(z) - 1 : int(z)]
    planes = tuple(
        (path, _page(page)) for path, page in zip(stack["path"], stack["page"], strict=True)
    )
    is_file = len(planes) == 1 and planes[0][1] is None
    return planes[0][0] if is_file else Stack(planes)


def _page(page: float | None) -> int | None:
    return None if pd.isna(page) else int(page)


def _refuse_duplicates(planes: pd.DataFrame, keys: list[str]) -> None:
    twice = planes.duplicated([*keys, "channel", "z"], keep=False)
    if twice.any():
        first = planes[twice].iloc[0]
        same = planes[
            (planes[[*keys, "channel", "z"]] == first[[*keys, "channel", "z"]]).all(axis=1)
        ]
        field = ", ".join(f"{key.removeprefix('Metadata_').lower()} {first[key]}" for key in keys)
        raise ValueError(
            f"{int(twice.sum())} images share their field and channel with another, the first are "
            f"'{same['path'].iloc[0]}' and '{same['path'].iloc[1]}' (both {field}, channel "
            f"'{first['channel']}'): leave all but one out, or tell them apart"
        )


def _natural_order(table: pd.DataFrame) -> list[int]:
    """Rows in the order in which people count: site 10 after site 9."""
    parts = [re.split(r"(\d+)", " ".join(row)) for row in table.to_numpy(dtype=str)]
    texts = [[part.zfill(12) if part.isdigit() else part for part in row] for row in parts]
    return sorted(range(len(texts)), key=texts.__getitem__)
