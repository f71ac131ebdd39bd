"""What a ranking shows, as typed verdicts: the rules are here, the words in `sentences`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from keras_dcmix.evidence.channel_evidence import (
    NEEDED,
    ChannelEvidence,
    ChannelVerdict,
    Evidence,
)
from keras_dcmix.evidence.gating import without_decisions, without_verdicts
from keras_dcmix.evidence.leaders import Leaders
from keras_dcmix.evidence.panel_verdict import Decision, PanelsVerdict
from keras_dcmix.evidence.settling import settle

_LEVEL = 0.05
_NOTICEABLE = 0.02  # of accuracy, 0 to 1


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
        groups_missing: How many more groups would do where that is above the level of 5 %.
    """

    accuracy: float
    majority_baseline: float
    num_images: int
    p_value: float | None = None
    low: float = float("nan")
    high: float = float("nan")
    smallest_p_value: float = 0.0
    groups_missing: int = 0

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

    The first question is whether the classes can be predicted at all. Where `reliability` is not
    better than the majority baseline, every channel has the verdict `no evidence` (`undecided`
    where the groups are too few for that test), whatever its own tests show, and no panel is
    decided. Otherwise the retrained panels settle the verdicts.

    Attributes:
        reliability: Of the classifiers on all channels, or where there are none, of the models
            with a mix, whose weights are shown.
        held_out: The images and groups that they were tested on.
        leaders: By the weights.
        evidence: What each channel adds, its verdicts settled by the retrained panels; `None` where
            it was not measured.
        panels: Retrained panels; `None` where no panel was retrained.
        classes: Evidence of each class, by its name, where there are more than two.
        mix: Of the models with a mix, where `reliability` is of the classifiers on all channels.
        num_mixes: Planes into which these models blend the channels.
    """

    reliability: Reliability
    held_out: HeldOut
    leaders: Leaders
    evidence: Evidence | None = None
    panels: PanelsVerdict | None = None
    classes: Mapping[str, Evidence] = field(default_factory=dict)
    mix: Reliability | None = None
    num_mixes: int = 1

    def __post_init__(self) -> None:
        """Settles the verdicts, so that no reader meets evidence that a stronger test denies."""
        if not self.reliability.is_reliable:
            self._close()
        elif self.evidence is not None and self.panels is not None:
            object.__setattr__(self, "evidence", settle(self.evidence, self.panels))

    def _close(self) -> None:
        model = self.reliability
        close = partial(
            without_verdicts,
            is_decidable=model.is_decidable,
            groups_missing=model.groups_missing,
        )
        object.__setattr__(
            self, "classes", {name: close(found) for name, found in self.classes.items()}
        )
        if self.evidence is not None:
            object.__setattr__(self, "evidence", close(self.evidence))
        if self.panels is not None:
            object.__setattr__(self, "panels", without_decisions(self.panels))

    @property
    def mix_reliability(self) -> Reliability:
        """Of the models whose weights are shown."""
        return self.reliability if self.mix is None else self.mix

    @property
    def weights_are_reliable(self) -> bool:
        """Whether the weights have a meaning: their models beat the majority baseline."""
        return self.mix_reliability.is_reliable

    @property
    def mix_falls_short(self) -> bool:
        """Whether the models with a mix are clearly worse than classifiers on all channels.

        They lose more than 2 percentage points, and each accuracy is outside of the other's 95 %
        interval.
        """
        mix, every = self.mix, self.reliability
        if mix is None or every.accuracy - mix.accuracy <= _NOTICEABLE:
            return False
        return mix.accuracy < every.low and mix.high < every.accuracy

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
        Weights of models that are not reliable differ from nothing.
        """
        return bool(self.unsupported or self.overlooked)

    @property
    def unsupported(self) -> tuple[str, ...]:
        """Channels that lead the mix, clearly ahead of others, and show no evidence."""
        if self.evidence is None or not self.weights_are_reliable:
            return ()
        if not self.leaders.stand_out:
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
        if self.evidence is None or not self.weights_are_reliable:
            return ()
        few = self.leaders.even_share / 4
        return tuple(
            each
            for each in self.evidence.channels
            if each.verdict in verdicts and self.leaders.shares[each.channel] < few
        )
