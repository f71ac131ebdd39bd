"""The tables on the page of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.wording import percent
from keras_dcmix.evidence.comparison_verdict import ComparisonVerdict
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.plotting.folding import FEW
from keras_dcmix.report.page import Table, spread

if TYPE_CHECKING:
    from keras_dcmix.experiments.compare import MethodComparison


def mean_ranks(
    importances: Sequence[ChannelImportance], verdict: ComparisonVerdict
) -> dict[str, float]:
    """The mean rank of each channel over reliable methods, the best first; over all if none is."""
    reliable = [each for each in importances if each.method not in verdict.unreliable]
    ranks: dict[str, list[float]] = {name: [] for name in importances[0].channel_names}
    for importance in reliable or importances:
        for name, rank in zip(importance.channel_names, importance.ranks, strict=True):
            ranks[name].append(float(rank))
    means = {name: float(np.mean(each)) for name, each in ranks.items()}
    return dict(sorted(means.items(), key=lambda pair: pair[1]))


def places(verdict: ComparisonVerdict, means: Mapping[str, float]) -> Table:
    """The mean rank of each channel, and how many methods rank it first."""
    firsts = {first.channel: len(first.methods) for first in verdict.firsts}
    return Table(
        "Rank of each channel over all methods",
        ("channel", "mean rank", "ranked first by"),
        [
            (name, f"{rank:.1f}", f"{firsts.get(name, 0)} of {verdict.num_ordered}")
            for name, rank in means.items()
        ],
        "Only methods whose model is clearly above the majority baseline are counted."
        if verdict.unreliable
        else "",
        find="channel",
    )


def ranks(importances: Sequence[ChannelImportance], order: Sequence[str]) -> Table:
    """The rank of each channel by each method; many channels are rows, few are columns."""
    caption, methods = "Rank of each channel by each method", [each.method for each in importances]
    found = [
        [f"{each.ranks[each.channel_names.index(name)]:g}" for name in order]
        for each in importances
    ]
    if len(order) > FEW:
        rows = [(name, *cells) for name, *cells in zip(order, *found, strict=True)]
        return Table(caption, ("channel", *methods), rows, find="channel")
    rows = [(method, *cells) for method, cells in zip(methods, found, strict=True)]
    return Table(caption, ("method", *order), rows)


def models(comparison: MethodComparison, verdict: ComparisonVerdict) -> Table:
    """Accuracy and cost of the model behind each method."""
    table = comparison.table.loc[~comparison.table["method"].isin(list(comparison.skipped))]
    columns = (table[name] for name in ("method", "accuracy", "accuracy_std", "train_seconds"))
    rows = [
        (
            method,
            percent(accuracy) + spread(std),
            "no" if method in verdict.unreliable else "yes",
            f"{seconds:,.0f} s",
        )
        for method, accuracy, std, seconds in zip(*columns, strict=True)
    ]
    note = "Methods with the same numbers share a model."
    if len(comparison.seeds) > 1:
        note += " ± is the standard deviation over the runs, in percentage points."
    heads = ("method", "accuracy", "above the majority baseline", "training time of a run")
    return Table("The model behind each method", heads, rows, note)


def truth(comparison: MethodComparison) -> Table | None:
    """How far each method agrees with a truth."""
    held = comparison.table.dropna(subset="spearman_truth")
    if comparison.truth is None or not len(held):
        return None
    held = held.sort_values("spearman_truth", ascending=False)
    columns = (held[name] for name in ("method", "spearman_truth", "spearman_truth_std"))
    rows = [
        (method, f"{rho:.2f}" + (f" ± {std:.2f}" if std >= 0 else ""))
        for method, rho, std in zip(*columns, strict=True)
    ]
    planted = comparison.planted_truth is not None
    return Table(
        f"Agreement with {'the planted truth' if planted else f'{comparison.truth.method}'}",
        ("method", "rank correlation"),
        rows,
        ""
        if planted
        else "This is a convention, not a ground truth: a channel can be useless alone and needed "
        "together with others.",
    )


def notes(comparison: MethodComparison) -> list[tuple[str, str]]:
    """Notes on the methods that were used."""
    table = comparison.table
    return [
        (method, note)
        for method, note in zip(table["method"], table["note"], strict=True)
        if method not in comparison.skipped and note
    ]
