"""Typical and worst cells of each class, in colour, with the probability of their class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.wording import percent, quantity
from keras_dcmix.plotting.cell_layout import (
    GAP,
    INCHES,
    NAMES,
    CellLayout,
    lay_out,
    write,
    write_heads,
    write_key,
    write_rest,
)
from keras_dcmix.plotting.composite import composites, scale_bar
from keras_dcmix.plotting.folding import folded
from keras_dcmix.plotting.pictures import add_picture, checked_names, picture_canvas
from keras_dcmix.plotting.style import cut, muted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLASSES = 6
MOST_CHANNELS = 3  # of a composite; more colours cannot be told apart where they overlap


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


def plot_cells(
    cells: Cells,
    *,
    channel_names: Sequence[str],
    channels: Sequence[str] | None = None,
    pixel_size: float | None = None,
    top: int | None = CLASSES,
    ax: Axes | None = None,
) -> Axes:
    """Shows typical cells of each class on the left and the worst ones on the right.

    Typical cells have a high probability of their class, the worst ones the lowest. Channels are
    coloured green, magenta and blue, with the same limits for all cells (percentiles 1 and 99.5);
    a single channel is grey. Below each cell stand its probability and its group.

    Args:
        cells: Examples, such as `ranking.cells`.
        channel_names: One name for each channel of the images.
        channels: Up to three of them to show; by default the first three.
        pixel_size: Width of a pixel in micrometres, above 0: a scale bar is in the first cell. By
            default there is none.
        top: How many classes are shown, at least 1; `None` for all.
        ax: Axes that are replaced by the cells. By default a new figure.

    Returns:
        The axes; the cells are its `child_axes`.

    Raises:
        ValueError: If there is no class, names do not fit the images, a channel is unknown, there
            are more than three channels, the size of a pixel is not above 0, or `top` is neither a
            whole number of at least 1 nor `None`.

    Example:
        >>> from types import SimpleNamespace
        >>> images = np.random.default_rng(0).random((2, 8, 8, 1))
        >>> some = SimpleNamespace(
        ...     label="Taxol", images=images, probabilities=[0.9, 0.8], groups=["A01", "B02"])
        >>> cells = SimpleNamespace(typical=[some], worst=[some])
        >>> ax = plot_cells(cells, channel_names=["DNA"], pixel_size=0.5)
        >>> len(ax.child_axes)
        4
    """
    if not cells.typical:
        raise DataError("`cells` must hold at least one class. Received: none")
    if pixel_size is not None and not pixel_size > 0:
        raise DataError(
            f"{argument('pixel_size')} must be a width in micrometres above 0. "
            f"Received: {argument('pixel_size', pixel_size)}"
        )
    which = _channels(cells, channel_names, channels)
    rows = folded([each.label for each in cells.typical], top)
    number = len(rows.shown)
    shown = list(zip(cells.typical[:number], cells.worst[:number], strict=True))
    pictures = composites(
        [[each.images[..., which] for each in pair] for pair in shown], len(which)
    )
    layout = lay_out(pictures)
    ax, points = picture_canvas(ax, layout.width, layout.height, INCHES)
    write_heads(ax, layout, points)
    drawn = [
        picture
        for row, (pair, parts) in enumerate(zip(shown, pictures, strict=True))
        for picture in _draw_class(ax, layout, row, pair, parts, points)
    ]
    if pixel_size and drawn:
        scale_bar(drawn[0], pictures[0][0].shape[1:], pixel_size, 0.8 * layout.em * points)
    write_key(ax, layout, [channel_names[each] for each in which], points)
    if rows.others:
        write_rest(ax, layout, f"{quantity(len(rows.others), 'other class')} not shown", points)
    return ax


def _draw_class(
    ax: Axes,
    layout: CellLayout,
    row: int,
    pair: tuple[CellsOfClass, CellsOfClass],
    parts: Sequence[np.ndarray],
    points: float,
) -> list[Axes]:
    """Shows the typical and the worst cells of a class."""
    size, up = layout.em * points, layout.up(row)
    label = cut(pair[0].label, (NAMES - 0.8) * size, size)
    write(ax, 0, up - layout.tall / 2, label, size)
    drawn = []
    for left, found, pixels in zip(layout.lefts, pair, parts, strict=True):
        drawn += _draw_cells(ax, layout, (left, up), found, pixels, points)
    return drawn


def _draw_cells(
    ax: Axes,
    layout: CellLayout,
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
        x = left + place * (1 + GAP)
        box = (x, layout.height - up, 1, layout.tall)
        drawn.append(add_picture(ax, box, picture, (0, 1)))
        group = cut(str(found.groups[place]), 0.95 * points, 0.8 * size)
        write(ax, x, below - 0.8 * em, percent(float(found.probabilities[place])), 0.9 * size)
        write(ax, x, below - 1.9 * em, group, 0.8 * size, color=muted(ax))
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
