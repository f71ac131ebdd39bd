"""Models with a mix beside classifiers on all channels: what their accuracy says of the weights."""

from __future__ import annotations

from keras_dcmix._common.wording import percent, probability
from keras_dcmix.evidence.verdict import RankingVerdict, Reliability

ONE_MIX = (
    "one non-negative mix cannot show inverted contrast, or classes that differ in which channel "
    "is bright"
)
ALL_CHANNELS = "classifiers on all channels"


def models_with_a_mix(verdict: RankingVerdict) -> str:
    """What the models are called whose weights are shown."""
    return f"models with {'one' if verdict.num_mixes == 1 else 'a'} mix"


def models(verdict: RankingVerdict) -> str:
    """What the models are called that the answer rests on."""
    return models_with_a_mix(verdict) if verdict.mix is None else ALL_CHANNELS


def shortfall(model: Reliability) -> str:
    """How accuracy misses the baseline, after "accuracy" or "model"."""
    return f"is not {'clearly ' if model.is_above_baseline else ''}above the majority baseline"


def limits(verdict: RankingVerdict) -> str:
    """What limits the weights, in one sentence; empty where nothing does.

    Their models are not better than the majority baseline, or clearly worse than classifiers on all
    channels.
    """
    mix = verdict.mix
    if mix is None:
        return ""
    sums = "a weighted sum" if verdict.num_mixes == 1 else "weighted sums"
    models = f"{models_with_a_mix(verdict)} ({sums} of the channels)"
    accuracy = f"Accuracy of the {models}"
    if not mix.is_reliable:
        reason = f": {ONE_MIX}" if verdict.num_mixes == 1 else ""
        return (
            f"{accuracy} {shortfall(mix)}{_numbers(mix)}, so the weights have no meaning{reason}."
        )
    if verdict.mix_falls_short:
        every = percent(verdict.reliability.accuracy)
        return (
            f"{accuracy} is {percent(mix.accuracy)}, of the {ALL_CHANNELS} {every}: the weights "
            "show only a part of what distinguishes the classes."
        )
    return ""


def _numbers(mix: Reliability) -> str:
    test = "" if mix.p_value is None else f", {probability(mix.p_value)}"
    return f" ({percent(mix.accuracy)} against {percent(mix.majority_baseline)}{test})"
