"""The pixels of crops: from fields decoded when they are needed, or from a store on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from keras_dcmix.data.cells.correction import Correction
from keras_dcmix.data.cells.crop_store import CropStore
from keras_dcmix.data.cells.field_cache import FieldCache
from keras_dcmix.data.cells.resizing import resize_field
from keras_dcmix.data.image_files import UnreadableImageError
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.threads import ordered_map


class CropPixels(Protocol):
    """Crops before they are clipped and normalised."""

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Crops `(rows, size, size, channels)` by their numbers."""


@dataclass(frozen=True, eq=False)
class FieldLoader:
    """Reads and corrects fields.

    Args:
        image_set: the fields.
        correction: what is done to each; None leaves it raw.
        resize_to: side of the complete field as one crop, in pixels; None keeps its size.
    """

    image_set: ImageSet
    correction: Correction | None = None
    resize_to: int | None = None

    def corrected(self, number: int) -> tuple[np.ndarray, tuple[str, ...]]:
        """A field `(height, width, channels)` in its own size, and its channels' raw data types.

        Raises:
            UnreadableImageError: if a file cannot be read, or an illumination function cannot be
                applied.
        """
        planes = self.image_set.read_planes(number)
        pixels = np.stack(planes, axis=-1)
        if self.correction is not None:
            try:
                pixels = self.correction.apply(pixels, number)
            except UnreadableImageError as error:
                raise UnreadableImageError(
                    f"{self.image_set.where(number)}: {error.args[0]}", channel=error.channel
                ) from error
        return pixels, tuple(plane.dtype.name for plane in planes)

    def fitted(self, pixels: np.ndarray) -> np.ndarray:
        """A field as crops are cut from it: resized to one crop, or as it is."""
        if self.resize_to is None:
            return pixels
        return resize_field(pixels, self.resize_to, self.resize_to)

    def fitted_field(self, number: int) -> np.ndarray:
        """A corrected field as crops are cut from it."""
        return self.fitted(self.corrected(int(number))[0])


def windows(pixels: np.ndarray, corners: np.ndarray, size: int) -> np.ndarray:
    """Cuts windows `(windows, size, size, channels)` out of a field."""
    cut = np.empty((len(corners), size, size, pixels.shape[-1]), dtype=pixels.dtype)
    for crop, (top, left) in zip(cut, corners, strict=True):
        crop[:] = pixels[top : top + size, left : left + size]
    return cut


@dataclass(frozen=True, eq=False)
class DecodedPixels:
    """Crops cut from fields that are decoded when they are needed.

    Args:
        loader: reads a field.
        positions: one row a crop: `field`, `top`, `left`.
        size: height and width of a crop, in pixels.
        dtype: data type of the pixels.
        cache: keeps the fields used last.
    """

    loader: FieldLoader
    positions: pd.DataFrame
    size: int
    dtype: np.dtype
    cache: FieldCache = field(repr=False)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Reads crops field by field in threads, so that no field is read twice."""
        positions = self.positions.to_numpy()[rows]
        fields, corners = positions[:, 0], positions[:, 1:]
        shape = (len(rows), self.size, self.size, self.loader.image_set.num_channels)
        crops = np.empty(shape, dtype=self.dtype)
        numbers = np.unique(fields)
        decoded = ordered_map(
            lambda number: self.cache.get(int(number), self.loader.fitted_field), numbers
        )
        for number, pixels in zip(numbers, decoded, strict=True):
            members = fields == number
            crops[members] = windows(pixels, corners[members], self.size)
        return crops


@dataclass(frozen=True, eq=False)
class StoredPixels:
    """Crops that are stored decoded on disk.

    Args:
        store: the folder.
        shape: `(crops, size, size, channels)`.
        dtype: data type of the pixels.
    """

    store: CropStore
    shape: tuple[int, int, int, int]
    dtype: np.dtype

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Reads crops by their numbers."""
        return self.store.read(rows, self.shape, self.dtype)
