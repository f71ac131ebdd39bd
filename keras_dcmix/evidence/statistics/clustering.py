"""The order in which similar methods stand beside each other."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from keras_dcmix._common.errors import MethodError

Metric = Literal["euclidean", "correlation"]


class Clustering(NamedTuple):
    """The order in which similar methods stand beside each other.

    Attributes:
        order: `(num_methods,)`, row numbers from left to right.
        linkage: `(num_methods - 1, 4)`, as `scipy.cluster.hierarchy.linkage` returns it.
    """

    order: np.ndarray
    linkage: np.ndarray


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
        raise MethodError(f"metric must be one of {get_args(Metric)}. Received: {metric!r}")
    if metric == "euclidean":
        distances = pdist(matrix)
    else:
        distances = squareform(1 - matrix, checks=False).clip(min=0)
    tree = linkage(distances, method="average")
    return Clustering(leaves_list(tree), tree)


def _check_square(matrix: np.ndarray) -> None:
    """Raises unless the matrix can be a table of correlations."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise MethodError(
            "matrix must be square with at least two rows, as rank_correlation_matrix returns it. "
            f"Received: shape {matrix.shape}"
        )
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        raise MethodError(
            "matrix must be symmetric and finite; leave out methods with constant scores. "
            "Received: NaN, infinity or two different halves"
        )
