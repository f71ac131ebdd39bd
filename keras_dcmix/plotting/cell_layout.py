"""Where typical and worst cells stand, and the text around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.patches import Rectangle

from keras_dcmix.plotting.composite import key_colors
from keras_dcmix.plotting.style import LITERAL, cut, muted, text_color, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP, _BETWEEN = 0.06, 0.4  # in widths of a picture: between cells, between typical and worst
INCHES = 1.05  # of a picture
_HEAD, _LINE, NAMES = 1.6, 1.25, 9.0  # sizes of the text
_KINDS = ("typical", "worst")


class CellLayout(NamedTuple):
    """Positions in widths of a picture, from the lower left end."""

    width: float
    height: float
    tall: float  # of a picture
    em: float  # size of the text
    row: float
    lefts: tuple[float, float]  # of typical and worst cells

    def up(self, row: int) -> float:
        """Upper end of the pictures of a row."""
        return self.height - _HEAD * self.em - row * self.row


def lay_out(pictures: Sequence[Sequence[np.ndarray]]) -> CellLayout:
    """Positions of typical and worst cells, a row a class.

    Args:
        pictures: For each class its typical and its worst cells, `(cells, height, width, 3)`.
    """
    em = mpl.rcParams["font.size"] / (72 * INCHES)
    typical, worst = (max(len(pair[kind]) for pair in pictures) for kind in range(2))
    tall = max(part.shape[1] / part.shape[2] for pair in pictures for part in pair)
    first = NAMES * em
    second = first + typical * (1 + GAP) + _BETWEEN
    row = tall + (2 * _LINE + 0.6) * em
    height = (_HEAD + 1.6) * em + len(pictures) * row
    return CellLayout(second + worst * (1 + GAP) - GAP, height, tall, em, row, (first, second))


def write(ax: Axes, x: float, y: float, text: str, size: float, **style: Any) -> None:
    """Writes a text, centred in height, of a size in points."""
    style = {"va": "center_baseline", "color": text_color(), **style}
    ax.text(x, y, text, fontsize=size, **style, **LITERAL)


def write_heads(ax: Axes, layout: CellLayout, points: float) -> None:
    """Writes what the two kinds of cells are; `points` is the width of a picture."""
    y, size = layout.height - 0.9 * layout.em, layout.em * points
    for kind, left in zip(_KINDS, layout.lefts, strict=True):
        write(ax, left, y, f"{kind} cells", size, fontweight="bold")


def write_rest(ax: Axes, layout: CellLayout, text: str, points: float) -> None:
    """Writes what is not shown, at the lower right."""
    size = 0.85 * layout.em * points
    write(ax, layout.width, 0.5 * layout.em, text, size, color=muted(ax), ha="right")


def write_key(ax: Axes, layout: CellLayout, names: Sequence[str], points: float) -> None:
    """Says which colour is which channel; a single channel is grey."""
    em, size = layout.em, layout.em * points
    x, y, small = layout.lefts[0], 0.5 * em, 0.9 * size
    for name, color in zip(names, key_colors(len(names)), strict=True):
        box = (x, y - 0.35 * em), 0.7 * em, 0.7 * em
        ax.add_patch(Rectangle(*box, facecolor=color, edgecolor=muted(ax), linewidth=0.5))
        text = cut(str(name), 12 * size, small)
        write(ax, x + 1.1 * em, y, text, small)
        x += text_width(text, small) / points + 2.4 * em
