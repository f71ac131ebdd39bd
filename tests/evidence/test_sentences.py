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

from keras_dcmix import ChannelImportance, SubsetScores
from keras_dcmix._common.wording import listed
from keras_dcmix.evidence.comparison_verdict import ComparisonVerdict, First
from keras_dcmix.evidence.leaders import Leaders, find_leaders
from keras_dcmix.evidence.sentences import comparison, dropping, leaders, ranking, reliability
from keras_dcmix.evidence.verdict import (
    CheckVerdict,
    HeldOut,
    RankingVerdict,
    Reliability,
    read_check,
)

SNAPSHOT = Path(__file__).with_name("sentences.txt")
GOOD, WEAK, POOR = (Reliability(accuracy, 0.5, 240) for accuracy in (0.95, 0.55, 0.45))
WELLS = HeldOut(240, 12, "well")
AGREES = ([0.03, 0.02, 0.95], {"Mito": 0.4})

# Shares of the mix, gains of the game, and what is different from three runs with a check.
TYPICAL = {
    "one channel is enough": (*AGREES, {}),
    "a single run of images that are their own groups": (
        *AGREES,
        {"runs": 1, "held_out": HeldOut(240, 240, "image")},
    ),
    "plates, of which two channels share the lead": (
        [0.05, 0.47, 0.48],
        {"Mito": 0.2, "ER": 0.2},
        {"spread": 0.02, "held_out": HeldOut(1240, 1, "plate")},
    ),
    "all channels are level": ([0.33, 0.33, 0.34], {"Mito": 0.4}, {"spread": 0.05}),
    "all channels are needed": ([0.3, 0.3, 0.4], {"DNA": 0.1, "ER": 0.12, "Mito": 0.18}, {}),
    "all are needed, two keep most": ([0.2, 0.3, 0.5], {"Mito": 0.2, "ER": 0.1, "DNA": 0.02}, {}),
    "needed, but at next to no cost": ([0.2, 0.3, 0.5], {"Mito": 0.2, "ER": 0.1, "DNA": 0.003}, {}),
    "a channel is missed": ([0.01, 0.49, 0.50], {"DNA": 0.2, "ER": 0.1, "Mito": 0.1}, {}),
    "a missed channel can be replaced": (
        [0.01, 0.01, 0.98],
        {"DNA": 0.4, "Mito": 0.4},
        {"redundant": True},
    ),
    "two are missed, both can be replaced": (
        [0.01, 0.01, 0.98],
        {"DNA": 0.4, "ER": 0.4, "Mito": 0.4},
        {"redundant": True},
    ),
    "channels in use add nothing": ([0.2, 0.2, 0.6], {"Mito": 0.4}, {}),
    "the leader adds nothing": ([0.1, 0.2, 0.7], {"DNA": 0.2, "ER": 0.2}, {}),
    "the cost of dropping is not certain": (
        *AGREES[:1],
        {"Mito": 0.3},
        {"by_block": [(0, 0), (0.1, -0.1), (0, 0)]},
    ),
    "no check": ([0.03, 0.02, 0.95], None, {}),
    "the check is not reliable": (*AGREES, {"check_model": POOR}),
    "the check is not clearly reliable": (*AGREES, {"check_model": WEAK}),
    "the check gains nothing": ([0.03, 0.02, 0.95], {}, {}),
    "accuracy is below the baseline": (*AGREES, {"model": POOR}),
    "accuracy is not clearly above the baseline": (*AGREES, {"model": WEAK}),
}


def shares_of(shares, *, runs: int, spread: float) -> ChannelImportance:
    names = ("DNA", "ER", "Mito")
    if runs == 1:
        return ChannelImportance("dcmix", names, shares)
    repeats = np.array(shares) + spread * np.array([[1, -1, 0], [-1, 1, 0], [0, 0, 0]])
    return ChannelImportance.from_repeats("dcmix", names, repeats)


@pytest.fixture
def typical(game):
    """The verdict of a typical ranking, by its name."""

    def verdict(case: str) -> RankingVerdict:
        shares, gains, options = TYPICAL[case]
        options = {"runs": 3, "spread": 0.01, "model": GOOD, "check_model": GOOD} | options
        importance = shares_of(shares, runs=options.pop("runs"), spread=options.pop("spread"))
        model, check_model = options.pop("model"), options.pop("check_model")
        held_out = options.pop("held_out", WELLS)
        check = None
        if gains is not None:
            check = read_check(importance, game(gains, **options), check_model)
        return RankingVerdict(model, held_out, find_leaders(importance), check)

    return verdict


COMPARED = ComparisonVerdict(
    held_out=WELLS,
    models={"dcmix": GOOD, "cbam": replace(GOOD, accuracy=0.9), "occlusion": GOOD},
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
    "no method is reliable": replace(COMPARED, models={"dcmix": POOR, "cbam": WEAK}, firsts=()),
}


def test_typical_sentences_are_as_in_the_snapshot(typical):
    lines = []
    for case in TYPICAL:
        verdict = typical(case)
        summary = ranking.summary(verdict)
        lines += [f"== {case}", ranking.headline(verdict), summary]
        for each in ranking.answers(verdict):
            text = "(as in the summary)" if each.text in summary else each.text
            lines.append(f"{each.question} {each.short}. {text}")
        accuracies = [verdict.reliability.accuracy] * verdict.leaders.num_runs
        lines += [reliability.accuracy_sentence(verdict, accuracies), ""]
    for case, verdict in COMPARISONS.items():
        lines += [f"== comparison: {case}", comparison.headline(verdict)]
        lines += [
            comparison.summary(verdict),
            comparison.lede(verdict, is_planted=verdict.truth == "truth"),
            "",
        ]
    text = "\n".join(lines)
    if os.environ.get("UPDATE_SENTENCES"):
        SNAPSHOT.write_text(text, encoding="utf-8")
    assert text == SNAPSHOT.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", TYPICAL)
