"""Square images of one size, cut from fields of any size and read when they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_dcmix.data.field_cache import FieldCache
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.planes import paths_of


class Crops:
    """Crops of an image set, indexed like an array `(crops, size, size, channels)`.

    `crops[indices]` takes a number, a slice, numbers or truth values and returns raw pixels. Each
    field a request touches is read once, and the fields used last are kept. `np.asarray(crops)`
    reads all of them. Made by `crop_fields`.

    Args:
        image_set: the fields.
        positions: one row a crop: `field` (row of the image set), `top`, `left` (pixels).
        size: height and width of a crop in pixels.
        dtype: data type of the pixels that indexing returns.
        resized: whether a crop is the whole field resized, not a window of it.
        num_empty_fields: how many fields have no crop.
        cache: memory of decoded fields; a pickle of the crops leaves its content out.
    """

    def __init__(
        self,
        image_set: ImageSet,
        positions: pd.DataFrame,
        *,
        size: int,
        dtype: np.dtype,
        resized: bool,
        num_empty_fields: int,
        cache: FieldCache,
    ) -> None:
        self.image_set = image_set
        self.positions = positions
        self.size = size
        self.dtype = dtype
        self.resized = resized
        self.num_empty_fields = num_empty_fields
        self.cache = cache

    def __repr__(self) -> str:
        return f"Crops{self.shape} from {len(self.image_set)} fields"

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(crops, size, size, channels)`."""
        return (len(self), self.size, self.size, self.image_set.num_channels)

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

    def fingerprint(self) -> str:
        """Text that changes where a file, its size or date, or a crop's place changes."""
        cells = self.image_set.files.to_numpy().ravel()
        paths = [Path(path) for cell in cells for path in paths_of(cell)]
        files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
        return f"{files} {self.size} {self.resized} {self.positions.to_csv(index=False)}"

    def __getitem__(self, indices: Any) -> np.ndarray:
        rows = np.arange(len(self))[indices]
        if np.ndim(rows) > 1:
            raise IndexError(
                f"crops take a flat list of numbers, received an array of shape {rows.shape}"
            )
        pixels = self._read(np.atleast_1d(rows))
        return pixels[0] if np.ndim(rows) == 0 else pixels

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("crops are read from files, so an array of them is always a copy")
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)

    def _read(self, rows: np.ndarray) -> np.ndarray:
        """Reads crops field by field, so that a small cache does not read a field twice."""
        fields, tops, lefts = self.positions[["field", "top", "left"]].to_numpy()[rows].T
        pixels = np.empty((len(rows), *self.shape[1:]), dtype=self.dtype)
        for number in np.unique(fields):
            field = self.cache.get(int(number), self._load)
            for k in np.flatnonzero(fields == number):
                top, left = tops[k], lefts[k]
                pixels[k] = field[top : top + self.size, left : left + self.size]
        return pixels

    def _load(self, number: int) -> np.ndarray:
        return load_field(self.image_set, number, resize_to=self.size if self.resized else None)


def load_field(image_set: ImageSet, number: int, *, resize_to: int | None) -> np.ndarray:
    """Reads a field, as it is or resized to `(resize_to, resize_to, channels)` in `float32`."""
    field = image_set.read(number)
    if resize_to is None:
        return field
    from skimage.transform import resize

    shape = (resize_to, resize_to, field.shape[-1])
    return resize(field.astype(np.float32), shape, anti_aliasing=True, preserve_range=True)
