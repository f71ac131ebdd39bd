"""Verdicts in words: a snapshot of typical ones, and that no two sentences contradict each other.

`UPDATE_SENTENCES=1 pytest tests/evidence/test_sentences.py` writes the snapshot anew: read it.
"""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from keras_dcmix import ChannelImportance
from keras_dcmix._common.wording import listed, percent, points
from keras_dcmix.evidence.channel_evidence import (
    NEEDED,
    SHOWN,
    ChannelEvidence,
    ChannelVerdict,
    Evidence,
    Gain,
)
from keras_dcmix.evidence.comparison_verdict import ComparisonVerdict, First
from keras_dcmix.evidence.leaders import Leaders, find_leaders
from keras_dcmix.evidence.panel_verdict import (
    Decision,
    Interval,
    PanelsVerdict,
    RetrainedPanel,
    decide,
)
from keras_dcmix.evidence.sentences import comparison, evidence, leaders, panels, ranking
from keras_dcmix.evidence.sentences import reliability as accuracy_sentences
from keras_dcmix.evidence.verdict import HeldOut, RankingVerdict, Reliability

SNAPSHOT = Path(__file__).with_name("sentences.txt")
NAN = float("nan")
NAMES = ("DNA", "ER", "Mito")
CODES = {
    "needed": ChannelVerdict.NEEDED,
    "replaceable": ChannelVerdict.REPLACEABLE,
    "combined": ChannelVerdict.IN_COMBINATION,
    "idle": ChannelVerdict.NO_EVIDENCE,
    "undecided": ChannelVerdict.UNDECIDED,
}
SURE, WEAK = Gain(0.3, 0.2, 0.4, 0.002, 0.001), Gain(0.01, -0.02, 0.04, 0.3, 0.3)
GAINS = {  # alone and unique
    "needed": (SURE, SURE),
    "replaceable": (SURE, WEAK),
    "combined": (WEAK, SURE),
    "idle": (WEAK, WEAK),
    "undecided": (WEAK, WEAK),
}
GOOD = Reliability(0.97, 0.5, 4800, p_value=0.0004, low=0.951, high=0.982)
NOT_CLEAR = Reliability(0.55, 0.5, 240, p_value=0.2, low=0.44, high=0.66)
POOR = Reliability(0.45, 0.5, 240, p_value=0.7, low=0.3, high=0.6)
WELLS = HeldOut(4800, 48, "well")


def evidence_of(codes, *, replaced=None, num_groups=48, **options) -> Evidence:
    """Evidence of channels, from a code of the verdict of each; the first has the largest gain."""
    replaced = replaced or {}
    missing = max(0, 5 - num_groups)
    channels = []
    for number, (name, code) in enumerate(codes.items()):
        alone, unique = GAINS[code]
        shapley = replace(alone if code != "combined" else unique, value=0.3 / (number + 1))
        channels.append(
            ChannelEvidence(
                name, 0.3, 0.02, alone, unique, shapley, CODES[code], replaced.get(name, ())
            )
        )
    return Evidence(tuple(channels), num_groups, missing, **options)


def panel_of(kept, all_names, accuracy, cost, margin=0.02, *, asked=False) -> RetrainedPanel:
    """A retrained panel, from its cost and interval."""
    found = Interval(*cost)
    dropped = tuple(name for name in all_names if name not in kept)
    ends = Interval(accuracy, accuracy - 0.01, accuracy + 0.01)
    return RetrainedPanel(kept, dropped, ends, found, decide(found, margin), asked)


def panels_of(*rows, names=NAMES, margin=0.02, every=0.973) -> PanelsVerdict:
    """Retrained panels, each from its channels, its cost and whether the user named it."""
    found = [
        panel_of(kept, names, every - cost[0], cost, margin, asked=bool(asked))
        for kept, cost, *asked in rows
    ]
    found.sort(key=lambda each: (len(each.channels), each.cost.value))
    return PanelsVerdict(Interval(every, every - 0.01, every + 0.01), tuple(found), margin)


def weights(shares, runs=5, spread=0.01) -> Leaders:
    names = tuple(shares)
    repeats = np.tile(np.array(list(shares.values())), (runs, 1))
    if runs == 1:
        return find_leaders(ChannelImportance("dcmix", names, repeats[0]))
    repeats[:, 0] += spread * np.resize([1, -1], runs)
    return find_leaders(ChannelImportance.from_repeats("dcmix", names, repeats))


TWO = ("GFP", "DNA")
MITO_LEADS = weights({"DNA": 0.03, "ER": 0.02, "Mito": 0.95})
GFP_LEADS = weights({"GFP": 0.8, "DNA": 0.2})
MANY = tuple(f"c{number}" for number in range(41))
MITO_ONLY = {"Mito": "needed", "ER": "idle", "DNA": "idle"}
CLASS_ONE = evidence_of({"DNA": "needed", "ER": "idle", "Mito": "idle"})

