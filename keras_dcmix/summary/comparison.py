"""What a comparison of methods says, in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from keras_dcmix.results import ChannelImportance
from keras_dcmix.summary.wording import listed, verb

if TYPE_CHECKING:
    import pandas as pd


def describe_comparison(
    table: pd.DataFrame,
    importances: Sequence[ChannelImportance],
    truth: ChannelImportance | None,
    chance: float,
    guessing: Sequence[str],
) -> str:
    """Which channel leads by how many methods, and which methods agree with the truth.

    Args:
        table: One row a method, as `MethodComparison.table`.
        importances: One result a method.
        truth: What they are held against, or `None`.
        chance: Accuracy of always naming the commonest class, 0 to 1.
        guessing: Methods whose model cannot be told from guessing.
    """
    believed = [importance for importance in importances if importance.method not in guessing]
    low, high = table["accuracy"].min(), table["accuracy"].max()
    if not believed:
        return (
            f"No model can be told from guessing (accuracy {high:.2f} at best, {chance:.2f} by "
            "always naming the commonest class), so no ranking here means anything."
        )
    text = [
        f"Accuracy on unseen groups is {low:.3f} to {high:.3f} ({chance:.3f} by always naming the "
        "commonest class)."
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


def _leaders(importances: Sequence[ChannelImportance]) -> str:
    """Which channels the methods put first."""
    ordered = [each for each in importances if each.scores.max() > each.scores.min()]
    firsts = Counter(each.order[0] for each in ordered).most_common()
    if not firsts:
        return "All methods score all channels alike."
    (leader, count), *others = firsts
    text = f"{leader} comes first by {count} of {len(ordered)} methods"
    for name, fewer in others:
        which = [each.method for each in ordered if each.order[0] == name]
        text += f", {name} by {fewer} ({listed(which)})"
    return f"{text}."
