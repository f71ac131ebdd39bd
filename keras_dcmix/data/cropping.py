"""Where crops are cut from fields: nowhere (the whole field), side by side, or at the cells."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from numbers import Integral

import numpy as np
import pandas as pd

from keras_dcmix.data.crops import Crops, load_field
from keras_dcmix.data.field_cache import FieldCache
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.nuclei import find_dna_channel, find_nuclei
from keras_dcmix.names import nearest

CROPS = ("none", "tiles", "cells")


def crop_fields(
    image_set: ImageSet,
    *,
    crop: str = "none",
    size: int = 64,
    nuclei_channel: str | None = None,
    max_per_field: int | None = None,
    seed: int = 0,
    cache_bytes: int = 2**30,
    progress: Callable[[int, int], None] | None = None,
) -> Crops:
    """Makes images of one size out of fields of view.

    Every field is read once here, so that a damaged file is met before a training starts.

    Args:
        image_set: the fields; their sizes may differ.
        crop: `"none"`, the whole field resized (its sides are squeezed to a square); `"tiles"`,
            windows side by side from the top left, the remainder dropped; `"cells"`, windows
            centred on nuclei, those that reach over the field's border dropped.
        size: height and width of the crops in pixels.
        nuclei_channel: DNA channel for `"cells"`; where None, found by its name.
        max_per_field: at most so many crops of a field, drawn at random; all where None.
        seed: for that draw.
        cache_bytes: memory for decoded fields, in bytes.
        progress: called with `(done, total)` after each field.

    Returns:
        `Crops`, in the order of the fields: `float32` for `"none"`, else the raw data type.

    Raises:
        ValueError: for an unknown `crop`, a size below 1, a field smaller than a crop, an
            unreadable file, an unclear DNA channel, or if no nucleus is found in any field.
    """
    _refuse_arguments(crop, size, max_per_field, cache_bytes)
    if nuclei_channel is not None and crop != "cells":
        raise ValueError(
            f"nuclei_channel goes with crop='cells', received crop={crop!r}: leave it out"
        )
    is_cells = crop == "cells"
    dna = find_dna_channel(image_set.channel_names, nuclei_channel) if is_cells else None
    cache = FieldCache(cache_bytes)
    load = partial(load_field, image_set, resize_to=size if crop == "none" else None)
    corners, dtypes = [], set()
    for number in range(len(image_set)):
        field = cache.get(number, load)
        dtypes.add(field.dtype)
        _refuse_small(field, size, number, image_set)
        found = _cell_corners(field[..., dna], size) if is_cells else _tile_corners(field, size)
        corners.append(_draw(found, max_per_field, np.random.default_rng([seed, number])))
        if progress is not None:
            progress(number + 1, len(image_set))
    return Crops(
        image_set,
        _positions(corners, image_set, size),
        size=int(size),
        dtype=np.result_type(*dtypes),
        resized=crop == "none",
        num_empty_fields=sum(len(found) == 0 for found in corners),
        cache=cache,
    )


def _tile_corners(field: np.ndarray, size: int) -> np.ndarray:
    """Returns `(tiles, 2)` top and left of all whole tiles, row by row."""
    height, width = field.shape[:2]
    tops, lefts = np.arange(0, height - size + 1, size), np.arange(0, width - size + 1, size)
    return np.stack(np.meshgrid(tops, lefts, indexing="ij"), axis=-1).reshape(-1, 2)


def _cell_corners(dna: np.ndarray, size: int) -> np.ndarray:
    """Returns `(cells, 2)` top and left of the windows around nuclei that fit into the field."""
    corners = np.rint(find_nuclei(dna)).astype(int) - size // 2
    fits = (corners >= 0).all(axis=1) & (corners + size <= dna.shape).all(axis=1)
    return corners[fits]


def _draw(found: np.ndarray, most: int | None, rng: np.random.Generator) -> np.ndarray:
    if most is None or len(found) <= most:
        return found
    return found[np.sort(rng.choice(len(found), size=most, replace=False))]


def _positions(corners: list[np.ndarray], image_set: ImageSet, size: int) -> pd.DataFrame:
    """Joins the corners of all fields; raises where no field has any."""
    counts = [len(found) for found in corners]
    if not sum(counts):
        raise ValueError(
            f"expected nuclei with room for a {size} x {size} crop, received none in any of "
            f"{len(image_set)} fields: check nuclei_channel, choose a smaller size, or "
            "crop='tiles'"
        )
    tops, lefts = np.concatenate(corners).T
    numbers = np.repeat(np.arange(len(corners)), counts)
    return pd.DataFrame({"field": numbers, "top": tops, "left": lefts})


def _refuse_arguments(crop: str, size: int, max_per_field: int | None, cache_bytes: int) -> None:
    if crop not in CROPS:
        raise ValueError(
            f"unknown crop {crop!r}, did you mean '{nearest(crop, CROPS)}'? Allowed are: "
            f"{', '.join(CROPS)}"
        )
    counts = {"size": (size, 1), "cache_bytes": (cache_bytes, 0)}
    if max_per_field is not None:
        counts["max_per_field"] = (max_per_field, 1)
    for name, (value, least) in counts.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name} must be an integer of at least {least}, received {value!r}")


def _refuse_small(field: np.ndarray, size: int, number: int, image_set: ImageSet) -> None:
    height, width = field.shape[:2]
    if min(height, width) < size:
        raise ValueError(
            f"a {size} x {size} crop does not fit into {image_set.where(number)}, which "
            f"is {height} x {width} pixels: choose a smaller size or crop='none' "
            f"('{image_set.files.iloc[number, 0]}')"
        )
