"""Intensity statistics of fields, and the scaling of all images by them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix.data.cells.plates import control_fields, plate_of_field
from keras_dcmix.data.cells.preprocessing import Preprocessing

_ENOUGH_PIXELS = 2**14


def sampled_pixels(field: np.ndarray) -> np.ndarray:
    """Pixels on an even grid, about 16,000 of a large field: `(pixels, channels)`."""
    step = max(1, round(np.sqrt(field.shape[0] * field.shape[1] / _ENOUGH_PIXELS)))
    return field[::step, ::step].reshape(-1, field.shape[-1])


@dataclass(frozen=True, eq=False)
class IntensityStatistics:
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
    def of(cls, field: np.ndarray, clip: tuple[float, float] | None) -> IntensityStatistics:
        """Measures a field `(height, width, channels)`."""
        # A copy, one row a channel: sums along the last axis take a tenth of the time of those
        # along the first.
        pixels = np.array(sampled_pixels(field).T, dtype=np.float32, order="C")
        mean = pixels.mean(axis=1, dtype=np.float64)
        low, high = (mean, mean) if clip is None else np.percentile(pixels, clip, axis=1)
        pixels -= mean[:, None].astype(np.float32)
        variance = np.einsum("cp,cp->c", pixels, pixels, dtype=np.float64) / pixels.shape[1]
        return cls(mean, variance, low, high)

    @classmethod
    def stack(cls, fields: list[IntensityStatistics]) -> IntensityStatistics:
        """Joins the statistics of several fields."""
        parts = ("mean", "variance", "low", "high")
        return cls(*(np.stack([getattr(field, part) for field in fields]) for part in parts))


@dataclass(frozen=True, eq=False)
class Scaling:
    """The last steps of `Preprocessing`: `(clip(pixels, low, high) - mean) / std`.

    Args:
        low: `(fields, channels)` lower limit of the pixels, used where `clips`.
        high: upper limit, likewise.
        mean: `(fields, channels)` value that is subtracted, used where `normalizes`.
        std: value that pixels are divided by, likewise.
        clips: whether pixels are limited.
        normalizes: whether they are brought to mean 0 and standard deviation 1.
    """

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    clips: bool
    normalizes: bool

    def apply(self, pixels: np.ndarray, fields: np.ndarray) -> np.ndarray:
        """Scales images `(images, height, width, channels)` of the fields `(images,)`."""
        low, high, mean, std = (
            part[fields][:, None, None].astype(np.float32)
            for part in (self.low, self.high, self.mean, self.std)
        )
        pixels = pixels.astype(np.float32, copy=True)
        if self.clips:
            np.clip(pixels, low, high, out=pixels)
        if self.normalizes:
            pixels -= mean
            pixels /= std
        return pixels


def scaling_of(
    measured: IntensityStatistics, used: np.ndarray, *, table: pd.DataFrame, steps: Preprocessing
) -> Scaling | None:
    """Computes the scaling of images from the statistics of their fields.

    Args:
        measured: of all fields, `(fields, channels)`.
        used: `(fields,)` truth values, False for fields that were not measured.
        table: metadata, one row a field.
        steps: the chosen preprocessing.

    Returns:
        The scaling; None where pixels are neither clipped nor normalised.

    Raises:
        ValueError: if `normalize="plate"` and the table names no plates, or a plate has no control.
    """
    if not steps.scales:
        return None
    means, variances, lows, highs = (
        part.astype(np.float64)
        for part in (measured.mean, measured.variance, measured.low, measured.high)
    )
    if steps.normalize != "image":
        scope = _plates(table) if steps.normalize == "plate" else np.zeros(len(table), dtype=int)
        reference = used
        if steps.controls is not None:
            reference = used & control_fields(table, steps.controls)
            _refuse_uncontrolled(table, reference, used)
        for number in np.unique(scope[used]):
            plate, members = scope == number, (scope == number) & reference
            # The variance of all pixels: within fields, and between their means.
            variances[plate] = variances[members].mean(axis=0) + means[members].var(axis=0)
            means[plate] = means[members].mean(axis=0)
            lows[plate] = np.median(lows[members], axis=0)
            highs[plate] = np.median(highs[members], axis=0)
    std = np.sqrt(variances)
    return Scaling(
        lows,
        highs,
        means,
        np.where(std > 0, std, 1.0),
        clips=steps.clip is not None,
        normalizes=steps.normalize != "none",
    )


def _plates(table: pd.DataFrame) -> np.ndarray:
    numbers, names = plate_of_field(table)
    if names == [""]:
        raise DataError(
            f"{argument('normalize', 'plate')} needs the column Metadata_Plate. Received: "
            f"{', '.join(table.columns) or 'no columns'}. Add the column, or choose "
            f"{argument('normalize', 'image')}"
        )
    return numbers


def _refuse_uncontrolled(table: pd.DataFrame, reference: np.ndarray, used: np.ndarray) -> None:
    numbers, names = plate_of_field(table)
    lacking = sorted(set(numbers[used]) - set(numbers[reference]))
    if lacking:
        raise DataError(
            f"{argument('controls')} must match fields of every plate. Received: none on "
            f"{len(lacking)} of {len(names)} plates, the first is '{names[lacking[0]]}'. Leave "
            f"these plates out, or leave {argument('controls')} out"
        )
