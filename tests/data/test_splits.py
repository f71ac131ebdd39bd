import time

import numpy as np
import pytest

from keras_dcmix.data import split_by_group

SEEDS = range(25)


def shares(parts, labels):
    counts = np.array([[np.sum(labels[part] == c) for c in np.unique(labels)] for part in parts])
    return counts / counts.sum(axis=0)


def wells(seed, num_wells=24, num_classes=2):
    """Returns labels and groups of cells in wells of one label and of different size."""
    sizes = np.random.default_rng(seed).integers(100, 300, num_wells)
    numbers = np.arange(num_wells)
    return np.repeat(numbers % num_classes, sizes), np.repeat(numbers, sizes)


def plates(seed, num_plates=6, num_classes=3):
    """Returns labels and groups of images on plates that hold all classes."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(num_plates), rng.integers(30, 60, num_plates))
    return rng.integers(0, num_classes, len(groups)), groups


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [wells, plates])
def test_no_group_is_torn_apart_and_every_class_is_in_every_part(make, seed):
    labels, groups = make(seed)
    parts = split_by_group(labels, groups, seed=seed)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(labels)))
    for part in parts:
        assert set(labels[part]) == set(labels)
    owners = [set(groups[part]) for part in parts]
    assert sum(map(len, owners)) == len(set(groups))


@pytest.mark.parametrize("seed", SEEDS)
def test_shares_of_every_class_are_near_the_fractions(seed):
    labels, groups = wells(seed, num_wells=60)
    found = shares(split_by_group(labels, groups, seed=seed), labels)
    np.testing.assert_allclose(found, np.tile([[0.6], [0.15], [0.25]], 2), atol=0.06)


@pytest.mark.parametrize("seed", SEEDS)
def test_as_many_groups_as_parts_are_enough(seed):
    labels, groups = wells(seed, num_wells=6)
    for part in split_by_group(labels, groups, seed=seed):
        assert len(set(groups[part])) == 2
        assert set(labels[part]) == {0, 1}


@pytest.mark.parametrize("seed", SEEDS)
def test_classes_on_three_plates_each_reach_all_three_parts(seed):
    labels, groups = plates(seed, num_plates=30)
    for rare in range(10):
        for group in range(3 * rare, 3 * rare + 3):
            labels[np.flatnonzero(groups == group)[:2]] = 3 + rare
    for part in split_by_group(labels, groups, seed=seed):
        assert set(labels[part]) == set(range(13))


def test_another_seed_gives_another_split_though_all_groups_differ_in_size():
    labels, groups = wells(0)
    tests = {tuple(split_by_group(labels, groups, seed=seed)[2]) for seed in SEEDS}
    assert len(tests) > 10


def test_the_same_seed_gives_the_same_split():
    labels, groups = wells(0)
    for one, same in zip(*(split_by_group(labels, groups, seed=3) for _ in "ab"), strict=True):
        np.testing.assert_array_equal(one, same)


def test_texts_and_numbers_split_alike():
    labels, groups = wells(0)
    names = np.array(["negative", "positive"], dtype=object)[labels]
    texts = split_by_group(names, [f"W{group}" for group in groups], seed=1)
    for one, same in zip(texts, split_by_group(labels, groups, seed=1), strict=True):
        np.testing.assert_array_equal(one, same)


@pytest.mark.parametrize("seed", SEEDS)
def test_single_images_are_stratified(seed):
    labels = np.repeat([0, 1, 2], [100, 40, 3])
    parts = split_by_group(labels, seed=seed)
    counts = np.array([np.bincount(labels[part]) for part in parts])
    np.testing.assert_array_equal(counts, [[60, 24, 1], [15, 6, 1], [25, 10, 1]])


def test_rounding_favours_no_part():
    labels = np.repeat(np.arange(500), 10)
    sizes = [len(part) / len(labels) for part in split_by_group(labels)]
    np.testing.assert_allclose(sizes, [0.6, 0.15, 0.25], atol=0.01)


def test_a_hundred_thousand_single_images_take_no_time():
    labels = np.random.default_rng(0).integers(0, 1000, 100_000)
    start = time.perf_counter()
    parts = split_by_group(labels)
    assert time.perf_counter() - start < 3
    assert abs(len(parts[1]) - 15_000) < 150


@pytest.mark.parametrize("fractions", [(1.0,), (0.5, 0.5), (0.7, 0.1, 0.1, 0.1)])
def test_there_are_as_many_parts_as_fractions(fractions):
    labels, groups = wells(0)
    parts = split_by_group(labels, groups, fractions=fractions)
    assert len(parts) == len(fractions)
    assert sum(map(len, parts)) == len(labels)


def test_a_class_in_too_few_groups_is_named_with_them():
    labels = ["a"] * 4 + ["b"] * 4
    groups = ["A01", "A02", "A03", "A04", "B01", "B01", "B02", "B02"]
    with pytest.raises(
        ValueError, match=r"3 parts needs at least 3.*2 group\(s\) \(B01, B02\) of class 'b'"
    ):
        split_by_group(labels, groups)


def test_a_class_of_too_few_images_is_named():
    with pytest.raises(ValueError, match=r"split into 3 .*1 image\(s\) of class 'b'"):
        split_by_group(["a"] * 9 + ["b"])


def test_groups_that_allow_no_split_are_refused():
    labels = [0, 1, 2, 0, 1, 0, 2, 1, 2]
    groups = [0, 0, 0, 1, 1, 2, 2, 3, 3]
    with pytest.raises(ValueError, match=r"4 groups that allow no such split into 3 parts in"):
        split_by_group(labels, groups)


@pytest.mark.parametrize(
    ("labels", "arguments", "words"),
    [
        ([0, 1] * 9, {"groups": [1, 2, 3]}, "same length. Received: len.labels.=18, len.groups.=3"),
        ([0] * 9, {}, r"at least two classes. Received: \[0"),
        ([0, 1] * 9, {"fractions": (0.5, 0.5, 0.0)}, "above 0 and add up to 1. Received"),
        ([0, 1] * 9, {"fractions": (0.5, 0.6)}, "above 0 and add up to 1. Received"),
        ([0, 1] * 9, {"fractions": ()}, "above 0 and add up to 1. Received"),
        (["a", "b", None] * 9, {}, "`labels` must not be missing. Received: 9.*image 2"),
        ([0, 1] * 9, {"groups": [np.nan] * 18}, "`groups` must not be missing. Received: 18"),
    ],
)
def test_wrong_arguments_are_refused(labels, arguments, words):
    with pytest.raises(ValueError, match=words):
        split_by_group(labels, **arguments)
