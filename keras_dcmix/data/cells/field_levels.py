"""How bright the channels of fields are, and how all images are brought to one scale by that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.cells.plates import control_fields, plate_of_field
from keras_dcmix.data.cells.preprocessing import Preprocessing

_ENOUGH_PIXELS = 2**14


def sampled(field: np.ndarray) -> np.ndarray:
    """Pixels on an even grid, about 16,000 of a large field: `(pixels, channels)`."""
    step = max(1, round(np.sqrt(field.shape[0] * field.shape[1] / _ENOUGH_PIXELS)))
    return field[::step, ::step].reshape(-1, field.shape[-1])


@dataclass(frozen=True, eq=False)
class FieldLevels:
    """Measured on single fields, each array `(channels,)`, or `(fields, channels)` for many.

    Args:
        mean: mean of the pixels.
        variance: variance of the pixels.
        low: the lower percentile of `Preprocessing.clip`; the mean where there is none.
        high: the upper one, likewise.
    """

    mean: np.ndarray
    variance: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, field: np.ndarray, clip: tuple[float, float] | None) -> FieldLevels:
        """Measures a field `(height, width, channels)`."""
        # A copy, one row a channel: sums along the last axis take a tenth of the time of those
        # along the first.
        pixels = np.array(sampled(field).T, dtype=np.float32, order="C")
        mean = pixels.mean(axis=1, dtype=np.float64)
        low, high = (mean, mean) if clip is None else np.percentile(pixels, clip, axis=1)
        pixels -= mean[:, None].astype(np.float32)
        variance = np.einsum("cp,cp->c", pixels, pixels, dtype=np.float64) / pixels.shape[1]
        return cls(mean, variance, low, high)

    @classmethod
    def stack(cls, levels: list[FieldLevels]) -> FieldLevels:
        """Joins the levels of several fields."""
        parts = ("mean", "variance", "low", "high")
        return cls(*(np.stack([getattr(level, part) for level in levels]) for part in parts))


@dataclass(frozen=True, eq=False)
class Leveling:
    """The last steps of `Preprocessing`: `(clip(pixels, low, high) - mean) / std`.

    Args:
        low, high, mean, std: `(fields, channels)`; where `clips` is False, `low` and `high` are
            not used, where `scales` is False, `mean` and `std` are not.
        clips: whether pixels are cut off.
        scales: whether they are brought to mean 0 and standard deviation 1.
    """

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    clips: bool
    scales: bool

    def apply(self, pixels: np.ndarray, fields: np.ndarray) -> np.ndarray:
        """Levels images `(images, height, width, channels)` of the fields `(images,)`."""
        low, high, mean, std = (
            part[fields][:, None, None].astype(np.float32)
            for part in (self.low, self.high, self.mean, self.std)
        )
        pixels = pixels.astype(np.float32, copy=True)
        if self.clips:
            np.clip(pixels, low, high, out=pixels)
        if self.scales:
            pixels -= mean
            pixels /= std
        return pixels


def leveling_of(
    levels: FieldLevels, used: np.ndarray, *, table: pd.DataFrame, steps: Preprocessing
) -> Leveling | None:
    """Turns what was measured on fields into what is done to their images.

    Args:
        levels: of all fields, `(fields, channels)`.
        used: `(fields,)` truth values, False for fields that were not measured.
        table: metadata, one row a field.
        steps: what the user chose.

    Returns:
        The leveling; None where nothing is to be done.

    Raises:
        ValueError: if plates are wanted and not named, or a plate has no control.
    """
    if not steps.levels:
        return None
    means, variances, lows, highs = (
        part.astype(np.float64) for part in (levels.mean, levels.variance, levels.low, levels.high)
    )
    if steps.normalize != "image":
        scope = _plates(table) if steps.normalize == "plate" else np.zeros(len(table), dtype=int)
        judged = used
        if steps.controls is not None:
            judged = used & control_fields(table, steps.controls)
            _refuse_uncontrolled(table, judged, used)
        for number in np.unique(scope[used]):
            whole, members = scope == number, (scope == number) & judged
            # The variance of all pixels: within fields, and between their means.
            variances[whole] = variances[members].mean(axis=0) + means[members].var(axis=0)
            means[whole] = means[members].mean(axis=0)
            lows[whole] = np.median(lows[members], axis=0)
            highs[whole] = np.median(highs[members], axis=0)
    std = np.sqrt(variances)
    return Leveling(
        lows,
        highs,
        means,
        np.where(std > 0, std, 1.0),
        clips=steps.clip is not None,
        scales=steps.normalize != "none",
    )


def _plates(table: pd.DataFrame) -> np.ndarray:
    numbers, names = plate_of_field(table)
    if names == [""]:
        raise DataError(
            "normalize='plate' needs the column Metadata_Plate, received the columns "
            f"{', '.join(table.columns) or 'none'}: choose normalize='image' or add the column"
        )
    return numbers


def _refuse_uncontrolled(table: pd.DataFrame, judged: np.ndarray, used: np.ndarray) -> None:
    numbers, names = plate_of_field(table)
    lacking = sorted(set(numbers[used]) - set(numbers[judged]))
    if lacking:
        raise DataError(
            f"every plate needs controls to be normalised by, received none on {len(lacking)} of "
            f"{len(names)} plates, the first is '{names[lacking[0]]}': leave these plates out, or "
            "leave controls= out"
        )
