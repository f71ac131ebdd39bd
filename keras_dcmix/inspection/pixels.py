"""Statistics of the pixels of a field, and a sample of them from a regular grid."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from keras_dcmix.data.image_set import ImageSet

_GRID = 2**16  # pixels of a plane that enter means and correlations
_WINDOW, _BLOCK, _MOST_WINDOWS = 16, 4, 1024


@dataclass(frozen=True)
class PlaneStatistics:
    """One channel of one field.

    Args:
        dtype: Data type of the file.
        shape: Height and width in pixels.
        minimum: Smallest of all pixels.
        maximum: Largest of all pixels.
        mean: Mean of the grid.
        sample: Some pixels of the grid.
        at_maximum: Number of pixels that have the largest value.
        just_below: Number of pixels below it by less than 2 % of the range, or four counts.
        agreement: See `neighbour_agreement`.
    """

    dtype: str
    shape: tuple[int, int]
    minimum: float
    maximum: float
    mean: float
    sample: np.ndarray
    at_maximum: int
    just_below: int
    agreement: float

    @property
    def size(self) -> str:
        """Height and width as text."""
        return f"{self.shape[0]} x {self.shape[1]}"

    @property
    def is_constant(self) -> bool:
        """Whether all pixels are equal."""
        return self.minimum == self.maximum


@dataclass(frozen=True)
class FieldStatistics:
    """All channels of one field.

    Args:
        row: Number of the field in its image set.
        planes: The channels that could be read.
        reasons: For the others the reason why not.
        correlation: `(channels, channels)` correlation of the grids; NaN where there is none.
        identical: `(channels, channels)` whether their grids are equal and not constant.
    """

    row: int
    planes: Mapping[str, PlaneStatistics]
    reasons: Mapping[str, str]
    correlation: np.ndarray
    identical: np.ndarray


def measure_field(
    row: int, *, singles: Mapping[str, ImageSet], absent: Mapping[int, Set[str]], sample: int
) -> FieldStatistics:
    """Reads a field channel by channel; a channel that cannot be read does not stop it.

    Args:
        row: Number of the field.
        singles: For each channel its name and an image set of only this channel.
        absent: For rows the channels known to have no file; they are not read.
        sample: Number of pixels kept of each channel.
    """
    planes: dict[str, PlaneStatistics] = {}
    reasons: dict[str, str] = {}
    grids: dict[str, np.ndarray] = {}
    for name, image_set in singles.items():
        if name in absent.get(row, ()):
            continue
        try:
            pixels = image_set.read(row)[..., 0]
        except Exception as error:  # each format's library raises its own kinds
            where = f"{image_set.where(row)}, channel '{name}': "
            reasons[name] = str(error).removeprefix(where) or type(error).__name__
            continue
        planes[name] = measure_plane(pixels, sample)
        grids[name] = grid_of(pixels, _GRID).astype(np.float64)
    correlation, identical = _compared(list(singles), grids)
    return FieldStatistics(row, planes, reasons, correlation, identical)


def measure_plane(pixels: np.ndarray, sample: int) -> PlaneStatistics:
    """Measures `(height, width)` pixels and keeps about `sample` of them."""
    minimum, maximum = float(pixels.min()), float(pixels.max())
    at_maximum = int(np.count_nonzero(pixels == pixels.max()))
    least = 4 if pixels.dtype.kind in "ui" else 0
    threshold = maximum - max(least, 0.02 * (maximum - minimum))
    return PlaneStatistics(
        dtype=pixels.dtype.name,
        shape=(pixels.shape[0], pixels.shape[1]),
        minimum=minimum,
        maximum=maximum,
        mean=float(grid_of(pixels, _GRID).mean(dtype=np.float64)),
        sample=grid_of(pixels, min(sample, _GRID)).ravel().copy(),
        at_maximum=at_maximum,
        just_below=int(np.count_nonzero(pixels >= threshold)) - at_maximum,
        agreement=neighbour_agreement(pixels),
    )


def grid_of(pixels: np.ndarray, most: int) -> np.ndarray:
    """Every n-th row and column, so that at most about `most` pixels are left."""
    step = max(1, ceil(sqrt(pixels.size / most)))
    return pixels[::step, ::step]


def neighbour_agreement(pixels: np.ndarray) -> float:
    """How far neighbouring pixels agree: 1 for pure noise, up to 16 for smooth structures.

    The variance of means over 4 x 4 pixels, times 16, over the variance of pixels, both within
    windows of 16 x 16, so that uneven light counts little.

    Args:
        pixels: `(height, width)`.

    Returns:
        NaN where the image is smaller than a window, or constant.
    """
    rows, columns = (side // _WINDOW for side in pixels.shape)
    if not rows or not columns:
        return float("nan")
    trimmed = pixels[: rows * _WINDOW, : columns * _WINDOW]
    tiles = trimmed.reshape(rows, _WINDOW, columns, _WINDOW).swapaxes(1, 2)
    windows = tiles.reshape(-1, _WINDOW, _WINDOW)
    windows = windows[:: ceil(len(windows) / _MOST_WINDOWS)].astype(np.float64)
    noise = windows.var(axis=(1, 2), ddof=1).mean()
    across = _WINDOW // _BLOCK
    blocks = windows.reshape(-1, across, _BLOCK, across, _BLOCK).mean(axis=(2, 4))
    agreement = _BLOCK**2 * blocks.var(axis=(1, 2), ddof=1).mean()
    return float(agreement / noise) if noise else float("nan")


def _compared(names: list[str], grids: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of all pairs of channels of one size, and which pairs are equal."""
    correlation = np.full((len(names), len(names)), np.nan)
    identical = np.zeros((len(names), len(names)), dtype=bool)
    varied = {name: grid for name, grid in grids.items() if np.ptp(grid) > 0}
    for shape in {grid.shape for grid in varied.values()}:
        same = [name for name, grid in varied.items() if grid.shape == shape]
        at = [names.index(name) for name in same]
        flat = np.stack([varied[name].ravel() for name in same])
        correlation[np.ix_(at, at)] = np.corrcoef(flat)
        equal = [[np.array_equal(one, other) for other in flat] for one in flat]
        identical[np.ix_(at, at)] = equal
    return correlation, identical
