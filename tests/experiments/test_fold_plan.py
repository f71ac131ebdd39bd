"""Which run tests which images."""

import numpy as np
import pytest

from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.experiments.fold_plan import FoldPlan, FoldRun
from keras_dcmix.models import Training


def dataset(*, wells: int = 12, images: int = 2, classes: int = 2, plates=None):
    """Wells of one class each; the first image of every well has no label."""
    groups = np.repeat([f"W{number:02}" for number in range(wells)], images)
    labels = np.repeat(np.arange(wells) % classes, images).astype(str).astype(object)
    labels[::images] = None
    pixels = np.zeros((len(groups), 2, 2, 2))
    return label_images(pixels, labels, groups=groups, plates=plates)


def deal(num_folds: int = 3, num_repeats: int = 1, seed: int = 0, **wells) -> FoldPlan:
    return FoldPlan.deal(dataset(**wells), num_folds=num_folds, num_repeats=num_repeats, seed=seed)


def test_every_labelled_group_is_tested_exactly_once_in_each_repeat():
    plan = deal(num_repeats=2)
    for repeat in range(2):
        rows = [plan.test_rows(run) for run in plan.runs if run.repeat == repeat]
        tested = [group for each in rows for group in np.unique(plan.dataset.groups[each])]
        assert sorted(tested) == [f"W{number:02}" for number in range(12)]


def test_no_run_trains_on_a_group_that_it_tests():
    plan = deal(num_repeats=2)
    for run in plan.runs:
        split = plan.split(run, Training())
        parts = [split.train, split.validation, split.test]
        groups = [set(plan.dataset.groups[rows]) for rows in parts]
        assert len(set().union(*groups)) == sum(map(len, groups)) == 12
        assert split.test.tolist() == plan.test_rows(run).tolist()


def test_images_without_a_label_are_never_tested():
    plan = deal()
    assert plan.tested.tolist() == plan.dataset.labelled.tolist()


def test_runs_are_numbered_from_the_first_seed():
    plan = deal(num_folds=2, num_repeats=2, seed=7)
    assert plan.runs == (
        *(FoldRun(7, 0, 0), FoldRun(8, 0, 1)),
        *(FoldRun(9, 1, 0), FoldRun(10, 1, 1)),
    )
    assert (plan.num_folds, plan.num_repeats) == (2, 2)


def test_repeats_deal_the_groups_anew():
    first, second = deal(num_repeats=2).folds
    assert first.tolist() != second.tolist()


def test_more_repeats_leave_the_first_ones_as_they_were():
    np.testing.assert_array_equal(deal(num_repeats=3).folds[:2], deal(num_repeats=2).folds)


def test_there_are_no_more_folds_than_the_smallest_class_has_groups():
    assert deal(num_folds=5, wells=8).num_folds == 4


def test_folds_are_stratified_by_plate():
    plates = np.repeat(["P1", "P2", "P3"], 8)
    plan = deal(num_folds=2, plates=plates)
    for run in plan.runs:
        rows = plan.test_rows(run)
        pairs = list(zip(plates[rows], plan.dataset.labels[rows], strict=True))
        assert sorted(pairs) == [(plate, label) for plate in ("P1", "P2", "P3") for label in (0, 1)]


@pytest.mark.parametrize("num_repeats", [1, 3])
def test_a_single_fold_tests_the_same_part_in_every_repeat(num_repeats):
    plan = deal(num_folds=1, num_repeats=num_repeats, wells=20)
    assert plan.num_folds == 1
    assert len(plan.tested) == 4
    rows = {tuple(plan.test_rows(run)) for run in plan.runs}
    assert rows == {tuple(plan.tested)}
    trained = {tuple(plan.split(run, Training()).train) for run in plan.runs}
    assert len(trained) == num_repeats


def test_values_of_all_runs_come_in_the_order_of_the_images():
    plan = deal(num_repeats=2)
    found = {run: np.stack([plan.test_rows(run), plan.test_rows(run)], axis=1) for run in plan.runs}
    joined = plan.joined(found)
    assert joined.shape == (2, len(plan.tested), 2)
    for values in joined:
        np.testing.assert_array_equal(values[:, 0], plan.tested)


def test_groups_of_two_classes_are_tested_once():
    groups = np.repeat([f"plate {number}" for number in range(6)], 8)
    data = label_images(np.zeros((48, 2, 2, 2)), np.arange(48) % 2, groups=groups)
    plan = FoldPlan.deal(data, num_folds=3, num_repeats=1, seed=0)
    tested = [group for run in plan.runs for group in np.unique(groups[plan.test_rows(run)])]
    assert sorted(tested) == np.unique(groups).tolist()


def test_five_hundred_classes_can_be_dealt():
    plan = deal(wells=1500, classes=500)
    assert plan.num_folds == 3
    assert all(len(set(plan.dataset.labels[plan.test_rows(run)])) == 500 for run in plan.runs)