TYPICAL = {
    "two channels, one is enough": RankingVerdict(
        GOOD,
        WELLS,
        GFP_LEADS,
        evidence_of({"GFP": "needed", "DNA": "replaceable"}, replaced={"DNA": ("GFP",)}),
        panels_of((("GFP",), (0.003, -0.004, 0.009)), names=TWO),
    ),
    "a needed channel costs less than the margin": RankingVerdict(
        GOOD,
        WELLS,
        GFP_LEADS,
        evidence_of({"GFP": "needed", "DNA": "needed"}),
        panels_of((("GFP",), (-0.004, -0.012, 0.009)), names=TWO),
    ),
    "two channels, both are needed": RankingVerdict(
        GOOD,
        WELLS,
        GFP_LEADS,
        evidence_of({"GFP": "needed", "DNA": "needed"}),
        panels_of(
            (("GFP",), (0.019, 0.009, 0.029)), (("DNA",), (0.211, 0.18, 0.24), True), names=TWO
        ),
    ),
    "not decided": RankingVerdict(
        GOOD,
        replace(WELLS, num_repeats=1),
        GFP_LEADS,
        evidence_of({"GFP": "needed", "DNA": "idle"}),
        panels_of((("GFP",), (0.012, -0.005, 0.029)), names=TWO),
    ),
    "two of three are enough, the user named a panel that is not": RankingVerdict(
        GOOD,
        WELLS,
        MITO_LEADS,
        evidence_of({"Mito": "needed", "ER": "combined", "DNA": "idle"}),
        panels_of(
            (("ER", "Mito"), (0.002, -0.01, 0.015)), (("Mito",), (0.05, 0.03, 0.07), True)
        ),
    ),
    "one channel is needed by retraining": RankingVerdict(
        GOOD,
        WELLS,
        MITO_LEADS,
        evidence_of(
            {"Mito": "needed", "ER": "replaceable", "DNA": "idle"}, replaced={"ER": ("Mito",)}
        ),
        panels_of((("DNA", "Mito"), (0.031, 0.012, 0.05))),
    ),
    "a panel fails whose channels show nothing else": RankingVerdict(
        GOOD,
        WELLS,
        MITO_LEADS,
        evidence_of(MITO_ONLY),
        panels_of((("Mito",), (0.031, 0.012, 0.05))),
    ),
    "a larger panel does worse than a sufficient one": RankingVerdict(
        GOOD,
        WELLS,
        MITO_LEADS,
        evidence_of(MITO_ONLY),
        panels_of(
            (("Mito",), (0.001, -0.01, 0.012)), (("ER", "Mito"), (0.02, 0.003, 0.037), True)
        ),
    ),
    "nothing was retrained": RankingVerdict(
        GOOD,
        WELLS,
        MITO_LEADS,
        evidence_of(
            {"Mito": "replaceable", "ER": "replaceable", "DNA": "combined"},
            replaced={"Mito": ("ER",), "ER": ("Mito",)},
        ),
    ),
    "only in combination": RankingVerdict(
        GOOD, WELLS, MITO_LEADS, evidence_of({"Mito": "combined", "ER": "combined", "DNA": "idle"})
    ),
    "no channel shows evidence": RankingVerdict(
        GOOD,
        replace(WELLS, num_groups=12),
        MITO_LEADS,
        evidence_of(dict.fromkeys(NAMES, "idle"), num_groups=12),
        panels_of((("Mito",), (0.012, -0.015, 0.039))),
    ),
    "too few wells for evidence": RankingVerdict(
        GOOD,
        HeldOut(400, 4, "well", num_mixed_groups=4),
        MITO_LEADS,
        evidence_of(dict.fromkeys(NAMES, "undecided"), num_groups=4),
    ),
    "too few wells for anything": RankingVerdict(
        replace(NOT_CLEAR, p_value=1 / 6, lowest_p_value=1 / 6),
        HeldOut(400, 4, "well"),
        MITO_LEADS,
        evidence_of(dict.fromkeys(NAMES, "undecided"), num_groups=4),
    ),
    "no masked model": RankingVerdict(GOOD, WELLS, MITO_LEADS),
    "no masked model, but a panel was named": RankingVerdict(
        GOOD, WELLS, MITO_LEADS, None, panels_of((("Mito",), (0.001, -0.01, 0.012), True))
    ),
    "no masked model and a single run of images that are their own groups": RankingVerdict(
        Reliability(0.95, 0.5, 240),
        HeldOut(240, 240, "image"),
        weights({"DNA": 0.34, "ER": 0.33, "Mito": 0.33}, runs=1),
    ),
    "a needed channel has no weight": RankingVerdict(
        GOOD,
        WELLS,
        weights({"DNA": 0.01, "ER": 0.49, "Mito": 0.5}),
        evidence_of({"DNA": "needed", "ER": "needed", "Mito": "idle"}),
    ),
    "the mix takes one of two": RankingVerdict(
        GOOD,
        WELLS,
        MITO_LEADS,
        evidence_of(
            {"Mito": "replaceable", "DNA": "replaceable", "ER": "idle"},
            replaced={"Mito": ("DNA",), "DNA": ("Mito",)},
        ),
    ),
    "of 41 channels the weights name the wrong ones": RankingVerdict(
        GOOD,
        HeldOut(5000, 6, "field"),
        weights({name: (0.6 / 6 if number < 6 else 0.4 / 35) for number, name in enumerate(MANY)}),
        evidence_of(
            {"c40": "needed", "c39": "replaceable", **dict.fromkeys(MANY[:39], "idle")},
            replaced={"c39": ("c40",)},
            num_groups=6,
            num_orders=64,
            order_error=0.0042,
        ),
        panels_of((("c40",), (0.004, -0.003, 0.011)), names=MANY),
    ),
    "three classes": RankingVerdict(
        GOOD,
        WELLS,
        MITO_LEADS,
        evidence_of({"Mito": "needed", "ER": "needed", "DNA": "needed"}),
        classes={"control": evidence_of(MITO_ONLY), "drug": CLASS_ONE},
    ),
    "fewer hits than the majority baseline, and yet better": RankingVerdict(
        Reliability(0.88, 0.91, 1000, p_value=0.0031, low=0.85, high=0.91),
        WELLS,
        MITO_LEADS,
        evidence_of(MITO_ONLY),
    ),
    "accuracy is below the baseline": RankingVerdict(
        POOR, WELLS, MITO_LEADS, evidence_of(MITO_ONLY), panels_of((("Mito",), (0.0, -0.1, 0.01)))
    ),
    "accuracy is not clearly above the baseline": RankingVerdict(
        NOT_CLEAR, WELLS, MITO_LEADS, evidence_of(dict.fromkeys(NAMES, "idle"))
    ),
    "one plate": RankingVerdict(
        replace(GOOD, p_value=None, low=NAN, high=NAN),
        HeldOut(1240, 1, "plate"),
        MITO_LEADS,
        evidence_of(dict.fromkeys(NAMES, "undecided"), num_groups=1),
        panels_of((("Mito",), (0.01, NAN, NAN))),
    ),
}

