"""A few fields to show: one of each class, or spread over the wells."""

from __future__ import annotations

from math import ceil

import numpy as np

from keras_dcmix._common.wording import natural_key
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.inspection.places import places_of, spread_fields


def example_fields(image_set: ImageSet, most: int = 6) -> list[tuple[int, str]]:
    """Chooses fields to show.

    Args:
        image_set: Fields with or without labels.
        most: Maximum number.

    Returns:
        Row number and name of each: its class if there is one, its plate and its well. With
        labels: one field a class, from as many plates as possible, and of too many classes the
        first, the last and some between; without labels: spread over the wells.
    """
    places = places_of(image_set)
    if image_set.labels is None:
        chosen = spread_fields(places, most).tolist()
    else:
        chosen = []
        seen: set[str] = set()
        labels = sorted(set(image_set.labels), key=natural_key)
        shown = np.linspace(0, len(labels) - 1, min(most, len(labels))).round().astype(int)
        for label in [labels[number] for number in shown]:
            rows = np.flatnonzero(image_set.labels == label)
            row = next((r for r in rows if places["plate"].iloc[r] not in seen), rows[0])
            seen.add(places["plate"].iloc[row])
            chosen.append(int(row))
    names = []
    for row in chosen:
        label = "" if image_set.labels is None else str(image_set.labels[row])
        lines = [label, places["plate"].iloc[row], places["position"].iloc[row]]
        names.append("\n".join(filter(None, lines)))
    return list(zip(chosen, names, strict=True))


def read_examples(image_set: ImageSet, rows: list[int], side: int = 512) -> list[np.ndarray]:
    """Reads fields for display; what cannot be read is NaN.

    Args:
        image_set: The fields.
        rows: Numbers of the fields.
        side: Maximum height and width in pixels; larger fields are subsampled.

    Returns:
        `(height, width, channels)` of each, NaN where a channel cannot be read or has another
        size than the first that can.
    """
    return [_read(image_set, row, side) for row in rows]


def _read(image_set: ImageSet, row: int, side: int) -> np.ndarray:
    planes: list[np.ndarray | None] = []
    for name in image_set.channel_names:
        try:
            plane = image_set.select_channels([name]).read(row)[..., 0]
            step = ceil(max(plane.shape) / side)
            planes.append(plane[::step, ::step].astype(np.float32))
        except Exception:  # each format's library raises its own kinds
            planes.append(None)
    shape = next((plane.shape for plane in planes if plane is not None), (1, 1))
    blank = np.full(shape, np.nan, dtype=np.float32)
    fitting = [blank if p is None or p.shape != shape else p for p in planes]
    return np.stack(fitting, axis=-1)
