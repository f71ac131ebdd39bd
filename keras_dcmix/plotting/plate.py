"""Predictions for wells where they lie on their plates."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, Patch, Rectangle

from keras_dcmix._common.wording import natural_key, quantity
from keras_dcmix.plotting.folding import folded
from keras_dcmix.plotting.plate_grid import LEFT, plate_grid
from keras_dcmix.plotting.plate_legend import write_legend
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
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

PLATES = 12


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
    plates = folded(sorted({each.plate for each in wells}, key=natural_key), top)
    grid = plate_grid(plates.shown, plate_format(wells))
    ax = axes_or_new(ax, *grid.inches)
    ax.axis("off")
    size, unit = grid.fitted(laid_out(ax))
    width, height = (points / unit for points in laid_out(ax))
    ax.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    for number, plate in enumerate(plates.shown):
        mine = {place: well for place, well in wells.items() if place.plate == plate}
        _draw_plate(ax, grid.corner(number), grid.shape, plate, unit, size)
        _draw_wells(ax, grid.corner(number), mine, found, unit)
    write_legend(ax, found, (LEFT, grid.height + 0.2), unit, size)
    if plates.others:
        place = grid.width, grid.height + 0.2
        text = f"{quantity(len(plates.others), 'other plate')} not shown"
        ax.text(*place, text, fontsize=0.85 * size, color=muted(ax), ha="right", va="top")
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
