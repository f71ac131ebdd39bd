"""Correction of single fields for uneven illumination and background."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix.data.cells.file_states import states_of
from keras_dcmix.data.cells.intensities import sampled_pixels
from keras_dcmix.data.cells.plates import plate_of_field
from keras_dcmix.data.cells.preprocessing import Preprocessing
from keras_dcmix.data.cells.resizing import resize_field
from keras_dcmix.data.image_files import UnreadableImageError
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.threads import ordered_map

# An estimate is smooth, so it is kept small: a screen has hundreds of plates.
_SIDE = 64
_MOST_FIELDS = 100
_SMOOTHING = 6.0
_DARKEST = 0.05


@dataclass(frozen=True, eq=False)
class Correction:
    """The first steps of `Preprocessing`: `corrected = field / illumination - background`.

    Args:
        background: percentile that is subtracted; None subtracts nothing.
        files: `.npy` paths, a row a field and a column a channel; None without them.
        estimates: `(plates, 64, 64, channels)` estimated functions of mean 1; None without them.
        plates: `(fields,)` number of each field's plate.
    """

    background: float | None
    files: pd.DataFrame | None
    estimates: np.ndarray | None
    plates: np.ndarray

    def cache_key(self) -> str:
        """Text that changes with the correction."""
        plates = "" if self.estimates is None else self.plates.tolist()
        files = "" if self.files is None else states_of(self.files.to_numpy().ravel())
        return f"{files} {plates}"

    def apply(self, field: np.ndarray, number: int) -> np.ndarray:
        """Corrects a field.

        Args:
            field: raw pixels `(height, width, channels)`.
            number: row of the field in the image set.

        Returns:
            The same shape, `float32` where anything is done.

        Raises:
            UnreadableImageError: if an illumination function is missing, has another size than
                the field or values that are not above 0.
        """
        if self.files is not None:
            field = field / _functions(self.files.iloc[number], field.shape)
        if self.estimates is not None:
            field = field / resize_field(self.estimates[self.plates[number]], *field.shape[:2])
        if self.background is not None:
            field = field - np.percentile(sampled_pixels(field), self.background, axis=0)
        return field.astype(np.float32, copy=False)


def _functions(paths: pd.Series, shape: tuple[int, ...]) -> np.ndarray:
    """The illumination functions of one field, from their paths by channel."""
    functions = []
    for name, path in paths.items():
        channel = str(name)
        if path is None:
            raise UnreadableImageError(
                f"{argument('illumination', 'files')} needs an illumination function in each row. "
                f"Received: no FileName_Illum{channel} for channel '{channel}'. Choose "
                f"{argument('illumination', 'estimate')}",
                channel=channel,
            )
        function = _function(os.fspath(path))
        if function.shape != shape[:2]:
            raise UnreadableImageError(
                f"Illumination function must have the size of its field, {shape[0]} x {shape[1]}. "
                f"Received: {function.shape[0]} x {function.shape[1]} in '{path}'",
                channel=channel,
            )
        functions.append(function)
    return np.stack(functions, axis=-1)


def correction_of(image_set: ImageSet, steps: Preprocessing) -> Correction | None:
    """Prepares the correction of a set; None where nothing is corrected.

    Raises:
        ValueError: if the source has no illumination functions although they were chosen.
    """
    if not steps.corrects:
        return None
    plates, _ = plate_of_field(image_set.table)
    if steps.illumination == "files" and image_set.illumination is None:
        raise DataError(
            f"{argument('illumination', 'files')} needs a source with illumination functions, in "
            "LoadData's FileName_Illum columns. Received: a source without them. Choose 'estimate' "
            "or 'none'"
        )
    return Correction(
        background=steps.background,
        files=image_set.illumination if steps.illumination == "files" else None,
        estimates=_estimates(image_set, plates) if steps.illumination == "estimate" else None,
        plates=plates,
    )


def _estimates(image_set: ImageSet, plates: np.ndarray) -> np.ndarray:
    """The smoothed mean of some fields of each plate, its own mean 1."""
    from scipy.ndimage import gaussian_filter

    estimates = np.empty((plates.max() + 1, _SIDE, _SIDE, image_set.num_channels), np.float32)
    for plate in range(len(estimates)):
        members = np.flatnonzero(plates == plate)
        spread = np.linspace(0, len(members) - 1, min(len(members), _MOST_FIELDS)).astype(int)
        mean = _mean_field(image_set, members[spread])
        smooth = gaussian_filter(mean, (_SMOOTHING, _SMOOTHING, 0), mode="nearest")
        level = smooth.mean(axis=(0, 1))
        # A channel without any light has no illumination to correct.
        relative = np.divide(smooth, level, out=np.ones_like(smooth), where=level > 0)
        estimates[plate] = np.maximum(relative, _DARKEST)
    return estimates


def _mean_field(image_set: ImageSet, numbers: np.ndarray) -> np.ndarray:
    """Mean of fields at a small size; unreadable ones are reported by the pass over all fields."""

    def small(number: int) -> np.ndarray | None:
        try:
            return resize_field(image_set.read(int(number)), _SIDE, _SIDE)
        except UnreadableImageError:
            return None

    total, count = np.zeros((_SIDE, _SIDE, image_set.num_channels)), 0
    for field in ordered_map(small, numbers):
        if field is not None:
            total, count = total + field, count + 1
    return total / count if count else np.ones_like(total)


def _function(path: str) -> np.ndarray:
    try:
        return _read_function(path, os.stat(path).st_mtime_ns)
    except OSError as error:
        raise UnreadableImageError(f"Illumination function is missing: '{path}'") from error


@lru_cache(maxsize=32)
def _read_function(path: str, _changed: int) -> np.ndarray:
    """Reads a function; the time of its last change makes a new one be read."""
    try:
        function = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UnreadableImageError(
            f"Illumination function must be a .npy array. Received: '{path}' ({error})"
        ) from error
    if function.ndim != 2 or not (function > 0).all():
        raise UnreadableImageError(
            "Illumination function must be (height, width) numbers above 0. Received: "
            f"shape={function.shape}, min={function.min() if function.size else 'none'} in '{path}'"
        )
    return function.astype(np.float32)
