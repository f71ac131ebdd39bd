"""Channels as colours of one picture, and a scale bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from keras_dcmix.plotting.pictures import stretched

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Green and magenta are told apart by colour-blind readers, as red and green are not.
_COLORS = ("#00E600", "#FF00FF", "#1E8CFF")
_GREY = ("#BFBFBF",)
_WHITE = ("#FFFFFF",)
_ROUND = (1, 2, 5)
_MOST_OF_A_PICTURE = 0.45


def key_colors(num_channels: int) -> tuple[str, ...]:
    """The colours of up to three channels; one alone is grey."""
    return _GREY if num_channels == 1 else _COLORS[:num_channels]


def composites(cells: Sequence[Sequence[np.ndarray]], num_channels: int) -> list[list[np.ndarray]]:
    """Pictures of all cells, with the same limits for each channel.

    Args:
        cells: Batches of raw pixels, `(cells, height, width, num_channels)` each, in two levels.
        num_channels: One to three.

    Returns:
        `(cells, height, width, 3)` in place of each batch, 0 to 1.
    """
    colors = np.array([to_rgb(each) for each in (_WHITE if num_channels == 1 else _COLORS)])
    limits = []
    for channel in range(num_channels):
        pixels = [part[..., channel].ravel() for parts in cells for part in parts]
        limits.append(stretched(np.concatenate(pixels).astype(np.float64)))
    low, high = np.array(limits).T
    span = np.where(high > low, high - low, 1)

    def picture(part: np.ndarray) -> np.ndarray:
        values = np.clip((np.nan_to_num(part, nan=0.0) - low) / span, 0, 1)
        return np.clip(values @ colors[:num_channels], 0, 1)

    return [[picture(part) for part in parts] for parts in cells]


def bar_length(width_um: float) -> float:
    """A round length, in micrometres, of at most 45 % of a picture.

    Example:
        >>> bar_length(48.0), bar_length(3.0)
        (20.0, 1.0)
    """
    most = _MOST_OF_A_PICTURE * width_um
    power = 10.0 ** np.floor(np.log10(most))
    return float(power * max(each for each in _ROUND if each * power <= most * (1 + 1e-9)))


def scale_bar(picture: Axes, shape: tuple[int, ...], pixel_size_um: float, size: float) -> None:
    """Draws a bar at the lower left of a picture, with its length above."""
    height, width = shape[:2]
    length = bar_length(width * pixel_size_um)
    left, low = 0.06 * width, 0.93 * height
    wide, thick = length / pixel_size_um, 0.025 * height
    picture.add_patch(Rectangle((left, low - thick), wide, thick, facecolor="white", linewidth=0))
    text = f"{length:g} \N{MICRO SIGN}m"
    place = left + wide / 2, low - 2 * thick
    picture.text(*place, text, color="white", fontsize=size, ha="center", va="bottom")
