"""What each channel adds, and the verdict about it: every sentence about evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keras_dcmix._common.wording import interval, listed, plural, probability, quantity, verb
from keras_dcmix.evidence.channel_evidence import (
    ChannelEvidence,
    ChannelVerdict,
    Evidence,
    Gain,
)
from keras_dcmix.evidence.sentences.answer import Answer, Short
from keras_dcmix.evidence.verdict import HeldOut, RankingVerdict

_QUESTION = "Do channels show evidence?"
_MOST = 4  # channels of one verdict that a sentence names
_MOST_CLASSES = 6

MEANING: dict[ChannelVerdict, str] = {
    ChannelVerdict.NEEDED: "It carries the phenotype, and no other channel replaces it.",
    ChannelVerdict.REPLACEABLE: "It carries the phenotype, and other channels do so without it.",
    ChannelVerdict.IN_COMBINATION: (
        "Alone it shows nothing, but the other channels lose without it: a nucleus, for example, "
        "shows where in the cell a spot lies."
    ),
    ChannelVerdict.NO_EVIDENCE: (
        "No gain is shown, alone or beside the other channels. A small one is possible."
    ),
    ChannelVerdict.UNDECIDED: "There are too few independent groups for a verdict.",
}

CAPTION = (
    "What each channel adds, measured with channels masked: alone (over no channel) and unique "
    "(what all channels lose without it), in nats of log-likelihood an image, classes counted "
    "alike. A certain prediction gains 0.69 nats over an even chance of two classes. Lines are 95% "
    "intervals; colours are verdicts."
)
TABLE_CAPTION = "Evidence for each channel"
MATRIX_CAPTION = "Alone and unique together give the verdict."


def note(held_out: HeldOut) -> str:
    """How intervals and p-values of the table are meant."""
    return (
        "Shapley value: the gain on average over all orders in which channels can be added. "
        f"Intervals are over {plural(held_out.group_unit)}. p is one-sided and adjusted for the "
        "number of channels (Benjamini-Hochberg)."
    )


def headline(evidence: Evidence, held_out: HeldOut) -> str:
    """Which channels carry the phenotype, where no retrained panel decides."""
    if evidence.groups_missing:
        groups = quantity(held_out.num_groups, held_out.group_unit)
        return f"Which channels carry the phenotype cannot be decided with {groups}"
    carrying = evidence.named(ChannelVerdict.NEEDED, ChannelVerdict.REPLACEABLE)
    combined = evidence.named(ChannelVerdict.IN_COMBINATION)
    if carrying:
        text = f"{listed(carrying, _MOST)} {verb(carrying, 'carries', 'carry')} the phenotype"
        return f"{text}; {listed(combined, _MOST)} only in combination" if combined else text
    if combined:
        carry = verb(combined, "carries", "carry")
        return f"{listed(combined, _MOST)} {carry} the phenotype only in combination"
    return f"No channel shows evidence, alone or beside the others, in {_groups(held_out)}"


def summary(evidence: Evidence, held_out: HeldOut) -> str:
    """The verdicts about all channels in one or two sentences."""
    if evidence.groups_missing:
        return too_few(evidence, held_out)
    if not evidence.shown:
        return f"{headline(evidence, held_out)}."
    needed = evidence.named(ChannelVerdict.NEEDED)
    combined = evidence.named(ChannelVerdict.IN_COMBINATION)
    without = evidence.named(ChannelVerdict.NO_EVIDENCE)
    parts = []
    if needed:
        parts.append(f"{listed(needed, _MOST)} {verb(needed, 'is', 'are')} needed")
    parts += _replaceable(evidence)
    if combined:
        are = verb(combined, "is", "are")
        parts.append(f"{listed(combined, _MOST)} {are} needed in combination")
    if without:
        shows = verb(without, "shows", "show")
        parts.append(f"{listed(without, _MOST)} {shows} no evidence")
    return f"Evidence over {_groups(held_out)}: {'; '.join(parts)}."


def _replaceable(evidence: Evidence) -> list[str]:
    found = [each for each in evidence.channels if each.verdict is ChannelVerdict.REPLACEABLE]
    if not found:
        return []
    names = listed([_replaced(each) for each in found], _MOST)
    return [f"{names} {verb(found, 'is', 'are')} replaceable"]


def _replaced(channel: ChannelEvidence) -> str:
    if not channel.replaced_by:
        return channel.channel
    return f"{channel.channel} (by {listed(channel.replaced_by, _MOST)})"


def replaced_by(channel: ChannelEvidence) -> str:
    """What replaces a channel, beside its verdict."""
    if channel.verdict is not ChannelVerdict.REPLACEABLE:
        return ""
    if not channel.replaced_by:
        return "by several other channels together"
    return f"by {listed(channel.replaced_by, _MOST)}"


def too_few(evidence: Evidence, held_out: HeldOut) -> str:
    """How many more groups a verdict about a channel needs."""
    unit = held_out.group_unit
    more = quantity(evidence.groups_missing, f"more {unit}")
    are = "is" if evidence.groups_missing == 1 else "are"
    groups = quantity(held_out.num_groups, unit)
    return f"No channel can be decided with {groups}: {more} {are} needed."


def gain(found: Gain) -> str:
    """A gain with its interval and p-value, in a table or beside a figure.

    Example:

    >>> gain(Gain(0.3071, 0.2, 0.41, 0.0031, 0.001))
    '0.307 (95% interval 0.200 to 0.410), p = 0.003'
    """
    return (
        f"{nats(found.value)} {interval(found.low, found.high, nats)}, {probability(found.p_value)}"
    )


def nats(value: float) -> str:
    """A gain in nats with three decimals."""
    return f"{round(value, 3) + 0.0:.3f}".replace("-", "\N{MINUS SIGN}")


def answer(verdict: RankingVerdict) -> Answer:
    """Whether it is shown what channels add."""
    evidence, held_out = verdict.evidence, verdict.held_out
    if evidence is None:
        return Answer(_QUESTION, "not known", not_measured(verdict))
    short: Short = "not known" if evidence.groups_missing else "yes" if evidence.shown else "no"
    return Answer(_QUESTION, short, summary(evidence, held_out))


def not_measured(verdict: RankingVerdict) -> str:
    """What is missing where no model with masked channels was trained."""
    rests = "the order rests on the weights alone"
    if not verdict.weights_are_reliable:
        rests = "there is no order"
    return f"What each channel adds was not measured, so {rests}."


def by_class(classes: Mapping[str, Evidence]) -> str:
    """The channel that adds most to each class, where its evidence is shown."""
    first = {name: found.shown[0] for name, found in classes.items() if found.shown}
    if not first:
        return ""
    rows = [f"{channel} for {name}" for name, channel in first.items()]
    return f"The largest evidence by class is {listed(rows, _MOST_CLASSES)}."


def doubts(verdict: RankingVerdict) -> list[str]:
    """What is uncertain about the evidence."""
    evidence = verdict.evidence
    if evidence is None:
        return [not_measured(verdict)]
    if evidence.groups_missing:
        return [too_few(evidence, verdict.held_out)]
    return [*_hidden(evidence), *_sampled(evidence)]


def _hidden(evidence: Evidence) -> Sequence[str]:
    """Channels that gain on average over orders, though neither first nor last."""
    idle = evidence.named(ChannelVerdict.NO_EVIDENCE)
    found = [name for name in idle if evidence.of(name).shapley.is_shown]
    if not found:
        return []
    return [
        f"{listed(found, _MOST)} {verb(found, 'gains', 'gain')} something on average over all "
        f"orders of channels, though nothing is shown alone or beside all others: "
        f"{verb(found, 'it', 'they')} may add to some channels and be covered by others."
    ]


def _sampled(evidence: Evidence) -> Sequence[str]:
    if evidence.num_orders is None:
        return []
    size = f"at most {nats(evidence.order_error)}"
    if evidence.order_error < 0.0005:
        size = "below 0.001"
    return [
        f"Shapley values come from {quantity(evidence.num_orders, 'sampled order')} of the "
        f"channels: their standard error from sampling is {size} nats."
    ]


def _groups(held_out: HeldOut) -> str:
    return quantity(held_out.num_groups, held_out.group_unit)
