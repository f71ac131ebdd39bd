"""Scores of panels as `plot_panels` draws them: estimates, and retrained panels on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.wording import percent
from keras_dcmix.evidence.channel_evidence import ChannelVerdict
from keras_dcmix.evidence.panel_verdict import Decision, PanelsVerdict, RetrainedPanel
from keras_dcmix.plotting.best_panels import BestPanels
from keras_dcmix.plotting.style import (
    BLUE,
    ORANGE,
    background,
    blend,
    draw_whiskers,
    laid_out,
    muted,
    text_color,
)
from keras_dcmix.plotting.verdict_style import verdict_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOT = 34  # square points: a score
_MARK = 14  # an estimate beside retrained panels
_MARKERS = {Decision.SUFFICIENT: "o", Decision.UNDECIDED: "o", Decision.INSUFFICIENT: "X"}


def draw_level(ax: Axes, level: float, name: str) -> None:
    """Draws a dashed line, with its name beside the axes, where it overlaps no dot."""
    ax.axhline(level, color=muted(ax), linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    text = percent(level) if 0 <= level <= 1 else f"{level:.3g}"
    ax.annotate(
        f"{name}\n{text}",
        (1, level),
        xycoords=ax.get_yaxis_transform(),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize="small",
        color=muted(ax),
    )


def draw_retrained(ax: Axes, panels: BestPanels, verdict: PanelsVerdict) -> None:
    """Draws the margin, the estimates as small marks, and the retrained panels."""
    level = verdict.all_channels.value
    blue = verdict_color(ax, ChannelVerdict.NEEDED)
    if np.isfinite(level):
        band = blend(blue, background(ax), 0.12)
        ax.axhspan(level - verdict.margin, level, color=band, linewidth=0, zorder=-0.5)
        draw_level(ax, level, "all")
        ax.scatter(panels.places[-1], level, s=DOT, color=blue, zorder=5, label="all channels")
    grey = blend(text_color(), background(ax), 0.45)
    best = panels.are_best
    ax.plot(panels.places[best], panels.scores[best], color=grey, linewidth=0.8, zorder=1.5,
            label="_estimates")  # fmt: skip
    ax.scatter(panels.places, panels.scores, s=_MARK, marker="d", color=grey, linewidths=0,
               zorder=2, label="estimates")  # fmt: skip
    for place, found in zip(panels.places, panels.retrained, strict=True):
        if found is not None:
            color = ORANGE if place == panels.chosen else blue
            _draw_panel(ax, place, found, color)


def _draw_panel(ax: Axes, place: int, found: RetrainedPanel, color: str) -> None:
    """Draws a retrained panel; the whisker is the difference to all channels."""
    level, (low, high) = _level_and_ends(found)
    if np.isfinite([low, high]).all():
        ax.plot([place, place], [low, high], color=color, linewidth=1.8, zorder=4,
                solid_capstyle="butt", label="_interval")  # fmt: skip
    is_sufficient = found.decision is Decision.SUFFICIENT
    ax.scatter(
        place,
        level,
        s=1.3 * DOT,
        marker=_MARKERS[found.decision],
        facecolor=background(ax) if found.decision is Decision.UNDECIDED else color,
        edgecolor=color if is_sufficient or found.decision is Decision.UNDECIDED else "none",
        linewidth=1.4,
        zorder=5,
        label=str(found.decision),
    )


def _level_and_ends(found: RetrainedPanel) -> tuple[float, tuple[float, float]]:
    """Accuracy of a panel, and the ends of its difference to all channels around it."""
    level, cost = found.accuracy.value, found.cost
    return level, (level + cost.value - cost.high, min(level + cost.value - cost.low, 1.0))


def reach(panels: BestPanels) -> tuple[float, float]:
    """The lowest and the highest of all that is drawn."""
    errors = np.nan_to_num(panels.errors)
    drawn = [panels.scores - errors, panels.scores + errors]
    for found in panels.retrained:
        if found is not None:
            level, ends = _level_and_ends(found)
            drawn.append(np.array([level, level + found.cost.value, *ends]))
    values = np.concatenate(drawn)
    return float(np.nanmin(values)), float(np.nanmax(values))


def retrained_legend(verdict: PanelsVerdict) -> str:
    """Says what marks, whiskers and band are."""
    if not verdict.panels:
        return "estimates, measured with channels masked"
    return (
        "large marks: retrained (filled: sufficient, open: undecided, cross: insufficient),\n"
        "with the 95% interval of the difference to all channels\n"
        f"small marks: estimates; band: margin of {100 * verdict.margin:g} percentage points"
    )


def draw_scores(ax: Axes, panels: BestPanels) -> None:
    """Draws scores, and whiskers to the best of them."""
    places, values = panels.places, panels.scores
    errors = np.nan_to_num(panels.errors)
    draw_level(ax, values.max(), "best")
    ax.plot(places, values, color=blend(BLUE, background(ax), 0.6), linewidth=1.2, zorder=2)
    draw_whiskers(ax, places, values, np.where(errors > 0, errors, np.nan), vertical=True)
    colors = [BLUE if is_sufficient else background(ax) for is_sufficient in panels.sufficient]
    dots = np.full(len(places), min(DOT, (0.8 * laid_out(ax)[0] / len(places)) ** 2))
    if panels.chosen is not None:
        colors[panels.chosen] = ORANGE
        dots[panels.chosen] = DOT
    edges = [BLUE if color != ORANGE else ORANGE for color in colors]
    ax.scatter(places, values, s=dots, color=colors, edgecolors=edges, linewidths=1.2, zorder=5)


def scores_legend(panels: BestPanels) -> str:
    """What dots and whiskers are where no panel was retrained."""
    if not panels.have_errors:
        return "a single block of images: no standard errors"
    return (
        "filled dots: as good as the best panel, within one\n"
        "standard error of the difference to it (whiskers)"
    )