def test_each_question_has_the_answer_of_the_verdict(typical, case):
    verdict = typical(case)
    check = verdict.check
    accuracy, runs, agreement, drop = ranking.answers(verdict)
    assert accuracy.short == ("yes" if verdict.reliability.is_reliable else "no")
    assert (runs.short == "not known") == (verdict.leaders.num_runs == 1)
    if isinstance(check, CheckVerdict):
        assert agreement.short == ("yes" if check.agreement.agrees else "in part")
        assert drop.short == ("yes" if check.dropping.dropped else "no")
    else:
        assert agreement.short == drop.short == "not known"
    assert not drop.is_judgement


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
    assert leaders.answer(found).short == short


def test_many_channels_are_cut_short():
    found = find_leaders(ChannelImportance("dcmix", [f"c{i}" for i in range(9)], np.arange(9) / 36))
    assert leaders.summary(found).endswith("c4 (11%) and 4 more")
    assert leaders.headline(found, ()) == "c8 leads with 22% of the mix, in a single run"


def test_many_channels_that_are_level_are_told_with_the_share_they_would_have_if_equal():
    names = tuple(f"c{number}" for number in range(40))
    found = Leaders(
        names[:12], {name: 0.03 - number / 1000 for number, name in enumerate(names)}, 2, 5
    )
    assert leaders.headline(found, ()) == (
        "No channel stands out over 5 runs: the largest share of the mix is 3.0 %, and equal "
        "shares would be 2.5 %"
    )
    assert leaders.summary(found) == (
        "No channel stands out over 5 runs; the largest shares of the mix are c0 (3%), c1 (3%), "
        "c2 (3%), c3 (3%), and equal shares would be 2.5 %"
    )


def test_the_headline_names_no_idle_channels_where_they_are_many_or_may_inform():
    few = Leaders(("A",), {"A": 0.96, "B": 0.02, "C": 0.02}, 3, 3)
    many = Leaders(("A",), {"A": 0.94, "B": 0.02, "C": 0.02, "D": 0.02}, 3, 3)
    assert "not B or C" in leaders.headline(few, ("A",))
    assert "not" not in leaders.headline(few, ("A", "C"))
    assert "not" not in leaders.headline(many, ())


def random_table(rng: np.random.Generator, names: tuple[str, ...]) -> SubsetScores:
    """Channels that add up or replace each other, over blocks that differ by a little or much."""
    subsets = np.array(list(itertools.product([False, True], repeat=len(names))))
    gains = rng.choice([0.0, 0.01, 0.1, 0.3], len(names)) * rng.choice([1, 1, 1, -1], len(names))
    added = subsets * gains
    score = 0.5 + (added.sum(axis=1) if rng.random() < 0.5 else added.max(axis=1))
    noise = rng.normal(0, rng.choice([1e-6, 0.01, 0.05]), (4, len(subsets)))
    given = {"accuracy": score + noise, "log_likelihood": score + noise}
    return SubsetScores(names, subsets, given)


def sets_in(text: str, pattern: str, names: tuple[str, ...]) -> list[set[str]]:
    """The sets of channels that stand in the places of a pattern."""
    by_text = {
        listed(chosen): set(chosen)
        for size in range(1, len(names) + 1)
        for chosen in itertools.combinations(names, size)
    }
    return [by_text[found] for found in re.findall(pattern, text)]


def assert_no_contradiction(verdict: RankingVerdict, names: tuple[str, ...]) -> None:
    """What one sentence lets go, no other sentence needs."""
    found = verdict.check.dropping
    marks = {name: dropping.mark(name, found) for name in names}
    droppable = {name for name, mark in marks.items() if mark == "can be dropped"}
    headline, answers = ranking.headline(verdict), ranking.answers(verdict)
    texts = [headline, ranking.summary(verdict), *(answer.text for answer in answers)]
    for text in texts:
        assert ("can be dropped without" not in text) or not droppable
        for channels in sets_in(text, r"so (.+) can be dropped", names):
            assert channels == droppable
        pattern = r"(?:^|\. |: )((?:(?!\. |: ).)+) (?:alone is|together are) enough"
        for channels in sets_in(text, pattern, names):
            assert channels == set(names) - droppable
        for channels in sets_in(text, r"dropping (.+) costs no accuracy", names):
            assert channels == droppable
    for idle in re.findall(r"^.+, not (.+): \d+% of the mix", headline):
        assert set(idle.split(" or ")) <= droppable
    assert set(verdict.check.agreement.spare) <= droppable
    assert answers[-1].short == ("yes" if droppable else "no")


def test_no_two_sentences_of_a_result_contradict_each_other():
    names, rng = ("GFP", "DAPI", "GFP + DAPI", "none"), np.random.default_rng(0)
    seen = set()
    for _ in range(150):
        shares = rng.dirichlet(np.full(len(names), rng.choice([0.2, 1.0, 5.0])), size=3)
        importance = ChannelImportance.from_repeats("dcmix", names, shares)
        check = read_check(importance, random_table(rng, names), GOOD)
        verdict = RankingVerdict(GOOD, WELLS, find_leaders(importance), check)
        if isinstance(check, CheckVerdict):
            assert_no_contradiction(verdict, names)
            seen.add((bool(check.dropping.dropped), check.agreement.agrees))
        else:
            texts = [ranking.headline(verdict), ranking.summary(verdict)]
            assert not any("drop" in text for text in texts)
    assert len(seen) == 4  # else the tables are too alike
