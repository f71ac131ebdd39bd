"""From a table of planes, as instruments write them, to fields with one cell a channel."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

import pandas as pd

from keras_dcmix._common.errors import DataError, InputWarning, argument
from keras_dcmix.data.formats.wells import with_well_names
from keras_dcmix.data.planes import Stack

_ORDER = ("Metadata_Experiment", "Metadata_Plate", "Metadata_Well", "Metadata_Site")


def fields_from_planes(
    planes: pd.DataFrame, *, z: str | int = "max", channels: Sequence[str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Gathers the planes of each field.

    Args:
        planes: one row a plane: columns `Metadata_*` identify its field (all of them together),
            `channel` and `path` are its channel and file. Optional are `z`
            (number of the plane in its stack, in any units) and `page` (number of the plane in
            its file, from 0).
        z: `"max"`, or the number of a plane, counted from 1 over all numbers in the source, so
            that a missing plane shifts no other. Of a channel with one plane everywhere, this
            one is taken in either case.
        channels: the names of the channels, in their order; in order of appearance where None.

    Returns:
        `(table, files)` for an `ImageSet`: fields sorted by experiment, plate, well and site,
        metadata as texts, wells by their usual names. A cell is None where a field lacks a
        channel, or the plane. Warns where stacks of a channel differ in their planes.

    Raises:
        ValueError: if two planes are the same field, channel and z, or no stack has so many
            planes as `z`.
    """
    planes = with_well_names(planes.reset_index(drop=True))
    keys = sorted(
        (name for name in planes.columns if name.startswith("Metadata_")),
        key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER),
    )
    # A blank is text too: a stack whose key holds NaN would be lost.
    planes[keys] = planes[keys].astype(object).where(planes[keys].notna(), "").astype(str)
    for name, value in (("z", 0), ("page", None)):
        if name not in planes:
            planes[name] = value
    _refuse_duplicates(planes, keys)
    if channels is None:
        channels = list(dict.fromkeys(planes["channel"]))
    everywhere = pd.MultiIndex.from_frame(planes[keys].drop_duplicates())
    cells = _cells(_chosen_planes(planes, keys, z), keys).unstack("channel")
    files = cells.reindex(index=everywhere, columns=list(channels))
    files = files.iloc[_natural_order(files.index.to_frame(index=False))]
    table = files.index.to_frame(index=False)
    files = files.reset_index(drop=True).astype(object)
    files.columns.name = None
    return table, files.where(files.notna(), None)


def _chosen_planes(planes: pd.DataFrame, keys: list[str], z: str | int) -> pd.DataFrame:
    """The planes that are read; all of them for the maximum."""
    numbers = planes.groupby("channel", sort=False)["z"].nunique()
    is_stack = planes["channel"].map(numbers) > 1
    if z == "max":
        _warn_of_uneven_stacks(planes[is_stack], keys)
        return planes
    found = sorted(planes.loc[is_stack, "z"].unique()) or [0]
    number = int(z)
    if number > len(found):
        raise DataError(
            f"{argument('z')} must be a plane of the stacks, which have {len(found)}. Received: "
            f"{argument('z', z)}. Choose a smaller number, or 'max'"
        )
    return planes[~is_stack | (planes["z"] == found[number - 1])]


def _warn_of_uneven_stacks(planes: pd.DataFrame, keys: list[str]) -> None:
    sizes = planes.groupby(["channel", *keys], sort=False).size().rename("planes").reset_index()
    for channel, counts in sizes.groupby("channel", sort=False):
        fewest, most = counts["planes"].min(), counts["planes"].max()
        if fewest < most:
            field = counts[keys].iloc[counts["planes"].argmin()]
            warnings.warn(
                InputWarning(
                    f"z stacks of channel '{channel}' have from {fewest} to {most} planes, the "
                    f"fewest in {', '.join(field)}: a maximum over fewer planes is darker, so "
                    f"complete the stacks or choose one plane with {argument('z')}"
                ),
                stacklevel=2,
            )


def _cells(planes: pd.DataFrame, keys: list[str]) -> pd.Series:
    """One cell for each field and channel, indexed by both."""
    names = [*keys, "channel"]
    ordered = planes.sort_values("z", kind="stable")
    pages = [None if pd.isna(page) else int(page) for page in ordered["page"]]
    places = zip(*(ordered[name] for name in names), strict=True)
    stacks: dict[tuple[str, ...], list[tuple[str, int | None]]] = {}
    # A loop, because a groupby of pandas takes ten times as long for the stacks of a screen.
    for place, path, page in zip(places, ordered["path"], pages, strict=True):
        stacks.setdefault(place, []).append((path, page))
    cells = [_cell(stack) for stack in stacks.values()]
    index = pd.MultiIndex.from_tuples(list(stacks), names=names)
    return pd.Series(cells, index=index, dtype=object)


def _cell(planes: list[tuple[str, int | None]]) -> str | Stack:
    is_file = len(planes) == 1 and planes[0][1] is None
    return planes[0][0] if is_file else Stack(tuple(planes))


def _refuse_duplicates(planes: pd.DataFrame, keys: list[str]) -> None:
    names = [*keys, "channel", "z"]
    twice = planes.duplicated(names, keep=False)
    if twice.any():
        # Two blanks are duplicates, but not equal.
        places = planes.loc[twice, names].astype(object).fillna("")
        first = places.iloc[0]
        paths = planes.loc[twice, "path"][(places == first).all(axis=1)]
        field = ", ".join(f"{key.removeprefix('Metadata_').lower()} {first[key]}" for key in keys)
        raise DataError(
            f"Each image must have its own field, channel and plane. Received: {int(twice.sum())} "
            f"that do not, the first are '{paths.iloc[0]}' and '{paths.iloc[1]}' (both {field}, "
            f"channel '{first['channel']}'). Leave all but one out, or distinguish them by metadata"
        )


def natural_key(text: str) -> list[str]:
    """A key that sorts numbers in texts by value: site 10 after site 9."""
    return [part.zfill(12) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


def _natural_order(table: pd.DataFrame) -> list[int]:
    keys = [natural_key(" ".join(row)) for row in table.to_numpy(dtype=str)]
    return sorted(range(len(keys)), key=keys.__getitem__)
