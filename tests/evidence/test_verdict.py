"""The rules: what is reliable, what leads, what each channel adds, which panel is sufficient."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from keras_dcmix import ChannelImportance, SubsetScores
from keras_dcmix.evidence.channel_evidence import (
    ChannelEvidence,
    ChannelVerdict,
    Evidence,
    needed_channels,
    read_evidence,
)
from keras_dcmix.evidence.leaders import find_leaders
from keras_dcmix.evidence.panel_verdict import (
    Decision,
    Interval,
    PanelsVerdict,
    decide,
    read_panels,
)
from keras_dcmix.evidence.settling import settle
from keras_dcmix.evidence.statistics.significance import adjusted_p_values
from keras_dcmix.evidence.verdict import HeldOut, RankingVerdict, Reliability
from keras_dcmix.importance.subsets.image_scores import make_blocks

NAMES = ("DNA", "ER", "Mito")
TRICKY = ("GFP", "DAPI", "GFP + DAPI", "none")
GOOD = Reliability(0.9, 0.5, 100)
WELLS = HeldOut(100, 8, "well")


def shares_of(*repeats, names=NAMES) -> ChannelImportance:
    if len(repeats) == 1:
        return ChannelImportance("dcmix", names, repeats[0])
    return ChannelImportance.from_repeats("dcmix", names, np.array(repeats))


@pytest.mark.parametrize(
    ("accuracy", "baseline", "is_above", "is_reliable"),
    [
        (0.45, 0.5, False, False),
        (0.50, 0.5, False, False),
        (0.59, 0.5, True, False),  # two standard errors of 100 images are 0.1
        (0.60, 0.5, True, True),
        (0.90, 0.5, True, True),
        (1.00, 1.0, False, False),
    ],
)
def test_accuracy_is_reliable_two_binomial_errors_above_the_baseline(
    accuracy, baseline, is_above, is_reliable
):
    model = Reliability(accuracy, baseline, 100)
    assert (model.is_above_baseline, model.is_reliable) == (is_above, is_reliable)


@pytest.mark.parametrize(
    ("repeats", "names", "wins", "stand_out"),
    [
        ([[0.1, 0.2, 0.7], [0.2, 0.2, 0.6]], ("Mito",), 2, True),
        ([[0.1, 0.2, 0.7], [0.2, 0.3, 0.5], [0.1, 0.3, 0.6]], ("Mito",), 3, True),
        ([[0.1, 0.4, 0.5], [0.1, 0.5, 0.4], [0.1, 0.43, 0.47]], ("Mito", "ER"), 2, True),
        # The lead, 0.11, is above two standard errors of its mean, not above two deviations.
        (
            [[0.05, lead_of, 0.95 - lead_of] for lead_of in (0.465, 0.375, 0.45, 0.385, 0.425)],
            ("Mito",),
            5,
            True,
        ),
        ([[0.3, 0.33, 0.37], [0.37, 0.33, 0.3]], ("DNA", "Mito", "ER"), 1, False),
        ([[0.1, 0.2, 0.7]], ("Mito",), 1, True),
        ([[0.20, 0.39, 0.41]], ("Mito", "ER"), 1, True),  # a tenth of an even share is 0.033
        ([[0.30, 0.34, 0.36]], ("Mito", "ER"), 1, False),  # 0.36 is hardly above 1/3
        ([[0.33, 0.33, 0.34]], ("Mito", "DNA", "ER"), 1, False),
    ],
)
def test_channels_share_the_lead_within_the_spread_over_runs(repeats, names, wins, stand_out):
    leaders = find_leaders(shares_of(*repeats))
    assert sorted(leaders.names) == sorted(names)
    assert leaders.names[0] == next(iter(leaders.shares))
    assert (leaders.wins, leaders.num_runs) == (wins, len(repeats))
    assert leaders.stand_out == stand_out
    assert {*leaders.names, *leaders.followers} == set(NAMES)
    assert list(leaders.shares.values()) == sorted(leaders.shares.values(), reverse=True)


def many_channels(first: float, spread: float, num_channels: int, runs: int = 5):
    """Shares of a leading channel and of others that are useless, with a spread over runs."""
    rng = np.random.default_rng(0)
    shares = np.full((runs, num_channels), (1 - first) / (num_channels - 1))
    shares[:, 0] = first
    shares = np.maximum(shares * (1 + spread * rng.normal(size=shares.shape)), 0)
    names = [f"c{number}" for number in range(num_channels)]
    return ChannelImportance.from_repeats("dcmix", names, shares / shares.sum(1, keepdims=True))


@pytest.mark.parametrize("num_channels", [6, 12, 47, 200])
def test_a_leader_of_many_channels_stands_out(num_channels):
    leaders = find_leaders(many_channels(0.4, 0.3, num_channels))
    assert leaders.names == ("c0",)
    assert leaders.stand_out


@pytest.mark.parametrize("num_channels", [6, 12, 47, 200])
def test_useless_channels_name_no_leader(num_channels):
    leaders = find_leaders(many_channels(1 / num_channels, 0.5, num_channels))
    assert not leaders.stand_out


def test_a_larger_number_of_channels_asks_for_a_larger_lead():
    # The same two channels, once alone and once among 40 whose shares vary as much.
    rng = np.random.default_rng(1)
    roots = 0.14 + 0.02 * rng.normal(size=(5, 42))
    roots[:, 0] += 0.035

    def level(num_channels):
        names = [f"c{number}" for number in range(num_channels)]
        shares = roots[:, :num_channels] ** 2
        return find_leaders(ChannelImportance.from_repeats("dcmix", names, shares)).names

    assert level(2) == ("c0",)
    assert "c1" in level(42)


@pytest.mark.parametrize(("p_value", "is_reliable"), [(0.05, True), (0.06, False)])
def test_where_labels_were_permuted_their_p_value_decides(p_value, is_reliable):
    assert Reliability(0.9, 0.91, 100, p_value).is_reliable == is_reliable


def test_too_few_groups_for_any_permutation_decide_nothing():
    assert not Reliability(0.9, 0.5, 100, 1 / 6, smallest_p_value=1 / 6).is_decidable
    assert Reliability(0.9, 0.5, 100, 0.05, smallest_p_value=0.05).is_decidable
    assert Reliability(0.9, 0.5, 100).is_decidable


def scores_of(value, names=NAMES, *, num_blocks=8, noise=0.01) -> SubsetScores:
    """Log-likelihood from a function of the channels inside; wells differ by a little."""
    subsets = np.array(list(itertools.product([False, True], repeat=len(names))))
    means = [
        value({name for name, is_in in zip(names, row, strict=True) if is_in}) for row in subsets
    ]
    rng = np.random.default_rng(0)
    blocks = np.array(means) + rng.normal(0, noise, (num_blocks, len(subsets)))
    return SubsetScores(names, subsets, {"log_likelihood": blocks, "accuracy": blocks})


def evidence_of(value, names=NAMES, *, num_groups=8, **options) -> Evidence:
    shares = shares_of(np.full(len(names), 1 / len(names)), names=names)
    scores = scores_of(value, names, num_blocks=num_groups, **options)
    return read_evidence(scores, shares, num_groups=num_groups)


def verdicts_of(found: Evidence) -> dict[str, str]:
    return {each.channel: str(each.verdict) for each in found.channels}


def test_channels_that_add_up_are_needed_and_the_others_show_no_evidence():
    found = evidence_of(lambda inside: 0.3 * ("ER" in inside) + 0.6 * ("Mito" in inside))
    assert verdicts_of(found) == {"Mito": "needed", "ER": "needed", "DNA": "no evidence"}
    assert [each.channel for each in found.channels] == ["Mito", "ER", "DNA"]
    assert found.of("Mito").alone.value == pytest.approx(0.6, abs=0.03)
    assert found.of("Mito").unique.value == pytest.approx(0.6, abs=0.03)
    assert found.shown == ("Mito", "ER")


def test_channels_of_the_same_information_replace_each_other():
    found = evidence_of(lambda inside: 0.5 * bool(inside & {"DNA", "Mito"}))
    assert verdicts_of(found)["DNA"] == verdicts_of(found)["Mito"] == "replaceable"
    assert found.of("DNA").replaced_by == ("Mito",)
    assert found.of("Mito").replaced_by == ("DNA",)
    assert found.of("ER").replaced_by == ()


def test_a_landmark_is_needed_in_combination():
    found = evidence_of(lambda inside: 0.5 * ("Mito" in inside) + 0.3 * (inside >= {"Mito", "DNA"}))
    assert verdicts_of(found) == {
        "Mito": "needed",
        "DNA": "needed in combination",
        "ER": "no evidence",
    }


def test_needed_channels_are_those_with_such_a_verdict():
    scores = scores_of(lambda inside: 0.5 * ("Mito" in inside) + 0.3 * (inside >= {"Mito", "DNA"}))
    assert needed_channels(scores, num_groups=8) == ("DNA", "Mito")
    redundant = scores_of(lambda inside: 0.5 * bool(inside & {"DNA", "Mito"}))
    assert needed_channels(redundant, num_groups=8) == ()


def test_with_too_few_groups_no_channel_is_needed():
    scores = scores_of(lambda inside: 0.5 * ("Mito" in inside), num_blocks=4)
    assert needed_channels(scores, num_groups=4) == ()


@pytest.mark.parametrize("value", [0.0, -0.3])
def test_channels_that_add_nothing_or_harm_show_no_evidence(value):
    found = evidence_of(lambda inside: value * len(inside))
    assert set(verdicts_of(found).values()) == {"no evidence"}
    assert found.shown == ()


@pytest.mark.parametrize(("num_groups", "missing"), [(2, 3), (4, 1), (5, 0)])
def test_with_fewer_groups_than_any_test_needs_all_is_undecided(num_groups, missing):
    found = evidence_of(lambda inside: 0.5 * ("Mito" in inside), num_groups=num_groups)
    assert found.groups_missing == missing
    assert (set(verdicts_of(found).values()) == {"undecided"}) == (missing > 0)


def test_a_single_group_has_gains_without_intervals():
    found = evidence_of(lambda inside: 0.5 * ("Mito" in inside), num_groups=1).of("Mito")
    assert found.alone.value == pytest.approx(0.5, abs=0.05)
    assert np.isnan([found.alone.low, found.alone.high, found.alone.p_value]).all()
    assert found.verdict is ChannelVerdict.UNDECIDED


def test_p_values_are_adjusted_for_the_number_of_channels():
    names = tuple(f"c{number}" for number in range(7))
    channels = evidence_of(lambda inside: 0.05 * ("c0" in inside), names, noise=0.02).channels
    raw = [each.alone.raw_p_value for each in channels]
    assert raw[0] == min(raw)
    assert channels[0].alone.p_value == pytest.approx(7 * raw[0])
    assert [each.alone.p_value for each in channels] == pytest.approx(list(adjusted_p_values(raw)))


def test_names_that_look_like_panels_or_like_nothing_are_channels_like_others():
    found = evidence_of(
        lambda inside: 0.4 * ("none" in inside) + 0.5 * bool(inside & {"GFP", "GFP + DAPI"}), TRICKY
    )
    assert verdicts_of(found) == {
        "none": "needed",
        "GFP": "replaceable",
        "GFP + DAPI": "replaceable",
        "DAPI": "no evidence",
    }
    assert found.of("GFP").replaced_by == ("GFP + DAPI",)


def test_the_table_of_evidence_has_a_row_a_channel():
    shares = shares_of([0.1, 0.2, 0.7], [0.1, 0.3, 0.6])
    scores = scores_of(lambda inside: 0.5 * bool(inside & {"DNA", "Mito"}))
    table = read_evidence(scores, shares, num_groups=8).to_frame().set_index("channel")
    assert table.loc["DNA", "replaced_by"] == "Mito"
    assert table.loc["ER", "verdict"] == "no evidence"
    assert table.loc["Mito", "share"] == pytest.approx(0.65)
    assert table.loc["Mito", "share_std"] == pytest.approx(np.std([0.7, 0.6], ddof=1))
    assert (table["alone_low"] < table["alone"]).all()
    assert (table["alone"] < table["alone_high"]).all()


@pytest.mark.parametrize(
    ("low", "high", "decision"),
    [
        (-0.004, 0.009, "sufficient"),
        (0.004, 0.019, "sufficient"),  # a sure loss, and yet within the margin
        (-0.001, 0.02, "undecided"),
        (0.0, 0.03, "undecided"),
        (0.001, 0.02, "insufficient"),
        (np.nan, np.nan, "undecided"),
    ],
)
def test_a_panel_is_judged_by_the_interval_of_its_cost_and_the_margin(low, high, decision):
    assert str(decide(Interval(0.005, low, high), 0.02)) == decision


def hits_of(rates, *, num_wells=12, images=50) -> dict[tuple[str, ...], np.ndarray]:
    """Hits of each panel, from its accuracy, the same images for all panels."""
    rng = np.random.default_rng(0)
    difficulty = rng.random(num_wells * images)
    return {panel: (difficulty < rate).astype(float) for panel, rate in rates.items()}


def wells(num_wells=12, images=50):
    groups = np.repeat([f"A{number:02}" for number in range(num_wells)], images)
    return make_blocks(groups, np.repeat(np.arange(num_wells) % 2, images))


def test_panels_are_compared_with_all_channels_group_by_group():
    found = read_panels(
        hits_of({NAMES: 0.9, ("Mito",): 0.9, ("DNA",): 0.6, ("DNA", "ER"): 0.6}),
        NAMES,
        wells(),
        0.02,
        asked=frozenset({("DNA",)}),
    )
    assert [each.channels for each in found.panels] == [("Mito",), ("DNA",), ("DNA", "ER")]
    mito, dna, both = found.panels
    assert (mito.decision, dna.decision) == (Decision.SUFFICIENT, Decision.INSUFFICIENT)
    assert (mito.cost.value, mito.dropped) == (0, ("DNA", "ER"))
    assert dna.cost.value == pytest.approx(0.3, abs=0.05)
    assert dna.cost.low < dna.cost.value < dna.cost.high
    assert (mito.was_asked, dna.was_asked, both.was_asked) == (False, True, False)
    assert found.sufficient is found.decisive is mito
    assert found.of(("ER", "DNA")) is both


def test_panels_of_tricky_names_are_kept_apart():
    # "GFP" with "DAPI", and the channel that is called "GFP + DAPI".
    rates = {TRICKY: 0.9, ("GFP", "DAPI"): 0.5, ("GFP + DAPI",): 0.9}
    found = read_panels(hits_of(rates), TRICKY, wells(), 0.02)
    assert found.sufficient.channels == ("GFP + DAPI",)
    assert found.sufficient.dropped == ("GFP", "DAPI", "none")


@pytest.mark.parametrize(("margin", "decision"), [(0.02, "insufficient"), (0.2, "sufficient")])
def test_a_larger_margin_accepts_a_larger_loss(margin, decision):
    found = read_panels(hits_of({NAMES: 0.9, ("Mito",): 0.8}), NAMES, wells(), margin)
    assert str(found.panels[0].decision) == decision


def panels_of(*rows, names=NAMES) -> PanelsVerdict:
    """Retrained panels from their channels and the interval of their cost."""
    hits = hits_of({names: 0.9} | {kept: 0.8 for kept, _ in rows})
    read = read_panels(hits, names, wells(), 0.02)
    panels = []
    for kept, (low, high) in rows:
        cost = Interval((low + high) / 2, low, high)
        panels.append(replace(read.of(kept), cost=cost, decision=decide(cost, 0.02)))
    return replace(read, panels=tuple(panels))


CHEAP, COSTLY, OPEN = (-0.01, 0.01), (0.01, 0.05), (-0.01, 0.03)


@pytest.mark.parametrize(
    ("rows", "decisive"),
    [
        ([(("ER", "Mito"), CHEAP), (("Mito",), CHEAP), (("DNA",), OPEN)], ("Mito",)),
        ([(("DNA",), OPEN), (("Mito",), COSTLY), (("ER",), (-0.01, 0.1))], ("DNA",)),
        ([(("DNA",), (0.02, 0.1)), (("Mito",), COSTLY)], ("Mito",)),
    ],
)
def test_the_answer_rests_on_the_smallest_sufficient_then_the_nearest_panel(rows, decisive):
    assert panels_of(*rows).decisive.channels == decisive


def test_without_retrained_panels_none_is_decisive():
    panels = PanelsVerdict(Interval(0.9, 0.8, 1.0), (), 0.02)
    assert panels.decisive is None
    assert not RankingVerdict(
        GOOD, WELLS, find_leaders(shares_of([0.2, 0.3, 0.5])), None, panels
    ).is_answered_by_panels


def test_a_panel_with_a_sufficient_part_is_known():
    panels = panels_of((("Mito",), CHEAP), (("ER", "Mito"), COSTLY), (("DNA", "ER"), COSTLY))
    mito, with_er, without = panels.panels
    assert panels.sufficient_part(with_er) is mito
    assert panels.sufficient_part(without) is panels.sufficient_part(mito) is None


ADDING = evidence_of(lambda inside: 0.3 * len(inside))  # all are needed
MITO = evidence_of(lambda inside: 0.3 * ("Mito" in inside))  # the only one that shows evidence


def test_a_channel_that_a_sufficient_panel_does_without_is_not_needed():
    settled = settle(ADDING, panels_of((("ER", "Mito"), CHEAP)))
    assert verdicts_of(settled) == {"DNA": "replaceable", "ER": "needed", "Mito": "needed"}
    assert settled.of("DNA").replaced_by == ("ER", "Mito")
    assert settled.of("DNA").unique == ADDING.of("DNA").unique


def test_a_channel_without_which_retraining_loses_accuracy_is_needed():
    settled = settle(MITO, panels_of((("ER", "Mito"), COSTLY)))
    assert verdicts_of(settled)["DNA"] == "needed in combination"
    both = evidence_of(lambda inside: 0.5 * bool(inside & {"DNA", "Mito"}))
    settled = settle(both, panels_of((("ER", "Mito"), COSTLY)))
    assert verdicts_of(settled)["DNA"] == "needed"
    assert settled.of("DNA").replaced_by == ()


def test_two_channels_that_fail_together_stay_as_they_are():
    assert settle(MITO, panels_of((("Mito",), COSTLY))) == MITO


def test_undecided_panels_settle_nothing():
    assert settle(ADDING, panels_of((("Mito",), OPEN))) == ADDING


def test_where_retraining_contradicts_itself_the_sufficient_panel_counts():
    panels = panels_of((("Mito",), CHEAP), (("ER", "Mito"), COSTLY))
    assert panels.spared == {"DNA", "ER"}
    assert panels.missed == set()
    assert verdicts_of(settle(ADDING, panels))["DNA"] == "replaceable"


def test_panels_settle_no_verdict_of_too_few_groups():
    few = evidence_of(lambda inside: 0.5 * ("Mito" in inside), num_groups=4)
    assert settle(few, panels_of((("ER", "Mito"), COSTLY))) == few


def ranking_of(evidence, panels=None, *, reliability=GOOD, shares=(0.1, 0.2, 0.7)):
    return RankingVerdict(
        reliability, WELLS, find_leaders(shares_of(list(shares))), evidence, panels
    )


def test_a_ranking_holds_settled_verdicts():
    panels = panels_of((("ER", "Mito"), CHEAP))
    assert verdicts_of(ranking_of(ADDING, panels).evidence)["DNA"] == "replaceable"
    assert ranking_of(ADDING).evidence == ADDING


def test_an_open_panel_does_not_answer_where_no_channel_shows_evidence():
    nothing = evidence_of(lambda inside: 0.0)
    panels = panels_of((("Mito",), OPEN))
    assert not ranking_of(nothing, panels).is_answered_by_panels
    assert ranking_of(MITO, panels).is_answered_by_panels
    assert ranking_of(nothing, panels_of((("Mito",), CHEAP))).is_answered_by_panels


def names_of(channels: tuple[ChannelEvidence, ...]) -> set[str]:
    return {each.channel for each in channels}


def test_weights_differ_where_the_leader_shows_no_evidence():
    verdict = ranking_of(MITO, shares=(0.7, 0.1, 0.2))
    assert verdict.unsupported == ("DNA",)
    assert verdict.weights_differ
    assert not ranking_of(MITO).weights_differ
    level = ranking_of(MITO, shares=(0.34, 0.33, 0.33))  # no channel leads
    assert not level.weights_differ


def test_weights_differ_where_a_needed_channel_has_little_weight():
    verdict = ranking_of(ADDING, shares=(0.08, 0.42, 0.5))  # a quarter of an even share is 0.083
    assert names_of(verdict.overlooked) == {"DNA"}
    assert verdict.weights_differ
    assert not ranking_of(ADDING, shares=(0.09, 0.41, 0.5)).weights_differ


def test_a_replaceable_channel_with_little_weight_is_passed_over():
    both = evidence_of(lambda inside: 0.5 * bool(inside & {"DNA", "Mito"}))
    verdict = ranking_of(both, shares=(0.01, 0.01, 0.98))
    assert names_of(verdict.passed_over) == {"DNA"}
    assert not verdict.weights_differ


def test_without_evidence_weights_differ_from_nothing():
    assert not ranking_of(None).weights_differ
    assert ranking_of(None).passed_over == ()
