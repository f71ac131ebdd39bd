"""What each channel adds: the figure, the table and the two-by-two of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_dcmix._common.wording import listed, probability
from keras_dcmix.evidence.channel_evidence import ChannelEvidence, ChannelVerdict, Evidence, Gain
from keras_dcmix.evidence.sentences import evidence as sentences
from keras_dcmix.evidence.sentences import reliability
from keras_dcmix.evidence.verdict import RankingVerdict
from keras_dcmix.plotting.folding import FEW
from keras_dcmix.plotting.verdict_style import ORDER
from keras_dcmix.report.figures import Picture
from keras_dcmix.report.page import Cell, Table, fine_percent
from keras_dcmix.report.result_pictures import evidence

if TYPE_CHECKING:
    from keras_dcmix.experiments.rank import ChannelRanking

_MOST_NAMES = 8  # channels that a field of the two-by-two lists
_MOST_MOVED = 4  # channels whose verdict follows retraining that are named
_MOST_CLASSES = 8  # that are columns side by side


@dataclass(frozen=True)
class Field:
    """One field of the two-by-two.

    Attributes:
        verdict: Its verdict.
        number: How many channels have it.
        channels: Their names; of many the first.
        meaning: What it means.
    """

    verdict: str
    number: int
    channels: str
    meaning: str


@dataclass(frozen=True)
class EvidenceSection:
    """What the page says of evidence.

    Attributes:
        picture: The figure.
        text: The verdicts in words.
        fields: Of the two-by-two, a row a list; none where groups are too few for a verdict, or the
            models are not reliable.
        note: Which verdicts follow retraining in place of the two-by-two.
        table: All numbers.
        classes: Evidence for each class; `None` with two classes.
    """

    picture: Picture
    text: str
    fields: list[list[Field]]
    note: str
    table: Table
    classes: Table | None


def evidence_section(ranking: ChannelRanking, verdict: RankingVerdict) -> EvidenceSection | None:
    """Gathers what the page says of evidence; `None` where it was not measured."""
    found = verdict.evidence
    if found is None:
        return None
    is_decided = verdict.reliability.is_reliable and not found.groups_missing
    return EvidenceSection(
        picture=evidence(ranking),
        text=_text(found, verdict),
        fields=_fields(found) if is_decided else [],
        note=_settled(found) if is_decided else "",
        table=_table(found, sentences.note(verdict.held_out)),
        classes=_by_class(verdict.classes),
    )


def _text(found: Evidence, verdict: RankingVerdict) -> str:
    if verdict.reliability.is_reliable:
        return sentences.summary(found, verdict.held_out)
    return f"{reliability.no_ranking(verdict)}. {reliability.closed(verdict)}"


def _fields(found: Evidence) -> list[list[Field]]:
    """A row for channels that gain alone and one for the others; the left column is unique."""
    rows = (
        (ChannelVerdict.NEEDED, ChannelVerdict.REPLACEABLE),
        (ChannelVerdict.IN_COMBINATION, ChannelVerdict.NO_EVIDENCE),
    )
    return [[_field(found, verdict) for verdict in row] for row in rows]


def _field(found: Evidence, verdict: ChannelVerdict) -> Field:
    names = found.named(verdict)
    channels = listed(names, _MOST_NAMES) if names else "none"
    return Field(str(verdict), len(names), channels, sentences.MEANING[verdict])


def _settled(found: Evidence) -> str:
    """Which channels stand in another field than their two tests say."""
    moved = [each.channel for each in found.channels if _measured(each) != each.verdict]
    if not moved:
        return ""
    return (
        f"For {listed(moved, _MOST_MOVED)} the verdict follows the retrained panels, which "
        "contradict what was measured with channels masked."
    )


def _measured(channel: ChannelEvidence) -> ChannelVerdict:
    """The verdict of the two tests alone."""
    if channel.alone.is_shown:
        return ChannelVerdict.NEEDED if channel.unique.is_shown else ChannelVerdict.REPLACEABLE
    if channel.unique.is_shown:
        return ChannelVerdict.IN_COMBINATION
    return ChannelVerdict.NO_EVIDENCE


def by_verdict(found: Evidence) -> list[ChannelEvidence]:
    """Channels in the order of the figure."""
    return sorted(found.channels, key=lambda each: ORDER.index(each.verdict))


def _table(found: Evidence, note: str) -> Table:
    rows = [
        (
            each.channel,
            fine_percent(each.share),
            _gain(each.alone),
            _gain(each.unique),
            _gain(each.shapley),
            (str(each.verdict), sentences.replaced_by(each)),
        )
        for each in by_verdict(found)
    ]
    heads = ("channel", "share", "alone", "unique", "Shapley value", "verdict")
    note = (
        f"Share: of the mix. Gains in nats of log-likelihood an image, with 95% intervals. {note}"
    )
    return Table(sentences.TABLE_CAPTION, heads, rows, note, find="channel")


def _gain(gain: Gain) -> Cell:
    """A gain, and below it its interval and p-value."""
    lines = [probability(gain.p_value)]
    if gain.low == gain.low and gain.high == gain.high:  # not NaN
        lines.insert(0, f"{sentences.nats(gain.low)} to {sentences.nats(gain.high)}")
    return sentences.nats(gain.value), *lines


def _by_class(classes: Mapping[str, Evidence]) -> Table | None:
    if not classes:
        return None
    caption = "Evidence for each class"
    if len(classes) > _MOST_CLASSES:
        rows = [(name, _channels_with_evidence(found)) for name, found in classes.items()]
        return Table(caption, ("class", "channels with evidence"), rows, find="class")
    first = next(iter(classes.values()))
    rows_of_channels = [
        (name, *(_of_class(found.of(name)) for found in classes.values()))
        for name in sorted(
            (each.channel for each in first.channels),
            key=lambda name: -max(found.of(name).shapley.value for found in classes.values()),
        )
    ]
    note = (
        "Shapley value in nats an image, measured on the images of the class, and the verdict "
        "there."
    )
    return Table(caption, ("channel", *classes), rows_of_channels, note, find="channel")


def _of_class(channel: ChannelEvidence) -> Cell:
    return sentences.nats(channel.shapley.value), str(channel.verdict)


def _channels_with_evidence(found: Evidence) -> str:
    names = [
        f"{each.channel} ({each.verdict})"
        for each in by_verdict(found)
        if each.channel in found.shown
    ]
    if names:
        return listed(names, FEW)
    return "undecided" if found.groups_missing else "none"
