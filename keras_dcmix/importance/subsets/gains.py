"""What a channel adds to a score, on average over random orders of channels, and how sure that is.

Everything here is a weighted mean over blocks of images, and over orders where those were sampled.
Its error is kept as deviations: what each block, and each order, moves the mean by. They are scaled
so that the sum of their squares is the squared standard error, for any linear combination too.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import factorial
from typing import NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """Means of any shape, with the deviations their errors follow from.

    Attributes:
        values: the means.
        by_block: `(num_blocks, *shape)`, NaN with a single block: its error is not known.
        by_order: `(num_units, *shape)`, no row where all subsets are there, NaN with one unit.
    """

    values: np.ndarray
    by_block: np.ndarray
    by_order: np.ndarray

    @property
    def standard_errors(self) -> np.ndarray:
        """The standard error of each mean, NaN where it is not known."""
        return np.sqrt((self.by_block**2).sum(axis=0) + (self.by_order**2).sum(axis=0))

    def resamples(self, num_resamples: int, seed: int) -> np.ndarray:
        """Draws bootstrap resamples of blocks, and of orders, `(num_resamples, *shape)`.

        A resample is the mean plus each block's deviation as often as the block was drawn. All
        deviations add up to 0, and their scale makes the spread of resamples the standard error
        without a small-sample bias.
        """
        rng = np.random.default_rng(seed)
        drawn = np.repeat(self.values[None], num_resamples, axis=0)
        for deviations in (self.by_block, self.by_order):
            if number := len(deviations):
                counts = rng.multinomial(number, np.full(number, 1 / number), size=num_resamples)
                drawn += np.tensordot(counts, deviations, axes=1)
        return drawn


def block_estimate(block_values: np.ndarray, shares: np.ndarray) -> Estimate:
    """Averages `(num_blocks, *shape)` over blocks whose shares of all images add up to 1."""
    values = np.tensordot(shares, block_values, axes=1)
    weights = shares.reshape(-1, *[1] * values.ndim)
    by_block = _unbiased(len(shares)) * weights * (block_values - values)
    return Estimate(values, by_block, np.empty((0, *values.shape)))


def shapley_values(
    subsets: np.ndarray, block_scores: np.ndarray, shares: np.ndarray, orders: np.ndarray | None
) -> Estimate:
    """Averages what each channel adds: `(num_channels,)`."""
    estimates = [
        _mean_gains(gains, chances[:, None], shares, orders)
        for gains, chances, _ in _marginals(subsets, block_scores, orders)
    ]
    return _stacked([_reshaped(estimate, ()) for estimate in estimates])


def block_shapley_values(
    subsets: np.ndarray, block_scores: np.ndarray, orders: np.ndarray | None
) -> np.ndarray:
    """What each channel adds in each block, `(num_blocks, num_channels)`."""
    marginals = _marginals(subsets, block_scores, orders)
    return np.stack([gains @ chances for gains, chances, _ in marginals], axis=1)


def pair_gains(
    subsets: np.ndarray, block_scores: np.ndarray, shares: np.ndarray, orders: np.ndarray | None
) -> Estimate:
    """Averages what a channel adds while another is absent, and while it is there.

    Returns:
        `(num_channels, 2, num_channels)`: the channel, whether the other is there, the other. NaN
        where no order has both: on the diagonal, or with few orders.
    """
    estimates = []
    for gains, chances, present in _marginals(subsets, block_scores, orders):
        weights = chances[:, None] * np.hstack([~present, present])
        estimate = _mean_gains(gains, weights, shares, orders)
        estimates.append(_reshaped(estimate, (2, present.shape[1])))
    return _stacked(estimates)


def find_rows(subsets: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Returns the row of each wanted subset, -1 where it is missing.

    Example:

    >>> find_rows(np.array([[False, False], [True, True]]), np.array([[1, 1], [1, 0]])).tolist()
    [1, -1]
    """
    rows = {key.tobytes(): row for row, key in enumerate(np.packbits(subsets, axis=1))}
    keys = np.packbits(np.asarray(wanted, dtype=bool), axis=1)
    return np.array([rows.get(key.tobytes(), -1) for key in keys])


