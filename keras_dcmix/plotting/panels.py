"""The best panel of each size: its score on top, the channels in it below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import MaxNLocator

from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.importance.subsets.panels import best_rows
from keras_dcmix.plotting.style import (
    BLUE,
    CATEGORIES,
    LITERAL,
    axes_or_new,
    background,
    blend,
    clean,
    laid_out,
    muted,
    shorten,
    text_color,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_LONGEST_NAME = 32
_SCORE, _ROW = 2.3, 0.22  # inches: the height of the scores, and of one channel
_LINE = 0.72  # font size per row, as in plot_importance
_ORANGE = CATEGORIES[1]


def plot_panels(scores: SubsetScores, *, metric: str | None = None, ax: Axes | None = None) -> Axes:
    """Draws which channels can be dropped: the best panel of each size, from none to all.

    Above, the score of each best panel; the dashed line is the best of all. A whisker is one
    standard error of the difference to the best panel, so a panel whose whisker reaches the line is
    as good within one standard error; its dot is filled. Below, a dot for each channel in the
    panel, pale where that panel is not as good. The channel that stays in most of the panels stands
    on top. The smallest sufficient panel is the orange column; channels outside it are grey.

    Args:
        scores: the table of scores per subset.
        metric: one of `scores.metrics`; the first by default.
        ax: axes to draw into. By default a new figure, which grows with the number of channels.

    Returns:
        The axes.

    Raises:
        ValueError: if the metric is unknown.

    Example:
        >>> members = [[], ["DNA"], ["RNA"], ["DNA", "RNA"]]
        >>> accuracy = [[0.5, 0.9, 0.6, 0.9], [0.5, 0.8, 0.6, 0.8]]
        >>> scores = SubsetScores.from_members(["RNA", "DNA"], members, {"accuracy": accuracy})
        >>> ax = plot_panels(scores)
        >>> ax.get_title(loc="left")
        '1 of 2 channels is enough: DNA'
    """
    metric = scores.checked_metric(metric)
    num_channels = scores.num_channels
    panels = scores.best_panels(metric)
    members = scores.subsets[best_rows(scores, metric)]
    order = _kept_longest_first(members)
    rows = _ROW * num_channels
    longest = min(max(len(name) for name in scores.channel_names), _LONGEST_NAME)
    width = max(5.0, 0.24 * (num_channels + 2)) + 0.085 * longest
    ax = axes_or_new(ax, width, 1.1 + _SCORE + rows)
    share = rows / (rows + _SCORE)
    _draw_chosen_column(ax, panels)
    _draw_scores(ax, panels, share)
    names = [scores.channel_names[index] for index in order]
    _label_channels(ax, names, members[_chosen(panels)][order], share)
    _finish(ax, panels, metric)
    _draw_members(ax, members[:, order], panels, share)
    return ax


def _chosen(panels: pd.DataFrame) -> int:
    """Returns the size of the smallest sufficient panel."""
    return int(panels["smallest_sufficient"].to_numpy().argmax())


def _kept_longest_first(members: np.ndarray) -> np.ndarray:
    """Sorts channels by how many best panels hold them; ties by the smallest that does."""
    return np.lexsort((members.argmax(axis=0), -members.sum(axis=0)))


def _draw_chosen_column(ax: Axes, panels: pd.DataFrame) -> None:
    """Puts the smallest sufficient panel on a band of colour, from the score to the channels."""
    chosen, tint = _chosen(panels), blend(_ORANGE, background(ax), 0.2)
    ax.axvspan(chosen - 0.42, chosen + 0.42, color=tint, linewidth=0, zorder=0)


def _draw_scores(ax: Axes, panels: pd.DataFrame, share: float) -> None:
    """Draws scores in the upper part of the axes and leaves `share` below free."""
    sizes, values = panels["num_channels"].to_numpy(), panels["score"].to_numpy()
    errors = np.nan_to_num(panels["below_best_standard_error"].to_numpy())
    good = panels["within_one_standard_error"].to_numpy()
    best = values.max()
    ax.axhline(best, color=muted(ax), linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    # Outside, where neither dots nor whiskers can be in the way.
    ax.annotate(
        f"best\n{best:.3g}",
        (1, best),
        xycoords=ax.get_yaxis_transform(),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize="small",
        color=muted(ax),
    )
    ax.plot(sizes, values, color=blend(BLUE, background(ax), 0.6), linewidth=1.2, zorder=2)
    known = errors > 0
    if known.any():
        ax.errorbar(
            sizes[known],
            values[known],
            yerr=errors[known],
            fmt="none",
            ecolor=text_color(),
            elinewidth=1.1,
            capsize=2.5,
            capthick=1.1,
            zorder=3,
        )
    colors = [BLUE if is_good else background(ax) for is_good in good]
    colors[_chosen(panels)] = _ORANGE
    edges = [BLUE if color != _ORANGE else _ORANGE for color in colors]
    ax.scatter(sizes, values, s=34, color=colors, edgecolors=edges, linewidths=1.2, zorder=4)
    low, high = (values - errors).min(), (values + errors).max()
    span = high - low or abs(high) or 1.0
    low, high = low - 0.08 * span, high + 0.12 * span
    ax.set_ylim(high - (high - low) / (1 - share), high)
    # Ticks where scores are: the channels below have no scale.
    ticks = MaxNLocator(5).tick_values(low, high)
    # One at the very end would touch the name of the first channel.
    first = low + 0.04 * (high - low)
    ax.set_yticks(ticks[(ticks >= first) & (ticks <= high)])
    ax.spines["left"].set_bounds(low, high)


def _draw_members(ax: Axes, members: np.ndarray, panels: pd.DataFrame, share: float) -> None:
    """Draws one dot for each panel and channel, filled where the channel is in the panel."""
    num_channels = members.shape[1]
    heights = _heights(num_channels, share)
    for height in heights[::2]:
        stripe = blend(text_color(), background(ax), 0.05)
        half = share / num_channels / 2
        ax.axhspan(*_scores_at(ax, height - half, height + half), color=stripe, lw=0, zorder=-1)
    width, tall = laid_out(ax)
    cell = min(width / (num_channels + 1), tall * share / num_channels)
    places = np.array([(s, c) for s in range(num_channels + 1) for c in range(num_channels)])
    inside, chosen = members[places[:, 0], places[:, 1]], places[:, 0] == _chosen(panels)
    good = panels["within_one_standard_error"].to_numpy()[places[:, 0]]
    absent = blend(text_color(), background(ax), 0.16)
    pale, dot = blend(BLUE, background(ax), 0.45), min(0.62 * cell, 9)
    for is_drawn, color, size in (
        (~inside, absent, min(0.24 * cell, 3)),
        (inside & ~good, pale, dot),
        (inside & good & ~chosen, BLUE, dot),
        (inside & chosen, _ORANGE, dot),
    ):
        at = places[is_drawn]
        ax.scatter(
            at[:, 0],
            heights[at[:, 1]],
            s=size**2,
            color=color,
            linewidths=0,
            transform=ax.get_xaxis_transform(),
            zorder=2,
        )


def _heights(num_channels: int, share: float) -> np.ndarray:
    """Returns the height of each channel's row, as a fraction of the axes, from top to bottom."""
    return share * (1 - (np.arange(num_channels) + 0.5) / num_channels) * 0.97


