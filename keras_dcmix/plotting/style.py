"""Shared by all figures: colours, short names, clean axes, whiskers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex, to_rgb, to_rgba
from matplotlib.textpath import text_to_path

from keras_dcmix._common.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE = "#0072B2"

# Okabe and Ito (2008), without yellow, invisible on white, and black, invisible on black.
CATEGORIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

ORANGE = CATEGORIES[1]

LINE = 0.72  # font size per row: leaves space when a layout engine shrinks the axes later

# Names may contain "$" or "_", which matplotlib would typeset as mathematics.
LITERAL: dict[str, Any] = {"parse_math": False}


def axes_or_new(ax: Axes | None, width: float, height: float) -> Axes:
    """Returns `ax`, or the axes of a new figure of that size in inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def text_color() -> str:
    """Returns the current style's text colour."""
    return to_hex(mpl.rcParams["text.color"])


def background(ax: Axes) -> str:
    """Returns the opaque colour behind what is drawn in `ax`."""
    for color in (ax.get_facecolor(), ax.figure.get_facecolor(), mpl.rcParams["figure.facecolor"]):
        if to_rgba(color)[3] == 1:
            return to_hex(color)
    return "#ffffff"


def blend(color: str, behind: str, share: float) -> str:
    """Mixes `share` (0 to 1) of a colour into another.

    Opaque, unlike an alpha value: overlapping artists do not add up, and every file format
    supports it.

    Example:
        >>> blend("#000000", "#ffffff", 0.2)
        '#cccccc'
    """
    pairs = zip(to_rgb(color), to_rgb(behind), strict=True)
    red, green, blue = (share * over + (1 - share) * under for over, under in pairs)
    return to_hex((red, green, blue))


def muted(ax: Axes) -> str:
    """Returns a muted text colour for secondary text."""
    return blend(text_color(), background(ax), 0.6)


def contrasting(color: Any) -> str:
    """Returns black or white, whichever is more legible on the colour, by its luminance (WCAG 2.1).

    Example:
        >>> contrasting("#083c68"), contrasting("#f5f5f5")
        ('white', 'black')
    """
    linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(color)]
    luminance = sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    # WCAG switches at 0.18, where black on saturated blue is hard to read.
    return "black" if luminance > 0.23 else "white"


def shorten(name: str, length: int) -> str:
    """Shortens a long name in the middle: channels differ in start and end.

    Example:
        >>> shorten("Mitochondria (MitoTracker Deep Red)", 20)
        'Mitochondr…Deep Red)'
        >>> shorten("a name", 2)
        'a…'
    """
    if len(name) <= length:
        return name
    head = length // 2
    tail = max(length - head - 1, 0)
    return name[:head].rstrip() + "…" + name[len(name) - tail :].lstrip()


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width of a line of text in points.

    Args:
        text: The line.
        size: Font size in points.
        weight: `"normal"` or `"bold"`.
    """
    prop = mpl.font_manager.FontProperties(size=size, weight=weight)
    return text_to_path.get_text_width_height_descent(text, prop, ismath=False)[0]


def cut(text: str, width: float, size: float) -> str:
    """Shortens a text until it is no wider than that, in points."""
    shorter = (shorten(text, length) for length in range(len(text), 0, -1))
    fits = (each for each in shorter if text_width(each, size) <= width)
    return next(fits, "…" if text else "")


def minus(text: str) -> str:
    """Writes a number with a minus sign in place of a hyphen."""
    return text.replace("-", "\N{MINUS SIGN}")


def clean(ax: Axes) -> None:
    """Removes the upper and right frame and mutes the rest."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set(color=muted(ax), linewidth=0.8)
    ax.tick_params(length=3, width=0.8, color=muted(ax))


def draw_whiskers(
    ax: Axes, x: np.ndarray, y: np.ndarray, lengths: np.ndarray, *, vertical: bool = False
) -> None:
    """Draws whiskers to both sides of points where their length is known.

    Args:
        ax: Axes to draw into.
        x: `(points,)`.
        y: `(points,)`.
        lengths: `(points,)` length to each side; NaN where unknown.
        vertical: Whether they go up and down in place of left and right.
    """
    known = np.isfinite(lengths)
    if not known.any():
        return
    ax.errorbar(
        x[known],
        y[known],
        xerr=None if vertical else lengths[known],
        yerr=lengths[known] if vertical else None,
        fmt="none",
        ecolor=text_color(),
        elinewidth=1.1,
        capsize=2.5,
        capthick=1.1,
        zorder=4,
    )


def root_figure(ax: Axes) -> Figure:
    """Returns the figure that contains the axes, also where they are in a subfigure."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise InputError("`ax` must belong to a figure. Received: axes that were removed")
    return figure


def laid_out(ax: Axes) -> tuple[float, float]:
    """Returns width and height of the axes in points, 1/72 inch, with all labels in place.

    A layout engine moves the axes only when it draws, and text is fitted to their final size.
    """
    figure = root_figure(ax)
    if figure.get_layout_engine() is None:
        ax.apply_aspect()
    else:
        figure.draw_without_rendering()
    extent = ax.get_window_extent()
    return extent.width * 72 / figure.dpi, extent.height * 72 / figure.dpi
