"""The best panel of each size: its score above, its channels below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from keras_dcmix._common.errors import MethodError, argument
from keras_dcmix.evidence.panel_verdict import PanelsVerdict
from keras_dcmix.evidence.sentences import panels as sentences
from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.plotting.best_panels import BestPanels, best_panels, retrained_panels
from keras_dcmix.plotting.folding import ROWS
from keras_dcmix.plotting.panel_members import LONGEST_NAME, draw_members, label_channels
from keras_dcmix.plotting.panel_scores import (
    draw_retrained,
    draw_scores,
    reach,
    retrained_legend,
    scores_legend,
)
from keras_dcmix.plotting.style import (
    LITERAL,
    ORANGE,
    axes_or_new,
    background,
    blend,
    clean,
    laid_out,
    shorten,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SCORE, _TALL_SCORE, _ROW = 2.3, 3.0, 0.22  # inches: the height of the scores, of one channel
_LEAST = 0.1  # of accuracy, on the scale of retrained panels
_WIDEST = 8.0  # inches: more columns become narrower


def plot_panels(
    scores: SubsetScores,
    *,
    retrained: PanelsVerdict | None = None,
    metric: str | None = None,
    top: int | None = ROWS,
    ax: Axes | None = None,
) -> Axes:
    """Draws which channels can be dropped: the best panel of each size, from none to all.

    The upper part shows the score of each best panel; the dashed line is the best of all. A
    whisker is one standard error of the difference to the best panel: if it reaches the line, the
    panel is as good as the best within one standard error, and its dot is filled. The lower part
    has a dot for each channel in the panel, pale where that panel is not as good. The channel that
    is in most of the panels is on top. The smallest sufficient panel is the orange column; names of
    channels outside it are grey. Channels after the first `top` share the last row: the area of a
    dot is the part of them that is in the panel.

    Where panels were retrained, the scores of the table are small marks, estimates, and large dots
    are the retrained panels: their whiskers are 95 % intervals of the difference to all channels,
    which are the dashed line, and the band below it is the margin. Of a sufficient panel the
    complete whisker is above the lower end of the band, and its dot is filled. The orange column is
    then the smallest sufficient panel. Retrained panels have columns of their own beside the best
    of their size.

    Args:
        scores: The table of scores per subset.
        retrained: Retrained panels, such as `ranking.verdict().panels`. Needs the metric
            `"accuracy"`.
        metric: One of `scores.metrics`; the first by default.
        top: How many channels have a row of their own, at least 1; `None` for all.
        ax: Axes to draw into. By default a new figure, which grows with the number of channels.

    Returns:
        The axes.

    Raises:
        ValueError: If the metric is unknown, or is not accuracy where panels were retrained, or
            `top` is neither a whole number of at least 1 nor `None`.

    Example:
        >>> members = [[], ["DNA"], ["RNA"], ["DNA", "RNA"]]
        >>> accuracy = [[0.5, 0.9, 0.6, 0.9], [0.5, 0.8, 0.6, 0.8]]
        >>> scores = SubsetScores.from_members(["RNA", "DNA"], members, {"accuracy": accuracy})
        >>> ax = plot_panels(scores)
        >>> ax.get_title(loc="left")
        '1 of 2 channels is enough: DNA'
    """
    metric = scores.checked_metric(metric)
    panels = _panels(scores, metric, retrained, top)
    rows = _ROW * len(panels.labels)
    longest = min(max(len(name) for name in panels.labels), LONGEST_NAME)
    columns = min(max(5.0, 0.24 * (len(panels.sizes) + 1)), _WIDEST)
    tall = _SCORE if retrained is None else _TALL_SCORE
    ax = axes_or_new(ax, columns + 0.085 * longest, 1.1 + tall + rows)
    share = rows / (rows + tall)
    _draw_chosen_column(ax, panels)
    if retrained is None:
        draw_scores(ax, panels)
    else:
        draw_retrained(ax, panels, retrained)
    _limit(ax, panels, metric, share)
    label_channels(ax, panels, share)
    legend = scores_legend(panels) if retrained is None else retrained_legend(retrained)
    _finish(ax, panels, metric, legend)
    _write_title(ax, panels, retrained)
    draw_members(ax, panels, share)
    return ax


def _panels(
    scores: SubsetScores, metric: str, retrained: PanelsVerdict | None, top: int | None
) -> BestPanels:
    if retrained is None:
        return best_panels(scores, metric, top)
    if metric != "accuracy":
        raise MethodError(
            f"{argument('metric')} must be 'accuracy' where panels were retrained. "
            f"Received: {argument('metric', metric)}"
        )
    return retrained_panels(scores, metric, retrained, top)


def _draw_chosen_column(ax: Axes, panels: BestPanels) -> None:
    """Shades the column of the smallest sufficient panel, from the score to the channels."""
    if panels.chosen is not None:
        left, tint = panels.chosen - 0.42, blend(ORANGE, background(ax), 0.2)
        ax.axvspan(left, left + 0.84, color=tint, linewidth=0, zorder=0)


def _limit(ax: Axes, panels: BestPanels, metric: str, share: float) -> None:
    """Keeps the lower `share` of the axes free of scores, and the scale below 100 %."""
    low, high = reach(panels)
    is_accuracy = metric == "accuracy" and high <= 1
    if is_accuracy and panels.retrained:
        low = min(low, high - _LEAST)  # a difference of a point must not look like a cliff
    span = high - low or abs(high) or 1.0
    end = high + 0.05 * span
    low, high = low - 0.08 * span, high + 0.12 * span
    if is_accuracy:
        high, end = min(high, 1 + 0.04 * span), min(high, 1)
        ax.yaxis.set_major_formatter(PercentFormatter(1, None if end - low < 0.06 else 0))
    else:
        end = high
    ax.set_ylim(high - (high - low) / (1 - share), high)
    # Ticks where scores are: the channels below have no scale. Steps of 2.5 are no whole percents.
    ticks = np.asarray(MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, end))
    # One at the lower end would overlap the name of the first channel.
    first = low + 0.04 * (high - low)
    ax.set_yticks(ticks[(ticks >= first) & (ticks <= end + 1e-9)])
    ax.spines["left"].set_bounds(low, end)


def _finish(ax: Axes, panels: BestPanels, metric: str, legend: str) -> None:
    """Labels the axes, with a legend below."""
    clean(ax)
    places = panels.places
    ax.set_xlim(-0.6, places[-1] + 0.6)
    step = 1 if len(places) <= 16 else 5 if len(places) <= 60 else 20
    shown = [place for place in places if panels.sizes[place] % step == 0]
    ax.set_xticks(shown, [str(size) for size in panels.sizes[shown]])
    if panels.rows.others:
        legend += "\nlast row: the area of a dot is the part of these channels in the panel"
    # At the right end, so that it extends to the left, below the names.
    ax.set_xlabel(f"channels in the panel\n{legend}", loc="right", fontsize="small")
    low, high = ax.spines["left"].get_bounds()
    bottom, top = ax.get_ylim()
    ax.set_ylabel(metric, y=((low + high) / 2 - bottom) / (top - bottom), **LITERAL)


def _write_title(ax: Axes, panels: BestPanels, verdict: PanelsVerdict | None) -> None:
    """Writes the answer above."""
    width, _ = laid_out(ax)
    # The mean width of bold letters is 0.62 of their size.
    longest = int(width / (0.62 * mpl.rcParams["font.size"]))
    title = (
        _answer(panels, longest) if verdict is None else shorten(sentences.title(verdict), longest)
    )
    ax.set_title(title, loc="left", fontweight="bold", fontsize="medium", **LITERAL)


def _answer(panels: BestPanels, longest: int) -> str:
    """Says which panel is enough, with its channels where they fit into a line."""
    size, most = len(panels.answer), panels.num_channels
    if size == 0:
        return f"No panel scores {'clearly ' if panels.have_errors else ''}better than no channel"
    if size == most:
        return f"All channels are needed: {most} of {most}"
    verb = "is" if size == 1 else "are"
    answer = f"{size} of {most} channels {verb} {'enough' if panels.have_errors else 'best'}"
    with_names = f"{answer}: {' + '.join(panels.answer)}"
    return with_names if len(with_names) <= longest else answer
