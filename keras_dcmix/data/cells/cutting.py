"""The places of crops in a field: one (the complete field), side by side, or at the cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix.data.cells.crop_pixels import FieldLoader, windows
from keras_dcmix.data.cells.crop_store import CroppedField, FileProblem
from keras_dcmix.data.cells.file_states import file_states
from keras_dcmix.data.cells.intensities import IntensityStatistics
from keras_dcmix.data.cells.nuclei import find_dna_channel, find_nuclei, looks_like_dna
from keras_dcmix.data.image_files import UnreadableImageError
from keras_dcmix.data.image_set import ImageSet

CROPS = ("none", "tiles", "cells")


@dataclass(frozen=True)
class NucleiChannel:
    """The channel in which cells are found.

    Args:
        name: its name in the source.
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
        names, others = image_set.channel_names, image_set.all_channels
        is_chosen = name in names if name is not None else any(map(looks_like_dna, names))
        if others is None or is_chosen:
            position = find_dna_channel(names, name)
            return cls(names[position], position)
        return cls(others.channel_names[find_dna_channel(others.channel_names, name)], None)


def finder_of(
    nuclei: NucleiChannel | None, *, crop: str, size: int, nuclei_channel: str | None
) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the function from a field to `(crops, 2)` top and left of its crops.

    Raises:
        ValueError: if a DNA channel is chosen where no nuclei are searched.
    """
    if nuclei is not None:
        return partial(_cell_corners, size=size, dna=nuclei.position or 0)
    if nuclei_channel is not None:
        raise DataError(
            f"{argument('nuclei_channel')} needs {argument('crop', 'cells')}. Received: "
            f"{argument('crop', crop)}. Leave it out"
        )
    return partial(_tile_corners, size=size)


@dataclass(frozen=True, eq=False)
class FieldCutter:
    """Reads a field once: the places of its crops, its intensities and its pixels.

    Args:
        loader: reads, corrects and resizes fields.
        find: from a field to `(crops, 2)` corners.
        size: height and width of a crop, in pixels.
        max_per_field: at most so many crops of a field; None takes all.
        seed: for the draw among more.
        clip: percentiles to measure, see `Preprocessing`.
        num_cut: how many fields are cut, the first ones; the others are only measured.
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

    def cache_key(self, crop: str) -> str:
        """Text that changes with the settings of the crops."""
        find = self.find.keywords if isinstance(self.find, partial) else {}
        drawn = (self.max_per_field, self.seed)
        correction = self.loader.correction
        corrected = "" if correction is None else correction.cache_key()
        names = self.loader.image_set.channel_names
        nuclei = "" if self.nuclei is None else file_states(self.nuclei.image_set)
        return f"{crop} {self.size} {find} {drawn} {names} {self.num_cut} {corrected} {nuclei}"

    def __call__(self, number: int) -> tuple[CroppedField, np.ndarray | None]:
        """Cuts a field.

        Returns:
            The places of its crops, and the field `(height, width, channels)` that they are cut
            from; None where it cannot be read.

        Raises:
            ValueError: if a crop does not fit into the field.
        """
        try:
            pixels, dtypes = self.loader.corrected(number)
            is_cut = number < self.num_cut
            shown = pixels
            if is_cut and self.nuclei is not None:
                shown = _nuclei_of(self.nuclei, number, pixels.shape[:2])
        except UnreadableImageError as error:
            nowhere = np.empty((0, 2), dtype=int)
            problem = FileProblem(str(error.args[0]), error.channel)
            return CroppedField(nowhere, (), None, 0, problem), None
        self._refuse_small(pixels, number)
        intensities = IntensityStatistics.of(pixels, self.clip)
        pixels = self.loader.fitted(pixels)
        found = np.empty((0, 2), dtype=int)
        if is_cut:
            found = self._draw(self.find(pixels if self.nuclei is None else shown), number)
        num_bytes = len(found) * self.size**2 * pixels.shape[-1] * pixels.dtype.itemsize
        return CroppedField(found, dtypes, intensities, num_bytes), pixels

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
                f"{argument('size')} must fit into every field. Received: "
                f"{argument('size', self.size)} for {image_set.where(number)} with {height} x "
                f"{width} pixels ('{image_set.files.iloc[number, 0]!s}'). Choose a smaller one, or "
                f"{argument('crop', 'none')}"
            )


def _nuclei_of(loader: FieldLoader, number: int, size: tuple[int, ...]) -> np.ndarray:
    """The channel of the nuclei `(height, width, 1)` of a field, which must have its size."""
    nuclei = loader.corrected(number)[0]
    if nuclei.shape[:2] != size:
        image_set = loader.image_set
        (name,) = image_set.channel_names
        height, width, _ = nuclei.shape
        raise UnreadableImageError(
            f"{image_set.where(number)}: channels of one field must have the same size. Received: "
            f"'{name}', which shows the nuclei, with {height} x {width} and the others with "
            f"{size[0]} x {size[1]} pixels ('{image_set.files[name].iloc[number]}')",
            channel=name,
        )
    return nuclei


def _tile_corners(field: np.ndarray, *, size: int) -> np.ndarray:
    """Returns `(tiles, 2)` top and left of all complete tiles, row by row."""
    height, width = field.shape[:2]
    tops, lefts = np.arange(0, height - size + 1, size), np.arange(0, width - size + 1, size)
    return np.stack(np.meshgrid(tops, lefts, indexing="ij"), axis=-1).reshape(-1, 2)


def _cell_corners(field: np.ndarray, *, size: int, dna: int) -> np.ndarray:
    """Returns `(cells, 2)` top and left of the windows around nuclei that fit into the field."""
    corners = np.rint(find_nuclei(field[..., dna])).astype(int) - size // 2
    fits = (corners >= 0).all(axis=1) & (corners + size <= field.shape[:2]).all(axis=1)
    return corners[fits]
