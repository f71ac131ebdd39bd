"""How far two rankings agree, and how sure a score is."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from itertools import permutations
from math import factorial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from keras_dcmix.results import ChannelImportance

Metric = Literal["euclidean", "correlation"]

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


class Clustering(NamedTuple):
    """The order in which similar methods stand beside each other.

    Attributes:
        order: `(num_methods,)`, row numbers from left to right.
        linkage: `(num_methods - 1, 4)`, as `scipy.cluster.hierarchy.linkage` returns it.
    """

    order: np.ndarray
    linkage: np.ndarray


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
        raise ValueError(
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
        >>> from keras_dcmix.results import ChannelImportance
        >>> ours = ChannelImportance("dcmix", ["DNA", "RNA", "ER"], [0.2, 0.7, 0.1])
        >>> theirs = ChannelImportance("occlusion", ["ER", "RNA", "DNA"], [3, 9, 5])
        >>> float(rank_correlation_matrix([ours, theirs]).loc["dcmix", "occlusion"].round(3))
        1.0
    """
    import pandas as pd

    importances = _with_an_order(_matched(importances))
    methods = [importance.method for importance in importances]
    names = sorted(importances[0].channel_names)
    ranks = np.stack([_unit_ranks(_scores_in(names, result)) for result in importances])
    rho = np.clip(ranks @ ranks.T, -1, 1)
    np.fill_diagonal(rho, 1)
    return pd.DataFrame(rho, index=methods, columns=methods)


def cluster_order(matrix: Any, *, metric: Metric = "euclidean") -> Clustering:
    """Sorts methods by average-linkage hierarchical clustering, so that similar ones meet.

    Args:
        matrix: `(num_methods, num_methods)`, symmetric correlations from -1 to 1.
        metric: `"euclidean"` clusters by the distance between rows of the matrix, as the figure of
            the DCMIX paper does; `"correlation"` takes `1 - rho` for the distance.

    Returns:
        A `Clustering`.

    Raises:
        ValueError: if the matrix is not square, symmetric and finite with at least two rows, or
            the metric is unknown.

    Reference:
        Siegismund et al., arXiv 2308.16637 (the figure of correlations between methods).

    Example:
        >>> matrix = [[1.0, -0.5, 0.9], [-0.5, 1.0, -0.4], [0.9, -0.4, 1.0]]
        >>> cluster_order(matrix).order.tolist()
        [1, 0, 2]
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import pdist, squareform

    matrix = np.asarray(matrix, dtype=np.float64)
    _check_square(matrix)
    if metric not in get_args(Metric):
        raise ValueError(f"metric must be one of {get_args(Metric)}. Received: {metric!r}")
    if metric == "euclidean":
        distances = pdist(matrix)
    else:
        distances = squareform(1 - matrix, checks=False).clip(min=0)
    tree = linkage(distances, method="average")
    return Clustering(leaves_list(tree), tree)


def bootstrap_interval(
    repeats: Any, *, level: float = 0.95, num_resamples: int = 2000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draws the percentile bootstrap interval of each channel's mean over repeats.

    All channels meet the same resamples, so that they are compared fairly. With few repeats the
    interval is too narrow: five seeds at 95% cover the true mean in about 83% of cases.

    Args:
        repeats: `(num_repeats, num_channels)`, at least two repeats.
        level: share of the resampled means between the two ends, above 0 and below 1.
        num_resamples: how many resamples to draw, at least 1.
        seed: seed of `numpy.random.default_rng`.

    Returns:
        The low and the high end, two arrays `(num_channels,)` in the unit of `repeats`.

    Raises:
        ValueError: if there are fewer than two repeats, or a number is out of its range.

    Example:
        >>> low, high = bootstrap_interval([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
        >>> low.tolist(), high.tolist()
        ([1.0, 5.0], [3.0, 5.0])
    """
    repeats = _checked_repeats(repeats, at_least=2)
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, such as 0.95. Received: {level}")
    if num_resamples < 1:
        raise ValueError(f"num_resamples must be at least 1. Received: {num_resamples}")
    num_repeats = len(repeats)
    # Counts per repeat instead of drawn rows: memory stays small with many channels.
    counts = np.random.default_rng(seed).multinomial(
        num_repeats, np.full(num_repeats, 1 / num_repeats), size=num_resamples
    )
    low, high = np.quantile(
        counts @ repeats / num_repeats, [(1 - level) / 2, (1 + level) / 2], axis=0
    )
    return low, high


