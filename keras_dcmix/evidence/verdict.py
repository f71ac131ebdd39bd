"""What a ranking shows, as typed verdicts: the rules are here, the words in `sentences`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from keras_dcmix.evidence.channel_evidence import ChannelVerdict, Evidence
from keras_dcmix.evidence.leaders import Leaders
from keras_dcmix.evidence.panel_verdict import PanelsVerdict

_LEVEL = 0.05


@dataclass(frozen=True)
class HeldOut:
    """The images that models were tested on.

    Attributes:
        num_images: Images.
        num_groups: Their groups; each was tested by models that have not seen it.
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
        p_value: Of balanced accuracy, by permuting the labels of groups; `None` where groups are
            not known, and then images are counted.
        low: Lower end of the 95 % interval of the accuracy over groups; NaN where not known.
        high: Upper end.
    """

    accuracy: float
    majority_baseline: float
    num_images: int
    p_value: float | None = None
    low: float = float("nan")
    high: float = float("nan")

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
        evidence: What each channel adds; `None` where it was not measured.
        panels: Retrained panels; `None` where no panel was retrained.
        classes: Evidence of each class, by its name, where there are more than two.
    """

    reliability: Reliability
    held_out: HeldOut
    leaders: Leaders
    evidence: Evidence | None = None
    panels: PanelsVerdict | None = None
    classes: Mapping[str, Evidence] = field(default_factory=dict)

    @property
    def weights_differ(self) -> bool:
        """Whether the channel that leads the mix has no evidence, or a needed one has no weight."""
        if self.evidence is None or self.evidence.groups_missing:
            return False
        first = self.leaders.names[0]
        if self.leaders.stand_out and first in self.evidence.named(ChannelVerdict.NO_EVIDENCE):
            return True
        return bool(self.overlooked)

    @property
    def overlooked(self) -> tuple[str, ...]:
        """Needed channels with less than a quarter of an even share of the mix."""
        if self.evidence is None:
            return ()
        few = self.leaders.even_share / 4
        needed = self.evidence.named(ChannelVerdict.NEEDED)
        return tuple(name for name in needed if self.leaders.shares[name] < few)