def _scores_at(ax: Axes, *heights: float) -> list[float]:
    """Turns fractions of the axes into places on the axis of scores."""
    low, high = ax.get_ylim()
    return [low + height * (high - low) for height in heights]


def _finish(ax: Axes, panels: pd.DataFrame, metric: str) -> None:
    """Writes the answer on top and what is what beside the axes."""
    clean(ax)
    sizes = panels["num_channels"].to_numpy()
    ax.set_xlim(-0.6, sizes[-1] + 0.6)
    ax.set_xticks(sizes[:: 1 if len(sizes) <= 16 else 5])
    legend = "a single block of images has no errors"
    if _has_errors(panels):
        legend = (
            "filled dots: as good as the best panel, within one\n"
            "standard error of the difference to it (whiskers)"
        )
    # At the right end, so that it grows to the left, where the names make room.
    ax.set_xlabel(f"channels in the panel\n{legend}", loc="right", fontsize="small")
    low, high = ax.spines["left"].get_bounds()
    bottom, top = ax.get_ylim()
    ax.set_ylabel(metric, y=((low + high) / 2 - bottom) / (top - bottom), **LITERAL)
    width, _ = laid_out(ax)
    # Bold letters are 0.62 of their size wide on average.
    title = _answer(panels, int(width / (0.62 * mpl.rcParams["font.size"])))
    ax.set_title(title, loc="left", fontweight="bold", fontsize="medium", **LITERAL)


def _has_errors(panels: pd.DataFrame) -> bool:
    return bool(np.isfinite(panels["below_best_standard_error"]).all())


def _answer(panels: pd.DataFrame, longest: int) -> str:
    """Says which panel is enough, with its channels where they fit into a line."""
    size, most = _chosen(panels), len(panels) - 1
    sure = _has_errors(panels)
    if size == 0:
        return f"No panel scores {'clearly ' if sure else ''}better than no channel"
    if size == most:
        return f"All channels are needed: {most} of {most}"
    verb = "is" if size == 1 else "are"
    answer = f"{size} of {most} channels {verb} {'enough' if sure else 'best'}"
    with_names = f"{answer}: {panels['panel'].iloc[size]}"
    return with_names if len(with_names) <= longest else answer


def _label_channels(ax: Axes, names: list[str], kept: np.ndarray, share: float) -> None:
    """Writes channel names beside their rows, in grey where the channel can be dropped."""
    _, height = laid_out(ax)
    size = min(mpl.rcParams["font.size"], _LINE * height * share / len(names))
    for name, is_kept, place in zip(names, kept, _heights(len(names), share), strict=True):
        ax.annotate(
            shorten(name, _LONGEST_NAME),
            (0, place),
            xycoords="axes fraction",
            xytext=(-6, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=size,
            fontweight="bold" if is_kept else "normal",
            color=text_color() if is_kept else muted(ax),
            **LITERAL,
        )