def order_agreement(repeats: Any) -> np.ndarray:
    """Counts how often each channel lies above each other one.

    Args:
        repeats: `(num_repeats, num_channels)`, at least one repeat.

    Returns:
        `(num_channels, num_channels)`: in row i and column j the share of repeats, from 0 to 1, in
        which channel i scores above channel j. A tie counts half, so the diagonal is 0.5.

    Raises:
        ValueError: if `repeats` has another shape or a number is not finite.

    Example:
        >>> order_agreement([[3, 1], [2, 1], [1, 1], [0, 1]]).tolist()
        [[0.5, 0.625], [0.375, 0.5]]
    """
    repeats = _checked_repeats(repeats, at_least=1)
    above = np.sign(repeats[:, :, None] - repeats[:, None, :])
    return (above.mean(axis=0) + 1) / 2


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
        raise ValueError(
            f"{name} must be a vector of at least three scores: fewer have no rank correlation "
            f"worth the name. Received: shape {scores.shape}"
        )
    if not np.isfinite(scores).all():
        raise ValueError(
            f"{name} must be finite; leave out channels that have no score. "
            f"Received: NaN or infinity at {np.flatnonzero(~np.isfinite(scores)).tolist()}"
        )
    if np.ptp(scores) == 0:
        raise ValueError(
            f"{name} must not be constant, or it has no order; leave it out. "
            f"Received: {len(scores)} times {scores[0]:g}"
        )
    return scores


def _matched(importances: Sequence[ChannelImportance]) -> list[ChannelImportance]:
    """Returns results with distinct methods over the same channels, or raises."""
    importances = list(importances)
    methods = [importance.method for importance in importances]
    repeated = sorted({method for method in methods if methods.count(method) > 1})
    if repeated:
        raise ValueError(
            f"each method may come once; rename the others. Received more than once: {repeated}"
        )
    for other in importances[1:]:
        differ = set(other.channel_names) ^ set(importances[0].channel_names)
        if differ:
            raise ValueError(
                "all methods must score the same channels; score the missing ones too. Received: "
                f"{sorted(differ)} in only one of {methods[0]!r} and {other.method!r}"
            )
    return importances


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
        raise ValueError(
            "a rank correlation needs at least two methods with an order and three channels; "
            f"add some. Received: {[importance.method for importance in kept]} over "
            f"{[importance.num_channels for importance in kept[:1]]} channels"
        )
    return kept


def _scores_in(names: Sequence[str], importance: ChannelImportance) -> np.ndarray:
    """Returns the scores in the order of `names`."""
    return importance.scores[[importance.channel_names.index(name) for name in names]]


def _check_square(matrix: np.ndarray) -> None:
    """Raises unless the matrix can be a table of correlations."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise ValueError(
            "matrix must be square with at least two rows, as rank_correlation_matrix returns it. "
            f"Received: shape {matrix.shape}"
        )
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        raise ValueError(
            "matrix must be symmetric and finite; leave out methods with constant scores. "
            "Received: NaN, infinity or two different halves"
        )


def _checked_repeats(repeats: Any, *, at_least: int) -> np.ndarray:
    """Returns `(num_repeats, num_channels)` finite numbers, or raises."""
    repeats = np.asarray(repeats, dtype=np.float64)
    if repeats.ndim != 2 or repeats.shape[0] < at_least or repeats.shape[1] < 1:
        raise ValueError(
            f"repeats must have shape (num_repeats, num_channels) with at least {at_least} "
            f"repeats; use more seeds. Received: shape {repeats.shape}"
        )
    if not np.isfinite(repeats).all():
        raise ValueError("repeats must be finite. Received: NaN or infinity")
    return repeats
