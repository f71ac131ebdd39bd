"""What a ranking shows, as typed verdicts: the rules are here, the words in `sentences`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_dcmix.evidence.leaders import Leaders
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.subsets import Panel, SubsetScores

# Below a quarter of an even share the weights call a channel idle, above half of one in use; the
# check does so with its share of the gain. Between the two neither word is used.
IDLE, IN_USE = 0.25, 0.5

# A panel keeps most of the information if it has nine tenths of what all channels gain over none.
_MOST = 0.9


@dataclass(frozen=True)
class HeldOut:
    """The test part.

    Attributes:
        num_images: Its images.
        num_groups: Its groups; no model has seen one of them.
        group_unit: What a group is, such as `"well"`.
    """

    num_images: int
    num_groups: int
    group_unit: str


@dataclass(frozen=True)
class Reliability:
    """Accuracy against the majority baseline.

    Attributes:
        accuracy: On the test images, 0 to 1; the mean over runs.
        majority_baseline: Accuracy of always predicting the most common class, 0 to 1.
        num_images: Number of test images.
    """

    accuracy: float
    majority_baseline: float
    num_images: int

    @property
    def is_above_baseline(self) -> bool:
        """Whether accuracy exceeds the baseline at all."""
        return self.accuracy > self.majority_baseline

    @property
    def is_reliable(self) -> bool:
        """Whether accuracy is at least two binomial standard errors above the baseline."""
        baseline = self.majority_baseline
        error = np.sqrt(baseline * (1 - baseline) / self.num_images)
        return self.is_above_baseline and bool(self.accuracy >= baseline + 2 * error)


@dataclass(frozen=True)
class Agreement:
    """Weights and check side by side.

    Attributes:
        shares: Each channel's share of the mix, 0 to 1.
        parts: Each channel's part of what the check's model gains from all channels, by Shapley
            values of the log-likelihood, the largest first; they add up to 1, a channel that does
            harm is below 0.
        credited: Channels in use by the check, the largest part first.
        missed: Channels in use by the check that are idle by the weights.
        spare: Channels in use by the weights that are idle by the check, and not in the panel.
        stand_ins: For missed channels the channel that replaces them, where there is one.
    """

    shares: dict[str, float]
    parts: dict[str, float]
    credited: tuple[str, ...]
    missed: tuple[str, ...]
    spare: tuple[str, ...]
    stand_ins: dict[str, str]

    @property
    def agrees(self) -> bool:
        """Whether no channel is in use by one and idle by the other."""
        return not self.missed and not self.spare


@dataclass(frozen=True)
class Dropping:
    """What dropping channels costs in accuracy.

    Attributes:
        sufficient: The smallest sufficient panel; it has at least one channel.
        nearest: The best panel with one channel fewer than all.
        no_channel: Accuracy without any channel.
        all_channels: Accuracy with all channels.
        most: A smaller panel than `sufficient` that keeps most of the gain; `None` without one.
    """

    sufficient: Panel
    nearest: Panel
    no_channel: float
    all_channels: float
    most: Panel | None

    @property
    def kept(self) -> tuple[str, ...]:
        """Channels that are needed for this accuracy."""
        return self.sufficient.channels

    @property
    def dropped(self) -> tuple[str, ...]:
        """Channels that can be dropped."""
        return self.sufficient.dropped

    @property
    def least(self) -> str:
        """The channel whose loss costs least."""
        return self.nearest.dropped[0]

    def retained(self, panel: Panel) -> float:
        """The part of the gain of all channels over none that a panel keeps."""
        return (panel.score - self.no_channel) / (self.all_channels - self.no_channel)


@dataclass(frozen=True)
class UnreliableCheck:
    """A check that can confirm nothing.

    Attributes:
        reliability: Of its model, with all channels; where that is reliable, the model does no
            better with channels than without on the images that its subsets were scored on.
        all_channels: Accuracy with all channels on those images, 0 to 1.
    """

    reliability: Reliability
    all_channels: float


@dataclass(frozen=True)
class CheckVerdict:
    """What the check shows.

    Attributes:
        agreement: Of weights and check.
        dropping: What dropping channels costs.
    """

    agreement: Agreement
    dropping: Dropping

    def contradicts(self, leaders: Leaders) -> bool:
        """Whether the check misses a channel, or finds a leader idle."""
        return bool(self.agreement.missed or {*leaders.names} & {*self.agreement.spare})


@dataclass(frozen=True)
class RankingVerdict:
    """What a ranking shows.

    Attributes:
        reliability: Of the models.
        held_out: The images and groups that they were tested on.
        leaders: By the weights.
        check: What the check shows; `None` where it was not run.
    """

    reliability: Reliability
    held_out: HeldOut
    leaders: Leaders
    check: CheckVerdict | UnreliableCheck | None


def read_check(
    importance: ChannelImportance, scores: SubsetScores, reliability: Reliability
) -> CheckVerdict | UnreliableCheck:
    """Compares the check with the weights.

    Args:
        importance: Shares of the mix.
        scores: The score of every subset, with the metrics `accuracy` and `log_likelihood`.
        reliability: Of the check's model.
    """
    panels = scores.panels("accuracy")
    shapley = scores.shapley("log_likelihood")
    sufficient = next(panel for panel in panels if panel.smallest_sufficient)
    gains = bool(sufficient.channels) and shapley.scores.sum() > 0
    if not reliability.is_reliable or not gains:
        return UnreliableCheck(reliability, panels[-1].score)
    dropping = Dropping(
        sufficient=sufficient,
        nearest=panels[-2],
        no_channel=panels[0].score,
        all_channels=panels[-1].score,
        most=_keeping_most(panels, sufficient),
    )
    return CheckVerdict(_agreement(importance, scores, shapley, sufficient), dropping)


def _keeping_most(panels: tuple[Panel, ...], sufficient: Panel) -> Panel | None:
    nothing, everything = panels[0].score, panels[-1].score
    if everything <= nothing:
        return None
    most = next(p for p in panels if (p.score - nothing) / (everything - nothing) >= _MOST)
    return most if len(most.channels) < len(sufficient.channels) else None


def _agreement(
    importance: ChannelImportance,
    scores: SubsetScores,
    shapley: ChannelImportance,
    sufficient: Panel,
) -> Agreement:
    names, even = shapley.channel_names, 1 / shapley.num_channels
    gain = shapley.scores.sum()
    shares = dict(zip(importance.channel_names, importance.scores.tolist(), strict=True))
    parts = dict(zip(names, (shapley.scores / gain).tolist(), strict=True))
    errors = dict(zip(names, (np.nan_to_num(shapley.std) / gain).tolist(), strict=True))
    credited = tuple(name for name in shapley.order if parts[name] > IN_USE * even)
    missed = tuple(
        name for name in credited if shares[name] < IDLE * even and parts[name] > 2 * errors[name]
    )
    return Agreement(
        shares=shares,
        parts={name: parts[name] for name in shapley.order},
        credited=credited,
        missed=missed,
        # What accuracy cannot do without is never called spare.
        spare=tuple(
            name
            for name in importance.order
            if shares[name] > IN_USE * even
            and parts[name] < IDLE * even
            and name not in sufficient.channels
        ),
        stand_ins=_stand_ins(scores, missed, shares) if missed else {},
    )


def _stand_ins(
    scores: SubsetScores, missed: tuple[str, ...], shares: dict[str, float]
) -> dict[str, str]:
    """The channel of the largest share that is interchangeable with each missed one."""
    pairs = scores.interchangeable("log_likelihood")
    pairs = pairs.loc[pairs["interchangeable"]]
    equal = list(zip(pairs["channel_a"], pairs["channel_b"], strict=True))
    found = {}
    for name in missed:
        others = {*(b for a, b in equal if a == name), *(a for a, b in equal if b == name)}
        if others:
            found[name] = min(sorted(others), key=lambda other: -shares[other])
    return found
