"""Figures of the package as images inside the page, each with a text in its place, and as files."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.style
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Draw = Callable[..., "Axes"]

# Inches. Narrow figures fill the width of a phone with readable letters, and grow on a desktop.
NARROW = 4.7
_DPI = 120  # of photos
_INSIDE_DPI = 100  # of the small photos inside a drawing

# Colours of the card and of the text in `style.css` where the page is dark.
CARD, INK = "#1b212a", "#e8ecf2"
_DARK: dict[Any, Any] = {
    **dict.fromkeys(("figure.facecolor", "axes.facecolor"), CARD),
    **dict.fromkeys(
        (
            "text.color",
            "axes.labelcolor",
            "axes.edgecolor",
            "axes.titlecolor",
            "xtick.color",
            "ytick.color",
        ),
        INK,
    ),
}
_PIXELS_PER_INCH = 96  # of CSS


@dataclass(frozen=True)
class Picture:
    """An image inside the page.

    Attributes:
        source: A data URI, drawn for a light page and for paper.
        dark: The same for a dark page.
        alt: What it shows, for readers who do not see it.
        caption: What to look at.
        width: Its natural width in CSS pixels.
        height: Its natural height.
    """

    source: str
    dark: str
    alt: str
    caption: str
    width: int
    height: int

    @property
    def is_wide(self) -> bool:
        """Whether it would be too small on a phone, so that it scrolls there."""
        return self.width > 1.15 * NARROW * _PIXELS_PER_INCH


def picture(
    draw: Draw,
    *,
    alt: str,
    caption: str,
    size: tuple[float, float] | None = None,
    is_photo: bool = False,
) -> Picture:
    """Draws a figure for the page, on light and on dark, whatever style the user has set.

    Both have no background, so that the card of the page shows. Two pictures do what one drawing
    with colours of the page cannot: an image inside a page does not inherit them, and marks are
    lighter on dark.

    Args:
        draw: A function that takes `ax` and draws.
        alt: What the picture shows, for readers who do not see it.
        caption: What to look at.
        size: Width and height in inches; `None` lets the function choose.
        is_photo: Whether it is smaller as PNG than as SVG: images of cells, thousands of dots.
    """
    drawn = []
    for colors in (None, _DARK):
        with _plain_style(), mpl.rc_context(colors):
            figure = _figure_of(draw(ax=None) if size is None else draw(ax=_new_axes(*size)))
            drawn.append(_data_uri(figure, is_photo=is_photo))
            width, height = _size(figure)
            _close(figure)
    light, dark = drawn
    return Picture(light, dark, alt, caption, width, height)


def _data_uri(figure: Figure, *, is_photo: bool) -> str:
    kind: dict[str, Any] = {"format": "png"}
    if not is_photo:
        kind = {"format": "svg", "metadata": {"Date": None, "Creator": None}}
    stream = io.BytesIO()
    tight: dict[str, Any] = {"bbox_inches": "tight", "pad_inches": 0.08, "transparent": True}
    dpi = _DPI if is_photo else _INSIDE_DPI
    figure.savefig(stream, dpi=dpi, **tight, **kind)
    mime = "image/png" if is_photo else "image/svg+xml"
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    return f"data:{mime};base64,{data}"


def save_figures(figures: Mapping[str, Axes], folder: Path) -> None:
    """Writes figures as PNG files, named by their keys, and closes them."""
    for name, ax in figures.items():
        figure = _figure_of(ax)
        figure.savefig(folder / f"{name}.png", dpi=150, bbox_inches="tight")
        _close(figure)


def _figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    if figure is None:
        raise TypeError(f"axes must belong to a figure. Received: {ax!r}")
    return figure


def _new_axes(width: float, height: float) -> Axes:
    return Figure(figsize=(width, height), layout="constrained").subplots()


def _size(figure: Figure) -> tuple[int, int]:
    """Width and height in CSS pixels, as `bbox_inches="tight"` cuts them."""
    box = figure.get_tightbbox()
    return (
        round((box.width + 0.16) * _PIXELS_PER_INCH),
        round((box.height + 0.16) * _PIXELS_PER_INCH),
    )


def _close(figure: Figure) -> None:
    import matplotlib.pyplot as plt

    plt.close(figure)


@contextmanager
def _plain_style() -> Iterator[None]:
    """The default style; letters become outlines, so that the page needs no font."""
    with (
        mpl.style.context("default"),
        mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "keras_dcmix"}),
        warnings.catch_warnings(),
    ):
        # The page and its tables name them in full.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        warnings.filterwarnings("ignore", "left out of the rank correlation", UserWarning)
        yield
