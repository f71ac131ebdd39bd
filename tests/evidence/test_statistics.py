"""Rank statistics, held to SciPy, to brute force and to values known by hand."""

import math
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import spearmanr, t

from keras_dcmix.evidence.statistics import (
    bootstrap_interval,
    cluster_order,
    honestly_significant_difference,
    order_agreement,
    rank_correlation,
    rank_correlation_matrix,
)
from keras_dcmix.importance.channel_importance import ChannelImportance


def result(method, scores, names=None):
    return ChannelImportance(method, names or [f"c{i}" for i in range(len(scores))], scores)


@pytest.mark.parametrize("num_channels", [3, 5, 8, 9, 30])
@pytest.mark.parametrize("ties", [False, True])
def test_rho_is_that_of_scipy(num_channels, ties):
    draw = np.random.default_rng(num_channels)
    a, b = draw.normal(size=(2, num_channels))
    if ties:
        a, b = np.sign(a) * [1, *np.ones(num_channels - 2), 3], np.round(b)
        b[0] += 5
    assert rank_correlation(a, b).rho == pytest.approx(spearmanr(a, b).statistic)


def test_five_perfectly_ordered_channels_have_p_of_two_in_120():
    for other in ([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]):
        assert rank_correlation([1, 2, 3, 4, 5], other).p_value == pytest.approx(2 / 120)


def test_the_exact_p_counts_all_orders_even_with_ties():
    a, b = [1, 2, 2, 5, 7], [3, 1, 4, 4, 9]
    rho = spearmanr(a, b).statistic
    others = [spearmanr(a, order).statistic for order in permutations(b)]
    expected = np.mean(np.abs(others) >= abs(rho) - 1e-9)
    assert rank_correlation(a, b).p_value == pytest.approx(expected)
    assert 0.05 < expected < 0.95


def test_p_is_exact_up_to_eight_channels_and_that_of_scipy_above():
    draw = np.random.default_rng(0)
    assert rank_correlation(*draw.normal(size=(2, 8))).exact
    a, b = draw.normal(size=(2, 9))
    assert rank_correlation(a, b)[1:] == (pytest.approx(spearmanr(a, b).pvalue), False)


def test_opposite_rankings_correlate_at_minus_one():
    assert rank_correlation(range(7), range(7, 0, -1)).rho == pytest.approx(-1)


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ([1, 2], [1, 2], r"a must be a vector of at least three scores.*\(2,\)"),
        ([1, 2, 3], [1, 2, 3, 4], "3 and 4 scores"),
        ([1, 2, 3], [1, np.nan, 3], r"b must be finite.*\[1\]"),
        ([2, 2, 2], [1, 2, 3], "a must not be constant.*3 times 2"),
        ([1, 2, 3], [[1, 2, 3]], r"b must be a vector.*\(1, 3\)"),
    ],
)
def test_vectors_without_a_rank_correlation_are_refused(a, b, words):
    with pytest.raises(ValueError, match=words):
        rank_correlation(a, b)


def test_the_matrix_matches_channels_by_name():
    first = result("first", [3, 2, 1, 0], ["a", "b", "c", "d"])
    second = result("second", [0, 30, 20, 10], ["d", "a", "b", "c"])
    matrix = rank_correlation_matrix([first, second])
    assert list(matrix.index) == list(matrix.columns) == ["first", "second"]
    np.testing.assert_allclose(matrix, 1)


def test_the_matrix_holds_every_pair_and_ones_on_its_diagonal():
    scores = np.random.default_rng(3).normal(size=(4, 7)).round(1)
    matrix = rank_correlation_matrix([result(f"m{i}", row) for i, row in enumerate(scores)])
    np.testing.assert_allclose(matrix, spearmanr(scores.T).statistic)
    assert (np.diag(matrix) == 1).all()


def test_a_method_with_constant_scores_is_left_out_with_a_word():
    results = [result("flat", [1, 1, 1]), result("a", [1, 2, 3]), result("b", [1, 3, 2])]
    with pytest.warns(UserWarning, match="flat"):
        matrix = rank_correlation_matrix(results)
    assert list(matrix.index) == ["a", "b"]


def test_channels_that_differ_are_named():
    first, second = result("a", [1, 2, 3], list("xyz")), result("b", [1, 2, 3], list("xyw"))
    with pytest.raises(ValueError, match=r"\['w', 'z'\] in only one of 'a' and 'b'"):
        rank_correlation_matrix([first, second])


def test_a_method_may_come_only_once():
    with pytest.raises(ValueError, match=r"once.*\['a'\]"):
        rank_correlation_matrix([result("a", [1, 2, 3]), result("a", [3, 2, 1])])


@pytest.mark.parametrize("scores", [[[1, 2, 3]], [[1, 2], [2, 1]], []])
def test_too_few_methods_or_channels_are_refused(scores):
    with pytest.raises(ValueError, match="at least two methods with an order and three channels"):
        rank_correlation_matrix([result(f"m{i}", row) for i, row in enumerate(scores)])


@pytest.mark.filterwarnings("ignore:left out")
def test_a_single_method_left_over_is_refused():
    with pytest.raises(ValueError, match=r"Received: \['a'\] over \[3\]"):
        rank_correlation_matrix([result("a", [1, 2, 3]), result("flat", [0, 0, 0])])


