"""Square images of one size, cut from fields of any size and read when they are needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.cells.crop_pixels import DecodedPixels, StoredPixels
from keras_dcmix.data.cells.file_states import file_states
from keras_dcmix.data.cells.intensities import Scaling
from keras_dcmix.data.cells.plates import plate_of_field
from keras_dcmix.data.cells.recipe import CropRecipe
from keras_dcmix.data.image_set import ImageSet


class Crops:
    """Crops of an image set, indexed like an array `(crops, size, size, channels)`.

    `crops[indices]` takes a number, a slice, numbers or truth values and returns pixels: raw ones,
    unless `crop_fields` corrects, clips or normalises them. Fields are read in threads.
    `np.asarray(crops)` reads all of them. Made by `crop_fields`.

    Args:
        image_set: the fields.
        positions: one row a crop: `field` (row of the image set), `top`, `left` (pixels).
        size: height and width of a crop in pixels.
        pixels: their source.
        scaling: how they are clipped and normalised; None leaves them unchanged.
        skipped: fields left out because they cannot be read: `field`, metadata, `channel`,
            `path`, `problem`.
        num_empty_fields: how many fields have no crop.
        cache_key: text that changes with the settings of the crops, for `fingerprint`.
        recipe: how images for a model that was trained on these must be made.
    """

    def __init__(
        self,
        image_set: ImageSet,
        positions: pd.DataFrame,
        *,
        size: int,
        pixels: DecodedPixels | StoredPixels,
        scaling: Scaling | None,
        skipped: pd.DataFrame,
        num_empty_fields: int,
        cache_key: str,
        recipe: CropRecipe,
    ) -> None:
        self.image_set = image_set
        self.positions = positions
        self.size = size
        self.pixels = pixels
        self.scaling = scaling
        self.skipped = skipped
        self.num_empty_fields = num_empty_fields
        self.cache_key = cache_key
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
        return self.pixels.dtype if self.scaling is None else np.dtype(np.float32)

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

    @property
    def plates(self) -> np.ndarray | None:
        """`(crops,)` plate of each crop's field as text; None where there is only one."""
        numbers, names = plate_of_field(self.image_set.table)
        return None if len(names) == 1 else np.array(names)[numbers[self.fields]]

    def fingerprint(self) -> str:
        """Text that changes with the files, their sizes or dates, and the settings of the crops."""
        states = file_states(self.image_set)
        return f"{states} {self.cache_key} {self.positions.to_csv(index=False)}"

    def __getitem__(self, indices: Any) -> np.ndarray:
        rows = np.arange(len(self))[indices]
        if np.ndim(rows) > 1:
            raise IndexError(
                f"Crops take a flat list of numbers. Received: indices of shape {rows.shape}"
            )
        numbers = np.atleast_1d(rows)
        pixels = self.pixels.read(numbers)
        if self.scaling is not None:
            pixels = self.scaling.apply(pixels, self.fields[numbers])
        return pixels[0] if np.ndim(rows) == 0 else pixels

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise DataError("An array of crops is always a copy. Received: copy=False")
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)
