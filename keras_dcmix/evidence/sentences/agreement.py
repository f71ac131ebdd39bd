"""Whether weights and check agree."""

from __future__ import annotations

from keras_dcmix._common.wording import listed, percent, verb
from keras_dcmix.evidence.sentences.answer import Answer
from keras_dcmix.evidence.verdict import Agreement, CheckVerdict, UnreliableCheck

_QUESTION = "Does the check agree?"
_MODEL = "a model trained on random subsets of the channels"
_MOST_CREDITED = 4

COLUMNS = ("channel", "weights: share of the mix", "check: part of the gain", "for accuracy")
CAPTION = "Weights and check for each channel"
NOTE = "A negative part means that the model is better without the channel, on average."


def summary(found: Agreement) -> str:
    """Whether weights and check agree, and where they differ."""
    credited = found.credited[:_MOST_CREDITED]
    gain = f"attributes its gain to {listed([f'{n} ({found.parts[n]:.0%})' for n in credited])}"
    if found.agrees:
        return f"The check agrees: {_MODEL} {gain}."
    text = [f"The check disagrees in part: {_MODEL} {gain}."]
    if found.missed:
        text.append(_missed(found))
    if spare := found.spare:
        names = listed([f"{name} ({found.shares[name]:.0%} of the mix)" for name in spare])
        text.append(
            f"In the check {names} {verb(spare, 'adds', 'add')} almost nothing: "
            f"{verb(spare, 'it', 'they')} may be used only in combination with other channels, or "
            "training may be too short to separate the weights."
        )
    return " ".join(text)


def _missed(found: Agreement) -> str:
    """Channels that contribute though their weights are low, and why that can be."""
    missed = found.missed
    names = listed(
        [
            f"{n} ({found.parts[n]:.0%} of the gain, {found.shares[n]:.0%} of the mix)"
            for n in missed
        ]
    )
    more = f"{verb(missed, 'contributes', 'contribute')} more than {verb(missed, 'its', 'their')} "
    more += verb(missed, "weight suggests", "weights suggest")
    replaced = listed([f"{name} by {other}" for name, other in found.stand_ins.items()] or [""])
    why = (
        "a single mix cannot represent a channel with inverted contrast, or classes that differ in "
        "which channel is bright"
    )
    if len(found.stand_ins) == len(missed):
        why = f"most of its information can be replaced by another channel ({replaced})"
        if len(missed) > 1:
            why = f"most of their information can be replaced by other channels ({replaced})"
    elif found.stand_ins:
        why += f"; and most of the information can be replaced by another channel ({replaced})"
    return f"{names} {more}: {why}."


def no_summary(check: UnreliableCheck) -> str:
    """Why the check confirms nothing."""
    return f"The check cannot confirm this: {_failure(check)}."


def _failure(check: UnreliableCheck) -> str:
    model = "its model, trained on random subsets of the channels,"
    if check.reliability.is_reliable:
        return (
            f"{model} does no better with channels than without (accuracy {check.all_channels:.2f})"
        )
    kind = "clearly " if check.reliability.is_above_baseline else ""
    return (
        f"{model} is not {kind}above the majority baseline "
        f"(accuracy {check.reliability.accuracy:.2f})"
    )


def answer(check: CheckVerdict | UnreliableCheck | None) -> Answer:
    """Whether the check agrees with the weights."""
    if check is None:
        text = "The check was not run, so this order rests on the weights alone."
        return Answer(_QUESTION, "not known", text)
    if isinstance(check, UnreliableCheck):
        return Answer(_QUESTION, "not known", no_summary(check))
    found = check.agreement
    return Answer(_QUESTION, "yes" if found.agrees else "in part", summary(found))


def row(name: str, check: CheckVerdict) -> tuple[str, str, str]:
    """A channel, its share and its part, as the table shows them."""
    return name, percent(check.agreement.shares[name]), percent(check.agreement.parts[name])
