"""What the check says of each channel, held against its weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.subsets import SubsetScores

# Below a quarter of an even share the weights call a channel idle, above half of one in use; the
# check does so with its share of the gain. Between the two neither word is used.
IDLE, IN_USE = 0.25, 0.5


@dataclass(frozen=True)
class Verdict:
    """Weights and check side by side.

    Attributes:
        shares: Each channel's share of the mix, 0 to 1.
        parts: Each channel's part of what the check's model gains from all channels, by Shapley
            values of the log-likelihood; they add up to 1, a channel that does harm is below 0.
        credited: Channels in use by the check, the most credited first.
        missed: Channels that inform by the check though their weights are low.
        spare: Channels in use by the weights of which the check's model has next to nothing.
        kept: The channels of the smallest sufficient panel by accuracy.
        dropped: All others.
        cost: What accuracy loses without `dropped`, below 0 where it gains.
        cost_error: Standard error of `cost` over blocks of images; NaN with one block.
        least: The channel that accuracy misses least.
        least_cost: What accuracy loses without `least` alone.
        least_cost_error: Standard error of `least_cost`; NaN with one block.
    """

    shares: dict[str, float]
    parts: dict[str, float]
    credited: list[str]
    missed: list[str]
    spare: list[str]
    kept: list[str]
    dropped: list[str]
    cost: float
    cost_error: float
    least: str
    least_cost: float
    least_cost_error: float

    @property
    def agrees(self) -> bool:
        """Whether no channel is in use by one and idle by the other."""
        return not self.missed and not self.spare


def read_check(importance: ChannelImportance, scores: SubsetScores) -> Verdict | None:
    """Holds the check against the weights.

    Args:
        importance: Shares of the mix.
        scores: The score of every subset, with the metrics `accuracy` and `log_likelihood`.

    Returns:
        The verdict; `None` where the check's model does no better with channels than without.
    """
    panels = scores.panels("accuracy")
    best = next(panel for panel in panels if panel.smallest_sufficient)
    shapley = scores.shapley("log_likelihood")
    gain = shapley.scores.sum()
    if not best.channels or gain <= 0:
        return None
    nearest = panels[-2]
    shares = dict(zip(importance.channel_names, importance.scores.tolist(), strict=True))
    parts = dict(zip(shapley.channel_names, (shapley.scores / gain).tolist(), strict=True))
    error = np.nan_to_num(shapley.std) / gain
    sure = dict(zip(shapley.channel_names, shapley.scores / gain > 2 * error, strict=True))
    even = 1 / len(shares)
    return Verdict(
        shares=shares,
        parts=parts,
        credited=[name for name in shapley.order if parts[name] > IN_USE * even],
        missed=[
            name
            for name in shapley.order
            if shares[name] < IDLE * even and parts[name] > IN_USE * even and sure[name]
        ],
        # What accuracy cannot do without is never called spare.
        spare=[
            name
            for name in importance.order
            if shares[name] > IN_USE * even
            and parts[name] < IDLE * even
            and name not in best.channels
        ],
        kept=list(best.channels),
        dropped=list(best.dropped),
        cost=best.cost,
        cost_error=best.cost_standard_error,
        least=nearest.dropped[0],
        least_cost=nearest.cost,
        least_cost_error=nearest.cost_standard_error,
    )
