"""Metrics of predicted classes, held to pairs counted one by one and to values known by hand."""

import math

import numpy as np
import pytest

from keras_dcmix.evidence.statistics import balanced_accuracy, roc_auc, z_prime


def auc_of_pairs(positive, negative) -> float:
    """The share of pairs in the right order, ties counted half."""
    pairs = np.subtract.outer(np.asarray(positive), np.asarray(negative))
    return ((pairs > 0) + 0.5 * (pairs == 0)).mean()


def two_columns(scores) -> np.ndarray:
    return np.stack([1 - np.asarray(scores), scores], axis=1)


def test_balanced_accuracy_counts_every_class_the_same():
    labels = [0] * 8 + [1] * 2
    assert balanced_accuracy(labels, [0] * 10, 2) == 0.5
    assert balanced_accuracy(labels, [0] * 9 + [1], 2) == 0.75
    assert balanced_accuracy(labels, labels, 2) == 1


def test_balanced_accuracy_leaves_out_a_class_without_images():
    assert balanced_accuracy([0, 0, 2, 2], [0, 1, 2, 2], 4) == 0.75


def test_one_image_has_a_balanced_accuracy():
    assert balanced_accuracy([1], [1], 2) == 1
    assert balanced_accuracy([1], [0], 2) == 0


@pytest.mark.parametrize("decimals", [1, 8])
def test_auc_is_the_share_of_pairs_in_the_right_order_with_and_without_ties(decimals):
    draw = np.random.default_rng(0)
    scores, labels = draw.random(60).round(decimals), draw.random(60) < 0.3
    expected = auc_of_pairs(scores[labels], scores[~labels])
    assert roc_auc(labels, two_columns(scores)) == pytest.approx(expected)


def test_auc_of_two_classes_is_read_from_the_column_of_the_second():
    assert roc_auc([0, 1], [[0.1, 0.2], [0.9, 0.8]]) == 1


def test_auc_of_several_classes_is_the_mean_of_each_against_the_others():
    draw = np.random.default_rng(1)
    probabilities, labels = draw.dirichlet(np.ones(3), 40), draw.integers(0, 3, 40)
    each = [
        auc_of_pairs(probabilities[labels == k, k], probabilities[labels != k, k]) for k in range(3)
    ]
    assert roc_auc(labels, probabilities) == pytest.approx(np.mean(each))


def test_auc_leaves_out_classes_without_images():
    probabilities = np.random.default_rng(2).dirichlet(np.ones(4), 30)
    labels = np.arange(30) % 2 * 2  # of classes 0 and 2
    each = [
        auc_of_pairs(probabilities[labels == k, k], probabilities[labels != k, k]) for k in (0, 2)
    ]
    assert roc_auc(labels, probabilities) == pytest.approx(np.mean(each))


def test_perfect_reversed_and_constant_predictions_have_an_auc_of_1_0_and_a_half():
    labels = [0, 0, 0, 1]
    assert roc_auc(labels, two_columns([0.1, 0.2, 0.3, 0.4])) == 1
    assert roc_auc(labels, two_columns([0.9, 0.8, 0.7, 0.4])) == 0
    assert roc_auc(labels, two_columns([0.3] * 4)) == 0.5


@pytest.mark.parametrize("num_classes", [2, 3])
def test_auc_of_one_class_is_undefined(num_classes):
    assert math.isnan(roc_auc([1], np.full((1, num_classes), 0.5)))


def test_auc_of_500_classes_is_1_where_all_are_right():
    labels = np.repeat(np.arange(500), 2)
    assert roc_auc(labels, np.eye(500, dtype="float32")[labels]) == 1


def test_z_prime_is_that_of_the_formula_in_either_direction():
    scores = [1.0, 2.0, 3.0, 11.0, 13.0, 15.0]  # means 2 and 13, deviations 1 and 2
    labels = [0, 0, 0, 1, 1, 1]
    assert z_prime(scores, labels) == pytest.approx(1 - 9 / 11)
    assert z_prime(scores, labels[::-1]) == pytest.approx(1 - 9 / 11)


def test_classes_without_spread_have_a_z_prime_of_1():
    assert z_prime([0, 0, 1, 1], [0, 0, 1, 1]) == 1


@pytest.mark.parametrize(
    ("scores", "labels"),
    [
        ([0.1, 0.2, 0.9], [0, 0, 1]),  # one well of a class
        ([0.1, 0.2, 0.9], [1, 1, 1]),  # one class only
        ([0.4] * 4, [0, 0, 1, 1]),  # constant
        ([0.0] * 4, [0, 0, 1, 1]),
        ([0.1 + 0.2] * 2 + [0.3] * 2, [0, 0, 1, 1]),  # equal means but for rounding
    ],
)
def test_z_prime_is_undefined_without_a_spread_or_a_distance(scores, labels):
    assert math.isnan(z_prime(scores, labels))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: balanced_accuracy([0, 2], [0, 0], 2), "`labels` must be from 0 to 1.*0 to 2"),
        (lambda: balanced_accuracy([0, 1], [0], 2), "`predicted` must hold one class.*2 labels"),
        (lambda: balanced_accuracy([], [], 2), "`labels` must be integers.*shape"),
        (lambda: balanced_accuracy([0.5], [0], 2), "`labels` must be integers.*float64"),
        (lambda: roc_auc([0, 1], [0.5, 0.5]), r"`probabilities` must have.*shape=\(2,\)"),
        (lambda: roc_auc([0], [[np.nan, 1]]), "without NaN"),
        (lambda: roc_auc([0], [[1, 0], [1, 0]]), r"for each of 1 labels.*shape=\(2, 2\)"),
        (lambda: z_prime([0.5], [0, 1]), r"`scores` must hold.*2 labels.*shape=\(1,\)"),
        (lambda: z_prime([np.inf, 0], [0, 1]), "`scores` must hold one finite number"),
        (lambda: z_prime([0, 1], [0, 2]), "`labels` must be from 0 to 1"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
