"""How sure a mean over images is where the independent unit is the group: a well, a plate, a field."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from keras_dcmix._common.errors import MethodError, argument


class GroupMean(NamedTuple):
    """A mean with its uncertainty over groups; arrays have the `shape` of one contribution.

    Attributes:
        values: The sum of the contributions.
        standard_errors: Over groups; NaN where there is only one.
        low: Lower end of the two-sided interval.
        high: Upper end of the two-sided interval.
        p_values: One-sided, from 0 to 1; the null hypothesis is a value of 0 or less.
        num_groups: How many groups contribute.
    """

    values: np.ndarray
    standard_errors: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p_values: np.ndarray
    num_groups: int


def group_mean(
    contributions: Any,
    strata: Any = None,
    *,
    sizes: Any = None,
    groups: Any = None,
    level: float = 0.95,
) -> GroupMean:
    """Adds what each group contributes to a mean, with interval and p-value over groups.

    A row is a unit: the images of one class in one group. An image of class k contributes
    `gain / (num_classes * num_images_of_class_k)`, so that classes count alike.

    Args:
        contributions: `(num_units, *shape)`, finite.
        strata: `(num_units,)`, the class of each unit, or `None` if a unit holds several.
        sizes: `(num_units,)`, images in each unit, above 0, or `None` if they are alike. Units of
            different sizes have wider intervals without them.
        groups: `(num_units,)`, the group of each unit, or `None` if each unit is a group.
        level: Share of such intervals that contain the expected value, above 0 and below 1.

    Returns:
        A `GroupMean`. With one group all but `values` is NaN.

    Raises:
        ValueError: If lengths differ or a number is out of its range.

    Example:
        >>> mean = group_mean([0.10, 0.12, 0.14, 0.20, 0.22, 0.24], list("aaabbb"))
        >>> [round(float(number), 3) for number in (mean.values, mean.low, mean.high)]
        [1.02, 0.884, 1.156]

    Reference:
        Bell and McCaffrey, *Bias reduction in standard errors for linear regression with
        multi-stage samples*, Survey Methodology 28(2), 2002.
    """
    from scipy.stats import t

    contributions = _checked_contributions(contributions)
    if not 0 < level < 1:
        raise MethodError(
            f"{argument('level')} must lie between 0 and 1, such as 0.95. "
            f"Received: {argument('level', level)}"
        )
    values = contributions.sum(axis=0)
    design = _Design.of(len(contributions), strata, sizes, groups)
    if design.num_groups < 2:
        unknown = np.full(values.shape, np.nan)
        return GroupMean(values, unknown, unknown, unknown, unknown, design.num_groups)
    errors, freedom = design.spread(contributions)
    reach = t.ppf((1 + level) / 2, freedom) * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = t.sf(values / errors, freedom)
    # Without any spread t is not defined: what remains is that all groups have the same sign.
    same = errors == 0
    p_values = np.where(same, np.where(values > 0, 0.5**design.num_groups, 1.0), p_values)
    return GroupMean(values, errors, values - reach, values + reach, p_values, design.num_groups)


def adjusted_p_values(p_values: Any) -> np.ndarray:
    """Adjusts p-values for the number of tests, after Benjamini and Hochberg.

    Calling all tests below 0.05 significant keeps the expected share of false ones at 5 %.

    Args:
        p_values: `(num_tests, *shape)`, from 0 to 1; NaN is not counted as a test.

    Returns:
        Adjusted p-values of the same shape, NaN where there was none.

    Raises:
        ValueError: If a number is out of its range.

    Example:
        >>> adjusted_p_values([0.01, 0.04, 0.03, float("nan")]).round(3).tolist()
        [0.03, 0.04, 0.04, nan]

    Reference:
        Benjamini and Hochberg, *Controlling the false discovery rate*, J. R. Stat. Soc. B 57(1),
        1995.
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    if p_values.ndim == 0 or ((p_values < 0) | (p_values > 1)).any():
        raise MethodError(
            f"{argument('p_values')} must be an array of numbers from 0 to 1 or NaN. "
            f"Received: {argument('p_values', p_values.tolist())}"
        )
    order = np.argsort(p_values, axis=0)  # NaN last
    num_tests = (~np.isnan(p_values)).sum(axis=0)
    ranks = np.arange(1, len(p_values) + 1).reshape(-1, *[1] * (p_values.ndim - 1))
    raised = np.take_along_axis(p_values, order, axis=0) * num_tests / ranks
    smallest = np.fmin.accumulate(raised[::-1], axis=0)[::-1]
    adjusted = np.full_like(p_values, np.nan)
    np.put_along_axis(adjusted, order, smallest, axis=0)
    return np.where(np.isnan(p_values), np.nan, adjusted)


