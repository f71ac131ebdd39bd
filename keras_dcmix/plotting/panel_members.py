"""The channels of panels, below their scores: a dot for each channel of each panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

from keras_dcmix.plotting.best_panels import BestPanels
from keras_dcmix.plotting.style import (
    BLUE,
    LINE,
    LITERAL,
    ORANGE,
    background,
    blend,
    laid_out,
    muted,
    shorten,
    text_color,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONGEST_NAME = 32  # letters


def draw_members(ax: Axes, panels: BestPanels, share: float) -> None:
    """Draws one dot for each panel and channel, filled where the channel is in the panel."""
    num_rows = len(panels.labels)
    heights = _heights(num_rows, share)
    for height in heights[::2]:
        stripe = blend(text_color(), background(ax), 0.05)
        half = share / num_rows / 2
        ax.axhspan(*_scores_at(ax, height - half, height + half), color=stripe, lw=0, zorder=-1)
    width, tall = laid_out(ax)
    cell = min(width / len(panels.places), tall * share / num_rows)
    places = np.array(list(np.ndindex(panels.filled.shape)))
    filled = panels.filled.ravel()
    inside = filled > 0
    chosen, sufficient = places[:, 0] == panels.chosen, panels.sufficient[places[:, 0]]
    absent = blend(text_color(), background(ax), 0.16)
    # In very narrow columns dots touch: as lines they are still visible.
    pale, dot = blend(BLUE, background(ax), 0.45), min((0.62 if cell > 6 else 1) * cell, 9)
    areas = np.where(inside, filled * dot**2, min(0.24 * cell, 3) ** 2)
    for is_drawn, color in (
        (~inside, absent),
        (inside & ~sufficient, pale),
        (inside & sufficient & ~chosen, BLUE),
        (inside & chosen, ORANGE),
    ):
        at, sizes = places[is_drawn], np.unique(areas[is_drawn])
        ax.scatter(
            at[:, 0],
            heights[at[:, 1]],
            # Dots of one size are stored once, which makes a small file.
            s=sizes if len(sizes) == 1 else areas[is_drawn],
            color=color,
            linewidths=0,
            transform=ax.get_xaxis_transform(),
            zorder=2,
        )


def _heights(num_rows: int, share: float) -> np.ndarray:
    """Returns the height of each row, as a fraction of the axes, from top to bottom."""
    return share * (1 - (np.arange(num_rows) + 0.5) / num_rows) * 0.97


def _scores_at(ax: Axes, *heights: float) -> list[float]:
    """Converts fractions of the axes to positions on the axis of scores."""
    low, high = ax.get_ylim()
    return [low + height * (high - low) for height in heights]


def label_channels(ax: Axes, panels: BestPanels, share: float) -> None:
    """Writes channel names beside their rows, in grey where the channel can be dropped."""
    _, height = laid_out(ax)
    names = panels.labels
    column = -1 if panels.chosen is None else panels.chosen
    kept = panels.filled[column] > 0
    size = min(mpl.rcParams["font.size"], LINE * height * share / len(names))
    for name, is_kept, place in zip(names, kept, _heights(len(names), share), strict=True):
        ax.annotate(
            shorten(name, LONGEST_NAME),
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
