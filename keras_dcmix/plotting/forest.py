"""One column of `plot_evidence`: estimates with their intervals, one a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from keras_dcmix.plotting.evidence_layout import EvidenceLayout
from keras_dcmix.plotting.evidence_rows import LEVEL, EvidenceRows
from keras_dcmix.plotting.style import background, blend, minus, muted, text_color
from keras_dcmix.plotting.verdict_style import verdict_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SMALL = 0.85


def draw_forest(
    ax: Axes, layout: EvidenceLayout, rows: EvidenceRows, gain: str, left: float
) -> Axes:
    """Draws a gain of all channels.

    Args:
        ax: Axes of `plot_evidence`, in points.
        layout: Where the rows are.
        rows: What is drawn.
        gain: `"alone"` or `"unique"`.
        left: Left end of the column.
    """
    size, tall = layout.size, rows.number * layout.row
    box = (left, layout.top - tall, layout.forest_width, tall)
    forest = ax.inset_axes(box, transform=ax.transData, label=gain)
    forest.patch.set_visible(False)
    forest.set(xlim=rows.limits(gain), ylim=(rows.number, 0), yticks=[])
    _draw_frame(forest, layout)
    for row, (_, channel) in enumerate(rows.shown.iterrows()):
        _draw_gain(forest, row + 0.5, *(channel[f"{gain}{end}"] for end in ("", "_low", "_high")),
                   is_shown=channel[f"{gain}_p"] <= LEVEL,
                   color=verdict_color(ax, channel["verdict"]), size=size)  # fmt: skip
    if len(rows.others):
        x = rows.others[gain].to_numpy()
        y = np.full(len(x), len(rows.shown) + 0.5)
        tick: dict[str, Any] = {"marker": "|", "markersize": 0.9 * size, "markeredgewidth": 0.7}
        forest.plot(x, y, linestyle="none", color=muted(ax), label="_others", **tick)
    return forest


def _draw_frame(forest: Axes, layout: EvidenceLayout) -> None:
    """Draws the axis below and the line of no gain."""
    ax, small = forest, _SMALL * layout.size
    forest.spines[["top", "right", "left"]].set_visible(False)
    forest.spines["bottom"].set(color=muted(ax), linewidth=0.8)
    most = max(2, min(5, int(layout.forest_width / (3.4 * small))))
    forest.xaxis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    forest.xaxis.set_major_formatter(lambda value, _: minus(f"{value:g}"))
    forest.tick_params(axis="x", length=3, width=0.8, color=muted(ax), labelsize=small)
    forest.set_xlabel("nats per image", fontsize=small, color=muted(ax), labelpad=1)
    grid = blend(text_color(), background(ax), 0.12)
    forest.grid(axis="x", color=grid, linewidth=0.6)
    forest.set_axisbelow(True)
    forest.axvline(0, color=text_color(), linewidth=0.9, zorder=2)


def _draw_gain(
    forest: Axes,
    row: float,
    value: float,
    low: float,
    high: float,
    *,
    is_shown: bool,
    color: str,
    size: float,
) -> None:
    """Draws an estimate and its interval; an arrow where the interval goes on."""
    first, last = forest.get_xlim()
    if np.isfinite([low, high]).all():
        forest.plot([max(low, first), min(high, last)], [row, row], color=color, linewidth=1.6,
                    solid_capstyle="butt", zorder=3, label="_interval")  # fmt: skip
        ends = ((first, "<", low < first), (last, ">", high > last))
        for end, arrow, goes_on in ends:
            if goes_on:
                forest.plot(end, row, marker=arrow, color=color, markersize=0.4 * size,
                            clip_on=False, zorder=3, label="_arrow")  # fmt: skip
    face = color if is_shown else background(forest)
    forest.scatter(
        value, row, s=(0.68 * size) ** 2, facecolor=face, edgecolor=color, linewidth=1.4, zorder=4
    )
