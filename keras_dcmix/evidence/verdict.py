"""What a ranking shows, as typed verdicts: the rules are here, the words in `sentences`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from keras_dcmix.evidence.channel_evidence import (
    NEEDED,
    ChannelEvidence,
    ChannelVerdict,
    Evidence,
)
from keras_dcmix.evidence.leaders import Leaders
from keras_dcmix.evidence.panel_verdict import Decision, PanelsVerdict
from keras_dcmix.evidence.settling import settle

_LEVEL = 0.05


@dataclass(frozen=True)
class HeldOut:
    """The images that models were tested on.

    Attributes:
        num_images: Images.
        num_groups: Their groups; each was tested by models that have not seen it.
        group_unit: What a group is, such as `"well"`.
        num_mixed_groups: Groups that hold images of several classes.
        num_repeats: How often each group was tested, by models of different folds; `None` where it
            is not known.
    """

    num_images: int
    num_groups: int
    group_unit: str
    num_mixed_groups: int = 0
    num_repeats: int | None = None


@dataclass(frozen=True)
class Reliability:
    """Accuracy against the majority baseline.

    Attributes:
        accuracy: On the test images, 0 to 1; the mean over runs.
        majority_baseline: Accuracy of always predicting the most common class, 0 to 1.
        num_images: Number of test images.
        p_value: Of balanced accuracy, by permuting the labels of groups; `None` where groups are
            not known, and then images are counted.
        low: Lower end of the 95 % interval of the accuracy over groups; NaN where not known.
        high: Upper end.
        smallest_p_value: The smallest that the permutations of these groups can reach.
    """

    accuracy: float
    majority_baseline: float
    num_images: int
    p_value: float | None = None
    low: float = float("nan")
    high: float = float("nan")
    smallest_p_value: float = 0.0

    @property
    def is_decidable(self) -> bool:
        """Whether the groups are enough to reach the level of 5 % at all."""
        return self.p_value is None or self.smallest_p_value <= _LEVEL

    @property
    def is_above_baseline(self) -> bool:
        """Whether accuracy exceeds the baseline at all."""
        return self.accuracy > self.majority_baseline

    @property
    def is_reliable(self) -> bool:
        """Whether the models are better than the majority baseline, at the level of 5 %."""
        if self.p_value is not None:
            return self.p_value <= _LEVEL
        baseline = self.majority_baseline
        error = np.sqrt(baseline * (1 - baseline) / self.num_images)
        return self.is_above_baseline and bool(self.accuracy >= baseline + 2 * error)


@dataclass(frozen=True)
class RankingVerdict:
    """What a ranking shows.

    Attributes:
        reliability: Of the models.
        held_out: The images and groups that they were tested on.
        leaders: By the weights.
        evidence: What each channel adds, its verdicts settled by the retrained panels; `None` where
            it was not measured.
        panels: Retrained panels; `None` where no panel was retrained.
        classes: Evidence of each class, by its name, where there are more than two.
    """

    reliability: Reliability
    held_out: HeldOut
    leaders: Leaders
    evidence: Evidence | None = None
    panels: PanelsVerdict | None = None
    classes: Mapping[str, Evidence] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Settles the verdicts, so that no reader meets evidence that the panels contradict."""
        if self.evidence is not None and self.panels is not None and self.reliability.is_reliable:
            object.__setattr__(self, "evidence", settle(self.evidence, self.panels))

    @property
    def is_answered_by_panels(self) -> bool:
        """Whether retrained panels answer first.

        They do not where none was retrained, or where none is decided and no channel shows evidence
        of anything that could be dropped or kept.
        """
        panel = None if self.panels is None else self.panels.decisive
        if panel is None:
            return False
        is_open = panel.decision is Decision.UNDECIDED
        return not (is_open and self.evidence is not None and not self.evidence.shown)

    @property
    def weights_differ(self) -> bool:
        """Whether weights and evidence name different channels.

        The mix is led by a channel without evidence, or passes over one that nothing replaces.
        """
        return bool(self.unsupported or self.overlooked)

    @property
    def unsupported(self) -> tuple[str, ...]:
        """Channels that lead the mix, clearly ahead of others, and show no evidence."""
        if self.evidence is None or not self.leaders.stand_out:
            return ()
        idle = self.evidence.named(ChannelVerdict.NO_EVIDENCE)
        return tuple(name for name in self.leaders.names if name in idle)

    @property
    def overlooked(self) -> tuple[ChannelEvidence, ...]:
        """Needed channels with less than a quarter of an even share of the mix."""
        return self._with_little_weight(*NEEDED)

    @property
    def passed_over(self) -> tuple[ChannelEvidence, ...]:
        """Replaceable channels with less than a quarter of an even share of the mix."""
        return self._with_little_weight(ChannelVerdict.REPLACEABLE)

    def _with_little_weight(self, *verdicts: ChannelVerdict) -> tuple[ChannelEvidence, ...]:
        few = self.leaders.even_share / 4
        channels = () if self.evidence is None else self.evidence.channels
        return tuple(
            each
            for each in channels
            if each.verdict in verdicts and self.leaders.shares[each.channel] < few
        )
