"""What a comparison of methods shows, as a typed verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix.evidence.verdict import HeldOut, Reliability
from keras_dcmix.importance.channel_importance import ChannelImportance

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class First:
    """A channel that is ranked first.

    Attributes:
        channel: Its name.
        methods: Reliable methods that rank it first.
    """

    channel: str
    methods: tuple[str, ...]


@dataclass(frozen=True)
class ComparisonVerdict:
    """What a comparison shows.

    Attributes:
        held_out: The images and groups that the models were tested on.
        models: Accuracy of the model behind each method against the majority baseline.
        firsts: Channels that reliable methods rank first, those of most methods first; none where
            no method prefers a channel.
        num_channels: Number of channels.
        truth: Name of what the methods are compared with, `"truth"` for a planted one, or `None`.
        truth_correlations: Spearman's rank correlation of reliable methods with it, the highest
            first; without methods that have none.
    """

    held_out: HeldOut
    models: dict[str, Reliability]
    firsts: tuple[First, ...]
    num_channels: int
    truth: str | None
    truth_correlations: dict[str, float]

    @property
    def majority_baseline(self) -> float:
        """Accuracy of always predicting the most common class."""
        return next(iter(self.models.values())).majority_baseline

    @property
    def accuracies(self) -> tuple[float, float]:
        """The lowest and the highest accuracy of a model."""
        found = [model.accuracy for model in self.models.values()]
        return min(found), max(found)

    @property
    def unreliable(self) -> tuple[str, ...]:
        """Methods whose model is not clearly above the majority baseline."""
        return tuple(name for name, model in self.models.items() if not model.is_reliable)

    @property
    def is_reliable(self) -> bool:
        """Whether any method is."""
        return len(self.unreliable) < len(self.models)

    @property
    def num_ordered(self) -> int:
        """Reliable methods that rank one channel above another."""
        return sum(len(first.methods) for first in self.firsts)


def read_comparison(
    table: pd.DataFrame,
    importances: Sequence[ChannelImportance],
    truth: ChannelImportance | None,
    majority_baseline: float,
    held_out: HeldOut,
) -> ComparisonVerdict:
    """Reads a comparison.

    Args:
        table: One row a method, as `MethodComparison.table`.
        importances: One result a method.
        truth: What they are compared with, or `None`.
        majority_baseline: Accuracy of always predicting the most common class, 0 to 1.
        held_out: The test part.
    """
    scored = table.dropna(subset="accuracy")
    models = {
        method: Reliability(float(accuracy), majority_baseline, held_out.num_images)
        for method, accuracy in zip(scored["method"], scored["accuracy"], strict=True)
    }
    reliable = [name for name, model in models.items() if model.is_reliable]
    correlations = [
        (str(method), float(rho))
        for method, rho in zip(table["method"], table["spearman_truth"], strict=True)
        if method in reliable and not np.isnan(rho)
    ]
    return ComparisonVerdict(
        held_out=held_out,
        models=models,
        firsts=_firsts([each for each in importances if each.method in reliable]),
        num_channels=importances[0].num_channels,
        truth=None if truth is None else truth.method,
        truth_correlations=dict(sorted(correlations, key=lambda pair: -pair[1])),
    )


def _firsts(importances: Sequence[ChannelImportance]) -> tuple[First, ...]:
    by_channel: dict[str, list[str]] = {}
    for each in importances:
        if each.scores.max() > each.scores.min():
            by_channel.setdefault(each.order[0], []).append(each.method)
    firsts = [First(channel, tuple(methods)) for channel, methods in by_channel.items()]
    return tuple(sorted(firsts, key=lambda first: -len(first.methods)))
