"""Which channels can be dropped: every sentence about it, and about retrained panels, is here."""

from __future__ import annotations

from collections.abc import Sequence

from keras_dcmix._common.wording import (
    interval,
    listed,
    percent,
    percentage_points,
    plural,
    points,
    verb,
)
from keras_dcmix.evidence.channel_evidence import NEEDED, ChannelVerdict, Evidence
from keras_dcmix.evidence.panel_verdict import Decision, Interval, PanelsVerdict, RetrainedPanel
from keras_dcmix.evidence.sentences.answer import Answer, Short
from keras_dcmix.evidence.sentences.reliability import unseen
from keras_dcmix.evidence.verdict import HeldOut

_QUESTION = "Can channels be dropped?"
_MOST_KEPT = 4  # channels of a panel that a sentence names
_MOST_DROPPED = 3

NOT_RETRAINED = "No panel was retrained, so nothing is known about dropping channels."
NOT_RELIABLE = (
    "The models are not clearly above the majority baseline, so nothing is known about dropping "
    "channels."
)

CAPTION = (
    "Accuracy by number of channels, averaged over classes. Large points are panels that were "
    "retrained from nothing, with the 95% interval of their difference to all channels; small ones "
    "are estimated with channels masked."
)
ESTIMATE_NOTE = (
    "Estimates come from one model with channels masked. Only retrained panels are judged; the "
    "best of many estimates is best partly by chance."
)
UNRELIABLE_TITLE = "The models are not reliable: these panels have no meaning"
UNRELIABLE_CAPTION = "The models are not reliable, so this figure does not answer the question."


def title(panels: PanelsVerdict | None) -> str:
    """The title of the figure of panels."""
    panel = None if panels is None else panels.decisive
    if panel is None:
        return "Accuracy by number of channels: estimates"
    if panel.decision is Decision.SUFFICIENT:
        return enough(panel.channels)
    if panel.decision is Decision.UNDECIDED:
        return _not_decided(panel)
    return _not_enough(panel.channels)


def headline(panels: PanelsVerdict, held_out: HeldOut, evidence: Evidence | None) -> str:
    """What the decisive panel shows; one was retrained at least."""
    panel = panels.decisive
    assert panel is not None  # noqa: S101
    level = f"{percent(panel.accuracy.value)} {unseen(held_out)}"
    if panel.decision is Decision.SUFFICIENT:
        return f"{enough(panel.channels)}: accuracy {level}, {difference(panel.cost)}"
    if panel.decision is Decision.UNDECIDED:
        return f"{_not_decided(panel)}: accuracy is {difference(panel.cost)}"
    needed = () if evidence is None else evidence.named(*NEEDED)
    if evidence is not None and len(needed) == len(evidence.channels):
        question = "All channels are needed for this accuracy"
        return f"{question}: {retrained(panel)}, it {change(panel.cost)}"
    if len(panel.dropped) == 1 and panel.dropped[0] in needed:
        name = panel.dropped[0]
        question = f"{name} is needed for this accuracy"
        return f"{question}: retrained without it, accuracy {change(panel.cost)}"
    return f"{_not_enough(panel.channels)}: accuracy is {difference(panel.cost)}"


def summary(panels: PanelsVerdict | None) -> str:
    """The decisive panel, and those that the user named."""
    panel = None if panels is None else panels.decisive
    if panels is None or panel is None:
        return NOT_RETRAINED
    asked = [each for each in panels.panels if each.was_asked and each is not panel]
    return " ".join(sentence(each, panels) for each in (panel, *asked))


def decisive_sentence(panels: PanelsVerdict | None) -> str:
    """The panel that the answer rests on, in one sentence."""
    panel = None if panels is None else panels.decisive
    return NOT_RETRAINED if panels is None or panel is None else sentence(panel, panels)


def sentence(panel: RetrainedPanel, panels: PanelsVerdict) -> str:
    """What retraining one panel shows."""
    text = (
        f"{_capital(retrained(panel))}, accuracy is {percent(panel.accuracy.value)}, on all "
        f"channels {percent(panels.all_channels.value)}: it {change(panel.cost)}"
    )
    margin = percentage_points(panels.margin)
    drop = f"{dropped(panel)} can be dropped"
    if panel.decision is Decision.SUFFICIENT:
        return f"{text}; with a margin of {margin}, {drop}."
    if part := panels.sufficient_part(panel):
        return (
            f"{text}; the trainings vary, for fewer channels ({listed(part.channels)}) do as well."
        )
    if panel.decision is Decision.INSUFFICIENT:
        return f"{text}, so {_not_enough(panel.channels)}."
    return f"{text}; with a margin of {margin}, it is not decided whether {drop}."


def answer(panels: PanelsVerdict | None, *, is_reliable: bool) -> Answer:
    """Whether channels can be dropped; "no" does not count against the ranking."""
    panel = None if panels is None else panels.decisive
    if not is_reliable:
        return Answer(_QUESTION, "not known", NOT_RELIABLE, is_judgement=False)
    short: Short = "not known"
    if panel is not None and panel.decision is Decision.SUFFICIENT:
        short = "yes"
    elif panel is not None and panel.decision is Decision.INSUFFICIENT:
        short = "no"
    return Answer(_QUESTION, short, summary(panels), is_judgement=False)


