"""Channels, their weights, and the image they are mixed into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.patches import Rectangle

from keras_dcmix._common.errors import LayerError
from keras_dcmix._common.wording import quantity
from keras_dcmix.plotting.folding import FEW, folded, share_in_percent
from keras_dcmix.plotting.mix_layout import ARROW, HEAD, MixLayout, mix_layout
from keras_dcmix.plotting.pictures import add_picture, checked_names, picture_canvas
from keras_dcmix.plotting.style import BLUE, LITERAL, muted, root_figure, shorten, text_color

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURES = 12  # more would be too small on a page to see cells
_MOST_IMAGES = 4
_STRETCH = (1, 99.5)  # percentiles shown as black and white, as in image viewers of microscopy


def plot_mix(
    images: Any,
    alpha: Any,
    *,
    channel_names: Sequence[str] | None = None,
    image_names: Sequence[str] | None = None,
    mean: Any = None,
    std: Any = None,
    top: int | None = PICTURES,
    ax: Axes | None = None,
) -> Axes:
    """Shows each channel with its share of the mix, and the mixed image to the right.

    Channels are sorted by their shares (their mean share over several planes). Grey values are
    stretched from percentile 1 to 99.5, with the same limits for all images. The mix is computed
    from standardised pixels of all channels, as in the model. A line below the pictures says how
    many channels have none, and their share of the mix.

    Args:
        images: `(height, width, num_channels)`, or `(num_images, height, width, num_channels)`
            with up to four images; raw pixels.
        alpha: `(num_channels,)` or `(num_channels, num_mixes)`, at least 0: mixing weights.
        channel_names: One name for each channel. By default `"channel 0"` and so on.
        image_names: One name for each image, such as its class, written above its arrow.
        mean: `(num_channels,)`, the mean that the model subtracts. By default that of `images`.
        std: `(num_channels,)`, at least 0, the standard deviation that it divides by. By default
            that of `images`.
        top: How many channels are shown, those with the largest shares, at least 1; `None` for all.
        ax: Axes that are replaced by the pictures. By default a new figure.

    Returns:
        The axes; the pictures are its `child_axes`.

    Raises:
        ValueError: If shapes do not match, there are more than four images, a number is not finite
            or negative where it must not be, or `top` is neither a whole number of at least 1 nor
            `None`.

    Example:
        >>> images = np.random.default_rng(0).random((16, 16, 3))
        >>> ax = plot_mix(images, [0.2, 0.8, 0.0], channel_names=["DNA", "RNA", "ER"])
        >>> [picture.get_title().replace(chr(10), ": ") for picture in ax.child_axes]
        ['RNA: 80%', 'DNA: 20%', 'ER: 0%', 'mix']
    """
    images, alpha = _checked(images, alpha)
    num_images, *_, num_channels = images.shape
    names = [f"channel {index}" for index in range(num_channels)]
    if channel_names is not None:
        names = checked_names("channel_names", channel_names, num_channels, "channel")
    titles = [""] * num_images
    if image_names is not None:
        titles = checked_names("image_names", image_names, num_images, "image")
    mixed = _mixed(images, alpha, mean, std)
    total = alpha.sum(axis=0)
    shares = np.divide(alpha, total, out=np.zeros_like(alpha), where=total > 0)
    order = np.argsort(-shares.mean(axis=1), kind="stable")
    rows = folded([names[i] for i in order], top)
    shown, others = order[: len(rows.shown)], order[len(rows.shown) :]
    pictures = images[..., shown]
    layout = mix_layout(pictures.shape, alpha.shape[1], has_foot=bool(rows.others))
    ax, points = picture_canvas(
        ax, layout.width, layout.height, min(1.25, 9 / layout.width, 8 / layout.height)
    )
    size = min(0.75 * mpl.rcParams["font.size"], HEAD * points / 3.5)
    channels = _show(ax, layout.channel, pictures)
    mixes = _show(ax, layout.mix, mixed)
    _draw_arrows(ax, layout, titles, points, size)
    _title_channels(channels, rows.shown, shares[shown], size, has_decimals=num_channels > FEW)
    _title_mixes(mixes[: alpha.shape[1]], size)
    if rows.others:
        ax.text(0, 0.02, _others(shares[others]), fontsize=size, color=text_color())
    return ax


def _others(shares: np.ndarray) -> str:
    """Says how much of each mix the channels `(channels, mixes)` have together."""
    together = " and ".join(share_in_percent(share) for share in shares.sum(axis=0))
    count = quantity(len(shares), "more channel")
    each = "" if shares.shape[1] == 1 else "es"
    words = "together" if len(shares) > 1 else ""
    return f"and {count}, {together} of the mix{each} {words}".rstrip()


def _checked(images: Any, alpha: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns `(num_images, height, width, channels)` and `(channels, num_mixes)`, or raises."""
    images, alpha = np.asarray(images, dtype=np.float64), np.asarray(alpha, dtype=np.float64)
    images = images[None] if images.ndim == 3 else images
    alpha = alpha[:, None] if alpha.ndim == 1 else alpha
    if images.ndim != 4 or not images.size or len(images) > _MOST_IMAGES:
        raise LayerError(
            "`images` must have shape (height, width, num_channels) or (num_images, height, width, "
            f"num_channels) with up to {_MOST_IMAGES} images. "
            f"Received: shape={images.shape}"
        )
    if alpha.ndim != 2 or not alpha.size or len(alpha) != images.shape[-1]:
        raise LayerError(
            "`alpha` must have shape (num_channels,) or (num_channels, num_mixes) with the "
            f"{images.shape[-1]} channels of the images. Received: shape={alpha.shape}"
        )
    if not np.isfinite(images).all():
        raise LayerError("`images` must be finite. Received: NaN or infinite pixels")
    if not (np.isfinite(alpha) & (alpha >= 0)).all():
        raise LayerError(
            "`alpha` must be finite and at least 0, as DCMix.alpha is. "
            f"Received: alpha={alpha.tolist()}"
        )
    return images, alpha