def fewest_groups(level: float = 0.05) -> int:
    """How many groups a test needs that assumes nothing about the distribution.

    If a channel adds nothing, each group is as likely to be above 0 as below, so all of n groups
    are above by chance with probability 2**-n. Where this is more than `level`, even the clearest
    result is not significant without assumptions.

    Args:
        level: Of the one-sided test, above 0 and below 1.

    Returns:
        The smallest n with 2**-n at most `level`.

    Raises:
        ValueError: If `level` is out of its range.

    Example:
        >>> fewest_groups(0.05), fewest_groups(0.01)
        (5, 7)
    """
    if not 0 < level < 1:
        raise MethodError(
            f"{argument('level')} must lie between 0 and 1, such as 0.05. "
            f"Received: {argument('level', level)}"
        )
    return int(np.ceil(-np.log2(level)))


class _Design(NamedTuple):
    """Which group and class each unit belongs to, and its share of the images of its class."""

    group: np.ndarray
    stratum: np.ndarray
    share: np.ndarray
    num_groups: int
    num_strata: int

    @classmethod
    def of(cls, num_units: int, strata: Any, sizes: Any, groups: Any) -> _Design:
        """The design of checked arguments; a class with one unit is put to the next one."""
        group = _codes("groups", groups, np.arange(num_units))
        stratum = _codes("strata", strata, np.zeros(num_units, int))
        weight = np.ones(num_units) if sizes is None else np.asarray(sizes, dtype=np.float64)
        if len(weight) != num_units:
            raise MethodError("x")
        share = weight / np.bincount(stratum, weight)[stratum]
        stratum = _merged(stratum)
        share = share / np.bincount(stratum, share)[stratum]
        return cls(group, stratum, share, int(group.max()) + 1, int(stratum.max()) + 1)

    def spread(self, contributions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Standard errors and degrees of freedom, each of the shape of one contribution."""
        from scipy.sparse.csgraph import connected_components

        flat = contributions.reshape(len(contributions), -1)
        totals = _summed(flat, self.stratum, self.num_strata)
        centred = flat - self.share[:, None] * totals[self.stratum]
        residuals = _summed(centred, self.group, self.num_groups)
        table = np.zeros((self.num_groups, self.num_strata))
        np.add.at(table, (self.group, self.stratum), self.share)
        weight = table.sum(axis=1)
        # Groups with independent gains of equal variance have these covariances of residuals.
        maker = np.diag(weight) - table @ table.T
        covariance = maker @ maker.T
        scale = weight**2 / np.diag(covariance)
        parts, part = connected_components(np.abs(covariance) > 1e-12 * covariance.max())
        variances = _summed(residuals**2 * scale[:, None], part, parts)
        squares = covariance**2 * np.outer(scale, scale)
        freedom = np.array(
            [
                (weight[part == i] ** 2).sum() ** 2 / squares[np.ix_(part == i, part == i)].sum()
                for i in range(parts)
            ]
        )
        total = variances.sum(axis=0)
        tiny = total <= (1e-12 * np.abs(flat).max(axis=0)) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            df = total**2 / (variances**2 / freedom[:, None]).sum(axis=0)
        df = np.where(tiny, 1, df)
        errors = np.sqrt(np.where(tiny, 0, total))
        return errors.reshape(contributions.shape[1:]), df.reshape(contributions.shape[1:])


def _summed(rows, index, number):
    total = np.zeros((number, rows.shape[1]))
    np.add.at(total, index, rows)
    return total


def _merged(stratum):
    return stratum


def _codes(name, values, default):
    if values is None:
        return default
    return np.unique(np.asarray(values), return_inverse=True)[1]


def _checked_contributions(contributions):
    return np.asarray(contributions, dtype=np.float64)
