"""Which methods agree: the figure of the DCMIX paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import LinearSegmentedColormap

from keras_dcmix.plotting.style import (
    LITERAL,
    axes_or_new,
    background,
    clean,
    contrasting,
    laid_out,
    shorten,
    text_color,
)
from keras_dcmix.results import ChannelImportance
from keras_dcmix.statistics import Clustering, Metric, cluster_order, rank_correlation_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_NUMBERED = 12
_LONGEST_NAME = 26

# Brown to blue, lightness the same on both sides: read alike with every colour vision.
_COLORS = ("#7f3b08", "#c8691c", "#f0bd87", "#f5f5f5", "#9cc3e0", "#2f7fb8", "#083c68")


def plot_rank_correlation(
    importances: Sequence[ChannelImportance],
    *,
    metric: Metric = "euclidean",
    ax: Axes | None = None,
) -> Axes:
    """Draws Spearman's rank correlation of all methods, similar ones side by side.

    The tree on top is average-linkage hierarchical clustering. Numbers stand in the cells with up
    to twelve methods. Colours run from -1 to 1 in every figure, so that figures can be compared.

    Args:
        importances: results of at least two methods over the same three or more channels.
        metric: `"euclidean"`, as in the paper, or `"correlation"`; see
            `keras_dcmix.statistics.cluster_order`.
        ax: axes to draw into; tree and colour bar stand above and to the right of it. By default
            a new figure, which grows with the number of methods.

    Returns:
        The axes with the matrix.

    Raises:
        ValueError: as `rank_correlation_matrix` and `cluster_order`.

    Reference:
        Siegismund et al., arXiv 2308.16637.

    Example:
        >>> scores = {"dcmix": [3, 2, 1], "occlusion": [1, 2, 3], "permutation": [3, 1, 2]}
        >>> ax = plot_rank_correlation(
        ...     [ChannelImportance(name, ["DNA", "RNA", "ER"], s) for name, s in scores.items()])
        >>> [label.get_text() for label in ax.get_yticklabels()]
        ['occlusion', 'dcmix', 'permutation']
    """
    matrix = rank_correlation_matrix(importances)
    clustering = cluster_order(matrix, metric=metric)
    matrix = matrix.iloc[clustering.order, clustering.order]
    side = 1.6 + 0.42 * len(matrix) if len(matrix) <= _MOST_NUMBERED else 2.6 + 0.24 * len(matrix)
    ax = axes_or_new(ax, side + 2.2, side + 1.5)
    mesh = _draw_matrix(ax, matrix.to_numpy())
    _draw_tree(ax, clustering)
    _draw_colour_bar(ax, mesh)
    _label_methods(ax, list(matrix.index))
    if len(matrix) <= _MOST_NUMBERED:
        _write_numbers(ax, mesh, matrix.to_numpy())
    return ax


def _draw_matrix(ax: Axes, matrix: np.ndarray) -> QuadMesh:
    """Draws the cells, parted by lines in the colour behind them."""
    mesh = ax.pcolormesh(
        matrix,
        cmap=LinearSegmentedColormap.from_list("brown_blue", _COLORS),
        vmin=-1,
        vmax=1,
        edgecolors=background(ax),
        linewidth=1.5 if len(matrix) <= _MOST_NUMBERED else 0.7,
    )
    ax.set_aspect("equal")
    ax.invert_yaxis()
    clean(ax)
    ax.spines[:].set_visible(False)
    return mesh


def _label_methods(ax: Axes, methods: list[str]) -> None:
    """Writes method names along both sides, small enough that they never touch."""
    spots = np.arange(len(methods)) + 0.5
    names = [shorten(method, _LONGEST_NAME) for method in methods]
    ax.set_xticks(spots, names, rotation=90, **LITERAL)
    ax.set_yticks(spots, names, **LITERAL)
    ax.tick_params(length=0)
    cell = min(laid_out(ax)) / len(methods)
    ax.tick_params(labelsize=min(mpl.rcParams["font.size"], 0.75 * cell))


def _write_numbers(ax: Axes, mesh: QuadMesh, matrix: np.ndarray) -> None:
    """Writes each correlation into its cell, black or white after the colour below."""
    size = min(0.9 * mpl.rcParams["font.size"], 0.3 * min(laid_out(ax)) / len(matrix))
    for (row, column), rho in np.ndenumerate(matrix):
        # Adding 0 turns the -0.0 that rounding leaves into 0.0.
        ax.text(
            column + 0.5,
            row + 0.5,
            f"{round(rho, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}"),
            ha="center",
            va="center",
            fontsize=size,
            color=contrasting(mesh.to_rgba(rho)),
        )


def _draw_tree(ax: Axes, clustering: Clustering) -> None:
    """Draws the dendrogram above the matrix, each leaf over its column."""
    from scipy.cluster.hierarchy import dendrogram

    tree = dendrogram(clustering.linkage, no_plot=True)
    # SciPy puts leaf i at x = 10 i + 5, the matrix puts column i at x = i + 0.5.
    branches = np.stack([np.array(tree["icoord"]) / 10, np.array(tree["dcoord"])], axis=-1)
    above = ax.inset_axes((0, 1.015, 1, 0.16), label="tree")
    lines = LineCollection(branches, colors=text_color(), linewidths=1, capstyle="projecting")
    above.add_collection(lines)
    above.set(xlim=ax.get_xlim(), ylim=(0, max(branches[..., 1].max() * 1.03, 1e-9)))
    above.axis("off")


def _draw_colour_bar(ax: Axes, mesh: QuadMesh) -> None:
    """Draws the scale to the right of the matrix."""
    beside = ax.inset_axes((1.04, 0.2, 0.035, 0.6), label="colour bar")
    bar = ax.figure.colorbar(mesh, cax=beside, ticks=[-1, -0.5, 0, 0.5, 1])
    bar.set_label("Spearman's rank correlation")
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2, width=0.8)
    # The mesh hands its cell borders on to the bar, where they would cut it into slices.
    bar.solids.set(edgecolor="face", linewidth=0)
