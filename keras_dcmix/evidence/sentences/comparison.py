"""A comparison of methods in words."""

from __future__ import annotations

from keras_dcmix._common.wording import listed, percent, plural, quantity, verb
from keras_dcmix.evidence.comparison_verdict import ComparisonVerdict
from keras_dcmix.evidence.sentences.reliability import held_out_images

_ALL_ALIKE = "All methods give all channels the same score"


def headline(verdict: ComparisonVerdict) -> str:
    """The answer in one sentence: which channel is ranked first, and by how many methods."""
    if not verdict.is_reliable:
        return "No reliable ranking: no model is clearly above the majority baseline"
    if not verdict.firsts:
        return _ALL_ALIKE
    most = len(verdict.firsts[0].methods)
    channels = [first.channel for first in verdict.firsts if len(first.methods) == most]
    are = verb(channels, "is", "are each")
    methods = quantity(verdict.num_ordered, "method")
    return f"{listed(channels)} {are} ranked first by {most} of {methods}"


def summary(verdict: ComparisonVerdict) -> str:
    """Which channel most methods rank first, and which methods agree with a truth."""
    low, high = (percent(accuracy) for accuracy in verdict.accuracies)
    baseline = percent(verdict.majority_baseline)
    if not verdict.is_reliable:
        return f"{headline(verdict)} (accuracy {high} at best, majority baseline {baseline})."
    sentences = [
        f"Accuracy on unseen {plural(verdict.held_out.group_unit)} is {low} to {high} "
        f"(majority baseline: {baseline}).",
        _unreliable(verdict),
        _firsts(verdict),
        _truth(verdict),
    ]
    return " ".join(filter(None, sentences))


def _unreliable(verdict: ComparisonVerdict) -> str:
    names = verdict.unreliable
    if not names:
        return ""
    return (
        f"The {verb(names, 'model', 'models')} behind {listed(names)} {verb(names, 'is', 'are')} "
        f"not clearly above the majority baseline: {verb(names, 'its', 'their')} ranking is not "
        "reliable."
    )


def _firsts(verdict: ComparisonVerdict) -> str:
    if not verdict.firsts:
        return f"{_ALL_ALIKE}."
    first, *others = verdict.firsts
    methods = f"{len(first.methods)} of {quantity(verdict.num_ordered, 'method')}"
    text = f"{first.channel} is ranked first by {methods}"
    for other in others:
        text += f", {other.channel} by {len(other.methods)} ({listed(other.methods)})"
    return f"{text}."


def _truth(verdict: ComparisonVerdict) -> str:
    if verdict.truth is not None and verdict.truth_correlations:
        planted = verdict.truth == "truth"
        known = "the planted truth" if planted else f"the ranking by {verdict.truth}"
        rows = ", ".join(f"{name} {rho:.2f}" for name, rho in verdict.truth_correlations.items())
        return f"Spearman's rank correlation with {known}: {rows}."
    if verdict.num_channels < 3:
        return "A rank correlation needs at least three channels."
    if verdict.truth is None:
        return "No ground truth is known to compare the methods with."
    return ""


def lede(verdict: ComparisonVerdict, *, is_planted: bool) -> str:
    """How good the models are, and which method agrees best with a planted truth."""
    low, high = (percent(accuracy) for accuracy in verdict.accuracies)
    text = (
        f"{quantity(len(verdict.models), 'method')} scored the channels. Their models correctly "
        f"classify {low if low == high else f'{low} to {high}'} of "
        f"{held_out_images(verdict.held_out)}. The majority baseline (always predicting the most "
        f"common class) is {percent(verdict.majority_baseline)}."
    )
    if is_planted and verdict.truth_correlations:
        best, rho = next(iter(verdict.truth_correlations.items()))
        text += f" {best} agrees best with the planted truth (rank correlation {rho:.2f})."
    return text
