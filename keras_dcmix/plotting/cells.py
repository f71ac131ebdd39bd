"""Typical and worst cells of each class, in colour, with the probability of their class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import matplotlib as mpl
import numpy as np
from matplotlib.patches import Rectangle

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.wording import percent, quantity, quoted
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


class Cells(Protocol):
    """Examples of each class, such as `ranking.cells`.

    Attributes:
        images: For each class its typical and its worst cells, `(cells, height, width, channels)`
            each, raw pixels.
        probabilities: In the same order, the probability of the true class of each cell, 0 to 1.
        groups: In the same order, the well, plate or experiment of each cell.
        pixel_size_um: Width of a pixel in micrometres; `None` where it is not known.
    """

    images: Any
    probabilities: Any
    groups: Any
    pixel_size_um: float | None


def plot_cells(
    cells: Cells,
    *,
    class_names: Sequence[str],
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
        class_names: One name for each class.
        channel_names: One name for each channel of the images.
        channels: Up to three of them to show; by default the first three.
        top: How many classes are shown, at least 1; `None` for all.
        ax: Axes that are replaced by the cells. By default a new figure.

    Returns:
        The axes; the cells are its `child_axes`.

    Raises:
        ValueError: If names do not fit the images, a channel is unknown, there are more than three
            channels, or `top` is neither a whole number of at least 1 nor `None`.

    Example:
        >>> from types import SimpleNamespace
        >>> cells = SimpleNamespace(images=np.random.default_rng(0).random((2, 2, 1, 8, 8, 1)),
        ...     probabilities=np.ones((2, 2, 1)), groups=[[["A01"]] * 2] * 2, pixel_size_um=0.5)
        >>> ax = plot_cells(cells, class_names=["DMSO", "Taxol"], channel_names=["DNA"])
        >>> len(ax.child_axes)
        4
    """
    names = checked_names("class_names", class_names, len(cells.images), "class")
    which = _channels(cells, channel_names, channels)
    rows = folded(names, top)
    shown = [[np.asarray(part)[..., which] for part in parts] for parts in cells.images]
    shown = shown[: len(rows.shown)]
    most = [max(len(parts[kind]) for parts in shown) for kind in range(2)]
    tall = max(part.shape[1] / part.shape[2] for parts in shown for part in parts if len(part))
    points_em = mpl.rcParams["font.size"]
    em = points_em / (72 * _INCHES)  # a size of the text in widths of a picture
    left = _NAMES * em
    width = left + sum(most) * (1 + _GAP) + _BETWEEN
    row = tall + (2 * _LINE + 0.6) * em
    height = _HEAD * em + len(shown) * row + 1.6 * em
    ax, points = picture_canvas(ax, width, height, _INCHES)
    size = em * points
    for kind, first in enumerate((left, left + most[0] * (1 + _GAP) + _BETWEEN)):
        if most[kind]:
            _text(ax, first, height - 0.9 * em, f"{_KINDS[kind]} cells", size, fontweight="bold")
    pictures = composites(shown, len(which))
    for number, name in enumerate(rows.shown):
        up = height - _HEAD * em - number * row
        _text(ax, 0, up - tall / 2, cut(name, (_NAMES - 0.8) * size, size), size)
        for kind, first in enumerate((left, left + most[0] * (1 + _GAP) + _BETWEEN)):
            for place, pixels in enumerate(pictures[number][kind]):
                x = first + place * (1 + _GAP)
                picture = add_picture(ax, (x, height - up, 1, tall), pixels, (0, 1))
                if not number and not kind and not place and cells.pixel_size_um:
                    scale_bar(picture, pixels.shape, cells.pixel_size_um, 0.8 * size)
                probability = float(cells.probabilities[number][kind][place])
                group = cut(str(cells.groups[number][kind][place]), 0.95 * points, 0.8 * size)
                _text(ax, x, up - tall - 0.8 * em, percent(probability), 0.9 * size)
                _text(ax, x, up - tall - 1.9 * em, group, 0.8 * size, color=muted(ax))
    _write_key(ax, left, 0.5 * em, [channel_names[each] for each in which], size, points)
    if rows.others:
        text = f"{quantity(len(rows.others), 'other class')} not shown"
        _text(ax, width, 0.5 * em, text, 0.85 * size, color=muted(ax), ha="right")
    return ax


def _channels(
    cells: Cells, channel_names: Sequence[str], channels: Sequence[str] | None
) -> list[int]:
    """Indices of the channels to show."""
    some = next((part for parts in cells.images for part in parts if len(part)), None)
    if some is None:
        raise DataError("`cells` must hold at least one cell. Received: none")
    names = checked_names("channel_names", channel_names, np.shape(some)[-1], "channel")
    chosen = names[:MOST_CHANNELS] if channels is None else list(channels)
    unknown = [each for each in chosen if each not in names]
    if unknown or not 1 <= len(chosen) <= MOST_CHANNELS:
        raise DataError(
            f"{argument('channels')} must be 1 to {MOST_CHANNELS} of the names in `channel_names`. "
            f"Received: {argument('channels', quoted(chosen))}"
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
