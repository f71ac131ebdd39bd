"""The rules: what is reliable, what leads, whether the check agrees, what can be dropped."""

from __future__ import annotations

import numpy as np
import pytest

from keras_dcmix import ChannelImportance, SubsetScores
from keras_dcmix.evidence.leaders import find_leaders
from keras_dcmix.evidence.verdict import (
    CheckVerdict,
    Reliability,
    UnreliableCheck,
    read_check,
)

NAMES = ("DNA", "ER", "Mito")
GOOD = Reliability(0.9, 0.5, 100)


def shares_of(*repeats, names=NAMES) -> ChannelImportance:
    if len(repeats) == 1:
        return ChannelImportance("dcmix", names, repeats[0])
    return ChannelImportance.from_repeats("dcmix", names, np.array(repeats))


def check_of(shares, scores: SubsetScores) -> CheckVerdict:
    verdict = read_check(shares_of(shares), scores, GOOD)
    assert isinstance(verdict, CheckVerdict)
    return verdict


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


def test_weights_and_check_agree_on_the_only_channel_that_informs(game):
    check = check_of([0.03, 0.02, 0.95], game({"Mito": 0.4}))
    assert check.agreement.agrees
    assert check.agreement.credited == ("Mito",)
    assert check.agreement.parts["Mito"] == pytest.approx(1, abs=1e-4)
    assert check.agreement.shares == {"DNA": 0.03, "ER": 0.02, "Mito": 0.95}
    assert check.dropping.kept == ("Mito",)
    assert check.dropping.dropped == ("DNA", "ER")
    assert check.dropping.all_channels == pytest.approx(0.9)
    assert check.dropping.no_channel == pytest.approx(0.5)
    assert check.dropping.most is None


def test_an_idle_channel_that_the_check_uses_is_missed(game):
    check = check_of([0.01, 0.49, 0.50], game({"DNA": 0.2, "ER": 0.1, "Mito": 0.1}))
    assert check.agreement.missed == ("DNA",)
    assert check.agreement.stand_ins == {}
    assert not check.agreement.agrees
    assert check.contradicts(find_leaders(shares_of([0.01, 0.49, 0.50])))


def test_a_missed_channel_that_another_replaces_has_a_stand_in(game):
    check = check_of([0.01, 0.01, 0.98], game({"DNA": 0.4, "Mito": 0.4}, redundant=True))
    assert check.agreement.missed == ("DNA",)
    assert check.agreement.stand_ins == {"DNA": "Mito"}


def test_the_stand_in_is_the_channel_of_the_largest_share(game):
    scores = game({"DNA": 0.4, "ER": 0.4, "Mito": 0.4}, redundant=True)
    assert check_of([0.01, 0.29, 0.7], scores).agreement.stand_ins == {"DNA": "Mito"}
    assert check_of([0.01, 0.7, 0.29], scores).agreement.stand_ins == {"DNA": "ER"}


def test_a_part_within_its_error_is_not_missed(game):
    # DNA adds in one block and takes away in the other.
    scores = game({"DNA": 0.15, "ER": 0.1, "Mito": 0.3}, by_block=[(0.45, -0.45), (0, 0), (0, 0)])
    found = check_of([0.01, 0.3, 0.69], scores).agreement
    assert found.parts["DNA"] > 0.25
    assert found.missed == ()


def test_a_channel_in_use_that_adds_nothing_is_spare(game):
    check = check_of([0.3, 0.0, 0.7], game({"Mito": 0.4}))
    assert check.agreement.spare == ("DNA",)
    assert not check.agreement.agrees
    assert not check.contradicts(find_leaders(shares_of([0.3, 0.0, 0.7])))
    assert check.contradicts(find_leaders(shares_of([0.7, 0.0, 0.3])))


def test_what_accuracy_cannot_do_without_is_never_spare(game):
    check = check_of([0.3, 0.0, 0.7], game({"DNA": 0.01, "Mito": 0.39}))
    assert check.agreement.spare == ()
    assert check.dropping.kept == ("DNA", "Mito")


def test_where_all_channels_are_needed_the_nearest_panel_has_the_cost(game):
    found = check_of([0.3, 0.3, 0.4], game({"DNA": 0.1, "ER": 0.12, "Mito": 0.18})).dropping
    assert found.dropped == ()
    assert found.least == "DNA"
    assert found.nearest.channels == ("ER", "Mito")
    assert found.nearest.cost == pytest.approx(0.1)


@pytest.mark.parametrize(("gain", "most"), [(0.361, ("Mito",)), (0.35, ("ER", "Mito"))])
def test_a_smaller_panel_keeps_most_from_nine_tenths_of_the_gain(game, gain, most):
    scores = game({"DNA": 0.01, "ER": 0.39 - gain, "Mito": gain})
    found = check_of([0.3, 0.3, 0.4], scores).dropping
    assert found.most is not None
    assert found.most.channels == most
    assert found.retained(found.most) >= 0.9


def three_channels(accuracy, log_likelihood) -> SubsetScores:
    members = [[], ["DNA"], ["ER"], ["Mito"], ["DNA", "ER"], ["DNA", "Mito"], ["ER", "Mito"], NAMES]
    scores = {"accuracy": [accuracy] * 2, "log_likelihood": [log_likelihood] * 2}
    return SubsetScores.from_members(NAMES, members, scores)


def test_channels_that_gain_nothing_together_have_no_panel_that_keeps_most():
    """ER and Mito are good, all three are as good as none."""
    known = [0, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4]
    found = check_of(
        [0.3, 0.3, 0.4], three_channels([0.5, 0.5, 0.5, 0.8, 0.5, 0.8, 0.9, 0.5], known)
    )
    assert found.dropping.kept == ("ER", "Mito")
    assert found.dropping.most is None


@pytest.mark.parametrize(
    ("accuracy", "log_likelihood"),
    [
        ([0.5] * 8, [0.0] * 8),
        ([0.5] * 8, [0, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4]),
        ([0.5, 0.5, 0.5, 0.9, 0.5, 0.9, 0.9, 0.9], [0, 0, 0, -0.4, 0, -0.4, -0.4, -0.4]),
    ],
    ids=["nothing", "accuracy gains nothing", "log-likelihood falls"],
)
def test_a_check_that_gains_nothing_confirms_nothing(accuracy, log_likelihood):
    found = read_check(shares_of([0.2, 0.3, 0.5]), three_channels(accuracy, log_likelihood), GOOD)
    assert found == UnreliableCheck(GOOD, accuracy[-1])


def test_a_check_whose_model_is_not_reliable_confirms_nothing(game):
    poor = Reliability(0.55, 0.5, 100)
    found = read_check(shares_of([0.03, 0.02, 0.95]), game({"Mito": 0.4}), poor)
    assert isinstance(found, UnreliableCheck)
    assert found.reliability is poor
