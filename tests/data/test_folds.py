"""Folds: every group is tested once, and classes and plates are spread over the folds alike."""

import numpy as np
import pytest

from keras_dcmix.data.folds import deal_folds, most_folds
from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.models import Training
from keras_dcmix.models.split import fold_split


def wells(*, controls: int = 7, treated: int = 11, images: int = 3):
    """Labels and wells of a plate, some images a well."""
    labels = np.repeat(["control"] * controls + ["treated"] * treated, images)
    groups = np.repeat([f"W{number:02}" for number in range(controls + treated)], images)
    return labels, groups


def groups_of(groups: np.ndarray, folds: np.ndarray) -> list[set[str]]:
    return [set(groups[folds == fold].tolist()) for fold in range(folds.max() + 1)]


@pytest.mark.parametrize("seed", range(3))
def test_every_group_is_in_exactly_one_fold(seed):
    labels, groups = wells()
    folds = groups_of(groups, deal_folds(labels, groups, num_folds=4, seed=seed))
    assert len(folds) == 4
    assert sum(map(len, folds)) == len(set().union(*folds)) == 18


def test_folds_differ_by_at_most_one_group_of_each_class():
    labels, groups = wells()
    folds = deal_folds(labels, groups, num_folds=4)
    for name in ("control", "treated"):
        counts = [len(found) for found in groups_of(groups, np.where(labels == name, folds, -1))]
        assert max(counts) - min(counts) <= 1


def test_folds_differ_by_at_most_one_group_in_all():
    labels, groups = wells(controls=6, treated=10)
    counts = [len(found) for found in groups_of(groups, deal_folds(labels, groups, num_folds=4))]
    assert counts == [4, 4, 4, 4]


def test_the_groups_of_a_class_on_one_plate_are_spread_over_the_folds():
    labels, groups = wells(controls=12, treated=12, images=1)
    plates = np.array([f"P{number // 4 % 3}" for number in range(24)])
    folds = deal_folds(labels, groups, plates=plates, num_folds=4)
    for name in ("control", "treated"):
        for plate in np.unique(plates):
            assert sorted(folds[(labels == name) & (plates == plate)]) == [0, 1, 2, 3]


def test_one_plate_for_all_groups_changes_nothing():
    labels, groups = wells()
    one = deal_folds(labels, groups, plates=np.full(len(labels), "P1"), num_folds=4)
    assert one.tolist() == deal_folds(labels, groups, num_folds=4).tolist()


def test_another_seed_deals_other_folds():
    labels, groups = wells()
    first, again, other = (deal_folds(labels, groups, num_folds=4, seed=seed) for seed in (0, 0, 1))
    assert first.tolist() == again.tolist() != other.tolist()


def test_groups_that_hold_both_classes_stay_together_and_bring_both_into_every_fold():
    labels = np.array(["control", "treated"] * 24)
    groups = np.repeat([f"plate {number}" for number in range(8)], 6)
    folds = deal_folds(labels, groups, num_folds=4)
    assert sum(len(found) for found in groups_of(groups, folds)) == 8
    assert all(set(labels[folds == fold]) == {"control", "treated"} for fold in range(4))


def test_a_single_fold_tests_a_fifth_of_the_groups():
    labels, groups = wells(controls=10, treated=10)
    folds = deal_folds(labels, groups, num_folds=1)
    assert set(folds.tolist()) == {-1, 0}
    assert len(set(groups[folds == 0])) == 4


def test_a_single_fold_leaves_groups_to_train_where_a_class_has_three():
    labels, groups = wells(controls=3, treated=3)
    folds = deal_folds(labels, groups, num_folds=1)
    assert len(set(groups[folds == 0])) == 2


def test_there_are_no_more_folds_than_groups_of_a_class():
    labels, groups = wells(controls=3, treated=9)
    assert most_folds(labels, groups) == 3
    folds = deal_folds(labels, groups, num_folds=5)
    assert set(folds.tolist()) == {0, 1, 2}
    assert all(set(labels[folds == fold]) == {"control", "treated"} for fold in range(3))


@pytest.mark.parametrize("controls", [1, 2])
def test_a_class_with_fewer_than_three_groups_is_refused_with_their_names(controls):
    labels, groups = wells(controls=controls)
    named = ", ".join(f"W{number:02}" for number in range(controls))
    words = rf"at least 3 groups of each class.*Received: {controls} of class 'control' \({named}\)"
    with pytest.raises(ValueError, match=words):
        deal_folds(labels, groups)


def test_a_fold_is_tested_and_none_of_its_groups_trained_on():
    labels, groups = wells()
    dataset = label_images(np.zeros((len(labels), 2, 2, 2)), labels, groups=groups)
    folds = deal_folds(labels, groups, num_folds=3)
    split = fold_split(dataset, Training(), folds, 1, seed=0)
    parts = [set(groups[rows]) for rows in (split.train, split.validation, split.test)]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 18
    assert parts[2] == set(groups[folds == 1])
    assert {0, 1} == set(dataset.labels[split.train]) == set(dataset.labels[split.validation])


@pytest.mark.parametrize(("controls", "num_folds"), [(3, 1), (3, 3), (4, 2)])
def test_the_fewest_groups_of_a_class_are_enough_to_train_choose_and_test(controls, num_folds):
    labels, groups = wells(controls=controls, treated=9)
    dataset = label_images(np.zeros((len(labels), 2, 2, 2)), labels, groups=groups)
    folds = deal_folds(labels, groups, num_folds=num_folds)
    for fold in range(folds.max() + 1):
        split = fold_split(dataset, Training(), folds, fold, seed=0)
        assert all(
            set(dataset.labels[rows]) == {0, 1}
            for rows in (split.train, split.validation, split.test)
        )


def test_images_without_a_label_are_in_no_part_of_a_fold():
    labels, groups = wells()
    some = labels.astype(object)
    some[[0, 10, 30]] = None
    dataset = label_images(np.zeros((len(labels), 2, 2, 2)), some, groups=groups)
    rows = dataset.labelled
    folds = deal_folds(labels[rows], groups[rows], num_folds=3)
    split = fold_split(dataset, Training(), folds, 0, seed=0)
    assert not {0, 10, 30} & {*split.train, *split.validation, *split.test}


def test_two_folds_of_three_groups_are_refused_before_any_training():
    labels, groups = wells(controls=3, treated=9)
    with pytest.raises(ValueError, match=r"Two folds need at least 4 groups.*Received: 3 groups"):
        deal_folds(labels, groups, num_folds=2)
