"""Typical and worst cells of each class, in colour, with the probability of their class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import matplotlib as mpl
import numpy as np
from matplotlib.patches import Rectangle

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.wording import percent, quantity
from keras_dcmix.plotting.composite import composites, key_colors, scale_bar
from keras_dcmix.plotting.folding import folded
from keras_dcmix.plotting.pictures import add_picture, checked_names, picture_canvas
from keras_dcmix.plotting.style import LITERAL, cut, muted, text_color, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLASSES = 6
MOST_CHANNELS = 3  # of a composite; more colours cannot be told apart where they overlap
_KINDS = ("typical", "worst")
_GAP, _BETWEEN = 0.06, 0.4  # in widths of a picture: between cells, between typical and worst
_HEAD, _LINE, _NAMES = 1.6, 1.25, 9.0  # sizes of the text
_INCHES = 1.05


class CellsOfClass(Protocol):
    """Examples of one class."""

    @property
    def label(self) -> str:
        """Name of the class."""

    @property
    def images(self) -> np.ndarray:
        """`(cells, height, width, channels)`, raw pixels."""

    @property
    def probabilities(self) -> np.ndarray:
        """`(cells,)` probability of the class, 0 to 1."""

    @property
    def groups(self) -> Sequence[str]:
        """Well, plate or experiment of each cell."""


class Cells(Protocol):
    """Examples of all classes, such as `ranking.cells`."""

    @property
    def typical(self) -> Sequence[CellsOfClass]:
        """Cells with a high probability of their class, an entry a class."""

    @property
    def worst(self) -> Sequence[CellsOfClass]:
        """Those with the lowest, in the same order."""

    @property
    def pixel_size(self) -> float | None:
        """Width of a pixel in micrometres; `None` where it is not known."""


def plot_cells(
    cells: Cells,
    *,
    channel_names: Sequence[str],
    channels: Sequence[str] | None = None,
    top: int | None = CLASSES,
    ax: Axes | None = None,
) -> Axes:
    """Shows typical cells of each class on the left and the worst ones on the right.

    Typical cells have a high probability of their class, the worst ones the lowest. Channels are
    coloured green, magenta and blue, with the same limits for all cells (percentiles 1 and 99.5);
    a single channel is grey. Below each cell stand its probability and its group. Where the size
    of a pixel is known, a scale bar is in the first cell.

    Args:
        cells: Examples, such as `ranking.cells`.
        channel_names: One name for each channel of the images.
        channels: Up to three of them to show; by default the first three.
        top: How many classes are shown, at least 1; `None` for all.
        ax: Axes that are replaced by the cells. By default a new figure.

    Returns:
        The axes; the cells are its `child_axes`.

    Raises:
        ValueError: If there is no class, names do not fit the images, a channel is unknown, there
            are more than three channels, or `top` is neither a whole number of at least 1 nor
            `None`.

    Example:
        >>> from types import SimpleNamespace
        >>> images = np.random.default_rng(0).random((2, 8, 8, 1))
        >>> some = SimpleNamespace(
        ...     label="Taxol", images=images, probabilities=[0.9, 0.8], groups=["A01", "B02"])
        >>> cells = SimpleNamespace(typical=[some], worst=[some], pixel_size=0.5)
        >>> ax = plot_cells(cells, channel_names=["DNA"])
        >>> len(ax.child_axes)
        4
    """
    if not cells.typical:
        raise DataError("`cells` must hold at least one class. Received: none")
    which = _channels(cells, channel_names, channels)
    rows = folded([each.label for each in cells.typical], top)
    number = len(rows.shown)
    shown = list(zip(cells.typical[:number], cells.worst[:number], strict=True))
    raw = [[each.images[..., which] for each in pair] for pair in shown]
    pictures = composites(raw, len(which))
    layout = _layout(pictures)
    ax, points = picture_canvas(ax, layout.width, layout.height, _INCHES)
    size = layout.em * points
    for kind, left in zip(_KINDS, layout.lefts, strict=True):
        _text(ax, left, layout.height - 0.9 * layout.em, f"{kind} cells", size, fontweight="bold")
    drawn: list[Axes] = []
    for row, (pair, parts) in enumerate(zip(shown, pictures, strict=True)):
        up = layout.up(row)
        label = cut(pair[0].label, (_NAMES - 0.8) * size, size)
        _text(ax, 0, up - layout.tall / 2, label, size)
        for left, found, pixels in zip(layout.lefts, pair, parts, strict=True):
            drawn += _draw_cells(ax, layout, (left, up), found, pixels, points)
    if cells.pixel_size and drawn:
        scale_bar(drawn[0], pictures[0][0].shape[1:], cells.pixel_size, 0.8 * size)
    names = [channel_names[each] for each in which]
    _write_key(ax, layout.lefts[0], 0.5 * layout.em, names, size, points)
    if rows.others:
        text = f"{quantity(len(rows.others), 'other class')} not shown"
        _text(ax, layout.width, 0.5 * layout.em, text, 0.85 * size, color=muted(ax), ha="right")
    return ax


class _Layout(NamedTuple):
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


def _layout(pictures: Sequence[Sequence[np.ndarray]]) -> _Layout:
    em = mpl.rcParams["font.size"] / (72 * _INCHES)
    typical, worst = (max(len(pair[kind]) for pair in pictures) for kind in range(2))
    tall = max(part.shape[1] / part.shape[2] for pair in pictures for part in pair)
    first = _NAMES * em
    second = first + typical * (1 + _GAP) + _BETWEEN
    row = tall + (2 * _LINE + 0.6) * em
    height = (_HEAD + 1.6) * em + len(pictures) * row
    return _Layout(second + worst * (1 + _GAP) - _GAP, height, tall, em, row, (first, second))


def _draw_cells(
    ax: Axes,
    layout: _Layout,
    corner: tuple[float, float],
    found: CellsOfClass,
    pixels: np.ndarray,
    points: float,
) -> list[Axes]:
    """Shows some cells of a class side by side, from their upper left corner."""
    drawn = []
    (left, up), em = corner, layout.em
    size = em * points
    below = up - layout.tall
    for place, picture in enumerate(pixels):
        x = left + place * (1 + _GAP)
        box = (x, layout.height - up, 1, layout.tall)
        drawn.append(add_picture(ax, box, picture, (0, 1)))
        group = cut(str(found.groups[place]), 0.95 * points, 0.8 * size)
        _text(ax, x, below - 0.8 * em, percent(float(found.probabilities[place])), 0.9 * size)
        _text(ax, x, below - 1.9 * em, group, 0.8 * size, color=muted(ax))
    return drawn


def _channels(
    cells: Cells, channel_names: Sequence[str], channels: Sequence[str] | None
) -> list[int]:
    """Indices of the channels to show."""
    number = cells.typical[0].images.shape[-1]
    names = checked_names("channel_names", channel_names, number, "channel")
    chosen = names[:MOST_CHANNELS] if channels is None else list(channels)
    unknown = [each for each in chosen if each not in names]
    if unknown or not 1 <= len(chosen) <= MOST_CHANNELS:
        raise DataError(
            f"{argument('channels')} must be 1 to {MOST_CHANNELS} of the names in `channel_names`. "
            f"Received: {argument('channels', chosen)}"
        )
    return [names.index(each) for each in chosen]


def _text(ax: Axes, x: float, y: float, text: str, size: float, **style: Any) -> None:
    style = {"va": "center_baseline", "color": text_color(), **style}
    ax.text(x, y, text, fontsize=size, **style, **LITERAL)


def _write_key(
    ax: Axes, x: float, y: float, names: Sequence[str], size: float, points: float
) -> None:
    """Says which colour is which channel; a single channel is grey."""
    em, small = size / points, 0.9 * size
    for name, color in zip(names, key_colors(len(names)), strict=True):
        box = (x, y - 0.35 * em), 0.7 * em, 0.7 * em
        ax.add_patch(Rectangle(*box, facecolor=color, edgecolor=muted(ax), linewidth=0.5))
        text = cut(str(name), 12 * size, small)
        _text(ax, x + 1.1 * em, y, text, small)
        x += text_width(text, small) / points + 2.4 * em
