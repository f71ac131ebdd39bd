"""How far two rankings agree: Spearman's rank correlation and its p-value."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from itertools import permutations
from math import factorial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix.evidence.statistics.matching import matched, scores_in

if TYPE_CHECKING:
    import pandas as pd

    from keras_dcmix.importance.channel_importance import ChannelImportance

_LARGEST_EXACT = 8  # 8! = 40,320 orders take milliseconds; 10! would take seconds.


class RankCorrelation(NamedTuple):
    """Spearman's rank correlation of two score vectors.

    Attributes:
        rho: from -1 (opposite order) to 1 (same order); ties share their mean rank.
        p_value: two-sided, from 0 to 1.
        exact: whether `p_value` counts all orders, or is SciPy's approximation.
    """

    rho: float
    p_value: float
    exact: bool


def rank_correlation(a: Any, b: Any) -> RankCorrelation:
    """Compares two score vectors by rank.

    Up to eight channels the p-value is exact: the share of all orders of `b` whose correlation is
    at least as far from 0. SciPy's approximation says 1e-24 for five perfectly ordered channels,
    where only 2 of the 120 orders are as good.

    Args:
        a: `(num_channels,)`, at least three finite scores, not all equal.
        b: `(num_channels,)`, likewise, in the same order of channels.

    Returns:
        A `RankCorrelation`.

    Raises:
        ValueError: if the lengths differ, or fewer than three scores, NaN, infinity or a constant
            vector came.

    Example:
        >>> rho, p_value, exact = rank_correlation([1, 2, 3, 4, 5], [2, 3, 5, 7, 11])
        >>> round(rho, 3), round(p_value * 120), exact
        (1.0, 2, True)
    """
    from scipy.stats import spearmanr

    a, b = _checked_vector(a, "a"), _checked_vector(b, "b")
    if len(a) != len(b):
        raise MethodError(
            "a and b must hold one score for each of the same channels; match them by name first. "
            f"Received: {len(a)} and {len(b)} scores"
        )
    if len(a) > _LARGEST_EXACT:
        result = spearmanr(a, b)
        # The approximation gives 0 for a perfect order; two orders in n! are as good at least.
        p_value = max(float(result.pvalue), 2 / factorial(len(a)))
        return RankCorrelation(float(result.statistic), p_value, False)
    return RankCorrelation(*_exact(_unit_ranks(a), _unit_ranks(b)), True)


def rank_correlation_matrix(importances: Sequence[ChannelImportance]) -> pd.DataFrame:
    """Compares every method with every other by rank.

    Channels are matched by name. A method that scores all channels alike has no order to compare:
    it is left out with a warning.

    Args:
        importances: results of at least two methods over the same three or more channels.

    Returns:
        A square table of Spearman's rho, from -1 to 1, with method names as index and columns.

    Raises:
        ValueError: if the channels or the names of the methods clash, there are fewer than three
            channels, or fewer than two methods have an order.

    Example:
        >>> from keras_dcmix.importance.channel_importance import ChannelImportance
        >>> ours = ChannelImportance("dcmix", ["DNA", "RNA", "ER"], [0.2, 0.7, 0.1])
        >>> theirs = ChannelImportance("occlusion", ["ER", "RNA", "DNA"], [3, 9, 5])
        >>> float(rank_correlation_matrix([ours, theirs]).loc["dcmix", "occlusion"].round(3))
        1.0
    """
    import pandas as pd

    importances = _with_an_order(matched(importances))
    methods = [importance.method for importance in importances]
    names = sorted(importances[0].channel_names)
    ranks = np.stack([_unit_ranks(scores_in(names, result)) for result in importances])
    rho = np.clip(ranks @ ranks.T, -1, 1)
    np.fill_diagonal(rho, 1)
    return pd.DataFrame(rho, index=methods, columns=methods)


@cache
def _orders(length: int) -> np.ndarray:
    """Returns all permutations of `length` indices, `(length!, length)`."""
    return np.array(list(permutations(range(length))))


def _unit_ranks(scores: np.ndarray) -> np.ndarray:
    """Returns mean ranks, centred and of length 1: rho is the product of two such vectors."""
    from scipy.stats import rankdata

    ranks = rankdata(scores)
    ranks -= ranks.mean()
    return ranks / np.linalg.norm(ranks)


def _exact(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Returns rho and the share of all orders of `b` whose correlation is as far from 0."""
    rho = float(np.clip(a @ b, -1, 1))
    # The slack keeps orders with the same rho together when their last bits differ.
    as_far = np.abs(b[_orders(len(b))] @ a) >= abs(rho) - 1e-9
    return rho, float(as_far.mean())


def _checked_vector(scores: Any, name: str) -> np.ndarray:
    """Returns scores that have an order, or raises."""
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 1 or len(scores) < 3:
        raise MethodError(
            f"{name} must be a vector of at least three scores: fewer have no rank correlation "
            f"worth the name. Received: shape {scores.shape}"
        )
    if not np.isfinite(scores).all():
        raise MethodError(
            f"{name} must be finite; leave out channels that have no score. "
            f"Received: NaN or infinity at {np.flatnonzero(~np.isfinite(scores)).tolist()}"
        )
    if np.ptp(scores) == 0:
        raise MethodError(
            f"{name} must not be constant, or it has no order; leave it out. "
            f"Received: {len(scores)} times {scores[0]:g}"
        )
    return scores


def _with_an_order(importances: list[ChannelImportance]) -> list[ChannelImportance]:
    """Leaves out methods with constant scores, with a warning that names them."""
    kept = [importance for importance in importances if np.ptp(importance.scores) > 0]
    dropped = [importance.method for importance in importances if importance not in kept]
    if dropped:
        warnings.warn(
            f"left out of the rank correlation, all channels score alike: {', '.join(dropped)}",
            UserWarning,
            stacklevel=3,
        )
    if len(kept) < 2 or kept[0].num_channels < 3:
        raise MethodError(
            "a rank correlation needs at least two methods with an order and three channels; "
            f"add some. Received: {[importance.method for importance in kept]} over "
            f"{[importance.num_channels for importance in kept[:1]]} channels"
        )
    return kept
