"""Whether accuracy is above the majority baseline."""

from __future__ import annotations

from collections.abc import Sequence

from keras_dcmix._common.wording import percent, plural, quantity
from keras_dcmix.evidence.sentences.answer import Answer
from keras_dcmix.evidence.verdict import HeldOut, RankingVerdict, Reliability

UNRELIABLE_BARS = "The models are not reliable, so the order of these bars has no meaning."


def held_out_images(held_out: HeldOut) -> str:
    """The test part.

    Example:

    >>> held_out_images(HeldOut(240, 12, "well")), held_out_images(HeldOut(240, 240, "image"))
    ('240 images from 12 unseen wells', '240 unseen images')
    """
    if held_out.group_unit == "image":
        return f"{held_out.num_images:,} unseen images"
    groups = quantity(held_out.num_groups, f"unseen {held_out.group_unit}")
    return f"{quantity(held_out.num_images, 'image')} from {groups}"


def shortfall(model: Reliability) -> str:
    """How accuracy misses the baseline, after "accuracy" or "model"."""
    return f"is not {'clearly ' if model.is_above_baseline else ''}above the majority baseline"


def no_ranking(model: Reliability) -> str:
    """The headline where the models are not reliable."""
    return f"No reliable ranking: accuracy {shortfall(model)}"


def no_ranking_sentence(verdict: RankingVerdict) -> str:
    """The same as a sentence, with its numbers."""
    model, held_out = verdict.reliability, verdict.held_out
    numbers = (
        f"accuracy {model.accuracy:.2f} on {held_out_images(held_out)}, "
        f"majority baseline {model.majority_baseline:.2f}"
    )
    if not model.is_above_baseline:
        return f"{no_ranking(model)} ({numbers})."
    more = f"More {plural(held_out.group_unit)} or more epochs may help."
    return f"{no_ranking(model)} ({numbers}). {more}"


def quality(verdict: RankingVerdict) -> str:
    """How good the models are, as a clause of the summary."""
    model = verdict.reliability
    return (
        f"the models correctly classify {model.accuracy:.0%} of "
        f"{held_out_images(verdict.held_out)} (majority baseline: {model.majority_baseline:.0%})"
    )


def quality_sentence(verdict: RankingVerdict) -> str:
    """How good the models are, below the headline of the page."""
    model = verdict.reliability
    return (
        f"The models correctly classify {percent(model.accuracy)} of "
        f"{held_out_images(verdict.held_out)}. The majority baseline (always predicting the most "
        f"common class) is {percent(model.majority_baseline)}."
    )


def accuracy_sentence(verdict: RankingVerdict, accuracies: Sequence[float]) -> str:
    """Accuracy with its range over the runs."""
    held_out, runs = verdict.held_out, len(accuracies)
    lowest, highest = percent(min(accuracies)), percent(max(accuracies))
    between = "the same in each" if lowest == highest else f"{lowest} to {highest}"
    text = (
        f"{percent(verdict.reliability.accuracy)} of {held_out.num_images:,} test images are "
        f"correctly classified{f' (mean of {runs} runs, {between})' if runs > 1 else ''}."
    )
    if held_out.group_unit == "image":
        return f"{text} No model has seen these images in training."
    groups = quantity(held_out.num_groups, held_out.group_unit)
    return f"{text} They come from {groups} that no model has seen in training."


def figure_title(model: Reliability, held_out: HeldOut) -> str:
    """How good the models are, for a figure that is shown without the page."""
    unseen = f"accuracy {model.accuracy:.2f} on unseen {plural(held_out.group_unit)}"
    return f"{unseen}, majority baseline {model.majority_baseline:.2f}"


def answer(verdict: RankingVerdict) -> Answer:
    """Whether accuracy is above the majority baseline."""
    model = verdict.reliability
    text = (
        f"Accuracy is {percent(model.accuracy)}, the majority baseline "
        f"{percent(model.majority_baseline)}. The weights of a model that is not clearly above the "
        "baseline have no meaning."
    )
    question = "Is accuracy above the majority baseline?"
    return Answer(question, "yes" if model.is_reliable else "no", text)
