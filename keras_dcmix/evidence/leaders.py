"""Which channels lead the mix: the rule and its result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_dcmix.evidence.statistics.repeats import honestly_significant_difference
from keras_dcmix.importance.channel_importance import ChannelImportance

# If more channels than this share the lead, no channel stands out.
_MOST_LEADERS = 4
_LEADING_PART = 0.25  # of the channels, where that is more

# A share of at most this many even shares, 1 / channels, is hardly above one.
_HARDLY_ABOVE = 1.1

_CLEAR = 0.1  # of an even share; a smaller lead in a single run is none


@dataclass(frozen=True)
class Leaders:
    """Which channels lead the mix.

    Attributes:
        names: The first channel, and those that do not differ clearly from it, by share.
        shares: Share of the mix of every channel, 0 to 1, the largest first.
        wins: Runs in which the first channel has the largest share.
        num_runs: Runs.
    """

    names: tuple[str, ...]
    shares: dict[str, float]
    wins: int
    num_runs: int

    @property
    def stand_out(self) -> bool:
        """Whether the weights separate the leaders from the rest.

        They do not if no channel is behind the leaders, if the leaders are many, or if the first
        share is hardly above an even one.
        """
        num_channels = len(self.shares)
        most = min(num_channels - 1, max(_MOST_LEADERS, _LEADING_PART * num_channels))
        return len(self.names) <= most and self.shares[self.names[0]] > (
            _HARDLY_ABOVE * self.even_share
        )

    @property
    def even_share(self) -> float:
        """The share of each channel if all had the same."""
        return 1 / len(self.shares)

    @property
    def followers(self) -> tuple[str, ...]:
        """All other channels, the largest share first."""
        return tuple(name for name in self.shares if name not in self.names)


def find_leaders(importance: ChannelImportance) -> Leaders:
    """Finds the channels that lead.

    A channel is level with the first, and shares its lead, unless both of these separate them:

    - the first's lead is more than two standard errors over the runs of this pair;
    - the difference of the square roots of their shares is above Tukey's honestly significant
      difference at 5 %: the more channels there are, the further apart two of them must be. It
      takes the spread of all channels together, which the square root makes alike for large and
      small shares.

    With two runs only the first condition counts: two say too little of the spread for the second.
    With a single run the spread is not known: a channel is level within a tenth of an even share.
    """
    names = importance.channel_names
    repeats = importance.scores[None] if importance.repeats is None else importance.repeats
    column = names.index(importance.order[0])
    level = dict(zip(names, _level_with(repeats, column), strict=True))
    shares = dict(zip(names, importance.scores.tolist(), strict=True))
    return Leaders(
        names=tuple(name for name in importance.order if level[name]),
        shares={name: shares[name] for name in importance.order},
        wins=int((np.argmax(repeats, axis=1) == column).sum()),
        num_runs=len(repeats),
    )


def _level_with(repeats: np.ndarray, first: int) -> np.ndarray:
    """`(num_channels,)`: which channels the first does not clearly exceed; itself is among them."""
    lead = repeats[:, [first]] - repeats
    if len(repeats) == 1:
        return lead[0] <= _CLEAR / repeats.shape[1]
    level_as_pair = lead.mean(axis=0) <= 2 * lead.std(axis=0, ddof=1) / np.sqrt(len(repeats))
    if len(repeats) == 2:
        return level_as_pair
    roots = np.sqrt(np.maximum(repeats, 0))
    mean = roots.mean(axis=0)
    return level_as_pair | (mean[first] - mean <= honestly_significant_difference(roots))
