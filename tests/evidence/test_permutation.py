"""Permuting the labels of groups: closed forms, and the level where counts ignore the class."""

import itertools

import numpy as np
import pytest

from keras_dcmix.evidence.statistics import label_permutation_p_value, smallest_p_value


def counts_of(draw, num_units, num_classes=2, sizes=None, spread=1.0):
    """Predictions that ignore the class: units differ in size and in what is predicted."""
    sizes = draw.integers(5, 61, size=num_units) if sizes is None else sizes
    scores = np.exp(spread * draw.normal(size=(num_units, num_classes)))
    return draw.multinomial(sizes, scores / scores.sum(axis=1, keepdims=True))


def test_perfect_predictions_have_the_smallest_p():
    classes = np.array([0, 0, 0, 1, 1, 1])
    assert label_permutation_p_value(np.eye(2)[classes], classes) == 1 / 20


@pytest.mark.parametrize("prediction", [0, 1])
def test_one_class_for_all_is_no_better_than_the_baseline(prediction):
    counts = np.zeros((12, 2))
    counts[:, prediction] = np.arange(5, 17)
    assert label_permutation_p_value(counts, [0] * 10 + [1] * 2) == 1


def test_all_different_assignments_are_counted_once():
    classes = np.array([0, 1, 2, 0, 0, 0, 1])
    counts = counts_of(np.random.default_rng(0), 7, 3)
    rates = counts / counts.sum(axis=1, keepdims=True)

    def accuracy(labels):
        labels = np.array(labels)
        return np.mean([rates[labels == k, k].mean() for k in range(3)])

    orders = [accuracy(order) for order in itertools.permutations(classes)]
    expected = np.mean(np.array(orders) >= accuracy(classes) - 1e-9)
    assert 0.05 < expected < 0.95
    assert label_permutation_p_value(counts, classes) == pytest.approx(expected)


def test_labels_stay_in_their_block():
    classes, blocks = [0, 1, 0, 1, 0, 1], list("aabbcc")
    counts = np.array([[9, 1], [8, 2], [5, 5], [4, 6], [2, 8], [1, 9]])
    assert label_permutation_p_value(counts, classes, blocks) == 1 / 8
    assert label_permutation_p_value(counts, classes) > 0.2


def test_drawn_permutations_agree_with_the_exact_p():
    draw = np.random.default_rng(1)
    classes, counts = np.repeat([0, 1], 8), counts_of(draw, 16)
    exact = label_permutation_p_value(counts, classes)  # 12,870 assignments
    # A unit of a class of its own, in a block with one of class 0, changes nothing but the number.
    classes = np.concatenate([classes, [2, 3, 2, 3]])
    counts = np.pad(counts, ((0, 4), (0, 2)))
    counts[16:] = 1
    blocks = [0] * 16 + [1, 1, 2, 2]
    drawn = label_permutation_p_value(counts, classes, blocks)
    assert 0.05 < exact < 0.95
    assert drawn == pytest.approx(exact, abs=0.02)
    assert drawn * 10_000 == pytest.approx(round(drawn * 10_000))


def test_the_same_seed_gives_the_same_p():
    counts, classes = counts_of(np.random.default_rng(2), 40), np.repeat([0, 1], 20)
    first, again, other = (
        label_permutation_p_value(counts, classes, num_permutations=500, seed=seed)
        for seed in (0, 0, 1)
    )
    assert first == again != other


@pytest.mark.parametrize("numbers", [(6, 6), (10, 5), (20, 2), (40, 4)])
def test_the_level_holds_at_any_ratio_of_the_classes(numbers):
    draw = np.random.default_rng(sum(numbers))
    classes = np.repeat([0, 1], numbers)
    p_values = [
        label_permutation_p_value(
            counts_of(draw, len(classes)), classes, num_permutations=199, seed=seed
        )
        for seed in range(300)
    ]
    assert 0.01 < np.mean(np.array(p_values) <= 0.05) <= 0.075  # 5 % and two standard errors


def test_the_level_holds_where_fields_hold_ten_times_as_many_images_of_one_class():
    draw = np.random.default_rng(3)
    classes, blocks = np.tile([0, 1], 8), np.repeat(np.arange(8), 2)
    sizes = np.where(classes == 0, 60, 6)
    p_values = [
        label_permutation_p_value(counts_of(draw, 16, sizes=sizes), classes, blocks)
        for _ in range(300)
    ]
    assert 0.01 < np.mean(np.array(p_values) <= 0.05) <= 0.075


def test_the_smallest_p_says_whether_there_are_enough_groups():
    assert smallest_p_value([0, 0, 1, 1]) == pytest.approx(1 / 6)
    assert smallest_p_value([0, 1, 0, 1], ["a", "a", "b", "b"]) == 1 / 4
    assert smallest_p_value([0, 0, 1, 1], ["a", "a", "b", "b"]) == 1
    assert smallest_p_value([0] * 50 + [1] * 50, num_permutations=999) == 1 / 1000


@pytest.mark.parametrize("blocks", [None, [0, 0, 1, 1, 1]])
def test_the_smallest_p_is_the_p_of_perfect_predictions(blocks):
    classes = np.array([0, 1, 2, 1, 2])
    smallest = smallest_p_value(classes, blocks)
    assert label_permutation_p_value(np.eye(3)[classes], classes, blocks) == smallest


def test_one_class_alone_cannot_be_tested():
    assert label_permutation_p_value([[5, 0], [4, 1]], [0, 0]) == 1


@pytest.mark.parametrize(
    ("counts", "classes", "options", "words"),
    [
        ([[1, 0]], [0, 1], {}, r"counts.*each of 2 units.*\(1, 2\)"),
        ([[1, 0], [1, 0]], [0, 2], {}, "counts.*up to 2"),
        ([[1, 0], [0, 0]], [0, 1], {}, "counts.*at least one image"),
        ([[1, 0], [-1, 3]], [0, 1], {}, "counts.*0 or more"),
        ([[1, 0]], ["a"], {}, r"classes=\['a'\]"),
        ([[1, 0]], [-1], {}, r"classes=\[-1\]"),
        ([[1, 0]], [0], {"blocks": [1, 2]}, r"blocks.*each of 1 units.*\(2,\)"),
        ([[1, 0]], [0], {"num_permutations": 0}, "num_permutations=0"),
    ],
)
def test_what_does_not_fit_is_refused(counts, classes, options, words):
    with pytest.raises(ValueError, match=words):
        label_permutation_p_value(counts, classes, **options)
