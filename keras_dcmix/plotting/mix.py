"""Channels, their weights and the image they are mixed into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.patches import Rectangle

from keras_dcmix.plotting.style import (
    BLUE,
    LITERAL,
    axes_or_new,
    background,
    blend,
    laid_out,
    muted,
    shorten,
    text_color,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_IMAGES = 4
_STRETCH = (1, 99.5)  # percentiles shown as black and white, as image viewers in microscopy do

# In widths of one picture: the space for titles above it, between pictures, before the mix.
_HEAD, _GAP, _ARROW = 0.4, 0.07, 0.7


class _Layout(NamedTuple):
    """Where pictures stand, in widths of one channel's picture, counted from top left."""

    rows: int  # of channels, for each image
    columns: int
    side: int  # a mix is as wide as that many channels
    mix_rows: int
    mix_columns: int
    tall: float  # height of a picture of width 1
    num_images: int

    @property
    def width(self) -> float:
        return self.mix_left + self.mix_columns * (self.side + _GAP) - _GAP

    @property
    def height(self) -> float:
        return self.top(self.num_images - 1) + self.band(self.num_images - 1)

    @property
    def mix_left(self) -> float:
        return self.columns * (1 + _GAP) - _GAP + _ARROW

    def head(self, image: int) -> float:
        """Only the first image has titles."""
        return _GAP if image else _HEAD

    def band(self, image: int) -> float:
        return self.rows * (self.tall + self.head(image))

    def top(self, image: int) -> float:
        apart = _GAP if self.rows > 1 else 0
        return sum(self.band(above) + apart for above in range(image))

    def channel(self, image: int, index: int) -> tuple[float, float, float]:
        """Left and top of a channel's picture and its width."""
        row, column = divmod(index, self.columns)
        head = self.head(image)
        return column * (1 + _GAP), self.top(image) + row * (self.tall + head) + head, 1

    def mix(self, image: int, index: int) -> tuple[float, float, float]:
        """Left and top of a mix and its width; mixes stand in the middle of their band."""
        column, row = divmod(index, self.mix_rows)
        head = self.head(image)
        step = self.side * self.tall + head
        spare = self.band(image) - self.mix_rows * step
        top = self.top(image) + spare / 2 + row * step + head
        return self.mix_left + column * (self.side + _GAP), top, self.side


def plot_mix(
    images: Any,
    alpha: Any,
    *,
    channel_names: Sequence[str] | None = None,
    image_names: Sequence[str] | None = None,
    mean: Any = None,
    std: Any = None,
    ax: Axes | None = None,
) -> Axes:
    """Shows each channel with its share of the mix, and the mixed image to the right.

    Channels stand in the order of their shares (their mean share over several planes). Grey values
    are stretched from percentile 1 to 99.5, alike for all images given. The mix weighs
    standardised pixels, as the model does.

    Args:
        images: `(height, width, num_channels)`, or `(num_images, height, width, num_channels)`
            with up to four images; raw pixels.
        alpha: `(num_channels,)` or `(num_channels, num_mixes)`, at least 0: mixing weights.
        channel_names: one name a channel. By default `"channel 0"` and so on.
        image_names: one name an image, such as its class, written above its arrow.
        mean: `(num_channels,)`, what the model subtracts. By default that of `images`.
        std: `(num_channels,)`, at least 0, what it divides by. By default that of `images`.
        ax: axes that give their place to the pictures. By default a new figure.

    Returns:
        The axes; the pictures are its `child_axes`.

    Raises:
        ValueError: if shapes do not match, there are more than four images, or a number is not
            finite or negative where it must not be.

    Example:
        >>> images = np.random.default_rng(0).random((16, 16, 3))
        >>> ax = plot_mix(images, [0.2, 0.8, 0.0], channel_names=["DNA", "RNA", "ER"])
        >>> [picture.get_title() for picture in ax.child_axes]
        ['RNA\\n80 %', 'DNA\\n20 %', 'ER\\n0 %', 'mix']
    """
    images, alpha = _checked(images, alpha)
    names = _named(channel_names, images.shape[-1])
    mixed = _mixed(images, alpha, mean, std)
    total = alpha.sum(axis=0)
    shares = np.divide(alpha, total, out=np.zeros_like(alpha), where=total > 0)
    order = np.argsort(-shares.mean(axis=1), kind="stable")
    layout = _layout(images, alpha.shape[1])
    ax, size = _canvas(layout, ax)
    _show(ax, layout, layout.channel, images[..., order])
    _show(ax, layout, layout.mix, mixed)
    _draw_arrows(ax, layout, _named_images(image_names, len(images)), size)
    _title_channels(ax, [names[i] for i in order], shares[order], size)
    _title_mixes(ax.child_axes[len(images) * len(names) :], alpha.shape[1], size)
    return ax


