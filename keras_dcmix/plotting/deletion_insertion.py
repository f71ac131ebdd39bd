"""Scores along deletion and insertion of channels, for the orders of several methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import MaxNLocator

from keras_dcmix._common.errors import MethodError
from keras_dcmix.plotting.style import (
    CATEGORIES,
    LITERAL,
    axes_or_new,
    background,
    blend,
    clean,
    minus,
    muted,
    shorten,
    text_color,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NEEDED = ("order", "deletion", "insertion", "deletion_area", "insertion_area")
_SHOWN_OF_MANY = len(CATEGORIES)
_LONGEST_NAME = 28
_DASHES = (0, (4, 2))
_ROW = 1.5  # font sizes from one line of the table to the next


def plot_deletion_insertion(
    curves: Mapping[str, Mapping[str, Any]], *, unit: str = "", ax: Axes | None = None
) -> Axes:
    """Draws, for each method, the score with its most and with its least important channels.

    From left to right more channels are in the image. The solid line is insertion, the most
    important channels first; the dashed line is deletion read backwards, the least important
    first. Both start with no channel and end with all channels, and the larger the gap between
    them, the better the method's order. The table on the right lists the mean height of both lines
    and their gap, the best method first. The six best are coloured and the others grey.

    Args:
        curves: For each method its curves, as in `keras_dcmix.importance.curves_along` and in the
            `details` of `deletion_insertion`, all of the same channels.
        unit: Scale of the score, such as `"accuracy"`, for the y-axis.
        ax: Axes to draw into. By default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If there is no method, an entry is missing, or channels differ.

    Example:
        >>> curves = {"dcmix": {"order": ("DNA", "ER"), "deletion": [0.9, 0.6, 0.5],
        ...     "insertion": [0.5, 0.8, 0.9], "deletion_area": 0.65, "insertion_area": 0.75}}
        >>> plot_deletion_insertion(curves, unit="accuracy").get_ylabel()
        'accuracy'
    """
    _check(curves)
    gaps = {name: c["insertion_area"] - c["deletion_area"] for name, c in curves.items()}
    names = sorted(curves, key=lambda name: -gaps[name])
    ax = axes_or_new(ax, 7.6, max(3.8, 1.4 + 0.021 * mpl.rcParams["font.size"] * len(names)))
    grey = blend(text_color(), background(ax), 0.3)
    colors = [*CATEGORIES[:_SHOWN_OF_MANY], *[grey] * (len(names) - _SHOWN_OF_MANY)]
    for rank, (name, color) in enumerate(zip(names, colors, strict=False)):
        _draw_lens(ax, name, curves[name], color, rank)
    _finish(ax, len(curves[names[0]]["order"]), unit)
    _list_areas(ax, [(name, curves[name], gaps[name]) for name in names], colors)
    return ax


def _check(curves: Mapping[str, Mapping[str, Any]]) -> None:
    if not curves:
        raise MethodError("`curves` must contain at least one method. Received: none")
    first = next(iter(curves))
    for name, entries in curves.items():
        missing = [entry for entry in _NEEDED if entry not in entries]
        if missing:
            raise MethodError(
                f"`curves` of {name!r} must have the entries {', '.join(_NEEDED)}, as from "
                f"`curves_along`. Received: none for {', '.join(missing)}"
            )
        if set(entries["order"]) != set(curves[first]["order"]):
            raise MethodError(
                f"`curves` must be of the same channels. Received: {', '.join(entries['order'])} "
                f"for {name!r}, {', '.join(curves[first]['order'])} for {first!r}"
            )


def _draw_lens(ax: Axes, name: str, entries: Mapping[str, Any], color: str, rank: int) -> None:
    """Draws the two lines of a method; the best method is on top and filled."""
    inserted, kept_worst = np.asarray(entries["insertion"]), np.asarray(entries["deletion"])[::-1]
    counts = np.arange(len(inserted))
    width = 2.0 if rank == 0 else 1.4 if rank < _SHOWN_OF_MANY else 0.8
    style: dict[str, Any] = {"color": color, "linewidth": width, "zorder": 4 - 0.01 * rank}
    ax.plot(counts, inserted, label=name, solid_capstyle="round", **style)
    ax.plot(counts, kept_worst, label=f"_{name}, deletion", linestyle=_DASHES, **style)
    if rank == 0:
        faint = blend(color, background(ax), 0.1)
        ax.fill_between(counts, inserted, kept_worst, color=faint, linewidth=0, zorder=1)


def _finish(ax: Axes, num_channels: int, unit: str) -> None:
    clean(ax)
    ax.set_xlim(0, num_channels)
    ax.margins(y=0.05)
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.set_xlabel("channels in the image")
    ax.set_ylabel(unit or "score")
    ax.set_title(
        "solid: insertion, most important first; dashed: deletion, least important remain",
        loc="left",
        fontsize=0.9 * mpl.rcParams["font.size"],
        color=muted(ax),
    )


def _list_areas(
    ax: Axes, rows: list[tuple[str, Mapping[str, Any], float]], colors: list[str]
) -> None:
    """Writes a table to the right of the axes: a line of each method's colour, areas, name."""
    size = 0.9 * mpl.rcParams["font.size"]
    columns = {"insertion": 5.6, "deletion": 10.8, "gap": 14.8}  # right ends, in font sizes

    def write(text: str, column: float, row: float, **style: Any) -> None:
        ax.annotate(
            text,
            (1, 1),
            (column * size, -(row + 0.6) * _ROW * size),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=size,
            va="center",
            annotation_clip=False,
            **{"color": text_color(), **style},
            **LITERAL,
        )

    for column, title in zip(columns.values(), ("insertion", "deletion", "gap"), strict=True):
        write(title, column, 0, ha="right", color=muted(ax))
    for row, ((name, entries, gap), color) in enumerate(zip(rows, colors, strict=False), start=1):
        numbers = (entries["insertion_area"], entries["deletion_area"], gap)
        for column, number in zip(columns.values(), numbers, strict=True):
            write(minus(f"{number:.2f}"), column, row, ha="right")
        write("\N{BLACK SQUARE}", columns["gap"] + 1.2, row, ha="left", color=color)
        write(shorten(name, _LONGEST_NAME), columns["gap"] + 2.6, row, ha="left")
