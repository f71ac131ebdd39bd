"""Which panels of channels are sufficient: only panels that were trained again are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from keras_dcmix.evidence.statistics.groups import group_mean
from keras_dcmix.importance.subsets.image_scores import Blocks


class Decision(StrEnum):
    """Whether a panel does as well as all channels, within the margin."""

    SUFFICIENT = "sufficient"
    INSUFFICIENT = "insufficient"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval over groups; NaN ends where it is not known."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RetrainedPanel:
    """A panel that was trained again from nothing, in all folds.

    Attributes:
        channels: Its channels, in the order of the images.
        dropped: All other channels.
        accuracy: Mean accuracy over classes, on the same unseen groups as all channels, 0 to 1.
        cost: Accuracy of all channels less that of the panel, paired group by group; below 0 where
            the panel does better.
        decision: By the interval of the cost and the margin.
        was_asked: Whether the user named it.
    """

    channels: tuple[str, ...]
    dropped: tuple[str, ...]
    accuracy: Interval
    cost: Interval
    decision: Decision
    was_asked: bool


@dataclass(frozen=True)
class PanelsVerdict:
    """What retraining shows about dropping channels.

    Attributes:
        all_channels: Accuracy of all channels, trained in the same way.
        panels: The retrained panels, the smallest first.
        margin: Largest loss of accuracy that is accepted, 0 to 1.
    """

    all_channels: Interval
    panels: tuple[RetrainedPanel, ...]
    margin: float

    @property
    def sufficient(self) -> RetrainedPanel | None:
        """The smallest sufficient panel; of several the cheapest."""
        found = [each for each in self.panels if each.decision is Decision.SUFFICIENT]
        return min(found, key=lambda each: (len(each.channels), each.cost.value), default=None)

    @property
    def decisive(self) -> RetrainedPanel | None:
        """The panel that the answer rests on; `None` where none was retrained.

        The smallest sufficient one. Without one, the undecided one whose interval ends lowest: it
        may still do. Without these, the insufficient one that costs least.
        """
        if self.sufficient is not None:
            return self.sufficient
        undecided = [each for each in self.panels if each.decision is Decision.UNDECIDED]
        if undecided:
            return min(undecided, key=lambda each: np.nan_to_num(each.cost.high, nan=np.inf))
        return min(self.panels, key=lambda each: each.cost.value, default=None)

    @property
    def spared(self) -> frozenset[str]:
        """Channels without which some retrained panel is sufficient."""
        found = [each.dropped for each in self.panels if each.decision is Decision.SUFFICIENT]
        return frozenset(name for dropped in found for name in dropped)

    @property
    def missed(self) -> frozenset[str]:
        """Channels without which alone retraining loses accuracy, and that no panel can spare."""
        found = [each.dropped for each in self.panels if each.decision is Decision.INSUFFICIENT]
        alone = frozenset(dropped[0] for dropped in found if len(dropped) == 1)
        return alone - self.spared

    def sufficient_part(self, panel: RetrainedPanel) -> RetrainedPanel | None:
        """A sufficient panel that a panel contains, if there is one; not the panel itself."""
        inside = [
            each
            for each in self.panels
            if each.decision is Decision.SUFFICIENT and {*each.channels} < {*panel.channels}
        ]
        return inside[0] if inside else None

    def of(self, channels: tuple[str, ...]) -> RetrainedPanel | None:
        """The retrained panel of these channels, if there is one."""
        return next((each for each in self.panels if {*each.channels} == {*channels}), None)


def decide(cost: Interval, margin: float) -> Decision:
    """The decision about a panel.

    Args:
        cost: Loss of accuracy against all channels, with its interval.
        margin: Largest loss that is accepted.

    Example:

    >>> str(decide(Interval(0.003, -0.004, 0.009), 0.02))
    'sufficient'
    >>> str(decide(Interval(0.02, 0.005, 0.035), 0.02))
    'insufficient'
    """
    if cost.high < margin:
        return Decision.SUFFICIENT
    if cost.low > 0:
        return Decision.INSUFFICIENT
    return Decision.UNDECIDED


def read_panels(
    correct: Mapping[tuple[str, ...], np.ndarray],
    channel_names: tuple[str, ...],
    blocks: Blocks,
    margin: float,
    *,
    asked: frozenset[tuple[str, ...]] = frozenset(),
) -> PanelsVerdict:
    """Judges the retrained panels.

    Args:
        correct: For each panel, all channels among them, `(num_images,)`: whether an image is
            classified correctly, the mean over repeats.
        channel_names: All channels.
        blocks: The groups of these images.
        margin: Largest loss of accuracy that is accepted.
        asked: Panels that the user named.
    """
    every = correct[channel_names]
    panels = []
    for channels, hits in correct.items():
        if channels == channel_names:
            continue
        cost = _interval(every - hits, blocks)
        panels.append(
            RetrainedPanel(
                channels=channels,
                dropped=tuple(name for name in channel_names if name not in channels),
                accuracy=_interval(hits, blocks),
                cost=cost,
                decision=decide(cost, margin),
                was_asked=channels in asked,
            )
        )
    panels.sort(key=lambda each: (len(each.channels), each.cost.value))
    return PanelsVerdict(_interval(every, blocks), tuple(panels), margin)


def _interval(values: np.ndarray, blocks: Blocks) -> Interval:
    sizes = blocks.sums.sum(axis=0)
    found = group_mean(values @ blocks.sums, blocks.classes, sizes=sizes)
    return Interval(float(found.values), float(found.low), float(found.high))
