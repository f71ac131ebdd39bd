"""No verdict about a channel where all channels together show nothing."""

from __future__ import annotations

from dataclasses import replace

from keras_dcmix.evidence.channel_evidence import ChannelVerdict, Evidence
from keras_dcmix.evidence.panel_verdict import Decision, PanelsVerdict


def without_verdicts(evidence: Evidence, *, is_decidable: bool, groups_missing: int) -> Evidence:
    """The evidence of models that are not better than the majority baseline.

    Alone and unique are two families of tests: where labels mean nothing, each of them shows some
    channel with a probability of 5 %, together nearly 10 %. That the classes can be predicted at
    all is one test, and it comes first: unless it succeeds, no channel has evidence.

    Args:
        evidence: As its own tests give it; gains, intervals and p-values stay.
        is_decidable: Whether the groups are enough for this first test to succeed at all. Where
            they are not, every channel is `undecided`.
        groups_missing: How many more groups that test needs.
    """
    closed = ChannelVerdict.NO_EVIDENCE if is_decidable else ChannelVerdict.UNDECIDED
    channels = tuple(
        replace(
            each,
            verdict=each.verdict if each.verdict is ChannelVerdict.UNDECIDED else closed,
            replaced_by=(),
        )
        for each in evidence.channels
    )
    missing = evidence.groups_missing if is_decidable else groups_missing
    return replace(
        evidence, channels=channels, groups_missing=max(missing, evidence.groups_missing)
    )


def without_decisions(panels: PanelsVerdict) -> PanelsVerdict:
    """The retrained panels of models that are not better than the majority baseline.

    A panel that does as well as models that show nothing is not sufficient: none is decided.
    """
    undecided = tuple(replace(each, decision=Decision.UNDECIDED) for each in panels.panels)
    return replace(panels, panels=undecided)
