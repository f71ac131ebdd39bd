"""Predictions for groups that are not wells, as dots beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import PercentFormatter

from keras_dcmix.plotting.folding import ROWS, folded
from keras_dcmix.plotting.predicted_groups import predicted_groups
from keras_dcmix.plotting.style import (
    LINE,
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
from keras_dcmix.plotting.verdict_style import is_dark

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_LONGEST_NAME = 24


def plot_groups(
    table: pd.DataFrame, *, of: str | None = None, top: int | None = ROWS, ax: Axes | None = None
) -> Axes:
    """Draws a predicted probability of each group as a dot, a row a true class.

    Open dots are groups whose predicted class is wrong. The more two rows overlap, the less a
    group says about its class. For wells, `plot_plate` shows where they lie.

    Args:
        table: A row a group and true class with the columns `group`, `label`, `predicted` and
            `p:CLASS` for each class, as in `wells.csv`.
        of: A class, whose probability is drawn. By default the second of two classes; with more
            classes the true class of each group.
        top: How many classes have a row, at least 1; `None` for all.
        ax: Axes to draw into. By default a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: If a column is missing, the class is unknown, or `top` is neither a whole
            number of at least 1 nor `None`.

    Example:
        >>> import pandas as pd
        >>> donors = pd.DataFrame({"group": ["donor 1", "donor 2"], "label": ["ill", "well"],
        ...     "predicted": "ill", "p:ill": [0.9, 0.6], "p:well": [0.1, 0.4]})
        >>> plot_groups(donors).get_xlabel()
        'probability of well'
    """
    found = predicted_groups(table, of)
    labels = found.table["label"].astype(str).to_numpy()
    rows = folded([each for each in found.classes if each in labels], top)
    ax = axes_or_new(ax, 6.4, 1.2 + 0.42 * len(rows.rows))
    blue = "#56B4E9" if is_dark(ax) else "#0072B2"
    for row, name in enumerate(rows.rows):
        are_others = row == len(rows.shown)
        mine = np.isin(labels, rows.others) if are_others else labels == name
        values, wrong = found.values[mine], found.are_wrong[mine]
        # Steps of the golden ratio spread any number of dots evenly and reproducibly.
        heights = row + ((np.arange(len(values)) * 0.618034 + 0.5) % 1 - 0.5) * 0.55
        faces = np.where(wrong, background(ax), blend(blue, background(ax), 0.8))
        ax.scatter(values, heights, s=22, c=faces, edgecolors=blue, linewidths=1, zorder=3)
    _finish(ax, rows.rows, found.title, has_wrong=bool(found.are_wrong.any()))
    return ax


def _finish(ax: Axes, names: list[str], title: str, *, has_wrong: bool) -> None:
    clean(ax)
    ax.spines["left"].set_visible(False)
    ax.set(xlim=(-0.02, 1.02), ylim=(len(names) - 0.4, -0.6))
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(axis="x", color=blend(text_color(), background(ax), 0.12), linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_yticks(range(len(names)), [shorten(each, _LONGEST_NAME) for each in names], **LITERAL)
    _, height = laid_out(ax)
    size = min(mpl.rcParams["font.size"], LINE * height / len(names))
    ax.tick_params(axis="y", length=0, labelsize=size)
    ax.set_xlabel(title, **LITERAL)
    if has_wrong:
        ax.set_title("open dots: another class is predicted", loc="right", fontsize="small",
                     color=muted(ax))  # fmt: skip