COMPARED = ComparisonVerdict(
    held_out=HeldOut(240, 12, "well"),
    models={
        "dcmix": Reliability(0.95, 0.5, 240),
        "cbam": Reliability(0.9, 0.5, 240),
        "occlusion": Reliability(0.95, 0.5, 240),
    },
    firsts=(First("Mito", ("dcmix", "occlusion")), First("DNA", ("cbam",))),
    num_channels=3,
    truth="truth",
    truth_correlations={"dcmix": 1.0, "cbam": 0.5},
)
COMPARISONS = {
    "a planted truth": COMPARED,
    "the truth of a method": replace(COMPARED, truth="single_channel"),
    "no truth": replace(COMPARED, truth=None, truth_correlations={}),
    "two channels": replace(COMPARED, num_channels=2, truth_correlations={}),
    "a tie": replace(COMPARED, firsts=(First("Mito", ("dcmix",)), First("ER", ("cbam",)))),
    "no order": replace(COMPARED, firsts=()),
    "one method is not reliable": replace(COMPARED, models=COMPARED.models | {"cbam": POOR}),
    "no method is reliable": replace(
        COMPARED, models={"dcmix": POOR, "cbam": NOT_CLEAR}, firsts=()
    ),
}


def told(verdict: RankingVerdict) -> list[str]:
    """All texts of a ranking, one block a place."""
    summary = ranking.summary(verdict)
    lines = [ranking.headline(verdict), *(f"- {fact}" for fact in ranking.facts(verdict)), summary]
    for each in ranking.answers(verdict):
        text = "(as in the summary)" if each.text in summary else each.text
        lines.append(f"{each.question} {each.short}. {text}")
    return [*lines, *(f"? {doubt}" for doubt in ranking.doubts(verdict))]


def test_typical_sentences_are_as_in_the_snapshot():
    lines = []
    for case, verdict in TYPICAL.items():
        lines += [f"== {case}", *told(verdict)]
        runs = [verdict.reliability.accuracy] * verdict.leaders.num_runs
        lines += [accuracy_sentences.accuracy_sentence(verdict, runs)]
        lines += [accuracy_sentences.figure_title(verdict.reliability, verdict.held_out), ""]
    for case, compared in COMPARISONS.items():
        lines += [f"== comparison: {case}", comparison.headline(compared)]
        lines += [
            comparison.summary(compared),
            comparison.lede(compared, is_planted=compared.truth == "truth"),
            "",
        ]
    text = "\n".join(lines)
    if os.environ.get("UPDATE_SENTENCES"):
        SNAPSHOT.write_text(text, encoding="utf-8")
    assert text == SNAPSHOT.read_text(encoding="utf-8")
