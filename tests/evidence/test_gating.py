"""Where all channels together show nothing, no channel has a verdict in its favour."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keras_dcmix.evidence.channel_evidence import ChannelEvidence, ChannelVerdict, Evidence, Gain
from keras_dcmix.evidence.leaders import Leaders
from keras_dcmix.evidence.panel_verdict import (
    Decision,
    Interval,
    PanelsVerdict,
    RetrainedPanel,
)
from keras_dcmix.evidence.verdict import HeldOut, RankingVerdict, Reliability

GOOD = Reliability(0.9, 0.5, 240, p_value=0.001, low=0.85, high=0.95)
POOR = Reliability(0.6, 0.5, 240, p_value=0.06, low=0.5, high=0.7)
TOO_FEW = Reliability(0.9, 0.5, 240, p_value=0.1, smallest_p_value=0.1, groups_missing=1)
SURE = Gain(0.3, 0.2, 0.4, 0.002, 0.001)
WEAK = Gain(0.01, -0.02, 0.04, 0.3, 0.3)
PANEL = RetrainedPanel(
    ("Mito",),
    ("DNA",),
    Interval(0.5, 0.4, 0.6),
    Interval(0, -0.01, 0.01),
    Decision.SUFFICIENT,
    True,
)


def evidence(first: ChannelVerdict, second: ChannelVerdict, missing: int = 0) -> Evidence:
    channels = (
        ChannelEvidence("Mito", 0.8, 0.1, SURE, WEAK, SURE, first, ("DNA",)),
        ChannelEvidence("DNA", 0.2, 0.1, WEAK, WEAK, WEAK, second, ()),
    )
    return Evidence(channels, 12, missing)


SHOWN = evidence(ChannelVerdict.REPLACEABLE, ChannelVerdict.NO_EVIDENCE)


def ranking(reliability, found=SHOWN, mix=None, mito=0.9) -> RankingVerdict:
    return RankingVerdict(
        reliability,
        HeldOut(240, 12, "well"),
        Leaders(("Mito",), {"Mito": mito, "DNA": 1 - mito}, 5, 5),
        found,
        PanelsVerdict(Interval(0.5, 0.4, 0.6), (PANEL,), 0.02),
        {"treated": found},
        mix=mix,
    )


def verdicts(found: Evidence) -> set[str]:
    return {str(each.verdict) for each in found.channels}


def test_models_that_are_not_better_than_the_baseline_give_no_channel_evidence():
    verdict = ranking(POOR)
    assert verdicts(verdict.evidence) == verdicts(verdict.classes["treated"]) == {"no evidence"}
    assert {each.replaced_by for each in verdict.evidence.channels} == {()}
    assert verdict.evidence.of("Mito").alone == SURE  # as measured
    assert set(verdict.evidence.to_frame()["verdict"]) == {"no evidence"}


def test_where_the_test_cannot_succeed_every_channel_is_undecided():
    found = ranking(TOO_FEW).evidence
    assert verdicts(found) == {"undecided"}
    assert {each.replaced_by for each in found.channels} == {()}
    assert found.groups_missing == 1


def test_too_few_groups_for_the_evidence_stay_too_few():
    few = evidence(ChannelVerdict.UNDECIDED, ChannelVerdict.UNDECIDED, missing=3)
    assert verdicts(ranking(POOR, few).evidence) == {"undecided"}
    assert ranking(TOO_FEW, few).evidence.groups_missing == 3


def test_no_retrained_panel_of_models_that_show_nothing_is_decided():
    assert ranking(POOR).panels.panels[0].decision is Decision.UNDECIDED
    assert ranking(GOOD).panels.panels[0].decision is Decision.SUFFICIENT


def test_verdicts_of_reliable_models_stay():
    assert ranking(GOOD).evidence == SHOWN
    assert ranking(GOOD, mix=POOR).evidence == SHOWN  # one mix alone fails


def test_weights_are_reliable_where_their_own_models_are():
    assert ranking(GOOD).weights_are_reliable
    assert ranking(GOOD, mix=GOOD).weights_are_reliable
    assert not ranking(GOOD, mix=POOR).weights_are_reliable
    assert not ranking(POOR).weights_are_reliable


def test_weights_without_a_meaning_differ_from_nothing():
    idle_leads = evidence(ChannelVerdict.NO_EVIDENCE, ChannelVerdict.NEEDED)
    assert ranking(GOOD, idle_leads).weights_differ
    assert not ranking(GOOD, idle_leads, mix=POOR).weights_differ
    assert ranking(GOOD, mito=0.1).passed_over
    assert not ranking(GOOD, mix=POOR, mito=0.1).passed_over


@pytest.mark.parametrize(
    ("accuracy", "half", "falls_short"),
    [
        (0.80, 0.05, True),
        (0.80, 0.12, False),  # its interval holds the accuracy on all channels
        (0.86, 0.01, False),  # within the interval of all channels
        (0.80, float("nan"), False),
    ],
)
def test_one_mix_falls_short_where_accuracies_are_outside_of_each_others_interval(
    accuracy, half, falls_short
):
    mix = replace(GOOD, accuracy=accuracy, low=accuracy - half, high=accuracy + half)
    assert ranking(GOOD, mix=mix).mix_falls_short == falls_short


def test_a_small_loss_of_one_mix_is_none():
    every = replace(GOOD, low=0.899, high=0.901)
    assert not ranking(every, mix=replace(every, accuracy=0.881, high=0.882)).mix_falls_short
    assert ranking(every, mix=replace(every, accuracy=0.871, high=0.872)).mix_falls_short
    assert not ranking(every).mix_falls_short
