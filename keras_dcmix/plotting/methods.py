"""Methods side by side: one narrow panel of bars a method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from keras_dcmix._common.errors import MethodError
from keras_dcmix.evidence.statistics.matching import matched, scores_in
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.plotting.folding import ROWS, Folded, folded
from keras_dcmix.plotting.method_grid import (
    LETTER,
    LONGEST_NAME,
    Grid,
    figure_size,
    fitted_grid,
    in_unit,
    note,
    unit_of,
    wrapped,
)
from keras_dcmix.plotting.style import (
    BLUE,
    LINE,
    LITERAL,
    ORANGE,
    axes_or_new,
    background,
    blend,
    clean,
    laid_out,
    minus,
    muted,
    shorten,
    text_color,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SMALLEST = 4.5  # points; smaller ranks are left out
_PALEST = 0.4  # share of colour in the bar of the lowest rank


def plot_methods(
    importances: Sequence[ChannelImportance],
    *,
    truth: ChannelImportance | None = None,
    top: int | None = ROWS,
    ax: Axes | None = None,
) -> Axes:
    """Draws one narrow panel of bars a method, all with the same channels from top to bottom.

    Where methods agree, bars become shorter and paler from top to bottom; a strong bar near the
    bottom is a channel that this method ranks higher than the others do. Methods have different
    scales, so each panel has its own axis, and the rank, 1 for the best, is written beside each
    bar. Whiskers are one sample standard deviation over repeats to each side. A method that scores
    all channels equally is grey.

    Channels after the first `top` share the last row: a grey bar from the lowest to the highest of
    their scores in each panel, with the best of their ranks and a plus sign. A low number there is
    a channel that this method ranks much higher than the others do.

    Args:
        importances: Results of at least one method over the same channels, in any order of
            channels.
        truth: Known importance of the same channels. It is the first panel, in orange, and sorts
            the channels; ties are sorted by mean rank over the methods, as all channels are without
            it. If it is also one of `importances`, it is drawn once.
        top: How many channels have a row of their own, at least 1; `None` for all.
        ax: Axes that are replaced by the panels. By default a new figure, which grows with the
            number of methods and rows.

    Returns:
        The axes; the panels are its `child_axes`.

    Raises:
        ValueError: If there is no method, a method occurs twice, the channels differ, or `top` is
            neither a whole number of at least 1 nor `None`.

    Example:
        >>> ours = ChannelImportance("dcmix", ["DNA", "RNA", "ER"], [0.2, 0.7, 0.1])
        >>> theirs = ChannelImportance("occlusion", ["ER", "RNA", "DNA"], [0.3, 0.4, -0.1])
        >>> ax = plot_methods([ours, theirs])
        >>> [label.get_text() for label in ax.child_axes[0].get_yticklabels()]
        ['RNA', 'DNA', 'ER']
    """
    others = [importance for importance in importances if importance is not truth]
    if not others:
        raise MethodError(
            "`importances` must contain the result of at least one method. Received: none"
        )
    shown = matched([*others, *([truth] if truth is not None else [])])
    shown = [*shown[len(others) :], *others]
    channels = folded(_channel_order(others, truth), top)
    ax = axes_or_new(ax, *figure_size(shown, channels))
    ax.axis("off")
    size = laid_out(ax)
    grid = fitted_grid(shown, channels, *size)
    for index, importance in enumerate(shown):
        panel = ax.inset_axes(grid.place(index, *size), facecolor="none")
        _draw_panel(panel, importance, channels, ORANGE if importance is truth else BLUE)
        _finish_panel(panel, importance, grid)
        _write_ranks(panel, importance, channels, grid)
        _label_channels(panel, channels.rows if index % grid.columns == 0 else [], grid)
    _draw_stripes(ax, len(shown), len(channels.rows), grid, size)
    _write_note(ax, shown, channels, grid, size)
    return ax


def _channel_order(
    importances: Sequence[ChannelImportance], truth: ChannelImportance | None
) -> list[str]:
    """Sorts channels by the truth, then by their mean rank, then by the order given."""
    names = (truth or importances[0]).channel_names
    mean_rank = np.mean([_ranks_in(names, importance) for importance in importances], axis=0)
    keys = [mean_rank] if truth is None else [mean_rank, truth.ranks]
    return [names[index] for index in np.lexsort(keys)]


def _ranks_in(names: Sequence[str], importance: ChannelImportance) -> np.ndarray:
    """Returns the ranks in the order of `names`."""
    return importance.ranks[_rows(names, importance)]


def _rows(names: Sequence[str], importance: ChannelImportance) -> list[int]:
    return [importance.channel_names.index(name) for name in names]


def _draw_panel(ax: Axes, importance: ChannelImportance, channels: Folded, color: str) -> None:
    """Draws bars from top to bottom, in a stronger colour the better their rank, and whiskers."""
    names = channels.shown
    rows = np.arange(len(names))
    scores, std = scores_in(names, importance), importance.std[_rows(names, importance)]
    ranks = _ranks_in(names, importance)
    grey = blend(text_color(), background(ax), 0.5)
    if np.ptp(importance.ranks) == 0 and importance.num_channels > 1:
        color = grey  # long bars without meaning are grey
    worse = np.minimum((ranks - 1) / max(len(names) - 1, 1), 1)
    shades = [blend(color, background(ax), 1 - (1 - _PALEST) * share) for share in worse]
    ax.barh(rows, scores, height=0.74, color=shades, zorder=2)
    known = np.isfinite(std)
    if known.any():
        ax.errorbar(
            scores[known],
            rows[known],
            xerr=std[known],
            fmt="none",
            ecolor=text_color(),
            elinewidth=0.9,
            zorder=4,
        )
    others = importance.scores[_rows(channels.others, importance)]
    if len(others):
        ax.barh(len(names), np.ptp(others), left=others.min(), height=0.4, color=grey, zorder=2)
    ax.axvline(0, color=muted(ax), linewidth=0.8, zorder=3)
    std = np.nan_to_num(std)
    ends = np.concatenate([[0], scores, scores - std, scores + std, others])
    ax.set_xlim(ends.min(), ends.max() if np.ptp(ends) else 1)
    ax.set_ylim(len(channels.rows) - 0.5, -0.5)


def _finish_panel(ax: Axes, importance: ChannelImportance, grid: Grid) -> None:
    """Writes title, unit and two or three numbers of the scale."""
    clean(ax)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    low, high = ax.get_xlim()
    ticks = np.asarray(MaxNLocator(2, steps=[1, 2, 5, 10]).tick_values(low, high))
    ax.set_xticks(ticks[(ticks >= low) & (ticks <= high)] if np.ptp(importance.scores) else [0])
    ax.xaxis.set_major_formatter(FuncFormatter(_number))
    ax.tick_params(axis="x", labelsize=0.7 * grid.size, pad=1.5)
    ax.set_title(
        "\n".join(wrapped(importance.method, grid.longest)),
        loc="left",
        fontsize=0.8 * grid.size,
        fontweight="bold",
        linespacing=1.1,
        pad=3,
        **LITERAL,
    )
    ax.set_xlabel(
        "\n".join(wrapped(unit_of(importance), in_unit(grid.longest))),
        loc="left",
        fontsize=0.7 * grid.size,
        color=muted(ax),
        linespacing=1.1,
        labelpad=1.5,
        **LITERAL,
    )


def _number(value: float, _position: int) -> str:
    # Adding 0 turns -0.0 into 0.0.
    return minus(f"{value + 0.0:.3g}")


def _write_ranks(ax: Axes, importance: ChannelImportance, channels: Folded, grid: Grid) -> None:
    """Adds space to the right of all bars, and writes the rank of each row there."""
    ranks = _ranks_in(channels.shown, importance)
    texts = [f"{rank:g}" for rank in ranks]
    if channels.others:
        best = _ranks_in(channels.others, importance).min()
        ranks, texts = np.append(ranks, best), [*texts, f"{best:g}+"]
    size = min(0.75 * grid.size, LINE * grid.line)
    texts = texts if size >= _SMALLEST else []
    room = 4 + 0.62 * size * max((len(text) for text in texts), default=0)
    low, high = ax.get_xlim()
    ax.set_xlim(low, high + (high - low) * room / max(grid.panel - room, room))
    ax.spines["bottom"].set_bounds(low, high)
    first = importance.ranks.min()
    has_best = np.ptp(importance.ranks) > 0
    for row, (rank, text) in enumerate(zip(ranks, texts, strict=False)):
        is_best = has_best and rank == first
        ax.text(
            1,
            row,
            text,
            transform=ax.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=size,
            fontweight="bold" if is_best else "normal",
            color=text_color() if is_best else muted(ax),
        )


def _label_channels(ax: Axes, names: Sequence[str], grid: Grid) -> None:
    """Writes channel names on the left, small enough not to overlap."""
    size = max(min(0.9 * grid.size, LINE * grid.line), 1)
    longest = max(int((grid.names - 8) / (LETTER * size)), 4)
    labels = [shorten(name, min(longest, LONGEST_NAME)) for name in names]
    ax.set_yticks(range(len(names)), labels, **LITERAL)
    ax.tick_params(axis="y", labelsize=size, pad=4)


def _draw_stripes(
    ax: Axes, number: int, num_rows: int, grid: Grid, size: tuple[float, float]
) -> None:
    """Shades every other row across all panels of a row."""
    stripe = blend(text_color(), background(ax), 0.06)
    for first in range(0, number, grid.columns):
        last = min(first + grid.columns, number) - 1
        left, bottom, _, height = grid.place(first, *size)
        right = sum(grid.place(last, *size)[::2])
        for row in range(0, num_rows, 2):
            top = bottom + height * (1 - row / num_rows)
            ax.fill_between(
                [left, right],
                top - height / num_rows,
                top,
                color=stripe,
                linewidth=0,
                transform=ax.transAxes,
            )


def _write_note(
    ax: Axes,
    shown: Sequence[ChannelImportance],
    channels: Folded,
    grid: Grid,
    size: tuple[float, float],
) -> None:
    """Explains the panels below them."""
    has_spread = any(np.isfinite(importance.std).any() for importance in shown)
    ax.text(
        0,
        0,
        "\n".join(note(has_spread, channels, size[0], grid.size)),
        transform=ax.transAxes,
        va="bottom",
        fontsize=0.7 * grid.size,
        color=muted(ax),
        linespacing=1.15,
    )
