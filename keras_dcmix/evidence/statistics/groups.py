"""How sure a mean over images is, where the independent unit is the group: a well, plate, field."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from keras_dcmix._common.errors import MethodError, argument
from keras_dcmix.evidence.statistics.group_design import GroupDesign


class GroupMean(NamedTuple):
    """A mean and its uncertainty over groups; arrays have the `shape` of one contribution.

    Attributes:
        values: The sum of the contributions.
        standard_errors: Over groups, in the same unit; NaN where there is only one.
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
    other_errors: Any = None,
    level: float = 0.95,
) -> GroupMean:
    """Adds what each group contributes to a mean, with interval and p-value over groups.

    An image of class k contributes `gain / (num_classes * num_images_of_class_k)`, so that classes
    count alike. A row is a group; where groups hold several classes, it is better a unit, that is
    the images of one class in one group, and `groups` says which units belong together.

    Interval and test are Student's, with the variance within classes and degrees of freedom that
    fall where few groups have most of the spread; the interval is the more cautious of the two.
    Measured with 3 to 24 groups a class (`benchmarks/group_statistics.py`): the 95 % interval
    contains the truth in 93 % of cases or more, 91 % with 3 groups and exponential gains; the test
    at 5 % errs in 2 to 5 %, but in 9 to 14 % where losses have an exponential tail.

    Args:
        contributions: `(num_units, *shape)`, finite.
        strata: `(num_units,)`, the class of each unit; `None` where a unit holds several.
        sizes: `(num_units,)`, the number of images in each unit, above 0; `None` if they are alike.
            Without them the interval is too wide where units differ in size.
        groups: `(num_units,)`, the group of each unit; `None` if each unit is a group.
        other_errors: Standard errors of `values` from another source, such as sampled orders of
            channels, of the `shape` of one contribution; they widen the intervals.
        level: Share of such intervals that contain the expected value, above 0 and below 1.

    Returns:
        A `GroupMean`. With one group all but `values` and `num_groups` is NaN. Where all groups
        agree exactly, the p-value is that of the sign test, `2**-num_groups`.

    Raises:
        ValueError: If lengths differ or a number is out of its range.

    Example:
        >>> mean = group_mean([0.10, 0.12, 0.14, 0.20, 0.22, 0.24], list("aaabbb"))
        >>> [round(float(number), 2) for number in (mean.values, mean.low, mean.high)]
        [1.02, 0.88, 1.16]

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
    design = _checked_design(len(contributions), strata, sizes, groups)
    values = contributions.sum(axis=0)
    errors, of_design, effective = _spread(contributions, design)
    if other_errors is not None:
        errors = np.hypot(errors, other_errors)
    reach = t.ppf((1 + level) / 2, effective) * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = t.sf(values / errors, (of_design + effective) / 2)
    agreed = np.where(values > 0, 0.5**design.num_groups, 1.0)
    p_values = np.where(errors == 0, agreed, p_values)
    return GroupMean(values, errors, values - reach, values + reach, p_values, design.num_groups)


def _spread(contributions: np.ndarray, design: GroupDesign) -> list[np.ndarray]:
    """Standard errors and two degrees of freedom; an error within rounding of 0 is 0."""
    shape = contributions.shape[1:]
    if design.num_groups < 2:
        return [np.full(shape, np.nan)] * 3
    flat = contributions.reshape(len(contributions), -1)
    variance, *freedom = design.variances(design.residuals(flat))
    none = np.sqrt(variance) <= 1e-12 * np.abs(flat).sum(axis=0)
    errors = np.where(none, 0, np.sqrt(variance))
    return [errors.reshape(shape), *(np.where(none, 1, df).reshape(shape) for df in freedom)]


def _checked_contributions(contributions: Any) -> np.ndarray:
    """Returns `(num_units, *shape)` finite numbers, or raises."""
    contributions = np.asarray(contributions, dtype=np.float64)
    if contributions.ndim == 0 or not len(contributions):
        raise MethodError(
            f"{argument('contributions')} must have shape (num_units, ...) with at least one unit. "
            f"Received: shape {contributions.shape}"
        )
    if not np.isfinite(contributions).all():
        raise MethodError(
            f"{argument('contributions')} must be finite; leave out what has no score. "
            f"Received: NaN or infinity in {(~np.isfinite(contributions)).sum()} places"
        )
    return contributions


def _checked_design(num_units: int, strata: Any, sizes: Any, groups: Any) -> GroupDesign:
    """Returns the design of as many units, or raises."""
    given = {"strata": strata, "sizes": sizes, "groups": groups}
    for name, values in given.items():
        if values is not None and np.shape(values) != (num_units,):
            raise MethodError(
                f"{argument(name)} must have one entry for each of {num_units} contributions. "
                f"Received: shape {np.shape(values)}"
            )
    sizes = np.ones(num_units) if sizes is None else np.asarray(sizes, dtype=np.float64)
    if not ((sizes > 0) & np.isfinite(sizes)).all():
        raise MethodError(
            f"{argument('sizes')} must be above 0; leave out units without images. "
            f"Received: {argument('sizes', sizes.tolist())}"
        )
    strata = np.zeros(num_units) if strata is None else np.asarray(strata)
    groups = np.arange(num_units) if groups is None else np.asarray(groups)
    group, stratum = (np.unique(names, return_inverse=True)[1] for names in (groups, strata))
    return GroupDesign.of(group, stratum, sizes)
