"""Predictions for wells where they lie on their plates."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, Patch, Rectangle

from keras_dcmix._common.wording import natural_key, quantity
from keras_dcmix.plotting.folding import folded
from keras_dcmix.plotting.plate_wells import Place, places_of, plate_format, row_name
from keras_dcmix.plotting.predicted_groups import (
    PredictedGroups,
    predicted_groups,
    probability_colors,
)
from keras_dcmix.plotting.style import (
    LITERAL,
    axes_or_new,
    background,
    blend,
    contrasting,
    cut,
    laid_out,
    muted,
    text_color,
    text_width,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

PLATES = 12
_LEFT, _HEAD, _COLUMNS, _GAP = 1.6, 2.4, 1.1, 0.8  # in wells: row letters, above, between plates
_FOOT = 3.8  # sizes of the text: the legend below all plates
_WIDEST = 8.4  # inches


def plot_plate(
    table: pd.DataFrame, *, of: str | None = None, top: int | None = PLATES, ax: Axes | None = None
) -> Axes:
    """Draws plates with a mark for each well, coloured by a predicted probability.

    With two classes the mark is a circle for the first and a square for the second one. A cross
    marks a well whose predicted class is wrong. Wells without images are empty. A well that holds
    several classes has the mean of its images, and no cross.

    Args:
        table: A row a well and true class with the columns `group`, `label`, `predicted`,
            `images`, `p:CLASS` for each class, and `plate` where it is known, as in `wells.csv`.
            Groups are named `A01`, `P1_A01` or `plate/A01`.
        of: A class, whose probability is drawn. By default the second of two classes; with more
            classes the true class of each well.
        top: How many plates are drawn, at least 1; `None` for all.
        ax: Axes that are replaced by the plates. By default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If groups are not wells, a column is missing, the class is unknown, or `top` is
            neither a whole number of at least 1 nor `None`.

    Example:
        >>> import pandas as pd
        >>> wells = pd.DataFrame({"group": ["A01", "B02"], "label": ["DMSO", "Taxol"],
        ...     "predicted": "Taxol", "images": 9, "p:DMSO": [0.4, 0.1], "p:Taxol": [0.6, 0.9]})
        >>> [text.get_text() for text in plot_plate(wells).texts if text.get_gid() == "title"]
        ['probability of Taxol']
    """
    found = predicted_groups(table, of)
    wells = _wells(found)
    rows, columns = plate_format(wells)
    plates = folded(sorted({each.plate for each in wells}, key=natural_key), top)
    across = _plates_across(len(plates.shown), rows, columns)
    down = ceil(len(plates.shown) / across)
    width = across * (columns + _LEFT + _GAP)
    inches, size = min(0.42, _WIDEST / width), mpl.rcParams["font.size"]
    has_names = any(plates.shown)
    head = max(_HEAD, 2.4 * size / (72 * inches)) if has_names else _COLUMNS
    height = down * (rows + head + _GAP)
    ax = axes_or_new(ax, max(width * inches + 0.2, 4.2), height * inches + _FOOT * size / 72 + 0.2)
    ax.axis("off")
    points = laid_out(ax)
    size = min(size, points[0] / 26)
    unit = min(points[0] / width, (points[1] - _FOOT * size) / height)
    ax.set(xlim=(0, points[0] / unit), ylim=(points[1] / unit, 0), aspect="equal")
    for number, plate in enumerate(plates.shown):
        down_to, right_to = divmod(number, across)
        corner = right_to * (columns + _LEFT + _GAP) + _LEFT, down_to * (rows + head + _GAP) + head
        _draw_plate(ax, corner, (rows, columns), plate, unit, size)
        _draw_wells(ax, corner, {w: v for w, v in wells.items() if w.plate == plate}, found, unit)
    _write_legend(ax, found, height, unit, size)
    if plates.others:
        text = f"{quantity(len(plates.others), 'other plate')} not shown"
        ax.text(
            width, height + 0.2, text, fontsize=0.85 * size, color=muted(ax), ha="right", va="top"
        )
    return ax


_Well = tuple[float, int | None, bool]  # probability, class, whether it is wrong


def _wells(found: PredictedGroups) -> dict[Place, _Well]:
    """What is drawn of each well."""
    table = found.table
    places = places_of(table["group"])
    if "plate" in table:
        places = [
            Place(each.plate or str(plate), each.row, each.column)
            for each, plate in zip(places, table["plate"], strict=True)
        ]
    images = table["images"].to_numpy() if "images" in table else np.ones(len(table))
    labels = [found.classes.index(str(each)) for each in table["label"]]
    wells: dict[Place, _Well] = {}
    for place in dict.fromkeys(places):
        rows = [row for row, each in enumerate(places) if each == place]
        value = float(np.average(found.values[rows], weights=images[rows]))
        is_one = len(rows) == 1
        wrong = is_one and bool(found.are_wrong[rows[0]])
        wells[place] = value, labels[rows[0]] if is_one else None, wrong
    return wells


def _plates_across(number: int, rows: int, columns: int) -> int:
    """How many plates are side by side, for a figure that is about as tall as it is wide."""
    ratio = (rows + _HEAD + _GAP) / (columns + _LEFT + _GAP)
    if number <= 2 and columns > 12:
        return 1
    return min(number, max(1, round((number * ratio) ** 0.5 + 0.2)))


def _draw_plate(
    ax: Axes,
    corner: tuple[float, float],
    shape: tuple[int, int],
    plate: str,
    unit: float,
    size: float,
) -> None:
    """Draws the empty wells, with letters and numbers."""
    (left, top), (rows, columns) = corner, shape
    line = blend(text_color(), background(ax), 0.2)
    box = (left - 0.15, top - 0.15), columns + 0.3, rows + 0.3
    ax.add_patch(Rectangle(*box, facecolor="none", edgecolor=line, linewidth=0.8))
    empty = [
        Circle((left + column + 0.5, top + row + 0.5), 0.36)
        for row in range(rows)
        for column in range(columns)
    ]
    ax.add_collection(PatchCollection(empty, facecolor="none", edgecolor=line, linewidth=0.4))
    small = min(0.8 * size, 0.9 * unit)
    # Letters as large as a well cannot be read on a plate with 1536 of them.
    step = max(1, ceil(5.5 / max(small, 0.1)))
    style: dict[str, Any] = {"fontsize": max(small, 5), "color": muted(ax)}
    for row in range(0, rows, step):
        ax.text(left - 0.4, top + row + 0.5, row_name(row), ha="right", va="center", **style)
    step = max(step, ceil(1.5 * max(small, 5) / unit))
    for column in range(0, columns, step):
        x = left + column + 0.5
        ax.text(x, top - 0.35, f"{column + 1}", ha="center", va="bottom", **style)
    if plate:
        name = cut(plate, unit * columns, size)
        up = top - 0.5 - 1.3 * max(small, 5) / unit
        ax.text(left, up, name, fontsize=size, fontweight="bold", va="bottom", **LITERAL)


def _mark(center: tuple[float, float], label: int | None, num_classes: int) -> Patch:
    """A square for the second of two classes, otherwise a circle."""
    x, y = center
    if num_classes == 2 and label == 1:
        return Rectangle((x - 0.36, y - 0.36), 0.72, 0.72)
    return Circle(center, 0.4)


def _draw_wells(
    ax: Axes,
    corner: tuple[float, float],
    wells: dict[Place, _Well],
    found: PredictedGroups,
    unit: float,
) -> None:
    colors = probability_colors(ax, found)
    marks, faces = [], []
    for place, (value, label, is_wrong) in wells.items():
        center = corner[0] + place.column + 0.5, corner[1] + place.row + 0.5
        marks.append(_mark(center, label, len(found.classes)))
        faces.append(to_hex(colors(value)))
        if is_wrong:
            ax.plot(*center, marker="x", markersize=0.38 * unit, markeredgewidth=0.07 * unit,
                    color=contrasting(faces[-1]), zorder=4, label="_wrong")  # fmt: skip
    edge = blend(text_color(), background(ax), 0.6)
    ax.add_collection(
        PatchCollection(marks, facecolor=faces, edgecolor=edge, linewidth=0.5, zorder=3)
    )


def _write_legend(ax: Axes, found: PredictedGroups, top: float, unit: float, size: float) -> None:
    """Draws the scale of colours, and says what marks are."""
    colors, line = probability_colors(ax, found), size / unit
    small = 0.9 * size
    y = top + 0.2 + 0.9 * line
    style: dict[str, Any] = {"va": "center_baseline", "fontsize": small, **LITERAL}
    ax.text(_LEFT, y, found.title, gid="title", **style)
    x = _LEFT + text_width(found.title, small) / unit + line
    for end, text in zip((0, 1), ("0%", "100%"), strict=True):
        if end:
            for part in np.linspace(0, 1, 40):
                place = x + 4 * line * part, y - 0.4 * line
                face = to_hex(colors(part))
                ax.add_patch(Rectangle(place, 0.11 * line, 0.8 * line, facecolor=face, linewidth=0))
            x += 4.6 * line
        ax.text(x, y, text, color=muted(ax), **style)
        x += (text_width(text, small) + 0.4 * size) / unit
    y += 1.5 * line
    x = _LEFT
    for number, name in enumerate(found.classes if len(found.classes) == 2 else ()):
        edge: dict[str, Any] = {"facecolor": "none", "edgecolor": text_color(), "linewidth": 0.8}
        r = 0.4 * line
        shape: Patch = Circle((x + r, y), r, **edge)
        if number:
            shape = Rectangle((x, y - r), 2 * r, 2 * r, **edge)
        ax.add_patch(shape)
        text = cut(name, 14 * size, small)
        ax.text(x + 1.2 * line, y, text, **style)
        x += 2.4 * line + text_width(text, small) / unit
    if found.are_wrong.any():
        ax.plot(x, y, marker="x", markersize=0.6 * size, color=text_color(), label="_legend")
        ax.text(x + 0.8 * line, y, "another class is predicted", **style)
