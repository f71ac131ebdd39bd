"""Whether fields hold many cells, so that one image a cell says more than one image a field."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import numpy as np

from keras_dcmix.data.cells.cutting import NucleiChannel, finder_of
from keras_dcmix.data.cells.nuclei import looks_like_dna
from keras_dcmix.data.cells.recipe import CropRecipe
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.threads import ordered_map

_NUM_FIELDS = 6
_MANY = 5
_TOO_SMALL = -1


@dataclass(frozen=True)
class CellCount:
    """How many cells fields show.

    Args:
        nuclei_channel: The channel in which nuclei were found.
        per_field: Median over some fields of the cells with room for a crop of the default size.
    """

    nuclei_channel: str
    per_field: float

    @property
    def is_many(self) -> bool:
        """Whether a field shows so many cells that each can be an image."""
        return self.per_field >= _MANY

    @property
    def options(self) -> dict[str, str]:
        """The options of a ranking that fit."""
        return {"crop": "cells", "nuclei_channel": self.nuclei_channel} if self.is_many else {}


def count_cells(image_set: ImageSet, rows: np.ndarray) -> CellCount | None:
    """Looks for nuclei in a few fields, in the channels that are named as a stain of DNA.

    Args:
        image_set: The fields; where none of the chosen channels is named so, the others count.
        rows: `(fields,)` numbers of fields, of which six are taken.

    Returns:
        The channel with the most nuclei; None where no channel is named so, no field can be read,
        or one is smaller than a crop.
    """
    known = image_set
    if not any(map(looks_like_dna, image_set.channel_names)):
        known = image_set.all_channels or image_set
    chosen = rows[np.unique(np.linspace(0, len(rows) - 1, _NUM_FIELDS).round().astype(int))]
    found = [
        CellCount(name, count)
        for name in filter(looks_like_dna, known.channel_names)
        if (count := _per_field(known.select_channels([name]), chosen)) is not None
    ]
    return max(found, key=lambda each: each.per_field, default=None)


def _per_field(alone: ImageSet, rows: np.ndarray) -> float | None:
    """Median number of crops in fields of one channel; None where there cannot be any."""
    name, size = alone.channel_names[0], CropRecipe.size
    find = finder_of(NucleiChannel(name, 0), crop="cells", size=size, nuclei_channel=name)

    def count(row: int) -> int | None:
        try:
            pixels = alone.read(row)
        except Exception:  # each format's library raises its own kinds
            return None
        return len(find(pixels)) if min(pixels.shape[:2]) >= size else _TOO_SMALL

    counts = [each for each in ordered_map(count, rows.tolist()) if each is not None]
    return None if not counts or _TOO_SMALL in counts else float(median(counts))
