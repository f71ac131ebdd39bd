"""One verdict a channel: what was retrained settles what was measured with channels masked."""

from __future__ import annotations

from dataclasses import replace

from keras_dcmix.evidence.channel_evidence import (
    NEEDED,
    ChannelEvidence,
    ChannelVerdict,
    Evidence,
)
from keras_dcmix.evidence.panel_verdict import Decision, PanelsVerdict


def settle(evidence: Evidence, panels: PanelsVerdict) -> Evidence:
    """The evidence, its verdicts in agreement with the retrained panels.

    A gain of log-likelihood can be sure and yet cost next to no accuracy, and a model with masked
    channels can find a replacement that a retrained one does not. What was retrained is decisive:

    - a channel that a sufficient panel does without is not needed: it becomes `replaceable`, by
      the channels of the smallest such panel;
    - a channel without which, alone, retraining loses accuracy is not replaceable: it becomes
      `needed`, or `needed in combination` where it shows nothing alone.

    Channels without evidence stay so when they are dropped, and where the groups are too few for
    verdicts none is changed. Gains, intervals and p-values stay as measured.
    """
    channels = tuple(_settled(each, panels) for each in evidence.channels)
    return replace(evidence, channels=channels)


def _settled(channel: ChannelEvidence, panels: PanelsVerdict) -> ChannelEvidence:
    if channel.verdict is ChannelVerdict.UNDECIDED:
        return channel
    if channel.channel in panels.missed and channel.verdict not in NEEDED:
        alone = channel.alone.is_shown
        verdict = ChannelVerdict.NEEDED if alone else ChannelVerdict.IN_COMBINATION
        return replace(channel, verdict=verdict, replaced_by=())
    if channel.channel in panels.spared and channel.verdict in NEEDED:
        replaced_by = _replacing(channel.channel, panels)
        return replace(channel, verdict=ChannelVerdict.REPLACEABLE, replaced_by=replaced_by)
    return channel


def _replacing(channel: str, panels: PanelsVerdict) -> tuple[str, ...]:
    """The smallest sufficient panel without a channel."""
    return next(
        each.channels
        for each in panels.panels
        if each.decision is Decision.SUFFICIENT and channel in each.dropped
    )
