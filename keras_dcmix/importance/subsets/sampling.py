"""Which subsets of the channels are scored: all, or those that random orders of channels meet."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from keras_dcmix.importance.subsets.gains import prefixes

MOST_EXACT = 10  # 2**10 subsets; each further channel doubles the work
NUM_ORDERS = 10


class Sampling(NamedTuple):
    """Subsets to score.

    Attributes:
        subsets: `(num_subsets, num_channels)` bool, each once; the empty and the full one, each
            channel alone and all channels but one are among them.
        orders: `(num_orders, num_channels)`, the sampled orders, each followed by its reverse;
            `None` where the subsets are all there are.
    """

    subsets: np.ndarray
    orders: np.ndarray | None


def choose_subsets(
    num_channels: int, rng: np.random.Generator, num_orders: int | None = None
) -> Sampling:
    """All subsets of up to ten channels; of more, those that random orders meet.

    Args:
        num_channels: Number of channels.
        rng: Draws the orders.
        num_orders: Orders, an even number; `None` takes all subsets up to ten channels, else 10.
    """
    if num_orders is None and num_channels <= MOST_EXACT:
        every = np.arange(2**num_channels)[:, None] >> np.arange(num_channels) & 1
        return Sampling(every.astype(bool), None)
    half = (NUM_ORDERS if num_orders is None else num_orders) // 2
    forward = np.array([rng.permutation(num_channels) for _ in range(half)])
    orders = np.stack([forward, forward[:, ::-1]], axis=1).reshape(2 * half, num_channels)
    one = np.eye(num_channels, dtype=bool)
    return Sampling(distinct(np.concatenate([met(orders), one, ~one])), orders)


def met(orders: np.ndarray) -> np.ndarray:
    """The distinct subsets on the way from no channel to all, `(num_subsets, num_channels)`."""
    return distinct(prefixes(orders).reshape(-1, orders.shape[1]))


def distinct(subsets: np.ndarray) -> np.ndarray:
    """Each subset once."""
    return np.unique(subsets, axis=0)
