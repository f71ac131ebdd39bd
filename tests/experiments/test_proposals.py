"""Which panels are trained again."""

import numpy as np
import pytest

from keras_dcmix import SubsetScores
from keras_dcmix.experiments.proposals import MOST_PROPOSALS, checked_panels, propose
from keras_dcmix.importance.subsets.sampling import choose_subsets

NAMES = ("DNA", "RNA", "GFP", "ER", "Mito")


def scores(cost_of_missing: dict[str, float]) -> SubsetScores:
    """Each missing channel costs accuracy, whatever else is there."""
    subsets = choose_subsets(5, np.random.default_rng(0)).subsets
    costs = np.array([cost_of_missing.get(name, 0) for name in NAMES])
    return SubsetScores(NAMES, subsets, {"accuracy": np.tile(0.9 - ~subsets @ costs, (2, 1))})


def test_panels_come_in_the_order_of_the_channels_each_once():
    panels = checked_panels([["GFP"], ["GFP", "DNA"], ("DNA", "GFP")], NAMES)
    assert panels == (("GFP",), ("DNA", "GFP"))
    assert checked_panels([], NAMES) == ()


@pytest.mark.parametrize(
    ("panels", "words"),
    [
        ([["GFB"]], "Received: 'GFB', did you mean 'GFP'"),
        ([["DNA", "Hoechst"]], "Received: 'Hoechst'.*Channels are: DNA, RNA, GFP, ER, Mito"),
        ([["DNA", 3]], "Received: 3"),
        ([[]], "some of the 5 channels.*Received: none"),
        ([["DNA", "DNA"]], "each once.*Received: DNA, DNA"),
        ([list(NAMES)], "all channels are always trained.*Received: DNA, RNA, GFP, ER, Mito"),
        (["GFP"], r"must be a list of channels, such as \[\['GFP'\]\].*panels=\['GFP'\]"),
        ("GFP", r"must be a list of channels, such as \[\['GFP'\]\].*panels='GFP'"),
    ],
)
def test_a_panel_that_cannot_be_trained_is_refused(panels, words):
    with pytest.raises((ValueError, TypeError), match=words):
        checked_panels(panels, NAMES)


def test_a_channel_that_is_not_alike_is_not_proposed_for_an_unknown_one():
    with pytest.raises(ValueError, match="Received: 'Hoechst'") as caught:
        checked_panels([["Hoechst"]], NAMES)
    assert "did you mean" not in str(caught.value)


def test_the_smallest_panel_within_the_margin_comes_first_then_larger_ones():
    found = propose(scores({"GFP": 0.3, "DNA": 0.1}), 0.02)
    assert found[0] == ("DNA", "GFP")
    assert [len(panel) for panel in found] == [2, 3, 4]
    assert len(found) <= MOST_PROPOSALS


def test_a_single_channel_can_be_proposed():
    assert propose(scores({"GFP": 0.3}), 0.02)[0] == ("GFP",)


def test_no_channel_at_all_is_never_proposed():
    assert len(propose(scores({}), 0.02)[0]) == 1


def test_a_larger_margin_proposes_fewer_channels():
    costs = {"GFP": 0.3, "DNA": 0.1}
    assert propose(scores(costs), 0.15)[0] == ("GFP",)


def test_where_no_panel_is_within_the_margin_the_largest_is_proposed():
    found = propose(scores(dict.fromkeys(NAMES, 0.05) | {"ER": 0.04}), 0.02)
    assert found == [("DNA", "RNA", "GFP", "Mito")]


def test_needed_channels_come_first_then_larger_panels_within_the_margin():
    found = propose(scores({"GFP": 0.3, "DNA": 0.1}), 0.02, needed=("GFP",))
    assert found[:2] == [("GFP",), ("DNA", "GFP")]
    assert len(found) == MOST_PROPOSALS


def test_where_all_channels_are_needed_the_estimates_propose():
    costs = scores({"GFP": 0.3, "DNA": 0.1})
    assert propose(costs, 0.02, needed=NAMES) == propose(costs, 0.02)


def test_all_but_one_needed_is_the_only_proposal():
    assert propose(scores({}), 0.02, needed=NAMES[:4]) == [NAMES[:4]]