def doubts(panels: PanelsVerdict | None, evidence: Evidence | None, held_out: HeldOut) -> list[str]:
    """What is uncertain about the panels."""
    panel = None if panels is None else panels.decisive
    if panels is None or panel is None:
        return [NOT_RETRAINED]
    found = [*_undecided(panels, held_out), *_disordered(panels)]
    if evidence is None or evidence.groups_missing:
        return found
    return [*found, *_settled(evidence), *_against_evidence(panel, evidence)]


def _undecided(panels: PanelsVerdict, held_out: HeldOut) -> list[str]:
    undecided = [each for each in panels.panels if each.decision is Decision.UNDECIDED]
    if not undecided:
        return []
    names = listed([panel_name(each.channels) for each in undecided], _MOST_KEPT)
    return [
        f"More {plural(held_out.group_unit)} or more repeats are needed to decide about {names}, "
        f"with a margin of {percentage_points(panels.margin)}."
    ]


def _disordered(panels: PanelsVerdict) -> list[str]:
    """Panels that fail though a part of them is sufficient."""
    return [
        f"{panel_name(panel.channels)} did worse than {panel_name(part.channels)}, which it "
        "contains: the trainings vary, and more repeats would show how much."
        for panel in panels.panels
        if panel.decision is Decision.INSUFFICIENT and (part := panels.sufficient_part(panel))
    ]


def _settled(evidence: Evidence) -> list[str]:
    """Verdicts that retraining settled against the gains of the masked model."""
    small = [
        each.channel
        for each in evidence.channels
        if each.verdict is ChannelVerdict.REPLACEABLE and each.unique.is_shown
    ]
    large = [
        each.channel
        for each in evidence.channels
        if each.verdict in NEEDED and not each.unique.is_shown
    ]
    found = []
    if small:
        adds = verb(small, "adds", "add")
        found.append(
            f"{listed(small, _MOST_KEPT)} {adds} something that is not in the other channels, but "
            "a retrained panel without it loses less accuracy than the margin."
        )
    if large:
        found.append(
            f"Retraining without {listed(large, _MOST_KEPT)} loses accuracy, though the model with "
            "masked channels does not show it."
        )
    return found


def _against_evidence(panel: RetrainedPanel, evidence: Evidence) -> list[str]:
    """Where retraining and masking see different things."""
    idle = evidence.named(ChannelVerdict.NO_EVIDENCE)
    if panel.decision is Decision.SUFFICIENT:
        spare = [name for name in panel.channels if name in idle]
        if not spare:
            return []
        has = verb(spare, "has", "have")
        return [
            f"{listed(spare, _MOST_KEPT)} {has} no verdict in favour, though retraining on "
            f"{listed(panel.channels, _MOST_KEPT)} gives this accuracy: the test with masked "
            "channels may miss small gains."
        ]
    if panel.decision is Decision.INSUFFICIENT and {*panel.dropped} <= {*idle}:
        return [
            f"Retraining without {dropped(panel)} loses accuracy, though none of these channels "
            "shows evidence by itself: they may carry it together."
        ]
    return []


def enough(names: Sequence[str]) -> str:
    """That a panel is sufficient."""
    return f"{listed(names, _MOST_KEPT)} {verb(names, 'is', 'are')} enough"


def _not_enough(names: Sequence[str]) -> str:
    return f"{listed(names, _MOST_KEPT)} {verb(names, 'is', 'are')} not enough"


def _not_decided(panel: RetrainedPanel) -> str:
    """The open question, with the shorter of both lists of channels."""
    if len(panel.dropped) < len(panel.channels):
        return f"Whether {dropped(panel)} can be dropped is not decided"
    return f"Whether {enough(panel.channels)} is not decided"


def retrained(panel: RetrainedPanel) -> str:
    """What was trained again."""
    return f"retrained on {listed(panel.channels, _MOST_KEPT)} alone"


def dropped(panel: RetrainedPanel) -> str:
    """The channels that a panel does without; of many how many."""
    if len(panel.dropped) > _MOST_DROPPED:
        return f"the other {len(panel.dropped)} channels"
    return listed(panel.dropped)


def difference(cost: Interval) -> str:
    """How far accuracy is from that of all channels, as short as a headline needs it.

    Example:

    >>> difference(Interval(0.003, 0.001, 0.009)), difference(Interval(-0.012, -0.019, -0.004))
    ('0.3 points (95% interval 0.1 to 0.9) below all channels',
     '1.2 points (95% interval 0.4 to 1.9) above all channels')
    """
    value, low, high, side = cost.value, cost.low, cost.high, "below"
    if round(100 * value, 1) < 0:
        value, low, high, side = -value, -high, -low, "above"
    return f"{points(value)} points {interval(low, high, points)} {side} all channels"


def change(cost: Interval) -> str:
    """How accuracy changes, as a verb with the interval of this change.

    Example:

    >>> change(Interval(0.003, 0.001, 0.009)), change(Interval(-0.012, -0.019, -0.004))
    ('falls by 0.3 percentage points (95% interval 0.1 to 0.9)',
     'rises by 1.2 percentage points (95% interval 0.4 to 1.9)')
    """
    if round(100 * cost.value, 1) < 0:
        ends = interval(-cost.high, -cost.low, points)
        return f"rises by {points(-cost.value)} percentage points {ends}"
    return (
        f"falls by {points(cost.value)} percentage points {interval(cost.low, cost.high, points)}"
    )


def panel_name(channels: Sequence[str]) -> str:
    """The channels of a panel, as tables show them."""
    return " + ".join(channels) or "no channel"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