def _checked(images: Any, alpha: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns `(num_images, height, width, channels)` and `(channels, num_mixes)`, or raises."""
    images, alpha = np.asarray(images, dtype=np.float64), np.asarray(alpha, dtype=np.float64)
    images = images[None] if images.ndim == 3 else images
    alpha = alpha[:, None] if alpha.ndim == 1 else alpha
    if images.ndim != 4 or not images.size or len(images) > _MOST_IMAGES:
        raise ValueError(
            "images must have shape (height, width, num_channels) or (num_images, height, width, "
            f"num_channels) with up to {_MOST_IMAGES} images; choose some. "
            f"Received: shape {images.shape}"
        )
    if alpha.ndim != 2 or not alpha.size or len(alpha) != images.shape[-1]:
        raise ValueError(
            "alpha must have shape (num_channels,) or (num_channels, num_mixes) with the "
            f"{images.shape[-1]} channels of the images. Received: shape {alpha.shape}"
        )
    if not np.isfinite(images).all():
        raise ValueError("images must be finite; fill the gaps. Received: NaN or infinity")
    if not (np.isfinite(alpha) & (alpha >= 0)).all():
        raise ValueError(
            f"alpha must be finite and at least 0, as DCMix.alpha is. Received: {alpha.tolist()}"
        )
    return images, alpha


def _named(channel_names: Sequence[str] | None, num_channels: int) -> list[str]:
    """Returns one name a channel, or raises."""
    if channel_names is None:
        return [f"channel {index}" for index in range(num_channels)]
    if isinstance(channel_names, str) or len(channel_names) != num_channels:
        raise ValueError(
            f"channel_names must be a list of {num_channels} names, as many as the images have "
            f"channels. Received: {channel_names!r}"
        )
    return list(channel_names)


def _named_images(image_names: Sequence[str] | None, num_images: int) -> list[str]:
    """Returns one name an image, or raises where they are not as many."""
    if image_names is None:
        return [""] * num_images
    if isinstance(image_names, str) or len(image_names) != num_images:
        raise ValueError(
            f"image_names must be a list of {num_images} names, one an image. "
            f"Received: {image_names!r}"
        )
    return list(image_names)


def _mixed(images: np.ndarray, alpha: np.ndarray, mean: Any, std: Any) -> np.ndarray:
    """Returns the standardised images mixed, `(num_images, height, width, num_mixes)`."""
    mean = images.mean(axis=(0, 1, 2)) if mean is None else np.asarray(mean, dtype=np.float64)
    std = images.std(axis=(0, 1, 2)) if std is None else np.asarray(std, dtype=np.float64)
    for name, values in (("mean", mean), ("std", std)):
        if values.shape != images.shape[-1:] or not np.isfinite(values).all():
            raise ValueError(
                f"{name} must hold one finite number for each of {images.shape[-1]} channels; "
                f"leave it out to take that of the images. Received: {values.tolist()}"
            )
    if (std < 0).any():
        raise ValueError(f"std must be at least 0. Received: {std.tolist()}")
    # A constant channel has nothing to show, so it adds nothing to the mix.
    scale = np.divide(1, std, out=np.zeros_like(std), where=std > 0)
    return (images - mean) * scale @ alpha


def _layout(images: np.ndarray, num_mixes: int) -> _Layout:
    """Wraps channels into about twice as many columns as rows and fits the mixes beside them."""
    num_images, height, width, num_channels = images.shape
    rows = max(1, round((num_channels / (2 * num_images)) ** 0.5))
    side = min(max(rows // num_mixes, 1), 3)
    mix_rows = min(num_mixes, rows // side)
    return _Layout(
        rows=rows,
        columns=ceil(num_channels / rows),
        side=side,
        mix_rows=mix_rows,
        mix_columns=ceil(num_mixes / mix_rows),
        tall=height / width,
        num_images=num_images,
    )


def _canvas(layout: _Layout, ax: Axes | None) -> tuple[Axes, float]:
    """Returns axes in the units of the layout, and the font size in points that fits them."""
    scale = min(1.25, 9 / layout.width, 8 / layout.height)
    ax = axes_or_new(ax, layout.width * scale + 0.3, layout.height * scale + 0.3)
    ax.set(xlim=(0, layout.width), ylim=(0, layout.height), aspect="equal")
    ax.axis("off")
    width, height = laid_out(ax)
    points = min(width / layout.width, height / layout.height)
    return ax, min(0.75 * mpl.rcParams["font.size"], _HEAD * points / 3.5)


def _show(
    ax: Axes,
    layout: _Layout,
    place: Callable[[int, int], tuple[float, float, float]],
    images: np.ndarray,
) -> None:
    """Shows all planes of all images in grey, each plane stretched alike in all images."""
    black, white = np.percentile(images, _STRETCH, axis=(0, 1, 2))
    edge = blend(text_color(), background(ax), 0.35)
    for image, plane in np.ndindex(len(images), images.shape[-1]):
        left, top, width = place(image, plane)
        height = width * layout.tall
        picture = ax.inset_axes(
            (left, layout.height - top - height, width, height), transform=ax.transData
        )
        flat = black[plane] == white[plane]
        picture.imshow(
            images[image, ..., plane],
            cmap="gray",
            vmin=black[plane],
            vmax=white[plane] + flat,
            aspect="auto",
        )
        picture.set(xticks=[], yticks=[])
        picture.spines[:].set(color=edge, linewidth=0.5)


def _draw_arrows(ax: Axes, layout: _Layout, names: Sequence[str], size: float) -> None:
    """Points from the channels of each image to its mix, and says which image it is."""
    points = laid_out(ax)[0] / layout.width
    longest = max(int(0.95 * _ARROW * points / (0.57 * size)), 4)
    for image, name in enumerate(names):
        _, top, _ = layout.channel(image, 0)
        height = layout.band(image) - layout.head(image)
        middle = layout.height - top - height / 2
        ax.annotate(
            "",
            xy=(layout.mix_left - 0.25 * _ARROW, middle),
            xytext=(layout.mix_left - 0.75 * _ARROW, middle),
            arrowprops={"arrowstyle": "->", "color": muted(ax), "shrinkA": 0, "shrinkB": 0},
        )
        ax.annotate(
            shorten(name, longest),
            xy=(layout.mix_left - 0.5 * _ARROW, middle),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=size,
            **LITERAL,
        )


def _title_channels(ax: Axes, names: list[str], shares: np.ndarray, size: float) -> None:
    """Writes name and share above each channel of the first image, and draws the share as a bar."""
    widest = shares.mean(axis=1).max()
    for picture, name, share in zip(ax.child_axes, names, shares, strict=False):
        percent = " · ".join(f"{100 * value:.0f}" for value in share)
        space = picture.get_window_extent()
        width, height = (side * 72 / ax.figure.dpi for side in (space.width, space.height))
        picture.set_title(
            f"{shorten(name, max(int(width / (0.57 * size)), 4))}\n{percent} %",
            fontsize=size,
            pad=0.07 * height + 0.45 * size,
            linespacing=1.15,
            **LITERAL,
        )
        bar = Rectangle(
            (0, 1.025),
            share.mean() / widest if widest else 0,
            0.04,
            transform=picture.transAxes,
            color=BLUE,
            clip_on=False,
            linewidth=0,
        )
        picture.add_patch(bar)


def _title_mixes(pictures: Sequence[Axes], num_mixes: int, size: float) -> None:
    """Names the mixes of the first image."""
    for index, picture in enumerate(pictures[:num_mixes]):
        title = "mix" if num_mixes == 1 else f"mix {index + 1}"
        picture.set_title(title, fontsize=1.15 * size, fontweight="bold", pad=0.6 * size)
