"""Scores of subsets, put together from the folds that a store holds."""

import numpy as np
import pytest

from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.experiments.check import gather_check, next_subsets
from keras_dcmix.experiments.fold_plan import FoldPlan
from keras_dcmix.experiments.masked_runs import MaskedRun, fold_scores, is_scored, masked_name
from keras_dcmix.experiments.run_store import RunStore
from keras_dcmix.importance.subsets.sampling import Sampling, choose_subsets

SUBSETS = choose_subsets(2, np.random.default_rng(0)).subsets


def planned(*, classes: int = 2, num_repeats: int = 1, num_folds: int = 3) -> FoldPlan:
    wells = 6 * classes
    groups = np.repeat([f"W{number:02}" for number in range(wells)], 2)
    labels = np.repeat(np.arange(wells) % classes, 2)
    dataset = label_images(
        np.zeros((2 * wells, 2, 2, 2)), labels, groups=groups, channel_names=["DNA", "GFP"]
    )
    return FoldPlan.deal(dataset, num_folds=num_folds, num_repeats=num_repeats, seed=0)


def save(store, run, rows, scores, subsets=SUBSETS) -> None:
    accuracy, log_likelihood = scores
    arrays = {"rows": rows, "subsets": subsets}
    arrays |= {"accuracy": accuracy, "log_likelihood": log_likelihood}
    store.save(masked_name(run.seed), MaskedRun(2.0), arrays=arrays)


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(tmp_path, {})


def fill(store, plan, value=lambda run, rows: rows) -> None:
    """The log-likelihood of an image is its number, unless another value is asked for."""
    for run in plan.runs:
        rows = plan.test_rows(run)
        values = np.tile(value(run, rows), (len(SUBSETS), 1)).astype(float)
        save(store, run, np.arange(len(rows)), (values % 2, values))


def test_each_image_has_the_score_of_the_fold_that_tests_it(store):
    plan = planned()
    fill(store, plan)
    check = gather_check(plan, store, None)
    assert (check.num_images, check.num_groups, check.seconds) == (24, 12, 6.0)
    blocks = check.scores.block_scores["log_likelihood"]
    np.testing.assert_allclose(blocks, np.tile(np.arange(0.5, 24, 2)[:, None], 4))
    assert check.block_classes.tolist() == [0, 1] * 6


def test_without_any_channel_accuracy_is_that_of_one_class(store):
    plan = planned(classes=3)
    fill(store, plan)
    assert gather_check(plan, store, None).scores.score_of([], "accuracy") == pytest.approx(1 / 3)


def test_an_image_that_is_scored_in_several_repeats_has_the_mean(store):
    plan = planned(num_repeats=2)
    fill(store, plan, lambda run, rows: np.full(len(rows), run.repeat))
    check = gather_check(plan, store, None)
    assert check.num_images == 24
    np.testing.assert_allclose(check.scores.scores("log_likelihood"), 0.5)


def test_images_that_were_not_drawn_are_left_out(store):
    plan = planned()
    for run in plan.runs:
        rows = np.array([1, 3])
        values = np.tile(plan.test_rows(run)[rows], (4, 1)).astype(float)
        save(store, run, rows, (values, values))
    check = gather_check(plan, store, None)
    assert (check.num_images, check.num_groups) == (6, 6)


def test_three_classes_have_scores_of_their_own_and_two_do_not(store, tmp_path):
    plan = planned(classes=3)
    fill(store, plan, lambda run, rows: plan.dataset.labels[rows])
    check = gather_check(plan, store, None)
    assert list(check.by_class) == ["0", "1", "2"]
    for name, scores in check.by_class.items():
        np.testing.assert_allclose(scores.scores("log_likelihood"), int(name))
        assert scores.num_blocks == 6
    two = planned()
    other = RunStore(tmp_path / "two", {})
    fill(other, two)
    assert gather_check(two, other, None).by_class == {}


def test_a_subset_that_not_every_fold_has_scored_is_left_out(store):
    plan = planned()
    order = {0: [3, 0, 1, 2], 1: [0, 1, 2, 3], 2: [0, 3, 1]}
    for run in plan.runs:
        rows, subsets = plan.test_rows(run), SUBSETS[order[run.fold]]
        values = rows + 100.0 * (subsets @ [1, 2])[:, None]
        save(store, run, np.arange(len(rows)), (values, values), subsets)
    orders = np.array([[0, 1], [1, 0]])
    with pytest.raises(ValueError, match="subset"):  # the orders need what the last fold lacks
        gather_check(plan, store, orders)
    scores = gather_check(plan, store, orders[:1]).scores
    assert len(scores.subsets) == 3
    assert scores.score_of(["DNA"], "log_likelihood") == pytest.approx(111.5)
    assert scores.score_of(["DNA", "GFP"], "log_likelihood") == pytest.approx(311.5)


def test_scores_of_a_fold_are_read_as_they_were_saved(store):
    plan = planned()
    assert not is_scored(store, 0)
    fill(store, plan)
    assert is_scored(store, 0)
    found = fold_scores(store, 0)
    assert found.scores.shape == (2, 4, len(found.rows))
    np.testing.assert_array_equal(found.subsets, SUBSETS)


def test_after_sampled_orders_the_panels_of_the_best_channels_follow(store):
    plan = planned()
    gain = SUBSETS @ np.array([0.1, 0.7])
    for run in plan.runs:
        rows = plan.test_rows(run)
        values = np.tile(gain[:, None], (1, len(rows)))
        save(store, run, np.arange(len(rows)), (values, values))
    orders = np.array([[0, 1], [1, 0]])
    check = gather_check(plan, store, orders)
    found = next_subsets(check, Sampling(SUBSETS, orders))
    assert found.tolist() == [[False, False], [False, True], [True, True]]
    assert next_subsets(check, Sampling(SUBSETS, None)) is None
