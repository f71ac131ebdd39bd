"""One row a panel, each panel once, with what was estimated and what was retrained."""

import numpy as np
import pytest

from keras_dcmix import SubsetScores
from keras_dcmix.evidence.panel_verdict import read_panels
from keras_dcmix.experiments.panel_table import panel_table
from keras_dcmix.importance.subsets.image_scores import make_blocks
from keras_dcmix.importance.subsets.sampling import choose_subsets

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def scores():
    """Only channel a matters; blocks differ."""
    subsets = choose_subsets(4, np.random.default_rng(0)).subsets
    accuracy = np.where(subsets[:, 0], 0.9, 0.5) + 0.01 * subsets[:, 1]
    return SubsetScores(NAMES, subsets, {"accuracy": accuracy + np.array([[-0.1], [0], [0.1]])})


@pytest.fixture
def retrained():
    """Of 32 images in 8 wells, "a" misses one more than all channels, "b" and "c" half of them."""
    labels, groups = np.arange(32) // 4 % 2, np.arange(32) // 4
    hits = np.ones(32)
    panels = {NAMES: hits, ("a",): hits - (np.arange(32) == 0), ("b", "c"): np.arange(32) % 2}
    return read_panels(panels, NAMES, make_blocks(groups, labels), 0.1)


def test_small_panels_come_first_the_best_of_a_size_before_others(scores):
    table = panel_table(NAMES, scores, None)
    assert table["num_channels"].is_monotonic_increasing
    assert table["panel"].tolist()[:2] == ["none", "a"]
    assert table["panel"].tolist()[-1] == "a + b + c + d"
    pairs = table[table["num_channels"] == 2]
    assert pairs["panel"].tolist() == ["a + b"]


def test_each_panel_has_one_row_and_one_kind(scores):
    table = panel_table(NAMES, scores, None)
    assert table["panel"].is_unique
    counts = table["kind"].value_counts()
    assert counts.to_dict() == {
        "no channel": 1, "single": 4, "best of its size": 1, "leave-one-out": 4, "all": 1
    }  # fmt: skip


def test_the_cost_is_the_paired_difference_to_all_channels(scores):
    table = panel_table(NAMES, scores, None).set_index("panel")
    np.testing.assert_allclose(table.loc["a", ["estimate", "estimate_cost"]].tolist(), [0.9, 0.01])
    assert table.loc["a", "estimate_standard_error"] > 0.05
    assert table.loc["a", "estimate_cost_standard_error"] == pytest.approx(0, abs=1e-9)


def test_retrained_panels_have_accuracy_cost_interval_and_decision(scores, retrained):
    table = panel_table(NAMES, scores, retrained).set_index("panel")
    row = table.loc["a"]
    assert row["retrained"] == pytest.approx(31 / 32)
    assert row["retrained_cost"] == pytest.approx(1 / 32)
    assert row["retrained_cost_low"] < row["retrained_cost"] < row["retrained_cost_high"]
    assert table.loc["b + c", ["kind", "decision"]].tolist() == ["retrained", "insufficient"]
    assert table.loc["a + b + c + d", "retrained"] == 1
    assert table.loc["a + b + c + d", "decision"] == ""
    assert np.isnan(table.loc["a + b", "retrained"])


def test_the_channels_of_each_panel_are_a_tuple(retrained):
    table = panel_table(NAMES, None, retrained)
    assert table["channels"].tolist() == [(), ("a",), ("b", "c"), NAMES]


def test_without_estimates_only_retrained_panels_are_listed(retrained):
    table = panel_table(NAMES, None, retrained)
    assert table["panel"].tolist() == ["none", "a", "b + c", "a + b + c + d"]
    assert table["estimate"].isna().all()


def test_a_channel_named_like_a_joined_panel_is_not_mixed_up_with_it():
    names = ("a", "b", "a + b")
    subsets = choose_subsets(3, np.random.default_rng(0)).subsets
    found = SubsetScores(names, subsets, {"accuracy": [np.arange(8) / 10]})
    table = panel_table(names, found, None)
    assert (table["panel"] == "a + b").sum() == 2
