"""How sure a score is, from its repeats: intervals, and how often one channel beats another."""

from __future__ import annotations

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
