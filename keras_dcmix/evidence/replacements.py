"""Which channels carry the information of a replaceable channel."""

from __future__ import annotations

import numpy as np

from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.importance.subsets.gains import find_rows

_METRIC = "log_likelihood"

# A channel is replaced where others leave it less than this part of what it gains alone.
_REST = 0.5
_MOST_REPLACEMENTS = 3


def find_replacements(scores: SubsetScores, channel: str) -> tuple[str, ...]:
    """Other channels beside which a channel adds less than half of what it adds alone.

    Channels are taken one by one, each time the one that leaves the least, three at most. Where
    orders of channels were sampled, few pairs were scored: then it is the one channel that lowers
    the gain most in the orders where it comes before.

    Args:
        scores: Log-likelihood of subsets.
        channel: Name of the channel.

    Returns:
        Names, the best replacement first; none where no three channels replace it.
    """
    number = scores.channel_names.index(channel)
    if scores.orders is not None:
        return _from_orders(scores, scores.orders, number)
    limit = _REST * _added(scores, number, [])
    chosen: list[int] = []
    rest = 2 * limit
    while rest > limit and len(chosen) < _MOST_REPLACEMENTS:
        free = {*range(scores.num_channels)} - {number, *chosen}
        if not free:
            return ()
        left = {other: _added(scores, number, [*chosen, other]) for other in sorted(free)}
        best = min(left, key=lambda other: left[other])
        chosen, rest = [*chosen, best], left[best]
    return tuple(scores.channel_names[other] for other in chosen) if rest <= limit else ()


def _added(scores: SubsetScores, channel: int, others: list[int]) -> float:
    """What a channel adds beside others."""
    names = [scores.channel_names[other] for other in others]
    both = scores.score_of([*names, scores.channel_names[channel]], _METRIC)
    return both - scores.score_of(names, _METRIC)


def _from_orders(scores: SubsetScores, orders: np.ndarray, channel: int) -> tuple[str, ...]:
    """The channel whose presence lowers the gain most, over the sampled orders."""
    means = scores.scores(_METRIC)
    places = np.argsort(orders, axis=1)
    before = places < places[:, [channel]]
    after = before.copy()
    after[:, channel] = True
    gains = means[find_rows(scores.subsets, after)] - means[find_rows(scores.subsets, before)]
    falls = {
        other: (gains[~present].mean(), gains[present].mean())
        for other, present in enumerate(before.T)
        if other != channel and present.any() and not present.all()
    }
    if not falls:
        return ()
    best = max(falls, key=lambda other: falls[other][0] - falls[other][1])
    absent, there = falls[best]
    return (scores.channel_names[best],) if absent > 0 and there <= _REST * absent else ()