@pytest.mark.parametrize("metric", ["euclidean", "correlation"])
def test_similar_methods_stand_side_by_side(metric):
    matrix = np.full((4, 4), -0.5)
    matrix[[0, 1, 2, 3], [0, 1, 2, 3]] = 1
    matrix[[0, 2, 1, 3], [2, 0, 3, 1]] = 0.9
    order, linkage = cluster_order(matrix, metric=metric)
    assert {frozenset(order[:2].tolist()), frozenset(order[2:].tolist())} == {
        frozenset({0, 2}),
        frozenset({1, 3}),
    }
    assert linkage.shape == (3, 4)


def test_the_metrics_measure_what_they_say():
    matrix = np.array([[1.0, 0.6, 0.0], [0.6, 1.0, 0.2], [0.0, 0.2, 1.0]])
    first_join = np.sqrt(0.4**2 + 0.4**2 + 0.2**2)
    assert cluster_order(matrix).linkage[0, 2] == pytest.approx(first_join)
    heights = cluster_order(matrix, metric="correlation").linkage[:, 2]
    np.testing.assert_allclose(heights, [0.4, (1.0 + 0.8) / 2])


@pytest.mark.parametrize(
    ("matrix", "metric", "words"),
    [
        (np.eye(3), "cosine", "metric must be one of.*'cosine'"),
        (np.ones((2, 3)), "euclidean", r"square.*\(2, 3\)"),
        (np.eye(1), "euclidean", r"at least two rows.*\(1, 1\)"),
        ([[1, np.nan], [np.nan, 1]], "euclidean", "finite.*NaN"),
        ([[1, 0.5], [0.1, 1]], "euclidean", "symmetric.*different halves"),
    ],
)
def test_what_is_no_table_of_correlations_is_refused(matrix, metric, words):
    with pytest.raises(ValueError, match=words):
        cluster_order(matrix, metric=metric)


def test_the_bootstrap_agrees_with_the_normal_interval_for_many_repeats():
    repeats = np.random.default_rng(1).normal([0, 10], [1, 3], size=(400, 2))
    low, high = bootstrap_interval(repeats, num_resamples=4000)
    half = 1.96 * repeats.std(axis=0, ddof=1) / 20
    np.testing.assert_allclose(low, repeats.mean(axis=0) - half, atol=0.04)
    np.testing.assert_allclose(high, repeats.mean(axis=0) + half, atol=0.04)


def test_a_higher_level_gives_a_wider_interval():
    repeats = np.random.default_rng(1).normal(size=(12, 3))
    narrow, wide = (bootstrap_interval(repeats, level=level) for level in (0.5, 0.99))
    assert (wide[0] < narrow[0]).all()
    assert (wide[1] > narrow[1]).all()


def test_the_same_seed_gives_the_same_interval_and_another_one_does_not():
    repeats = np.random.default_rng(1).normal(size=(12, 3))
    first, again, other = (bootstrap_interval(repeats, seed=seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("repeats", "options", "words"),
    [
        ([[1, 2]], {}, r"at least 2 repeats.*\(1, 2\)"),
        ([1, 2], {}, r"repeats must have shape.*\(2,\)"),
        ([[1], [np.nan]], {}, "repeats must be finite"),
        ([[1], [2]], {"level": 95}, "level must lie between 0 and 1.*95"),
        ([[1], [2]], {"num_resamples": 0}, "num_resamples must be at least 1.*0"),
    ],
)
def test_what_cannot_be_resampled_is_refused(repeats, options, words):
    with pytest.raises(ValueError, match=words):
        bootstrap_interval(repeats, **options)


def test_the_honestly_significant_difference_of_two_channels_is_that_of_a_paired_t_test():
    repeats = np.array([[1.0, 4.0], [2.0, 7.0], [2.5, 6.0], [3.0, 9.0]])
    difference = repeats[:, 1] - repeats[:, 0]
    expected = t.ppf(0.975, 3) * difference.std(ddof=1) / 2
    assert honestly_significant_difference(repeats) == pytest.approx(expected)


def test_the_honestly_significant_difference_errs_in_one_of_twenty_tables_of_equal_channels():
    rng = np.random.default_rng(0)
    tables = rng.normal(size=(400, 5, 12)) + rng.normal(size=(400, 5, 1))
    wrong = [
        np.ptp(table.mean(axis=0)) > honestly_significant_difference(table) for table in tables
    ]
    assert 0.02 < np.mean(wrong) < 0.08


@pytest.mark.parametrize(
    ("repeats", "level", "words"),
    [
        ([[1.0, 2.0]], 0.05, "at least 2 repeats"),
        ([[1.0], [2.0]], 0.05, "Two channels are needed"),
        ([[1.0, 2.0], [2.0, 4.0]], 5, "level must lie between 0 and 1"),
    ],
)
def test_the_honestly_significant_difference_refuses_what_has_no_spread(repeats, level, words):
    with pytest.raises(ValueError, match=words):
        honestly_significant_difference(repeats, level=level)


def test_order_agreement_counts_repeats_and_halves_ties():
    repeats = [[3, 2, 1], [3, 1, 1], [1, 2, 0], [9, 2, 5]]
    expected = [[0.5, 0.75, 1], [0.25, 0.5, 0.625], [0, 0.375, 0.5]]
    np.testing.assert_allclose(order_agreement(repeats), expected)


def test_order_agreement_of_both_directions_adds_up_to_one():
    agreement = order_agreement(np.random.default_rng(0).integers(0, 3, size=(7, 5)))
    np.testing.assert_allclose(agreement + agreement.T, 1)


def test_no_p_value_is_smaller_than_two_orders_among_all():
    assert rank_correlation(range(9), range(9)).p_value == 2 / math.factorial(9)
    assert rank_correlation(range(9), range(9)[::-1]).p_value == 2 / math.factorial(9)
