"""Square images of one size, cut from fields of any size and read when they are needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.cells.crop_pixels import DecodedPixels, StoredPixels
from keras_dcmix.data.cells.field_levels import Leveling
from keras_dcmix.data.cells.recipe import CropRecipe
from keras_dcmix.data.file_states import file_states
from keras_dcmix.data.image_set import ImageSet


class Crops:
    """Crops of an image set, indexed like an array `(crops, size, size, channels)`.

    `crops[indices]` takes a number, a slice, numbers or truth values and returns pixels: raw ones,
    unless `crop_fields` was told to correct, clip or normalise them. What a request needs is read
    in threads. `np.asarray(crops)` reads all of them. Made by `crop_fields`.

    Args:
        image_set: the fields.
        positions: one row a crop: `field` (row of the image set), `top`, `left` (pixels).
        size: height and width of a crop in pixels.
        pixels: where they come from.
        leveling: how they are clipped and normalised; None leaves them as they are.
        skipped: fields left out because they cannot be read: `field`, metadata, `channel`,
            `path`, `problem`.
        num_empty_fields: how many fields have no crop.
        made_by: text that says how the crops were made, for `fingerprint`.
        recipe: what a model needs to know to be given images made alike.
    """

    def __init__(
        self,
        image_set: ImageSet,
        positions: pd.DataFrame,
        *,
        size: int,
        pixels: DecodedPixels | StoredPixels,
        leveling: Leveling | None,
        skipped: pd.DataFrame,
        num_empty_fields: int,
        made_by: str,
        recipe: CropRecipe,
    ) -> None:
        self.image_set = image_set
        self.positions = positions
        self.size = size
        self.pixels = pixels
        self.leveling = leveling
        self.skipped = skipped
        self.num_empty_fields = num_empty_fields
        self.made_by = made_by
        self.recipe = recipe

    def __repr__(self) -> str:
        return f"Crops{self.shape} from {len(self.image_set)} fields"

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(crops, size, size, channels)`."""
        return (len(self), self.size, self.size, self.image_set.num_channels)

    @property
    def dtype(self) -> np.dtype:
        """Data type of the pixels that indexing returns."""
        return self.pixels.dtype if self.leveling is None else np.dtype(np.float32)

    @property
    def fields(self) -> np.ndarray:
        """`(crops,)` row of the image set that each crop comes from."""
        return self.positions["field"].to_numpy()

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels, in the order of the last axis."""
        return self.image_set.channel_names

    @property
    def num_unlabelled(self) -> int:
        """Rows of the image set that were left out for a blank label."""
        return self.image_set.num_unlabelled

    @property
    def labels(self) -> np.ndarray | None:
        """`(crops,)` label of each crop's field, or None."""
        return None if self.image_set.labels is None else self.image_set.labels[self.fields]

    @property
    def groups(self) -> np.ndarray | None:
        """`(crops,)` group of each crop's field, or None."""
        return None if self.image_set.groups is None else self.image_set.groups[self.fields]

    @property
    def group_unit(self) -> str | None:
        """What a group is, such as `"well"`; None without groups."""
        return self.image_set.group_unit

    def fingerprint(self) -> str:
        """Text that changes where a file, its size or date, or the making of a crop changes."""
        states = file_states(self.image_set)
        return f"{states} {self.made_by} {self.positions.to_csv(index=False)}"

    def __getitem__(self, indices: Any) -> np.ndarray:
        rows = np.arange(len(self))[indices]
        if np.ndim(rows) > 1:
            raise IndexError(
                f"crops take a flat list of numbers, received an array of shape {rows.shape}"
            )
        numbers = np.atleast_1d(rows)
        pixels = self.pixels.read(numbers)
        if self.leveling is not None:
            pixels = self.leveling.apply(pixels, self.fields[numbers])
        return pixels[0] if np.ndim(rows) == 0 else pixels

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise DataError("crops are read from files, so an array of them is always a copy")
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)
