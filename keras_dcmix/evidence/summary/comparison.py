"""What a comparison of methods says, in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from keras_dcmix.evidence.summary.wording import listed, verb
from keras_dcmix.importance.channel_importance import ChannelImportance

if TYPE_CHECKING:
    import pandas as pd


def describe_comparison(
    table: pd.DataFrame,
    importances: Sequence[ChannelImportance],
    truth: ChannelImportance | None,
    majority_baseline: float,
    guessing: Sequence[str],
) -> str:
    """Which channel leads by how many methods, and which methods agree with the truth.

    Args:
        table: One row a method, as `MethodComparison.table`.
        importances: One result a method.
        truth: What they are held against, or `None`.
        majority_baseline: Accuracy of always naming the commonest class, 0 to 1.
        guessing: Methods whose model cannot be told from guessing.
    """
    believed = [importance for importance in importances if importance.method not in guessing]
    low, high = table["accuracy"].min(), table["accuracy"].max()
    if not believed:
        return (
            f"No model can be told from guessing (accuracy {high:.2f} at best, "
            f"{majority_baseline:.2f} by always naming the commonest class), so "
            "no ranking here means anything."
        )
    text = [
        f"Accuracy on unseen groups is {low:.3f} to {high:.3f} "
        f"({majority_baseline:.3f} by always naming the commonest class)."
    ]
    if guessing:
        text.append(
            f"The {verb(guessing, 'model', 'models')} behind {listed(guessing)} cannot be told "
            f"from guessing: {verb(guessing, 'its', 'their')} ranking means nothing."
        )
    text.append(_leaders(believed))
    held = table.loc[~table["method"].isin(guessing)].dropna(subset="spearman_truth")
    if truth is not None and len(held):
        held = held.sort_values("spearman_truth", ascending=False)
        against = "the planted truth" if truth.method == "truth" else f"what {truth.method} finds"
        rows = ", ".join(f"{row.method} {row.spearman_truth:.2f}" for row in held.itertuples())
        text.append(f"Spearman's rank correlation with {against}: {rows}.")
    elif importances[0].num_channels < 3:
        text.append("Two channels allow no rank correlation.")
    elif truth is None:
        text.append("No truth is known to hold the methods against.")
    return " ".join(text)


def describe_comparison_headline(
    importances: Sequence[ChannelImportance], guessing: Sequence[str]
) -> str:
    """The answer in one sentence: which channel comes first, and by how many methods.

    Args:
        importances: One result a method.
        guessing: Methods whose model cannot be told from guessing; they do not count.

    Example:
        >>> ours = ChannelImportance("dcmix", ["DNA", "GFP"], [0.1, 0.9])
        >>> describe_comparison_headline([ours], [])
        'GFP comes first by 1 of 1 method'
    """
    believed = [importance for importance in importances if importance.method not in guessing]
    if not believed:
        return "No ranking to believe: no model can be told from guessing"
    ordered, firsts = _firsts(believed)
    if not firsts:
        return "All methods score all channels alike"
    most = firsts[0][1]
    leaders = [name for name, count in firsts if count == most]
    methods = f"{most} of {len(ordered)} {verb(ordered, 'method', 'methods')}"
    if len(leaders) > 1:
        return f"{listed(leaders)} come first by {methods} each"
    return f"{leaders[0]} comes first by {methods}"


def _firsts(
    importances: Sequence[ChannelImportance],
) -> tuple[list[ChannelImportance], list[tuple[str, int]]]:
    """The results that have an order, and how many of them put which channel first."""
    ordered = [each for each in importances if each.scores.max() > each.scores.min()]
    return ordered, Counter(each.order[0] for each in ordered).most_common()


def _leaders(importances: Sequence[ChannelImportance]) -> str:
    """Which channels the methods put first."""
    ordered, firsts = _firsts(importances)
    if not firsts:
        return "All methods score all channels alike."
    (leader, count), *others = firsts
    text = f"{leader} comes first by {count} of {len(ordered)} methods"
    for name, fewer in others:
        which = [each.method for each in ordered if each.order[0] == name]
        text += f", {name} by {fewer} ({listed(which)})"
    return f"{text}."
