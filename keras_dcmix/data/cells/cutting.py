"""Where crops are cut from a field: nowhere (the whole field), side by side, or at the cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.cells.crop_pixels import FieldLoader, windows
from keras_dcmix.data.cells.crop_store import CroppedField
from keras_dcmix.data.cells.field_levels import FieldLevels
from keras_dcmix.data.cells.nuclei import find_dna_channel, find_nuclei, looks_like_dna
from keras_dcmix.data.file_states import file_states
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.images import UnreadableImageError

CROPS = ("none", "tiles", "cells")


@dataclass(frozen=True)
class NucleiChannel:
    """The channel in which cells are found.

    Args:
        name: what the source calls it.
        position: its place among the chosen channels; None where it is not one of them.
    """

    name: str
    position: int | None

    @classmethod
    def of(cls, image_set: ImageSet, name: str | None) -> NucleiChannel:
        """Finds it among the chosen channels, or else among those that were left out.

        Raises:
            ValueError: if it is not clear which channel shows nuclei.
        """
        names, whole = image_set.channel_names, image_set.whole
        is_here = name in names if name is not None else any(map(looks_like_dna, names))
        if whole is None or is_here:
            position = find_dna_channel(names, name)
            return cls(names[position], position)
        return cls(whole.channel_names[find_dna_channel(whole.channel_names, name)], None)


def finder_of(
    nuclei: NucleiChannel | None, *, crop: str, size: int, nuclei_channel: str | None
) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the function from a field to `(crops, 2)` top and left of its crops.

    Raises:
        ValueError: if the DNA channel is named where no nuclei are looked for.
    """
    if nuclei is not None:
        return partial(_cell_corners, size=size, dna=nuclei.position or 0)
    if nuclei_channel is not None:
        raise DataError(
            f"nuclei_channel goes with crop='cells', received crop={crop!r}: leave it out"
        )
    return partial(_tile_corners, size=size)


@dataclass(frozen=True, eq=False)
class FieldCutter:
    """Reads a field once: its crops' places, its levels and its pixels.

    Args:
        loader: reads, corrects and resizes fields.
        find: from a field to `(crops, 2)` corners.
        size: height and width of a crop, in pixels.
        max_per_field: at most so many crops of a field; None takes all.
        seed: for the draw among more.
        clip: percentiles to measure, see `Preprocessing`.
        num_cut: how many fields are cut, the first ones; of the others only levels are measured.
        nuclei: reads the channel of the nuclei alone, where it is none of the crops' channels.
    """

    loader: FieldLoader
    find: Callable[[np.ndarray], np.ndarray]
    size: int
    max_per_field: int | None
    seed: int
    clip: tuple[float, float] | None
    num_cut: int
    nuclei: FieldLoader | None = None

    def made_by(self, crop: str) -> str:
        """Text that says how crops are cut."""
        find = self.find.keywords if isinstance(self.find, partial) else ""
        drawn = (self.max_per_field, self.seed)
        correction = self.loader.correction
        made_by = "" if correction is None else correction.made_by()
        names = self.loader.image_set.channel_names
        seen = "" if self.nuclei is None else file_states(self.nuclei.image_set)
        return f"{crop} {self.size} {find} {drawn} {names} {self.num_cut} {made_by} {seen}"

    def __call__(self, number: int) -> tuple[CroppedField, np.ndarray | None]:
        """Cuts a field.

        Returns:
            What was found, and the field `(height, width, channels)` that crops are windows of;
            None where it cannot be read.

        Raises:
            ValueError: if a crop does not fit into the field.
        """
        try:
            pixels, dtypes = self.loader.corrected(number)
            is_cut = number < self.num_cut
            nuclei = self._nuclei(number, pixels) if is_cut and self.nuclei is not None else None
        except UnreadableImageError as error:
            nowhere = np.empty((0, 2), dtype=int)
            return CroppedField(nowhere, (), None, 0, (str(error), error.channel)), None
        self._refuse_small(pixels, number)
        levels = FieldLevels.of(pixels, self.clip)
        pixels = self.loader.fitted(pixels)
        found = np.empty((0, 2), dtype=int)
        if is_cut:
            found = self._draw(self.find(pixels if nuclei is None else nuclei), number)
        num_bytes = len(found) * self.size**2 * pixels.shape[-1] * pixels.dtype.itemsize
        return CroppedField(found, dtypes, levels, num_bytes), pixels

    def _nuclei(self, number: int, pixels: np.ndarray) -> np.ndarray:
        """The channel of the nuclei `(height, width, 1)`, of the field's size."""
        nuclei = self.nuclei.corrected(number)[0]
        if nuclei.shape[:2] != pixels.shape[:2]:
            image_set = self.nuclei.image_set
            (name,) = image_set.channel_names
            here, there = ("{} x {}".format(*each.shape) for each in (nuclei, pixels))
            raise UnreadableImageError(
                "channels of one field must have the same size, received in "
                f"{image_set.where(number)} channel '{name}', which shows the nuclei, with {here} "
                f"and the others with {there} pixels: '{image_set.files[name].iloc[number]}'",
                channel=name,
            )
        return nuclei

    def windows(self, pixels: np.ndarray | None, field: CroppedField) -> np.ndarray:
        """The crops of a field that was cut."""
        return np.empty(0) if pixels is None else windows(pixels, field.corners, self.size)

    def dtype_of(self, field: CroppedField) -> np.dtype:
        """Data type of the crops of a field."""
        if self.loader.resize_to is not None or self.loader.correction is not None:
            return np.dtype(np.float32)
        return np.result_type(*map(np.dtype, field.dtypes))

    def _draw(self, found: np.ndarray, number: int) -> np.ndarray:
        if self.max_per_field is None or len(found) <= self.max_per_field:
            return found
        rng = np.random.default_rng([self.seed, number])
        return found[np.sort(rng.choice(len(found), size=self.max_per_field, replace=False))]

    def _refuse_small(self, pixels: np.ndarray, number: int) -> None:
        height, width = pixels.shape[:2]
        if self.loader.resize_to is None and min(height, width) < self.size:
            image_set = self.loader.image_set
            raise DataError(
                f"a {self.size} x {self.size} crop does not fit into {image_set.where(number)}, "
                f"which is {height} x {width} pixels: choose a smaller size or crop='none' "
                f"('{image_set.files.iloc[number, 0]}')"
            )


def _tile_corners(field: np.ndarray, *, size: int) -> np.ndarray:
    """Returns `(tiles, 2)` top and left of all whole tiles, row by row."""
    height, width = field.shape[:2]
    tops, lefts = np.arange(0, height - size + 1, size), np.arange(0, width - size + 1, size)
    return np.stack(np.meshgrid(tops, lefts, indexing="ij"), axis=-1).reshape(-1, 2)


def _cell_corners(field: np.ndarray, *, size: int, dna: int) -> np.ndarray:
    """Returns `(cells, 2)` top and left of the windows around nuclei that fit into the field."""
    corners = np.rint(find_nuclei(field[..., dna])).astype(int) - size // 2
    fits = (corners >= 0).all(axis=1) & (corners + size <= field.shape[:2]).all(axis=1)
    return corners[fits]
