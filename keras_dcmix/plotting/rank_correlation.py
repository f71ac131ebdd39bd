"""Agreement of methods: the matrix of rank correlations, as in the DCMIX paper."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import LinearSegmentedColormap

from keras_dcmix.evidence.statistics import (
    Clustering,
    Metric,
    cluster_order,
    rank_correlation_matrix,
)
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.plotting.style import (
    LITERAL,
    axes_or_new,
    background,
    clean,
    contrasting,
    laid_out,
    minus,
    muted,
    root_figure,
    shorten,
    text_color,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar

_MOST_NUMBERED = 12
_SMALLEST = 5  # points; smaller numbers are left out
_BAR = 0.6  # of the height of the matrix
_BAR_LABEL = "Spearman's rank correlation"
_LONGEST_NAME = 32

# Brown to blue, lightness the same on both sides: read alike with every colour vision.
_COLORS = ("#7f3b08", "#c8691c", "#f0bd87", "#f5f5f5", "#9cc3e0", "#2f7fb8", "#083c68")


def plot_rank_correlation(
    importances: Sequence[ChannelImportance],
    *,
    metric: Metric = "euclidean",
    ax: Axes | None = None,
) -> Axes:
    """Draws Spearman's rank correlation of all methods, similar ones side by side.

    A method that scores all channels equally is excluded with a warning, and named below the
    matrix. The tree on top is average-linkage hierarchical clustering. With up to twelve methods
    the cells contain numbers, if these are legible. Colours cover -1 to 1 in every figure, so that
    figures can be compared.

    Args:
        importances: Results of at least two methods over the same three or more channels.
        metric: `"euclidean"`, as in the paper, or `"correlation"`; see
            `keras_dcmix.statistics.cluster_order`.
        ax: Axes to draw into; tree and colour bar are above and to the right of it. By default a
            new figure, which grows with the number of methods.

    Returns:
        The axes with the matrix.

    Raises:
        ValueError: As from `rank_correlation_matrix` and `cluster_order`.

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
    tied = [result.method for result in importances if result.method not in matrix.index]
    ax = axes_or_new(ax, *_figure_size(list(matrix.index), tied))
    mesh = _draw_matrix(ax, matrix.to_numpy())
    _draw_tree(ax, clustering)
    bar = _draw_colour_bar(ax, mesh)
    _label_methods(ax, list(matrix.index))
    if tied:
        _name_tied(ax, tied)
    _fit_colour_bar(ax, bar)
    if len(matrix) <= _MOST_NUMBERED:
        _write_numbers(ax, mesh, matrix.to_numpy())
    # A layout engine needs several passes for square axes; until then bars may overlap.
    for _ in range(2):
        laid_out(ax)
    return ax


def _figure_size(methods: Sequence[str], tied: Sequence[str]) -> tuple[float, float]:
    """Returns width and height, in inches, with room for names, tree and colour bar."""
    cell = 0.48 if len(methods) <= _MOST_NUMBERED else 0.32
    side = max(cell * len(methods), 2.2)
    longest = max(len(shorten(method, _LONGEST_NAME)) for method in methods)
    names = 0.58 * mpl.rcParams["font.size"] * longest / 72 + 0.2
    return 1.08 * side + names + 0.9, 1.2 * side + names + 0.3 * bool(tied)


def _draw_matrix(ax: Axes, matrix: np.ndarray) -> QuadMesh:
    """Draws the cells, separated by lines in the background colour."""
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
    """Writes method names along both sides, small enough not to overlap."""
    spots = np.arange(len(methods)) + 0.5
    names = [shorten(method, _LONGEST_NAME) for method in methods]
    # A layout engine fails if the names leave no space for the matrix.
    longest = 0.65 * min(laid_out(ax)) / (0.56 * max(len(name) for name in names))
    size = min(mpl.rcParams["font.size"], longest)
    ax.tick_params(length=0, labelsize=size)
    ax.set_xticks(spots, names, rotation=90, **LITERAL)
    ax.set_yticks(spots, names, **LITERAL)
    ax.tick_params(labelsize=min(size, 0.75 * min(laid_out(ax)) / len(methods)))


def _name_tied(ax: Axes, methods: Sequence[str]) -> None:
    """Lists excluded methods below the matrix, with the reason."""
    names = ", ".join(shorten(method, _LONGEST_NAME) for method in methods)
    size = 0.8 * mpl.rcParams["font.size"]
    letters = max(int(laid_out(ax)[0] / (0.55 * size)), 20)
    lines = wrap(f"not shown, all channels tied: {names}", letters, break_long_words=False)
    ax.set_xlabel(
        "\n".join(lines), loc="left", fontsize=size, color=muted(ax), labelpad=8, **LITERAL
    )


def _write_numbers(ax: Axes, mesh: QuadMesh, matrix: np.ndarray) -> None:
    """Writes each correlation into its cell, in black or white depending on the cell."""
    # Leaves space for a minus sign, and if a layout engine shrinks the axes later.
    size = min(0.8 * mpl.rcParams["font.size"], 0.26 * min(laid_out(ax)) / len(matrix))
    if size < _SMALLEST:
        return
    for (row, column), rho in np.ndenumerate(matrix):
        # Adding 0 turns -0.0 into 0.0.
        ax.text(
            column + 0.5,
            row + 0.5,
            minus(f"{round(rho, 2) + 0.0:.2f}"),
            ha="center",
            va="center",
            fontsize=size,
            color=contrasting(mesh.to_rgba(rho)),
        )


def _draw_tree(ax: Axes, clustering: Clustering) -> None:
    """Draws the dendrogram above the matrix, each leaf above its column."""
    from scipy.cluster.hierarchy import dendrogram

    tree = dendrogram(clustering.linkage, no_plot=True)
    # SciPy puts leaf i at x = 10 i + 5, the matrix puts column i at x = i + 0.5.
    branches = np.stack([np.array(tree["icoord"]) / 10, np.array(tree["dcoord"])], axis=-1)
    above = ax.inset_axes((0, 1.015, 1, 0.16), label="tree")
    # Methods with the same ranks join at height 0, where clipping would cut the line in half.
    lines = LineCollection(
        list(branches), colors=text_color(), linewidths=1, capstyle="projecting", clip_on=False
    )
    above.add_collection(lines)
    above.set(xlim=ax.get_xlim(), ylim=(0, max(branches[..., 1].max() * 1.03, 1e-9)))
    above.axis("off")


def _draw_colour_bar(ax: Axes, mesh: QuadMesh) -> Colorbar:
    """Draws the scale to the right of the matrix."""
    beside = ax.inset_axes((1.04, (1 - _BAR) / 2, 0.035, _BAR), label="colour bar")
    bar = root_figure(ax).colorbar(mesh, cax=beside, ticks=[-1, -0.5, 0, 0.5, 1])
    bar.set_label(_BAR_LABEL)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2, width=0.8)
    if bar.solids is not None:  # they inherit the borders of the cells, lines across the bar
        bar.solids.set(edgecolor="face", linewidth=0)
    return bar


def _fit_colour_bar(ax: Axes, bar: Colorbar) -> None:
    """Makes the bar's text no taller than the matrix beside it."""
    size = min(mpl.rcParams["font.size"], laid_out(ax)[1] / (0.58 * len(_BAR_LABEL)))
    bar.ax.tick_params(labelsize=size)
    bar.ax.yaxis.label.set_fontsize(size)