def _mixed(images: np.ndarray, alpha: np.ndarray, mean: Any, std: Any) -> np.ndarray:
    """Returns the standardised images mixed, `(num_images, height, width, num_mixes)`."""
    mean = images.mean(axis=(0, 1, 2)) if mean is None else np.asarray(mean, dtype=np.float64)
    std = images.std(axis=(0, 1, 2)) if std is None else np.asarray(std, dtype=np.float64)
    for name, values in (("mean", mean), ("std", std)):
        if values.shape != images.shape[-1:] or not np.isfinite(values).all():
            raise LayerError(
                f"`{name}` must contain one finite number for each of {images.shape[-1]} channels; "
                f"omit it to use that of the images. Received: {name}={values.tolist()}"
            )
    if (std < 0).any():
        raise LayerError(f"`std` must be at least 0. Received: std={std.tolist()}")
    # A constant channel carries no information and adds nothing to the mix.
    scale = np.divide(1, std, out=np.zeros_like(std), where=std > 0)
    return (images - mean) * scale @ alpha


def _show(
    ax: Axes,
    place: Callable[[int, int], tuple[float, float, float, float]],
    images: np.ndarray,
) -> list[Axes]:
    """Shows all planes of all images in grey, each plane with the same limits in all images."""
    black, white = np.percentile(images, _STRETCH, axis=(0, 1, 2))
    return [
        add_picture(ax, place(i, plane), images[i, ..., plane], (black[plane], white[plane]))
        for i, plane in np.ndindex(len(images), images.shape[-1])
    ]


def _draw_arrows(
    ax: Axes, layout: MixLayout, names: Sequence[str], points: float, size: float
) -> None:
    """Draws an arrow from the channels of each image to its mix, with the image's name above."""
    longest = max(int(0.95 * ARROW * points / (0.57 * size)), 4)
    for image, name in enumerate(names):
        _, top, _, _ = layout.channel(image, 0)
        height = layout.band(image) - layout.head(image)
        middle = layout.height - top - height / 2
        ax.annotate(
            "",
            xy=(layout.mix_left - 0.25 * ARROW, middle),
            xytext=(layout.mix_left - 0.75 * ARROW, middle),
            arrowprops={"arrowstyle": "->", "color": muted(ax), "shrinkA": 0, "shrinkB": 0},
        )
        ax.annotate(
            shorten(name, longest),
            xy=(layout.mix_left - 0.5 * ARROW, middle),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=size,
            **LITERAL,
        )


def _title_channels(
    pictures: Sequence[Axes],
    names: Sequence[str],
    shares: np.ndarray,
    size: float,
    *,
    has_decimals: bool,
) -> None:
    """Writes name and share above each channel of the first image, and draws the share as a bar."""
    widest = shares.mean(axis=1).max()
    for picture, name, share in zip(pictures, names, shares, strict=False):
        percent = " · ".join(f"{100 * value:.0f}" for value in share)
        if has_decimals:
            percent = " · ".join(share_in_percent(value).removesuffix("%") for value in share)
        space = picture.get_window_extent()
        dpi = root_figure(picture).dpi
        width, height = (side * 72 / dpi for side in (space.width, space.height))
        picture.set_title(
            f"{shorten(name, max(int(width / (0.57 * size)), 4))}\n{percent}%",
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


def _title_mixes(pictures: Sequence[Axes], size: float) -> None:
    """Names the mixes of the first image."""
    for index, picture in enumerate(pictures):
        title = "mix" if len(pictures) == 1 else f"mix {index + 1}"
        picture.set_title(title, fontsize=1.15 * size, fontweight="bold", pad=0.6 * size)
