"""How sure a score is, from its repeats: intervals, and how often one channel beats another."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from keras_dcmix._common.errors import MethodError


def bootstrap_interval(
    repeats: Any, *, level: float = 0.95, num_resamples: int = 2000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draws the percentile bootstrap interval of each channel's mean over repeats.

    All channels meet the same resamples, so that they are compared fairly. With few repeats the
    interval is too narrow: five seeds at 95% cover the true mean in about 83% of cases.

    Args:
        repeats: `(num_repeats, num_channels)`, at least two repeats.
        level: share of the resampled means between the two ends, above 0 and below 1.
        num_resamples: how many resamples to draw, at least 1.
        seed: seed of `numpy.random.default_rng`.

    Returns:
        The low and the high end, two arrays `(num_channels,)` in the unit of `repeats`.

    Raises:
        ValueError: if there are fewer than two repeats, or a number is out of its range.

    Example:
        >>> low, high = bootstrap_interval([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
        >>> low.tolist(), high.tolist()
        ([1.0, 5.0], [3.0, 5.0])
    """
    repeats = _checked_repeats(repeats, at_least=2)
    if not 0 < level < 1:
        raise MethodError(f"level must lie between 0 and 1, such as 0.95. Received: {level}")
    if num_resamples < 1:
        raise MethodError(f"num_resamples must be at least 1. Received: {num_resamples}")
    num_repeats = len(repeats)
    # Counts per repeat instead of drawn rows: memory stays small with many channels.
    counts = np.random.default_rng(seed).multinomial(
        num_repeats, np.full(num_repeats, 1 / num_repeats), size=num_resamples
    )
    low, high = np.quantile(
        counts @ repeats / num_repeats, [(1 - level) / 2, (1 + level) / 2], axis=0
    )
    return low, high


def order_agreement(repeats: Any) -> np.ndarray:
    """Counts how often each channel lies above each other one.

    Args:
        repeats: `(num_repeats, num_channels)`, at least one repeat.

    Returns:
        `(num_channels, num_channels)`: in row i and column j the share of repeats, from 0 to 1, in
        which channel i scores above channel j. A tie counts half, so the diagonal is 0.5.

    Raises:
        ValueError: if `repeats` has another shape or a number is not finite.

    Example:
        >>> order_agreement([[3, 1], [2, 1], [1, 1], [0, 1]]).tolist()
        [[0.5, 0.625], [0.375, 0.5]]
    """
    repeats = _checked_repeats(repeats, at_least=1)
    above = np.sign(repeats[:, :, None] - repeats[:, None, :])
    return (above.mean(axis=0) + 1) / 2


def honestly_significant_difference(repeats: Any, *, level: float = 0.05) -> float:
    """Tukey's honestly significant difference of the means of two channels over repeats.

    The chance that any two of all channels with the same mean lie further apart is `level`; it
    grows with the number of channels. Each repeat is a block: what it adds to all channels alike
    does not count.

    Args:
        repeats: `(num_repeats, num_channels)`, at least two repeats and two channels.
        level: Chance of an error in any pair, above 0 and below 1.

    Returns:
        The difference, in the unit of `repeats`; 0 where all repeats are equal.

    Raises:
        ValueError: If there are fewer than two repeats or channels, or a number does not fit.

    Example:
        >>> round(honestly_significant_difference([[1.0, 5.0], [2.0, 5.5], [3.0, 6.4]]), 2)
        0.8

    Reference:
        Tukey, *The problem of multiple comparisons*, 1953; for blocks see Hochberg and Tamhane,
        *Multiple Comparison Procedures*, Wiley 1987.
    """
    repeats = _checked_repeats(repeats, at_least=2)
    num_repeats, num_channels = repeats.shape
    if num_channels < 2:
        raise MethodError(f"Two channels are needed. Received: shape {repeats.shape}")
    if not 0 < level < 1:
        raise MethodError(f"level must lie between 0 and 1, such as 0.05. Received: {level}")
    blocks = repeats.mean(axis=1, keepdims=True)
    residuals = repeats - repeats.mean(axis=0) - blocks + repeats.mean()
    freedom = (num_repeats - 1) * (num_channels - 1)
    error = np.sqrt((residuals**2).sum() / freedom / num_repeats)
    return float(_critical_range(level, num_channels, freedom) * error)


@functools.cache
def _critical_range(level: float, num_channels: int, freedom: int) -> float:
    # Imported here: it would triple the time to import the package.
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(1 - level, num_channels, freedom))


def _checked_repeats(repeats: Any, *, at_least: int) -> np.ndarray:
    """Returns `(num_repeats, num_channels)` finite numbers, or raises."""
    repeats = np.asarray(repeats, dtype=np.float64)
    if repeats.ndim != 2 or repeats.shape[0] < at_least or repeats.shape[1] < 1:
        raise MethodError(
            f"repeats must have shape (num_repeats, num_channels) with at least {at_least} "
            f"repeats; use more seeds. Received: shape {repeats.shape}"
        )
    if not np.isfinite(repeats).all():
        raise MethodError("repeats must be finite. Received: NaN or infinity")
    return repeats
