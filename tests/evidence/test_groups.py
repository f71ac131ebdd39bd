"""Means over groups, held to closed forms and to simulated problems whose truth is known."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from keras_dcmix.evidence.statistics import adjusted_p_values, fewest_groups, group_mean

GAINS = {
    "normal": lambda draw, shape: draw.normal(size=shape),
    "gains": lambda draw, shape: draw.exponential(size=shape) - 1,
    "losses": lambda draw, shape: 1 - draw.exponential(size=shape),
}


def test_the_standard_error_of_equal_groups_is_that_of_a_t_test():
    gains = np.random.default_rng(0).normal(1, 2, size=7)
    mean = group_mean(gains / 7)
    assert mean.values == pytest.approx(gains.mean())
    assert mean.standard_errors == pytest.approx(gains.std(ddof=1) / np.sqrt(7))
    assert mean.num_groups == 7


def test_two_groups_give_exactly_the_t_test():
    gains = np.array([1.0, 1.5])
    expected = ttest_1samp(gains, 0, alternative="greater").pvalue
    assert group_mean(gains / 2).p_values == pytest.approx(expected)


def test_a_difference_between_classes_is_no_uncertainty():
    gains = np.array([5, 5.1, 4.9, -4, -4.1, -3.9]) / 6
    within = group_mean(gains, list("aaabbb"))
    assert within.standard_errors == pytest.approx(0.1 / np.sqrt(6))
    assert group_mean(gains).standard_errors > 10 * within.standard_errors


def test_a_difference_in_size_is_no_uncertainty_if_sizes_are_given():
    sizes = np.array([5, 60, 20, 15])
    mean = group_mean(sizes / 100, sizes=sizes)
    assert mean.values == pytest.approx(1)
    assert mean.standard_errors == 0
    assert group_mean(sizes / 100).standard_errors > 0.2


def test_units_of_one_group_count_as_one():
    gains = np.array([1, 2, 3, 1, 2, 3]) / 6
    mean = group_mean(gains, list("aaabbb"), groups=[0, 1, 2, 0, 1, 2])
    assert mean.num_groups == 3
    assert mean.standard_errors == pytest.approx(1 / np.sqrt(3))


def test_every_column_is_its_own_mean():
    gains = np.random.default_rng(1).normal(size=(6, 2, 3))
    strata = [0, 0, 0, 1, 1, 1]
    together, alone = group_mean(gains, strata), group_mean(gains[:, 1, 2], strata)
    for both, one in zip(together[:5], alone[:5], strict=True):
        assert both.shape == (2, 3)
        assert both[1, 2] == pytest.approx(one)


def test_where_the_interval_leaves_out_0_p_is_below_half_its_level():
    gains = np.random.default_rng(2).normal(0.3, 1, size=(8, 500))
    mean = group_mean(gains / 8, level=0.9)
    above = mean.low > 0
    assert 20 < above.sum() < 400
    assert (mean.p_values[above] < 0.05).all()


def test_six_groups_can_reach_a_very_small_p():
    gains = 1 + 0.02 * np.random.default_rng(3).normal(size=6)
    assert group_mean(gains / 6).p_values < 1e-5


@pytest.mark.parametrize(("gain", "p_value"), [(1, 1 / 16), (0, 1), (-1, 1)])
def test_groups_that_agree_exactly_have_the_p_of_the_sign_test(gain, p_value):
    mean = group_mean(np.full(4, gain / 4), list("aabb"))
    assert mean.p_values == p_value
    assert mean.low == mean.high == gain


def test_with_one_group_only_the_value_is_known():
    mean = group_mean([[1.0, 2.0], [3.0, 4.0]], list("ab"), groups=[7, 7])
    assert mean.values.tolist() == [4, 6]
    assert mean.num_groups == 1
    assert np.isnan(mean[1:5]).all()


def test_a_class_with_one_group_takes_its_spread_from_another():
    gains = np.array([0.5, 0.1, 0.5])
    mean = group_mean(gains, list("abb"))
    assert mean.num_groups == 3
    # If all three have the same gain, they contribute 0.55, 0.275 and 0.275 of the sum of 1.1.
    squares = 0.05**2 / 0.375 + 0.25 * (0.175**2 + 0.225**2) / 0.21875
    assert mean.standard_errors == pytest.approx(np.sqrt(squares))


def test_a_class_may_occur_in_one_group_that_holds_others_too():
    mean = group_mean([0.1, 0.2, 0.2, 0.3], list("aaab"), groups=[0, 1, 2, 2])
    assert np.isfinite(mean.standard_errors)
    assert mean.num_groups == 3


@pytest.mark.parametrize("kind", GAINS)
@pytest.mark.parametrize("num_groups", [3, 6, 12])
def test_the_interval_contains_the_truth_in_93_of_100(kind, num_groups):
    draw = np.random.default_rng(num_groups)
    gains = GAINS[kind](draw, (2 * num_groups, 4000))
    strata = np.repeat([0, 1], num_groups)
    gains += np.where(strata == 0, 2, -2)[:, None]
    mean = group_mean(gains / len(gains), strata)
    exponential = kind != "normal"
    covered = ((mean.low <= 0) & (mean.high >= 0)).mean()
    assert covered >= (0.9 if exponential and num_groups == 3 else 0.93)
    assert (mean.p_values < 0.05).mean() <= (0.14 if kind == "losses" else 0.055)


def test_groups_of_unequal_size_that_hold_both_classes_keep_the_level():
    draw = np.random.default_rng(5)
    groups, strata = np.tile(np.arange(6), 2), np.repeat([0, 1], 6)
    sizes = draw.integers(5, 61, size=12)
    gains = draw.normal(size=(6, 4000))[groups] + 0.5 * draw.normal(size=(12, 4000))
    gains += np.where(strata == 0, 2, -2)[:, None]
    shares = sizes / np.bincount(strata, sizes)[strata] / 2
    mean = group_mean(gains * shares[:, None], strata, sizes=sizes, groups=groups)
    assert 0.02 < (mean.p_values < 0.05).mean() <= 0.055
    assert ((mean.low <= 0) & (mean.high >= 0)).mean() >= 0.93


@pytest.mark.parametrize(
    ("contributions", "options", "words"),
    [
        ([], {}, r"contributions.*shape \(0,\)"),
        ([1, np.nan], {}, "contributions.*finite.*1 places"),
        ([1, 2], {"strata": [0]}, r"strata.*each of 2.*\(1,\)"),
        ([1, 2], {"groups": [[0, 1]]}, r"groups.*\(1, 2\)"),
        ([1, 2], {"sizes": [3, 0]}, r"sizes.*above 0.*\[3.0, 0.0\]"),
        ([1, 2], {"level": 95}, "level=95"),
    ],
)
def test_what_does_not_fit_is_refused(contributions, options, words):
    with pytest.raises(ValueError, match=words):
        group_mean(contributions, **options)


def test_adjusted_p_values_are_those_of_scipy():
    from scipy.stats import false_discovery_control

    p_values = np.random.default_rng(0).random((20, 3)) ** 2
    np.testing.assert_allclose(
        adjusted_p_values(p_values), false_discovery_control(p_values, axis=0)
    )


def test_nan_is_no_test():
    adjusted = adjusted_p_values([np.nan, 0.01, 0.5, np.nan])
    np.testing.assert_allclose(adjusted, [np.nan, 0.02, 0.5, np.nan])
    assert np.isnan(adjusted_p_values([np.nan])).all()


@pytest.mark.parametrize("p_values", [0.5, [0.5, 1.1], [-0.1]])
def test_what_is_no_p_value_is_refused(p_values):
    with pytest.raises(ValueError, match="p_values="):
        adjusted_p_values(p_values)


@pytest.mark.parametrize("level", [0.5, 0.25, 0.05, 0.01, 0.001])
def test_fewest_groups_is_the_first_that_reaches_the_level(level):
    number = fewest_groups(level)
    assert 2.0**-number <= level < 2.0 ** -(number - 1)


@pytest.mark.parametrize("level", [0, 1, 5])
def test_a_level_out_of_range_has_no_fewest_groups(level):
    with pytest.raises(ValueError, match=f"level={level}"):
        fewest_groups(level)


def test_errors_of_another_source_widen_the_interval_and_raise_p():
    gains = np.array([0.1, 0.12, 0.14, 0.2, 0.22, 0.24])
    alone = group_mean(gains)
    both = group_mean(gains, other_errors=0.2)
    assert both.values == alone.values
    assert both.low < alone.low
    assert both.high > alone.high
    assert both.p_values > alone.p_values
