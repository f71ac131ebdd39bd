"""A page of small pictures: a few fields, all channels, brightness comparable between fields."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from keras_dcmix._common.errors import DataError
from keras_dcmix._common.wording import quantity
from keras_dcmix.plotting.folding import folded
from keras_dcmix.plotting.pictures import add_picture, checked_names, picture_canvas
from keras_dcmix.plotting.style import LITERAL, cut, muted, text_width
from keras_dcmix.plotting.thumbnail_layout import ThumbnailLayout

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURES = 48  # of channels: four bands of twelve
_MOST_FIELDS = 6
_SIDE = 256  # pixels of a picture; more would not be visible
_RANGE = (0.1, 99.9)  # percentiles shown as black and white

_TEXT = 0.75  # size of the text, relative to that of the style
_MOST_TEXT = 0.14  # its maximum, in widths of a picture


def plot_thumbnails(
    fields: Sequence[Any],
    *,
    channel_names: Sequence[str],
    field_names: Sequence[str] | None = None,
    top: int | None = PICTURES,
    ax: Axes | None = None,
) -> Axes:
    """Shows fields as rows and channels as columns, in grey.

    A channel has one range from black to white in all fields (percentiles 0.1 to 99.9 of the
    fields shown), written below its column, so brightness is comparable within a column. More
    than sixteen channels are wrapped into bands, one below the other.

    Args:
        fields: Up to six, each `(height, width, num_channels)` in raw pixels; they may differ in
            size. A channel that a field lacks is NaN and stays blank.
        channel_names: One name for each channel.
        field_names: One name for each field, in up to three lines, such as its class, plate and
            well.
        top: How many channels are shown, the first ones, at least 1; `None` for all. A line below
            the pictures says how many have none.
        ax: Axes that are replaced by the pictures. By default a new figure.

    Returns:
        The axes; the pictures are its `child_axes`, row by row.

    Raises:
        ValueError: If there are no fields or more than six, shapes and names do not match, or `top`
            is neither a whole number of at least 1 nor `None`.

    Example:
        >>> fields = np.random.default_rng(0).random((2, 16, 16, 3))
        >>> ax = plot_thumbnails(fields, channel_names=["DNA", "RNA", "ER"])
        >>> [picture.get_title() for picture in ax.child_axes[:3]]
        ['DNA', 'RNA', 'ER']
    """
    checked = _checked(fields, channel_names)
    channels = folded(channel_names, top)
    shown = channels.shown
    small = [_shrunk(field[..., : len(shown)]) for field in checked]
    names = [""] * len(small)
    if field_names is not None:
        names = checked_names("field_names", field_names, len(small), "field")
    ranges = [_range(small, channel) for channel in range(len(shown))]
    ax, layout, points = _canvas(small, any(names), bool(channels.others), ax)
    size = min(_TEXT * mpl.rcParams["font.size"], _MOST_TEXT * points)
    pictures = _show(ax, layout, small, ranges, size)
    _title_columns(pictures, shown, points, size)
    _name_rows(ax, layout, names, points, size)
    _write_ranges(ax, layout, ranges, points, size)
    if channels.others:
        more = f"and {quantity(len(channels.others), 'more channel')} without a picture"
        ax.text(layout.left, 0, more, va="bottom", fontsize=size)
    return ax


def _checked(fields: Sequence[Any], channel_names: Sequence[str]) -> list[np.ndarray]:
    """Returns the fields as floating-point arrays, or raises."""
    if isinstance(channel_names, str) or not len(channel_names):
        raise DataError(
            "`channel_names` must be a list of at least one name. "
            f"Received: channel_names={channel_names!r}"
        )
    arrays = [np.asarray(field, dtype=np.float64) for field in fields]
    if not 1 <= len(arrays) <= _MOST_FIELDS:
        raise DataError(f"`fields` must be 1 to {_MOST_FIELDS}. Received: {len(arrays)} fields")
    for number, field in enumerate(arrays):
        if field.ndim != 3 or field.shape[-1] != len(channel_names) or not field.size:
            raise DataError(
                f"`fields[{number}]` must have shape (height, width, {len(channel_names)}), one "
                f"channel for each name. Received: shape={field.shape}"
            )
    return arrays


def _shrunk(field: np.ndarray) -> np.ndarray:
    """Averages squares of pixels, so that no side is much longer than `_SIDE`."""
    step = max(1, round(max(field.shape[:2]) / _SIDE))
    height, width = (side // step * step for side in field.shape[:2])
    if step == 1 or not height or not width:
        return field
    squares = field[:height, :width].reshape(height // step, step, width // step, step, -1)
    return squares.mean(axis=(1, 3))


def _range(fields: Sequence[np.ndarray], channel: int) -> tuple[float, float]:
    """Intensities shown as black and as white; NaN where no field has the channel."""
    pixels = np.concatenate([field[..., channel].ravel() for field in fields])
    pixels = pixels[np.isfinite(pixels)]
    if not pixels.size:
        return float("nan"), float("nan")
    black, white = np.percentile(pixels, _RANGE)
    return float(black), float(white)


def _canvas(
    fields: Sequence[np.ndarray], has_names: bool, has_line: bool, ax: Axes | None
) -> tuple[Axes, ThumbnailLayout, float]:
    """Returns axes in the units of the layout, the layout, and the width of a picture in points."""
    tall = max(field.shape[0] / field.shape[1] for field in fields)
    layout = ThumbnailLayout(
        len(fields), fields[0].shape[-1], tall, _MOST_TEXT, has_names, has_line
    )
    rows = layout.rows * layout.bands
    inches = min(2.2, max(0.95, 11 / layout.columns), max(0.95, 9 / (rows * tall)))
    if ax is None:
        em = min(_MOST_TEXT, _TEXT * mpl.rcParams["font.size"] / 72 / inches)
        layout = layout._replace(em=em)
    ax, points = picture_canvas(ax, layout.width, layout.height, inches)
    return ax, layout, points


def _show(
    ax: Axes,
    layout: ThumbnailLayout,
    fields: Sequence[np.ndarray],
    ranges: Sequence[tuple[float, float]],
    size: float,
) -> list[Axes]:
    """Shows all channels of all fields, row by row."""
    pictures = []
    for row, column in np.ndindex(layout.rows, layout.num_channels):
        plane = fields[row][..., column]
        box = layout.box(row, column, plane.shape[0] / plane.shape[1])
        has_pixels = bool(np.isfinite(plane).any())
        picture = add_picture(ax, box, plane if has_pixels else None, ranges[column])
        if not has_pixels:
            picture.text(0.5, 0.5, "no image", ha="center", va="center", fontsize=size)
        pictures.append(picture)
    return pictures


def _title_columns(
    pictures: Sequence[Axes], names: Sequence[str], points: float, size: float
) -> None:
    """Names the channels above the first row, in one line or two."""
    for picture, name in zip(pictures, names, strict=False):
        title = _in_lines(str(name), 0.98 * points, size)
        picture.set_title(title, fontsize=size, pad=0.4 * size, linespacing=1.1, **LITERAL)


def _name_rows(
    ax: Axes, layout: ThumbnailLayout, names: Sequence[str], points: float, size: float
) -> None:
    texts = [
        "\n".join(
            cut(line, (layout.left - 0.1) * points, size) for line in str(name).split("\n")[:3]
        )
        for name in names
    ]
    bands = range(0, layout.num_channels, layout.columns) if layout.has_names else ()
    for first, (row, text) in itertools.product(bands, enumerate(texts)):
        _, top = layout.corner(row, first)
        ax.text(
            layout.left - 0.08,
            layout.height - top - layout.tall / 2,
            text,
            ha="right",
            va="center",
            fontsize=size,
            **LITERAL,
        )


def _write_ranges(
    ax: Axes,
    layout: ThumbnailLayout,
    ranges: Sequence[tuple[float, float]],
    points: float,
    size: float,
) -> None:
    """Writes the intensities of black and white below each column."""
    gap = 0.3 * size / points
    style: dict[str, Any] = {"va": "top", "color": muted(ax), "linespacing": 1.15}
    style["fontsize"] = 0.9 * size
    for column, (black, white) in enumerate(ranges):
        y = layout.bottom(column) - gap
        if layout.left and column % layout.columns == 0:
            ax.text(layout.left - 0.08, y, "black\nwhite", ha="right", **style)
        text = "" if np.isnan(black) else f"{_number(black)}\n{_number(white)}"
        left, _ = layout.corner(0, column)
        ax.text(left + 0.5, y, text, ha="center", **style)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _in_lines(name: str, width: float, size: float) -> str:
    """Breaks a long name into two lines, and shortens what is still too long."""
    if text_width(name, size) <= width:
        return name
    breaks = [at for at, letter in enumerate(name) if letter in " -_/" and at] or [len(name) // 2]
    middle = min(breaks, key=lambda at: abs(2 * at - len(name)))
    after = middle if name[middle] == " " else middle + 1
    lines = [name[:after].strip(), name[after:].strip()]
    return "\n".join(cut(line, width, size) for line in lines if line)
