"""Grey pictures in a grid, shared by the figures that show images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_dcmix._common.errors import DataError
from keras_dcmix._common.wording import listed, quoted
from keras_dcmix.plotting.style import axes_or_new, background, blend, laid_out, text_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def picture_canvas(
    ax: Axes | None, width: float, height: float, inches: float
) -> tuple[Axes, float]:
    """Prepares axes whose unit is the width of one picture.

    Args:
        ax: Axes to draw into, or None for a new figure.
        width: Width of the grid, in widths of one picture.
        height: Its height, in the same unit.
        inches: Width of one picture in a new figure.

    Returns:
        The axes, and the width of one picture in points.
    """
    ax = axes_or_new(ax, width * inches + 0.3, height * inches + 0.3)
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")
    points_across, points_down = laid_out(ax)
    return ax, min(points_across / width, points_down / height)


def add_picture(
    ax: Axes,
    box: tuple[float, float, float, float],
    pixels: np.ndarray | None,
    limits: tuple[float, float],
    *,
    is_small: bool = False,
) -> Axes:
    """Adds one grey picture with a thin frame.

    Args:
        ax: Axes of `picture_canvas`.
        box: Left, top, width and height; the top counts from the upper end of the axes.
        pixels: `(height, width)`; None for an empty frame.
        limits: Intensities shown as black and white.
        is_small: Whether a vector format keeps the pixels as they are, in place of one pixel for
            each of the resolution.
    """
    left, top, width, height = box
    _, upper = ax.get_ylim()
    picture = ax.inset_axes((left, upper - top - height, width, height), transform=ax.transData)
    if pixels is not None:
        black, white = limits
        is_flat = black == white
        picture.imshow(
            pixels,
            cmap="gray",
            vmin=black,
            vmax=white + is_flat,
            aspect="auto",
            interpolation="none" if is_small else None,
        )
    picture.set(xticks=[], yticks=[])
    picture.spines[:].set(color=blend(text_color(), background(ax), 0.35), linewidth=0.5)
    return picture


_SIDE = 96  # pixels of a picture of `channel_pictures`
_STRETCH = (1, 99.5)  # percentiles shown as black and white, as in image viewers of microscopy


def stretched(pixels: np.ndarray) -> tuple[float, float]:
    """Intensities shown as black and as white; 0 and 0 where no pixel is finite."""
    finite = pixels[np.isfinite(pixels)]
    if not finite.size:
        return 0.0, 0.0
    black, white = np.percentile(finite, _STRETCH)
    return float(black), float(white)


def channel_pictures(images: Mapping[str, Any] | None, names: Sequence[str]) -> np.ndarray:
    """Pictures of channels as one array.

    Args:
        images: By channel, `(height, width)` or `(num_pictures, height, width)`.
        names: The channels that are drawn.

    Returns:
        `(channels, num_pictures, height, width)`; without pictures where there are no images.

    Raises:
        ValueError: If the pictures of a channel are missing or have another shape.
    """
    if images is None:
        return np.empty((len(names), 0, 1, 1))
    missing = [name for name in names if name not in images]
    if missing:
        raise DataError(
            f"`images` must hold a picture of each channel. Received: none of {quoted(missing)}"
        )
    planes = [
        np.asarray(images[name])[None] if np.ndim(images[name]) == 2 else np.asarray(images[name])
        for name in names
    ]
    shapes = sorted({plane.shape for plane in planes})
    if len(shapes) > 1 or len(shapes[0]) != 3:
        raise DataError(
            "`images` must have one shape, (height, width) or (num_pictures, height, width). "
            f"Received: shapes {listed([str(shape) for shape in shapes])}"
        )
    return _shrunk(np.stack(planes).astype(np.float64))


def _shrunk(planes: np.ndarray) -> np.ndarray:
    """Averages squares of pixels, so that no side is longer than `_SIDE`."""
    step = -(-max(planes.shape[2:]) // _SIDE)
    height, width = (side // step for side in planes.shape[2:])
    if step == 1 or not height or not width:
        return planes
    whole = planes[..., : height * step, : width * step]
    return whole.reshape(*planes.shape[:2], height, step, width, step).mean(axis=(3, 5))


def checked_names(argument: str, names: Sequence[str], number: int, what: str) -> list[str]:
    """Returns names as a list, or raises if they are not one for each thing.

    Args:
        argument: Name of the argument that holds them.
        names: The names.
        number: How many there must be.
        what: What each of them names, such as `"channel"`.
    """
    if isinstance(names, str) or len(names) != number:
        raise DataError(
            f"`{argument}` must be a list of {number} names, one for each {what}. "
            f"Received: {argument}={names!r}"
        )
    return list(names)
