"""The legend below plates: the scale of colours, and what marks are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, Patch, Rectangle

from keras_dcmix.plotting.predicted_groups import PredictedGroups, probability_colors
from keras_dcmix.plotting.style import LITERAL, cut, muted, text_color, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEPS = 40  # of the scale of colours


def write_legend(
    ax: Axes, found: PredictedGroups, corner: tuple[float, float], unit: float, size: float
) -> None:
    """Draws the scale of colours, and below it what marks are.

    Args:
        ax: Axes in widths of a well, with y downwards.
        found: What is predicted.
        corner: The upper left end.
        unit: Width of a well in points.
        size: Size of the text in points.
    """
    (left, top), line = corner, size / unit
    _draw_scale(ax, found, (left, top + 0.9 * line), unit, size)
    y = top + 2.4 * line
    x = _draw_shapes(ax, found, (left, y), unit, size) if len(found.classes) == 2 else left
    if found.are_wrong.any():
        ax.plot(x, y, marker="x", markersize=0.6 * size, color=text_color(), label="_legend")
        ax.text(x + 0.8 * line, y, "another class is predicted", **_style(size))


def _style(size: float) -> dict[str, Any]:
    return {"va": "center_baseline", "fontsize": 0.9 * size, **LITERAL}


def _draw_scale(
    ax: Axes, found: PredictedGroups, corner: tuple[float, float], unit: float, size: float
) -> None:
    """Draws what is shown, 0%, its colours and 100%, in a line."""
    (x, y), line, small = corner, size / unit, 0.9 * size
    colors, style = probability_colors(ax, found), _style(size)
    ax.text(x, y, found.title, gid="title", **style)
    x += text_width(found.title, small) / unit + line
    ax.text(x, y, "0%", color=muted(ax), **style)
    x += (text_width("0%", small) + 0.4 * size) / unit
    for part in np.linspace(0, 1, _STEPS):
        place = x + 4 * line * part, y - 0.4 * line
        box: dict[str, Any] = {"facecolor": to_hex(colors(part)), "linewidth": 0}
        ax.add_patch(Rectangle(place, 0.11 * line, 0.8 * line, **box))
    ax.text(x + 4.6 * line, y, "100%", color=muted(ax), **style)


def _draw_shapes(
    ax: Axes, found: PredictedGroups, corner: tuple[float, float], unit: float, size: float
) -> float:
    """Draws a circle and a square with the names of two classes; returns where they end."""
    (x, y), line, small = corner, size / unit, 0.9 * size
    edge: dict[str, Any] = {"facecolor": "none", "edgecolor": text_color(), "linewidth": 0.8}
    r = 0.4 * line
    for number, name in enumerate(found.classes):
        shape: Patch = Circle((x + r, y), r, **edge)
        if number:
            shape = Rectangle((x, y - r), 2 * r, 2 * r, **edge)
        ax.add_patch(shape)
        text = cut(name, 14 * size, small)
        ax.text(x + 1.2 * line, y, text, **_style(size))
        x += 2.4 * line + text_width(text, small) / unit
    return x
