"""Whether accuracy is above the majority baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence

from keras_dcmix._common.wording import interval, percent, plural, probability, quantity
from keras_dcmix.evidence.channel_evidence import ChannelVerdict
from keras_dcmix.evidence.sentences import mix
from keras_dcmix.evidence.sentences.answer import Answer
from keras_dcmix.evidence.verdict import HeldOut, RankingVerdict, Reliability

NO_MEANING = "The weights of models that are not reliable have no meaning."
UNRELIABLE_BARS = "The order of these bars has no meaning."


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


def unseen(held_out: HeldOut) -> str:
    """Where an accuracy was measured.

    Example:

    >>> unseen(HeldOut(240, 12, "well")), unseen(HeldOut(240, 240, "image"))
    ('in 12 unseen wells', 'on 240 unseen images')
    """
    if held_out.group_unit == "image":
        return f"on {held_out.num_images:,} unseen images"
    return f"in {quantity(held_out.num_groups, f'unseen {held_out.group_unit}')}"


def no_ranking(verdict: RankingVerdict) -> str:
    """The headline where the models are not reliable."""
    model, held_out = verdict.reliability, verdict.held_out
    if model.is_above_baseline and not model.is_decidable:
        groups = quantity(held_out.num_groups, held_out.group_unit)
        return f"Whether accuracy is above the majority baseline cannot be decided with {groups}"
    return f"No reliable ranking: accuracy {mix.shortfall(model)}"


def no_ranking_sentence(verdict: RankingVerdict) -> str:
    """The same as a sentence, with its numbers."""
    text, numbers = f"{no_ranking(verdict)}.", quality_sentence(verdict)
    return " ".join(filter(None, [text, numbers, closed(verdict), what_helps(verdict)]))


def closed(verdict: RankingVerdict) -> str:
    """What models that are not reliable mean for the evidence; empty where there is none."""
    if verdict.evidence is None:
        return ""
    undecided = verdict.evidence.named(ChannelVerdict.UNDECIDED)
    name = ChannelVerdict.UNDECIDED if undecided else ChannelVerdict.NO_EVIDENCE
    return f"The verdict of each channel is therefore '{name}', whatever its own tests show."


def what_helps(verdict: RankingVerdict) -> str:
    """What may make the models better than the majority baseline; empty where nothing is near."""
    model = verdict.reliability
    if not model.is_above_baseline:
        return ""
    units = plural(verdict.held_out.group_unit)
    if not model.is_decidable:
        if not model.groups_missing:
            return f"More {units} are needed."
        more = quantity(model.groups_missing, f"more {verdict.held_out.group_unit}")
        return f"At least {more} {'is' if model.groups_missing == 1 else 'are'} needed."
    return f"More {units} or more epochs may help."


def accuracy(model: Reliability) -> str:
    """The accuracy with its interval.

    Example:

    >>> accuracy(Reliability(0.97, 0.5, 240, low=0.951, high=0.98))
    'accuracy 97% (95% interval 95% to 98%)'
    >>> accuracy(Reliability(0.97, 0.5, 240))
    'accuracy 97%'
    """
    return " ".join(["accuracy", _with_interval(model)])


def _with_interval(model: Reliability) -> str:
    if math.isnan(model.low) or math.isnan(model.high):
        return percent(model.accuracy)
    return f"{percent(model.accuracy)} {interval(model.low, model.high)}"


def _baseline(model: Reliability) -> str:
    test = "" if model.p_value is None else f" ({probability(model.p_value)})"
    return f"majority baseline {percent(model.majority_baseline)}{test}"


def quality_sentence(verdict: RankingVerdict) -> str:
    """How good the models are, with the interval."""
    model = verdict.reliability
    return (
        f"The {mix.models(verdict)} correctly classify {_with_interval(model)} of "
        f"{held_out_images(verdict.held_out)}; {_baseline(model)}."
    )


def accuracy_sentence(verdict: RankingVerdict, accuracies: Sequence[float]) -> str:
    """Accuracy of the models with a mix, with its range over the runs."""
    held_out, runs = verdict.held_out, len(accuracies)
    lowest, highest = percent(min(accuracies)), percent(max(accuracies))
    between = "the same in each" if lowest == highest else f"{lowest} to {highest}"
    text = (
        f"The {mix.models_with_a_mix(verdict)} correctly classify "
        f"{percent(verdict.mix_reliability.accuracy)} of {held_out.num_images:,} test images"
        f"{f' (mean of {runs} runs, {between})' if runs > 1 else ''}."
    )
    if held_out.group_unit == "image":
        return f"{text} Each was tested by models that had not seen it in training."
    groups = quantity(held_out.num_groups, held_out.group_unit)
    return (
        f"{text} The images come from {groups}; each {held_out.group_unit} was tested by models "
        "that had not seen it in training."
    )


def kinds_sentence(verdict: RankingVerdict) -> str:
    """Which kinds of models there are, and what each is for; empty where there is one."""
    if verdict.mix is None:
        return ""
    return (
        f"Two kinds of models were tested on the same images: {mix.ALL_CHANNELS}, whose accuracy "
        f"stands at the top of the page, and {mix.models_with_a_mix(verdict)}, which give the "
        "weights and the saved model."
    )


def figure_title(model: Reliability, held_out: HeldOut) -> str:
    """How good the models are, for a figure that is shown without the page."""
    unseen_groups = f"accuracy {percent(model.accuracy)} on unseen {plural(held_out.group_unit)}"
    return f"{unseen_groups}, majority baseline {percent(model.majority_baseline)}"


def answer(verdict: RankingVerdict) -> Answer:
    """Whether the models are better than the majority baseline."""
    model, question = verdict.reliability, "Are the models better than the majority baseline?"
    text = f"{_capital(mix.models(verdict))}: {accuracy(model)}, {_baseline(model)}."
    if not model.is_reliable:
        if model.is_above_baseline and not model.is_decidable:
            return Answer(question, "not known", no_ranking_sentence(verdict))
        meaning = "" if verdict.weights_are_reliable else NO_MEANING
        return Answer(question, "no", " ".join(filter(None, [text, closed(verdict), meaning])))
    if model.p_value is None:
        return Answer(question, "yes", text)
    units = plural(verdict.held_out.group_unit)
    text += f" The test counts all classes alike and permutes the labels of {units}."
    return Answer(question, "yes", f"{text}{_below_baseline(model)}")


def _below_baseline(model: Reliability) -> str:
    """What is added where a reliable model has fewer hits than the majority baseline."""
    if model.is_above_baseline:
        return ""
    return (
        " Classes are of unequal size: always predicting the most common one has as many hits, but "
        "none in the other classes."
    )


def doubts(verdict: RankingVerdict) -> list[str]:
    """What is uncertain about the accuracy."""
    held_out, found = verdict.held_out, []
    if not verdict.reliability.is_reliable:
        found.append(no_ranking_sentence(verdict))
    if held_out.num_mixed_groups:
        mixed = (
            f"{held_out.num_mixed_groups} of {quantity(held_out.num_groups, held_out.group_unit)}"
        )
        hold = "holds" if held_out.num_mixed_groups == 1 else "hold"
        found.append(
            f"{mixed} {hold} images of several classes; each still counts as one independent "
            f"{held_out.group_unit}."
        )
    if held_out.num_repeats == 1:
        found.append(
            f"Each {held_out.group_unit} was tested in a single repeat, so the intervals do not "
            "contain how much trainings vary. Use --repeats for more."
        )
    return found


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
