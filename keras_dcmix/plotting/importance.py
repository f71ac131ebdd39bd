"""Channels as bars, the most important on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.plotting.folding import (
    EVEN_LINE,
    FEW,
    ROWS,
    Folded,
    are_shares,
    even_share,
    folded,
    share_in_percent,
    shares_together,
)
from keras_dcmix.plotting.style import (
    BLUE,
    LINE,
    LITERAL,
    axes_or_new,
    background,
    blend,
    clean,
    draw_whiskers,
    laid_out,
    minus,
    muted,
    shorten,
    text_color,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST_NAME = 32
_MOST_DOTS = 50  # bootstrap resamples come in thousands; for them the whisker is enough
_SMALLEST = 5  # points; smaller numbers are left out


def plot_importance(
    importance: ChannelImportance, *, top: int | None = ROWS, ax: Axes | None = None
) -> Axes:
    """Draws one bar a channel, with its spread and every single repeat.

    Bars are scores, whiskers one sample standard deviation over repeats to each side, dots single
    repeats (up to fifty). Each score is written beside its bar if there is space.

    Channels after the first `top` share the last row: its grey bar covers their scores, with a tick
    for each, and the text below it says how much they have together. If scores are shares of more
    than twelve channels, a dotted line marks an even share: a channel near it is not separated from
    the others.

    Args:
        importance: The scores of one method.
        top: How many channels have a bar of their own, at least 1; `None` for all.
        ax: Axes to draw into. By default a new figure, which grows with the number of bars.

    Returns:
        The axes.

    Raises:
        ValueError: If `top` is neither a whole number of at least 1 nor `None`.

    Example:
        >>> importance = ChannelImportance("dcmix", ["DNA", "RNA"], [0.3, 0.7], unit="share")
        >>> ax = plot_importance(importance)
        >>> [label.get_text() for label in ax.get_yticklabels()]
        ['RNA', 'DNA']
    """
    rows = folded(importance.order, top)
    ax = axes_or_new(ax, 6.4, bars_height(rows) + 0.25 * (importance.num_channels < 4))
    order = [importance.channel_names.index(name) for name in rows.shown]
    scores, std = importance.scores[order], importance.std[order]
    repeats = np.empty((0, len(order)))
    if importance.repeats is not None:
        repeats = importance.repeats[:, order]
    if len(repeats) > _MOST_DOTS:
        repeats = repeats[:0]
    others = np.sort(importance.scores)[::-1][len(order) :]
    _draw_bars(ax, scores, std)
    _draw_dots(ax, repeats)
    _draw_others(ax, others, len(order))
    _finish(ax, importance)
    size = _label_channels(ax, rows)
    left, right = _reach(scores, std, repeats)
    is_share = are_shares(importance.scores)
    texts = [share_in_percent(each) for each in scores] if is_share else _numbers(scores)
    lowest = min(left, others.min(initial=0))
    _label_values(ax, texts, lowest, right, size)
    _describe_others(ax, importance, others, size)
    return ax


def bars_height(rows: Folded) -> float:
    """Returns the height, in inches, in which all rows are readable."""
    return 1.1 + 0.3 * _num_rows(rows)


def _num_rows(rows: Folded) -> int:
    """The other channels have a row for their bar and one for its text."""
    return len(rows.shown) + 2 * bool(rows.others)


def _draw_bars(ax: Axes, scores: np.ndarray, std: np.ndarray) -> None:
    """Draws bars from top to bottom, and whiskers."""
    rows = np.arange(len(scores))
    ax.barh(rows, scores, height=0.72, color=blend(BLUE, background(ax), 0.5), zorder=2)
    draw_whiskers(ax, scores, rows, std)
    ax.axvline(0, color=muted(ax), linewidth=0.8, zorder=3)


def _draw_dots(ax: Axes, repeats: np.ndarray) -> None:
    """Draws every repeat, shifted up or down by the same pattern in every row."""
    num_repeats, num_channels = repeats.shape
    if not num_repeats:
        return
    # Steps of the golden ratio spread any number of dots evenly and reproducibly.
    shift = ((np.arange(num_repeats) * 0.618034 + 0.5) % 1 - 0.5) * 0.5
    rows = np.arange(num_channels) + shift[:, None]
    ax.scatter(
        repeats,
        rows,
        s=12 if num_repeats <= 20 else 6,
        color=blend(BLUE, text_color(), 0.6),
        edgecolors=background(ax),
        linewidths=0.5,
        zorder=5,
    )


def _reach(scores: np.ndarray, std: np.ndarray, repeats: np.ndarray) -> tuple[float, np.ndarray]:
    """Returns the leftmost point of all rows, and the rightmost of each row, at least 0."""
    std = np.nan_to_num(std)
    drawn = np.vstack([np.zeros_like(scores), scores - std, scores + std, repeats])
    return float(drawn.min()), drawn.max(axis=0)


def _draw_others(ax: Axes, others: np.ndarray, row: int) -> None:
    """Draws the range of the other channels, from 0, and a tick for each of them."""
    if not len(others):
        return
    low, high = min(others.min(), 0), max(others.max(), 0)
    grey = blend(text_color(), background(ax), 0.22)
    ax.barh(row, high - low, left=low, height=0.5, color=grey, zorder=2)
    ax.plot(
        others,
        np.full(len(others), row),
        linestyle="none",
        marker="|",
        markersize=9,
        markeredgewidth=0.7,
        color=muted(ax),
        label="_others",
    )


def _label_channels(ax: Axes, rows: Folded) -> float:
    """Writes names on the left, small enough not to overlap, and returns the size that fits."""
    labels = [shorten(name, _LONGEST_NAME) for name in rows.rows]
    number = _num_rows(rows)
    ax.set_yticks(range(len(labels)), labels, **LITERAL)
    ax.set_ylim(number - 0.4, -0.6)
    _, height = laid_out(ax)
    size = LINE * height / number
    ax.tick_params(axis="y", labelsize=min(mpl.rcParams["font.size"], size))
    return min(0.85 * mpl.rcParams["font.size"], size)


def _label_values(
    ax: Axes, numbers: list[str], left: float, right: np.ndarray, size: float
) -> None:
    """Sets the limits, and writes each score to the right of its row if a line of text fits."""
    width, _ = laid_out(ax)
    span = right.max() - left or 1.0
    texts = numbers if size >= _SMALLEST else []
    room = 6 + 0.65 * size * max((len(text) for text in texts), default=0)
    margin = span * room / max(width - room, room)
    ax.set_xlim(left - 0.03 * span if left else 0, left + span + margin)
    for row, text in enumerate(texts):
        ax.annotate(
            text,
            (right[row], row),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=size,
            color=muted(ax),
        )


def _describe_others(
    ax: Axes, importance: ChannelImportance, others: np.ndarray, size: float
) -> None:
    """Says below their bar how much the other channels have."""
    if not len(others):
        return
    if are_shares(importance.scores):
        text = shares_together(others)
    else:
        highest, lowest = _numbers(others[[0, -1]])
        text = f"scores from {lowest} to {highest}" if len(others) > 1 else f"score {highest}"
    row = importance.num_channels - len(others) + 0.85
    # A box hides the lines of the grid behind the letters.
    box = {"facecolor": background(ax), "edgecolor": "none", "pad": 1}
    beside = ax.get_yaxis_transform()
    ax.text(0.01, row, text, transform=beside, va="center", fontsize=size, bbox=box, zorder=5)


def _numbers(scores: np.ndarray) -> list[str]:
    """Formats scores so that the largest has three digits."""
    largest = np.abs(scores).max()
    digits = max(2 - int(np.floor(np.log10(largest))), 0) if largest else 0
    if digits > 6:
        return [minus(f"{score:.2e}") for score in scores]
    # Adding 0 turns -0.0 into 0.0.
    rounded = np.round(scores, digits) + 0.0
    return [minus(f"{score:.{digits}f}") for score in rounded]


def _draw_even_share(ax: Axes, num_channels: int) -> None:
    ax.axvline(1 / num_channels, color=text_color(), linewidth=0.9, linestyle=EVEN_LINE, zorder=4.5)
    ax.set_xlabel(f"{ax.get_xlabel()}\n{even_share(num_channels)}", **LITERAL)


def _finish(ax: Axes, importance: ChannelImportance) -> None:
    """Writes title and axis label, and removes unneeded lines."""
    clean(ax)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    if are_shares(importance.scores):
        ax.xaxis.set_major_formatter(PercentFormatter(1, None if ax.get_xlim()[1] < 0.06 else 0))
    ax.grid(axis="x", color=blend(text_color(), background(ax), 0.12), linewidth=0.6)
    ax.set_axisbelow(True)
    spread = ""
    if importance.repeats is not None and np.isfinite(importance.std).any():
        spread = f"  (± standard deviation of {len(importance.repeats)} repeats)"
    ax.set_xlabel((importance.unit or "importance") + spread, **LITERAL)
    if importance.num_channels > FEW and are_shares(importance.scores):
        _draw_even_share(ax, importance.num_channels)
    ax.set_title(importance.method, loc="left", fontweight="bold", fontsize="medium", **LITERAL)
