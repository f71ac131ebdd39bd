"""Panels that are trained again: which, in what order, and each training once."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.experiments import fold_trainings
from keras_dcmix.experiments.check import ChannelCheck
from keras_dcmix.experiments.fold_plan import FoldPlan
from keras_dcmix.experiments.fold_trainings import FoldTrainings
from keras_dcmix.experiments.panel_runs import panel_hits, panel_name, save_panel
from keras_dcmix.experiments.run_store import RunStore
from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.importance.subsets.sampling import choose_subsets
from keras_dcmix.models import Training
from keras_dcmix.models.custom import NO_CUSTOM_PARTS

NAMES = ("a", "b", "c", "d")
MARGIN = 0.02


@pytest.fixture
def plan():
    groups = np.repeat([f"W{number:02}" for number in range(12)], 4)
    labels = np.repeat(np.arange(12) % 2, 4)
    dataset = label_images(np.zeros((48, 2, 2, 4)), labels, groups=groups, channel_names=NAMES)
    return FoldPlan.deal(dataset, num_folds=3, num_repeats=1, seed=0)


@pytest.fixture
def trainings(plan, tmp_path, monkeypatch):
    """Trainings that are made up: a panel is right with the channels it needs, else never."""

    made = SimpleNamespace(needed={"a"}, trained=[])

    def train(dataset, split, training, store, seed, channels, custom, watch=None):
        made.trained.append((channels, seed))
        right = made.needed <= set(channels)
        labels = dataset.labels[split.test]
        probabilities = np.eye(2)[labels if right else 1 - labels]
        found = SimpleNamespace(accuracy=float(right), seconds=0.0, probabilities=probabilities)
        save_panel(dataset, store, seed, channels, found)
        return found

    monkeypatch.setattr(fold_trainings, "train_panel", train)
    made.of = FoldTrainings(
        plan, Training(), RunStore(tmp_path, {}), NO_CUSTOM_PARTS, n_jobs=1, is_verbose=False
    )
    return made


def estimated(**costs: float) -> ChannelCheck:
    subsets = choose_subsets(4, np.random.default_rng(0)).subsets
    lost = ~subsets @ np.array([costs.get(name, 0) for name in NAMES])
    # The log-likelihood says nothing, so that no channel is needed and accuracy proposes.
    blocks = {"accuracy": np.tile(1 - lost, (12, 1)), "log_likelihood": np.zeros((12, len(lost)))}
    scores = SubsetScores(NAMES, subsets, blocks)
    return ChannelCheck(scores, num_images=48, num_groups=12)


def test_the_channels_that_the_evidence_needs_are_trained_first(trainings):
    check = estimated(b=0.4)
    needs_a = np.tile(check.scores.subsets[:, 0] * 0.5, (12, 1))
    needs_a += np.random.default_rng(0).normal(0, 0.01, needs_a.shape)
    blocks = {**check.scores.block_scores, "log_likelihood": needs_a}
    scores = SubsetScores(NAMES, check.scores.subsets, blocks)
    found = trainings.of.retrain(replace(check, scores=scores), [], MARGIN, proposals=True)
    assert found[:2] == [NAMES, ("a",)]


def test_a_sufficient_proposal_ends_the_search(trainings):
    found = trainings.of.retrain(estimated(a=0.4), [], MARGIN, proposals=True)
    assert found == [NAMES, ("a",)]
    assert trainings.trained == [(panel, seed) for panel in found for seed in range(3)]


def test_an_insufficient_proposal_is_followed_by_the_next_larger_one(trainings):
    trainings.needed = {"a", "b"}
    found = trainings.of.retrain(estimated(a=0.4, b=0.01), [], MARGIN, proposals=True)
    assert found == [NAMES, ("a",), ("a", "b")]


def test_the_search_ends_after_the_largest_panel(trainings):
    trainings.needed = set(NAMES)
    costs = {"a": 0.4, "b": 0.01, "c": 0.005, "d": 0.001}
    found = trainings.of.retrain(estimated(**costs), [], MARGIN, proposals=True)
    assert found == [NAMES, ("a",), ("a", "b"), ("a", "b", "c")]


def test_without_proposals_nothing_is_trained(trainings):
    assert trainings.of.retrain(estimated(a=0.4), [], MARGIN, proposals=False) == []
    assert trainings.trained == []


@pytest.mark.parametrize("check", [None, estimated(a=0.4)])
def test_named_panels_are_trained_without_proposals_and_all_channels_with_them(trainings, check):
    found = trainings.of.retrain(check, [("b",), ("c", "d")], MARGIN, proposals=False)
    assert found == [NAMES, ("b",), ("c", "d")]


def test_a_named_panel_that_is_proposed_too_is_trained_once(trainings):
    found = trainings.of.retrain(estimated(a=0.4), [("a",)], MARGIN, proposals=True)
    assert found == [NAMES, ("a",)]
    assert len(trainings.trained) == 6


def test_what_the_store_holds_is_not_trained_again(trainings, tmp_path):
    trainings.of.retrain(estimated(a=0.4), [], MARGIN, proposals=True)
    trainings.trained.clear()
    trainings.of.retrain(estimated(a=0.4), [], MARGIN, proposals=True)
    assert trainings.trained == []
    name = panel_name(trainings.of.plan.dataset, ("a",), 1)
    (tmp_path / f"{name}.npz").unlink()
    trainings.of.retrain(estimated(a=0.4), [], MARGIN, proposals=True)
    assert trainings.trained == [(("a",), 1)]


def test_names_of_panels_differ_even_where_their_joined_text_does_not(plan):
    names = {panel_name(plan.dataset, panel, 0) for panel in (("a b",), ("a", "b"), NAMES)}
    assert len(names) == 3
    assert "all_channels_0" in names


def test_hits_come_in_the_order_of_the_images(trainings):
    plan, store = trainings.of.plan, trainings.of.store
    for run in plan.runs:
        rows = plan.test_rows(run)
        labels = plan.dataset.labels[rows]
        right = rows % 3 == 0
        probabilities = np.eye(2)[np.where(right, labels, 1 - labels)]
        found = SimpleNamespace(accuracy=0.0, seconds=0.0, probabilities=probabilities)
        save_panel(plan.dataset, store, run.seed, ("a",), found)
    assert panel_hits(plan, store, ("a",)).tolist() == (np.arange(48) % 3 == 0).tolist()
