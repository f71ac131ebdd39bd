"""What each channel adds, with intervals and p-values over groups, and one verdict a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix.evidence.replacements import find_replacements
from keras_dcmix.evidence.statistics.groups import group_mean
from keras_dcmix.evidence.statistics.significance import adjusted_p_values, fewest_groups
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.subsets import SubsetScores

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05
_METRIC = "log_likelihood"
GAINS = ("alone", "unique", "shapley")


class ChannelVerdict(StrEnum):
    """What the evidence says of a channel: alone and unique, each shown or not."""

    NEEDED = "needed"
    REPLACEABLE = "replaceable"
    IN_COMBINATION = "needed in combination"
    NO_EVIDENCE = "no evidence"
    UNDECIDED = "undecided"


# Verdicts of a channel whose evidence is shown, and of one that no other channel replaces.
NEEDED = (ChannelVerdict.NEEDED, ChannelVerdict.IN_COMBINATION)
SHOWN = (*NEEDED, ChannelVerdict.REPLACEABLE)


@dataclass(frozen=True)
class Gain:
    """A gain by one channel, in nats of log-likelihood an image, classes counted alike.

    Attributes:
        value: Its estimate.
        low: Lower end of its 95 % interval over groups; NaN where it is not known.
        high: Upper end.
        p_value: One-sided, that the gain is not above 0; adjusted over the channels.
        raw_p_value: Before the adjustment.
    """

    value: float
    low: float
    high: float
    p_value: float
    raw_p_value: float

    @property
    def is_shown(self) -> bool:
        """Whether it is above 0 at the level of 5 %."""
        return bool(self.p_value <= LEVEL)


@dataclass(frozen=True)
class ChannelEvidence:
    """All evidence about one channel.

    Attributes:
        channel: Its name.
        share: Mean share of the mix, 0 to 1.
        share_std: Standard deviation of the share over the runs; NaN with one run.
        alone: What it gains over no channel.
        unique: What all channels lose without it.
        shapley: Its average gain over all orders of the channels.
        verdict: The verdict.
        replaced_by: For a replaceable channel, channels that carry its information.
    """

    channel: str
    share: float
    share_std: float
    alone: Gain
    unique: Gain
    shapley: Gain
    verdict: ChannelVerdict
    replaced_by: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """The evidence about all channels.

    Attributes:
        channels: One entry a channel, the largest Shapley value first.
        num_groups: Tested groups.
        groups_missing: How many more groups a verdict needs; 0 where there are enough.
        num_orders: Sampled orders of the channels; `None` where all subsets were scored.
        order_error: Where orders were sampled, the largest Monte Carlo standard error of a Shapley
            value, in nats.
    """

    channels: tuple[ChannelEvidence, ...]
    num_groups: int
    groups_missing: int
    num_orders: int | None = None
    order_error: float = 0.0

    def of(self, channel: str) -> ChannelEvidence:
        """The evidence about one channel."""
        return next(each for each in self.channels if each.channel == channel)

    def named(self, *verdicts: ChannelVerdict) -> tuple[str, ...]:
        """Names of the channels with one of these verdicts."""
        return tuple(each.channel for each in self.channels if each.verdict in verdicts)

    @property
    def shown(self) -> tuple[str, ...]:
        """Names of the channels that show evidence of any kind."""
        return self.named(*SHOWN)

    def to_frame(self) -> pd.DataFrame:
        """Returns one row a channel, as `evidence.csv` holds them.

        Columns `channel`, `share`, `share_std`; `alone`, `unique` and `shapley`, each with `_low`,
        `_high` and `_p` (adjusted); `verdict`; `replaced_by`, joined by `" + "`.
        """
        import pandas as pd

        rows = []
        for each in self.channels:
            row: dict[str, object] = {
                "channel": each.channel,
                "share": each.share,
                "share_std": each.share_std,
            }
            for name in GAINS:
                gain: Gain = getattr(each, name)
                row |= {
                    name: gain.value,
                    f"{name}_low": gain.low,
                    f"{name}_high": gain.high,
                    f"{name}_p": gain.p_value,
                }
            replaced_by = " + ".join(each.replaced_by)
            rows.append(row | {"verdict": str(each.verdict), "replaced_by": replaced_by})
        return pd.DataFrame(rows)


def read_evidence(
    scores: SubsetScores,
    importance: ChannelImportance,
    *,
    num_groups: int,
    block_classes: np.ndarray | None = None,
) -> Evidence:
    """Reads the evidence from the scores of subsets.

    Args:
        scores: Log-likelihood of subsets, each channel alone and all but one among them; a block
            is a group or a bundle of groups.
        importance: Shares of the mix, the runs as repeats.
        num_groups: Tested groups.
        block_classes: `(num_blocks,)`, the class of each block, where groups have one class each.
    """
    gains = _all_gains(scores, block_classes)
    missing = max(0, fewest_groups(LEVEL) - num_groups)
    shares = dict(zip(importance.channel_names, importance.scores.tolist(), strict=True))
    spread = np.full(len(shares), np.nan) if importance.std is None else importance.std
    spreads = dict(zip(importance.channel_names, spread.tolist(), strict=True))
    found = []
    for number, name in enumerate(scores.channel_names):
        alone, unique, shapley = (gains[which][number] for which in GAINS)
        verdict = _verdict(alone, unique, is_decidable=not missing)
        replaceable = verdict is ChannelVerdict.REPLACEABLE
        found.append(
            ChannelEvidence(
                channel=name,
                share=shares[name],
                share_std=spreads[name],
                alone=alone,
                unique=unique,
                shapley=shapley,
                verdict=verdict,
                replaced_by=find_replacements(scores, name) if replaceable else (),
            )
        )
    return Evidence(
        channels=tuple(sorted(found, key=lambda each: -each.shapley.value)),
        num_groups=num_groups,
        groups_missing=missing,
        num_orders=None if scores.orders is None else len(scores.orders),
        order_error=float(scores.order_errors(_METRIC).max(initial=0)),
    )


def needed_channels(
    scores: SubsetScores, *, num_groups: int, block_classes: np.ndarray | None = None
) -> tuple[str, ...]:
    """The channels that are needed, alone or in combination; arguments as for `read_evidence`."""
    gains = _all_gains(scores, block_classes)
    if num_groups < fewest_groups(LEVEL):
        return ()
    shown = [gain.is_shown for gain in gains["unique"]]
    return tuple(
        name for name, is_shown in zip(scores.channel_names, shown, strict=True) if is_shown
    )


def _all_gains(scores: SubsetScores, block_classes: np.ndarray | None) -> dict[str, Sequence[Gain]]:
    """The three gains by each channel, in the order of the channels."""
    order_errors = scores.order_errors(_METRIC)
    return {
        name: _gains(
            values, block_classes, scores.block_sizes, order_errors if name == "shapley" else None
        )
        for name, values in scores.block_gains(_METRIC).items()
    }


def _verdict(alone: Gain, unique: Gain, *, is_decidable: bool) -> ChannelVerdict:
    if not is_decidable:
        return ChannelVerdict.UNDECIDED
    return {
        (True, True): ChannelVerdict.NEEDED,
        (True, False): ChannelVerdict.REPLACEABLE,
        (False, True): ChannelVerdict.IN_COMBINATION,
        (False, False): ChannelVerdict.NO_EVIDENCE,
    }[alone.is_shown, unique.is_shown]


def _gains(
    contributions: np.ndarray,
    classes: np.ndarray | None,
    sizes: np.ndarray | None,
    order_errors: np.ndarray | None,
) -> Sequence[Gain]:
    """One gain a channel, from `(num_blocks, num_channels)` contributions."""
    found = group_mean(contributions, classes, sizes=sizes, other_errors=order_errors)
    adjusted = adjusted_p_values(found.p_values)
    columns = (found.values, found.low, found.high, adjusted, found.p_values)
    return [Gain(*map(float, row)) for row in zip(*columns, strict=True)]
