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
LONGEST_HEADLINE = 140  # letters: two lines of the page
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
        panels_of((("ER", "Mito"), (0.002, -0.01, 0.015)), (("Mito",), (0.05, 0.03, 0.07), True)),
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
        panels_of((("Mito",), (0.001, -0.01, 0.012)), (("ER", "Mito"), (0.02, 0.003, 0.037), True)),
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
        replace(NOT_CLEAR, p_value=1 / 6, smallest_p_value=1 / 6),
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
    "labels mean nothing, and yet a channel passes its test": RankingVerdict(
        replace(NOT_CLEAR, accuracy=0.49),
        WELLS,
        MITO_LEADS,
        evidence_of({"Mito": "replaceable", "ER": "combined", "DNA": "idle"}),
        panels_of((("Mito",), (0.001, -0.01, 0.012)), every=0.49),
        classes={"control": evidence_of(MITO_ONLY)},
        mix=POOR,
    ),
    "one mix fails, all channels do not": RankingVerdict(
        GOOD,
        WELLS,
        MITO_LEADS,
        evidence_of({"ER": "needed", "DNA": "needed", "Mito": "idle"}),
        panels_of((("DNA", "ER"), (0.002, -0.01, 0.015))),
        mix=NOT_CLEAR,
    ),
    "several mixes fail, and there is no evidence": RankingVerdict(
        GOOD, WELLS, MITO_LEADS, mix=POOR, num_mixes=3
    ),
    "one mix is worse than all channels": RankingVerdict(
        GOOD,
        WELLS,
        MITO_LEADS,
        evidence_of({"Mito": "needed", "ER": "needed", "DNA": "idle"}),
        panels_of((("ER", "Mito"), (0.002, -0.01, 0.015))),
        mix=replace(GOOD, accuracy=0.86, low=0.83, high=0.89),
    ),
    "one mix is as good as all channels": RankingVerdict(
        GOOD,
        WELLS,
        MITO_LEADS,
        evidence_of(MITO_ONLY),
        panels_of((("Mito",), (0.001, -0.01, 0.012))),
        mix=replace(GOOD, accuracy=0.96, low=0.94, high=0.98),
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
        runs = [verdict.mix_reliability.accuracy] * verdict.leaders.num_runs
        lines += [accuracy_sentences.accuracy_sentence(verdict, runs)]
        lines += [accuracy_sentences.figure_title(verdict.mix_reliability, verdict.held_out), ""]
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


@pytest.mark.parametrize("case", TYPICAL)
def test_each_question_has_the_answer_of_the_verdict(case):
    verdict = TYPICAL[case]
    answers = {each.question: each.short for each in ranking.answers(verdict)}
    drop = answers["Can channels be dropped?"]
    panel = verdict.panels and verdict.panels.decisive
    if not verdict.reliability.is_reliable:
        assert drop == "not known"
        assert len(answers) == 2  # nothing else is asked of models that show nothing
        return
    assert answers["Are the models better than the majority baseline?"] == "yes"
    shorts = {Decision.SUFFICIENT: "yes", Decision.INSUFFICIENT: "no"}
    assert drop == (shorts.get(panel.decision, "not known") if panel else "not known")
    known = verdict.evidence is not None and not verdict.evidence.groups_missing
    assert (answers["Do channels show evidence?"] == "not known") == (not known)


def test_a_negative_answer_about_dropping_does_not_count_against_a_ranking():
    assert not panels.answer(None, is_reliable=True).is_judgement
    assert not panels.answer(None, is_reliable=False).is_judgement


def test_every_verdict_has_a_meaning():
    assert set(evidence.MEANING) == set(ChannelVerdict)


def test_how_many_more_wells_are_needed_is_said():
    found = evidence_of(dict.fromkeys(NAMES, "undecided"), num_groups=3)
    text = evidence.too_few(found, HeldOut(300, 3, "well"))
    assert text == "No channel can be decided with 3 wells: 2 more wells are needed."


def test_what_replaces_a_channel_stands_beside_its_verdict():
    found = evidence_of(
        {"DNA": "replaceable", "ER": "replaceable", "Mito": "needed"}, replaced={"DNA": ("ER",)}
    )
    rows = [evidence.replaced_by(each) for each in found.channels]
    assert rows == ["by ER", "by several other channels together", ""]


@pytest.mark.parametrize(
    ("names", "wins", "short"),
    [
        (("A",), 3, "yes"),
        (("A",), 2, "in part"),
        (("A", "B"), 3, "in part"),
        (("A", "B", "C"), 1, "no"),
    ],
)
def test_runs_agree_where_one_channel_leads_in_all(names, wins, short):
    found = Leaders(names, {"A": 0.5, "B": 0.3, "C": 0.2}, wins, 3)
    assert leaders.answer(RankingVerdict(GOOD, WELLS, found)).short == short


def test_many_channels_are_cut_short():
    found = find_leaders(ChannelImportance("dcmix", [f"c{i}" for i in range(9)], np.arange(9) / 36))
    assert leaders.summary(found).endswith("c4 (11%) and 4 more")


def test_many_channels_that_are_level_are_told_with_the_share_they_would_have_if_equal():
    names = tuple(f"c{number}" for number in range(40))
    shares = {name: 0.03 - number / 1000 for number, name in enumerate(names)}
    found = Leaders(names[:12], shares, 2, 5)
    assert leaders.headline(found) == "By the weights alone, no channel stands out over 5 runs"
    assert leaders.summary(found).endswith("equal shares would be 2%")


def random_verdict(rng: np.random.Generator, names: tuple[str, ...]) -> RankingVerdict:
    """Any verdict of a few channels, likely or not."""
    num_groups = int(rng.choice([1, 3, 5, 12, 48]))
    unit = str(rng.choice(["well", "image", "plate and site"]))
    shares = rng.dirichlet(np.full(len(names), rng.choice([0.2, 1.0, 5.0])), size=3)
    importance = ChannelImportance.from_repeats("dcmix", names, shares)
    found = random_evidence(rng, names, num_groups)
    num_mixed = int(rng.integers(0, num_groups + 1)) if rng.random() < 0.2 else 0
    repeats = None if rng.random() < 0.5 else int(rng.integers(1, 4))
    return RankingVerdict(
        random_reliability(rng),
        HeldOut(num_groups * 7, num_groups, unit, num_mixed, repeats),
        find_leaders(importance),
        None if rng.random() < 0.1 else found,
        None if rng.random() < 0.2 else random_panels(rng, names),
        {"a": found, "b": random_evidence(rng, names, num_groups)} if rng.random() < 0.2 else {},
        None if rng.random() < 0.4 else random_reliability(rng),
        int(rng.integers(1, 3)),
    )


def random_reliability(rng: np.random.Generator) -> Reliability:
    accuracy, half = rng.uniform(0.3, 1), rng.choice([NAN, 0.001, 0.1])
    lowest = float(rng.choice([0.0, 0.01, 0.2]))
    p_value = None if rng.random() < 0.3 else max(lowest, float(rng.choice([0.0002, 0.04, 0.3])))
    ends = max(0, accuracy - half), min(1, accuracy + half)
    return Reliability(accuracy, float(rng.choice([0.5, 0.9])), 300, p_value, *ends, lowest)


def random_evidence(rng, names, num_groups) -> Evidence:
    codes = ["undecided"] if num_groups < 5 else ["needed", "replaceable", "combined", "idle"]
    chosen = dict(zip(rng.permutation(names), rng.choice(codes, len(names)), strict=True))
    replaced = {
        name: tuple(rng.permutation([n for n in names if n != name])[: rng.integers(0, len(names))])
        for name in names
    }
    is_sampled = rng.random() < 0.2
    options = {"num_orders": 64, "order_error": float(rng.choice([0.0001, 0.004]))}
    found = evidence_of(
        {str(name): str(code) for name, code in chosen.items()},
        replaced={
            name: others for name, others in replaced.items() if chosen[name] == "replaceable"
        },
        num_groups=num_groups,
        **(options if is_sampled else {}),
    )
    some = tuple(
        replace(each, shapley=SURE if rng.random() < 0.3 else each.shapley)
        for each in found.channels
    )
    return replace(found, channels=some)


def random_panels(rng, names) -> PanelsVerdict:
    every = [
        kept
        for size in range(1, len(names))
        for kept in itertools.combinations(names, size)
        if rng.random() < 0.3
    ]
    rows = []
    for kept in every:
        cost, half = rng.normal(0.01, 0.02), rng.choice([0.001, 0.01, 0.03, NAN])
        rows.append((kept, (cost, cost - half, cost + half), rng.random() < 0.5))
    margin = float(rng.choice([0.0, 0.005, 0.02]))
    return panels_of(*rows, names=names, margin=margin, every=0.9)


def texts_of(verdict: RankingVerdict) -> list[str]:
    """Every text of a ranking."""
    return [
        ranking.headline(verdict),
        *ranking.facts(verdict),
        ranking.summary(verdict),
        *(each.text for each in ranking.answers(verdict)),
        *ranking.doubts(verdict),
    ]


CLAIMS = {
    "needed": r"(?:is|are) needed(?: in combination| for this accuracy)?",
    "replaceable": r"(?:is|are) replaceable",
    "idle": r"shows? no evidence",
    "droppable": r"can be dropped",
    "enough": r"(?:is|are) enough",
    "not enough": r"(?:is|are) not enough",
    "carrying": r"(?:carries|carry) the phenotype(?: only in combination)?",
}


def claims_in(text: str, names: tuple[str, ...]) -> list[tuple[str, frozenset[str]]]:
    """What a text says of which channels: kinds of `CLAIMS` with sets of channels."""
    lists = {
        listed(chosen): frozenset(chosen)
        for size in range(1, len(names) + 1)
        for chosen in itertools.permutations(names, size)
    } | {"All channels": frozenset(names)}
    found = []
    for clause in re.split(r"[.;:] |[.;:]$|, and ", text):
        bare = re.sub(r" \(by [^)]*\)| (?:leads? the|shares? the lead of the) mix but", "", clause)
        for kind, pattern in CLAIMS.items():
            match = re.fullmatch(f"(.+) {pattern}", bare)
            if match is None or re.search(r"(?i)\bwhether\b|\bmore\b", bare):
                continue
            subjects = [each for each in lists if f" {match[1]}".endswith(f" {each}")]
            if subjects:
                found.append((kind, lists[max(subjects, key=len)]))
            else:
                assert match[1] in ("No channel", "No channel alone"), clause
    return found


def told_of(claims, *kinds) -> set[str]:
    return {name for kind, channels in claims if kind in kinds for name in channels}


def assert_claims_agree(verdict: RankingVerdict, claims) -> None:
    """No channel is said to be two things, and the typed verdict says the same."""
    needed = told_of(claims, "needed")
    assert not needed & told_of(claims, "replaceable", "droppable", "idle")
    assert not told_of(claims, "carrying") & told_of(claims, "idle")
    found = verdict.evidence
    if found is None:
        assert not told_of(claims, "needed", "replaceable", "idle", "carrying")
    else:
        assert needed <= {*found.named(*NEEDED)}
        assert told_of(claims, "replaceable") <= {*found.named(ChannelVerdict.REPLACEABLE)}
        assert told_of(claims, "idle") <= {*found.named(ChannelVerdict.NO_EVIDENCE)}
        assert told_of(claims, "carrying") <= {*found.named(*SHOWN)}


def assert_dropping_was_retrained(verdict: RankingVerdict, claims) -> None:
    """Whatever is enough, or can be dropped, is so by a sufficient retrained panel."""
    retrained = () if verdict.panels is None else verdict.panels.panels
    good = [each for each in retrained if each.decision is Decision.SUFFICIENT]
    for kind, channels in claims:
        if kind == "enough":
            assert channels in [{*each.channels} for each in good]
        if kind == "not enough":
            assert not any({*each.channels} <= channels for each in good)
        if kind == "droppable":
            assert channels in [{*each.dropped} for each in good]


WEIGHTS = re.compile(
    r"By the weights|of the mix|leads? (?:with|the mix)|the lead|largest share|(?:No|no) channel "
    r"stands|on the weights alone|single out"
)


def assert_nothing_is_made_of_failed_models(verdict: RankingVerdict, text: str, names) -> None:
    """Of models that show nothing no text names a channel; of their weights no text speaks."""
    if not verdict.reliability.is_reliable:
        assert claims_in(text, names) == []
        rest = re.sub(r"\(\d.*?\)|'no evidence'", "", text)
        assert not [name for name in names if re.search(rf"\b{re.escape(name)}\b", rest)]
    if not verdict.weights_are_reliable:
        assert not WEIGHTS.search(text), text


CHANGE = re.compile(
    r"(falls|rises) by (\S+) percentage points "
    r"\((?:95% interval (\S+) to (\S+)|interval not known)\)"
)
DIFFERENCE = re.compile(
    r"(\S+) points \((?:95% interval (\S+) to (\S+)|interval not known)\) "
    r"(below|above) all channels"
)


def assert_costs_were_retrained(verdict: RankingVerdict, text: str) -> None:
    """Every number of percentage points is the cost of a retrained panel, or the margin."""
    retrained = () if verdict.panels is None else verdict.panels.panels
    known = set()
    for cost in (each.cost for each in retrained):
        ends = ("", "") if np.isnan(cost.low) else (points(cost.low), points(cost.high))
        known.add(("falls", points(cost.value), *ends))
        ends = ("", "") if np.isnan(cost.low) else (points(-cost.high), points(-cost.low))
        known.add(("rises", points(-cost.value), *ends))
    verbs = {"below": "falls", "above": "rises"}
    differences = {(verbs[side], *rest) for *rest, side in DIFFERENCE.findall(text)}
    assert {*CHANGE.findall(text), *differences} <= known
    rest = re.findall(r"(\S+) percentage points?", CHANGE.sub("", text))
    margin = "" if verdict.panels is None else f"{100 * verdict.panels.margin:g}"
    assert {*rest} <= {margin}


def assert_numbers_have_one_form(text: str) -> None:
    assert not re.search(r"\b(nan|NaN|None|inf)\b", text)
    for sentence in re.split(r"(?<=\.) ", text):
        assert sentence.count("95% interval") <= 1
    rest = DIFFERENCE.sub("", CHANGE.sub("", text))
    rest = re.sub(r"p = [01]\.\d{3}\b|p < 0\.001\b|0\.\d{3} nats", "", rest)
    rest = re.sub(r"\d\.\d percentage points", "", rest)  # a margin
    assert not re.search(r"\d\.\d|\d %|\d[eE]", rest)


@pytest.mark.parametrize("number", range(4))
def test_no_two_sentences_of_a_result_contradict_each_other(number):
    rng = np.random.default_rng(number)
    every = ("GFP", "DAPI", "GFP + DAPI", "none")
    seen = set()
    for _ in range(600):
        names = tuple(str(name) for name in rng.permutation(every)[: rng.integers(2, 5)])
        verdict = random_verdict(rng, names)
        texts = texts_of(verdict)
        claims = [each for text in texts for each in claims_in(text, names)]
        assert_claims_agree(verdict, claims)
        assert_dropping_was_retrained(verdict, claims)
        for text in texts:
            assert_costs_were_retrained(verdict, text)
            assert_numbers_have_one_form(text)
            assert_nothing_is_made_of_failed_models(verdict, text, names)
        seen |= {kind for kind, _ in claims}
    assert seen == set(CLAIMS)  # else the sentences have changed and nothing is checked


def test_the_headline_names_only_channels_of_the_evidence():
    """Which are `shown`, unless a panel of them was retrained."""
    rng, names = np.random.default_rng(9), ("aaa", "bbb", "ccc", "ddd")
    for _ in range(500):
        verdict = random_verdict(rng, names)
        named = {name for name in names if name in ranking.headline(verdict)}
        if verdict.evidence is not None and not verdict.is_answered_by_panels:
            assert named <= {*verdict.evidence.shown}


def test_the_title_of_the_panels_says_what_the_headline_says():
    for verdict in TYPICAL.values():
        if verdict.reliability.is_reliable and verdict.is_answered_by_panels:
            title = panels.title(verdict.panels)
            head = ranking.headline(verdict)
            said = head.startswith(title) or "needed for this accuracy" in head
            assert said, (title, head)


def test_percent_of_a_share_stands_for_a_weight():
    assert leaders.summary(MITO_LEADS).startswith(f"Mito leads with {percent(0.95)} of the mix")


COMMON = ("Hoechst", "Phalloidin", "Tubulin", "Mito", "Golgi", "ER")


@pytest.mark.parametrize("number", range(2, 7))
@pytest.mark.parametrize(
    "cost", [(-0.056, -0.079, -0.034), (0.012, -0.005, 0.029), (0.05, 0.03, 0.07)]
)
def test_the_headline_of_up_to_six_channels_fits_into_two_lines(number, cost):
    names = COMMON[:number]
    for size in range(1, number):
        verdict = RankingVerdict(
            GOOD,
            WELLS,
            weights(dict.fromkeys(names, 1 / number)),
            panels=panels_of((names[:size], cost), names=names, every=0.9),
        )
        assert len(ranking.headline(verdict)) <= LONGEST_HEADLINE
