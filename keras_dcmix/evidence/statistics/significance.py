"""P-values of several tests together, and how many groups a test needs."""

from __future__ import annotations

from math import ceil, log2
from typing import Any

import numpy as np

from keras_dcmix._common.errors import MethodError, argument


def adjusted_p_values(p_values: Any) -> np.ndarray:
    """Adjusts p-values for the number of tests, after Benjamini and Hochberg.

    If all tests with an adjusted p-value of at most 0.05 are called significant, the expected share
    of false ones among them is at most 5 %.

    Args:
        p_values: `(num_tests, *shape)`, from 0 to 1; NaN is not counted as a test.

    Returns:
        Adjusted p-values of the same shape, NaN where there was none.

    Raises:
        ValueError: If `p_values` is a single number, or a number is out of its range.

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
            f"{argument('p_values')} must be an array of numbers from 0 to 1 or NaN, as group_mean "
            f"returns it. Received: {argument('p_values', p_values.tolist())}"
        )
    order = np.argsort(p_values, axis=0)  # NaN comes last.
    num_tests = (~np.isnan(p_values)).sum(axis=0)
    ranks = np.arange(1, len(p_values) + 1).reshape(-1, *[1] * (p_values.ndim - 1))
    raised = np.take_along_axis(p_values, order, axis=0) * num_tests / ranks
    smallest = np.fmin.accumulate(raised[::-1], axis=0)[::-1]
    adjusted = np.empty_like(p_values)
    np.put_along_axis(adjusted, order, smallest, axis=0)
    return np.where(np.isnan(p_values), np.nan, adjusted)


def fewest_groups(level: float = 0.05) -> int:
    """How many groups a test needs that assumes nothing about the distribution of the gains.

    If a channel adds nothing, each group is as likely to be above 0 as below, so all of n groups
    are above 0 by chance with probability 2**-n. Where this is more than `level`, even the clearest
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
    return ceil(-log2(level))