def prefixes(orders: np.ndarray) -> np.ndarray:
    """Returns the subsets met while inserting channels: `(num_orders, num_channels + 1, ...)`."""
    inserted_at = np.argsort(orders, axis=1)
    return inserted_at[:, None, :] < np.arange(orders.shape[1] + 1)[:, None]


def _marginals(
    subsets: np.ndarray, block_scores: np.ndarray, orders: np.ndarray | None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yields for each channel: what it adds to each coalition, its chance, and who is in it.

    The shapes are `(num_blocks, num_coalitions)`, `(num_coalitions,)` and `(num_coalitions,
    num_channels)`; a coalition is what a random order of channels puts before the channel.
    """
    if orders is None:
        return _exact_marginals(subsets, block_scores)
    return _sampled_marginals(subsets, block_scores, orders)


def _exact_marginals(
    subsets: np.ndarray, block_scores: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    num_channels = subsets.shape[1]
    bits = 1 << np.arange(num_channels)
    # Sorted by bit mask, a subset's row is its mask.
    in_order = np.argsort(subsets @ bits)
    subsets, block_scores = subsets[in_order], block_scores[:, in_order]
    chance = np.array(
        [
            factorial(size) * factorial(num_channels - size - 1) / factorial(num_channels)
            for size in range(num_channels)
        ]
    )
    for channel, bit in enumerate(bits):
        without = np.flatnonzero(~subsets[:, channel])
        gains = block_scores[:, without | bit] - block_scores[:, without]
        present = subsets[without]
        yield gains, chance[present.sum(axis=1)], present


def _sampled_marginals(
    subsets: np.ndarray, block_scores: np.ndarray, orders: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    num_orders, num_channels = orders.shape
    met = prefixes(orders)
    rows = find_rows(subsets, met.reshape(-1, num_channels)).reshape(num_orders, -1)
    every, inserted_at = np.arange(num_orders), np.argsort(orders, axis=1)
    chance = np.full(num_orders, 1 / num_orders)
    for step in inserted_at.T:
        gains = block_scores[:, rows[every, step + 1]] - block_scores[:, rows[every, step]]
        yield gains, chance, met[every, step]


def _mean_gains(
    gains: np.ndarray, weights: np.ndarray, shares: np.ndarray, orders: np.ndarray | None
) -> Estimate:
    """Averages gains over coalitions, with one column of weights for each mean."""
    with np.errstate(invalid="ignore"):
        weights = weights / weights.sum(axis=0)
    over_blocks = block_estimate(gains @ weights, shares)
    if orders is None:
        return over_blocks
    num_orders = len(orders)
    # An order and its reverse come one after the other: alone they are not independent.
    num_units = num_orders // 2 if num_orders % 2 == 0 else num_orders
    by_order = weights * ((shares @ gains)[:, None] - over_blocks.values)
    by_unit = by_order.reshape(num_units, -1, by_order.shape[1]).sum(axis=1)
    return over_blocks._replace(by_order=_unbiased(num_units) * by_unit)


def _unbiased(number: int) -> float:
    """Returns the factor that makes a spread over few members unbiased, NaN for a single one."""
    return np.sqrt(number / (number - 1)) if number > 1 else np.nan


def _reshaped(estimate: Estimate, shape: tuple[int, ...]) -> Estimate:
    """Gives the one axis of means another shape."""
    values, by_block, by_order = estimate
    return Estimate(
        values.reshape(shape),
        by_block.reshape(len(by_block), *shape),
        by_order.reshape(len(by_order), *shape),
    )


def _stacked(estimates: list[Estimate]) -> Estimate:
    """Joins the estimates of all channels along a new first axis of the means."""
    return Estimate(
        np.stack([estimate.values for estimate in estimates]),
        np.stack([estimate.by_block for estimate in estimates], axis=1),
        np.stack([estimate.by_order for estimate in estimates], axis=1),
    )
