"""Shares of the mix during training."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from keras_dcmix._common.errors import LayerError
from keras_dcmix.plotting.folding import EVEN_LINE, FEW, even_share, folded, share_in_percent
from keras_dcmix.plotting.style import (
    CATEGORIES,
    LITERAL,
    axes_or_new,
    background,
    blend,
    clean,
    laid_out,
    muted,
    shorten,
    text_color,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LINES = 8  # as many colours differ clearly
_LONGEST_NAME = 24
_Look = tuple[str, str]  # colour and kind of line
_STYLES = ("-", "--", "-.", ":")  # of lines that share a colour


def plot_trajectory(
    history: pd.DataFrame, *, top: int | None = LINES, ax: Axes | None = None
) -> Axes:
    """Draws one line a channel: its share of the mix over training, labelled at its end.

    Thick lines are means over seeds, thin ones single seeds. Several planes are averaged. The
    dotted line is an even share, at which all channels start. Channels after the `top` that end
    highest are thin grey lines with one label, which says how much they have together.

    Args:
        history: Columns `epoch`, `step`, `channel`, `mix` and `share` (0 to 1), and `seed` if
            there are several, as `ChannelWeightHistory.to_frame()` returns it. The x-axis shows
            steps if an epoch has several records, otherwise epochs.
        top: How many channels have a colour and a label, at least 1; `None` for all. After eight
            channels colours repeat, with other kinds of lines.
        ax: Axes to draw into. By default a new figure, which grows with the number of labels.

    Returns:
        The axes.

    Raises:
        ValueError: If a column is missing, there is no row, or `top` is neither a whole number of
            at least 1 nor `None`.

    Example:
        >>> import pandas as pd
        >>> history = pd.DataFrame({"epoch": [0, 0, 1, 1], "step": [9, 9, 19, 19], "mix": 0,
        ...     "channel": ["DNA", "ER", "DNA", "ER"], "share": [0.5, 0.5, 0.8, 0.2]})
        >>> plot_trajectory(history).get_xlabel()
        'epoch'
    """
    shares, axis = _shares(history)
    mean = shares.groupby(level="x").mean()
    last = mean.ffill().iloc[-1].sort_values(ascending=False, kind="stable")
    rows = folded(list(last.index), top)
    ax = axes_or_new(ax, 6.4, max(3.8, 0.6 + 0.19 * len(rows.rows)))
    grey = blend(text_color(), background(ax), 0.3)
    looks = _looks(ax, rows.shown) | dict.fromkeys(rows.others, (grey, "-"))
    _draw_lines(ax, shares, mean, looks, set(rows.others))
    _finish(ax, mean, axis)
    share = share_in_percent if len(last) > FEW else _whole_percent
    ends = [
        (f"{shorten(name, _LONGEST_NAME)}  {share(last[name])}", last[name], looks[name])
        for name in rows.shown
    ]
    if rows.others:
        others = last[list(rows.others)]
        together = f"{len(others)} others, {share(others.sum())} together"
        ends.append((together, others.mean(), (grey, "-")))
    _label_ends(ax, ends)
    return ax


def _whole_percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _shares(history: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Returns shares by (seed, x) and channel, averaged over planes, and what x is."""
    needed = ["epoch", "step", "channel", "mix", "share"]
    missing = [column for column in needed if column not in history]
    if missing or not len(history):
        raise LayerError(
            f"`history` must have at least one row and the columns {needed}, as from "
            f"ChannelWeightHistory.to_frame(). Received: {len(history)} rows without {missing}"
        )
    if "seed" not in history:
        history = history.assign(seed=0)
    records = history.groupby(["seed", "channel", "mix", "epoch"], observed=True).size()
    axis = "step" if records.max() > 1 else "epoch"
    table = history.rename(columns={axis: "x"})
    shares = table.groupby(["seed", "x", "channel"], observed=True)["share"].mean()
    return shares.unstack("channel"), axis


def _looks(ax: Axes, names: Sequence[str]) -> dict[str, _Look]:
    """Returns a colour and a kind of line for each channel.

    The eight colours differ clearly, on white and on black.
    """
    colors = [*CATEGORIES, text_color(), muted(ax)]
    looks = itertools.cycle(itertools.product(_STYLES, colors))
    return {name: (color, style) for name, (style, color) in zip(names, looks, strict=False)}


def _draw_lines(
    ax: Axes,
    shares: pd.DataFrame,
    mean: pd.DataFrame,
    looks: dict[str, _Look],
    others: set[str],
) -> None:
    """Draws thin lines for single seeds and a thick one for their mean, the highest on top."""
    num_seeds = shares.index.get_level_values("seed").nunique()
    for depth, (channel, (color, style)) in enumerate(reversed(looks.items())):
        many = channel in others
        if num_seeds > 1 and not many:
            for _, single in shares[channel].groupby(level="seed"):
                faint = blend(color, background(ax), 0.4)
                x = single.index.get_level_values("x")
                ax.plot(x, single, color=faint, linewidth=0.7, zorder=2, label="_single seed")
        line = mean[channel].dropna()
        ax.plot(
            line.index,
            line,
            color=color,
            linestyle=style,
            linewidth=0.8 if many else 2,
            marker="o" if len(mean) == 1 else None,
            solid_capstyle="round",
            zorder=2.5 if many else 3 + depth / len(looks),
            label=channel,
        )


def _finish(ax: Axes, mean: pd.DataFrame, axis: str) -> None:
    """Sets limits, axis labels and the line of equal shares."""
    clean(ax)
    first, last = mean.index[0], mean.index[-1]
    ax.set_xlim((first, last) if first < last else (first - 0.5, last))
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(PercentFormatter(1, None if ax.get_ylim()[1] < 0.06 else 0))
    num_channels = len(mean.columns)
    even = 1 / num_channels
    line = ax.axhline(even, color=muted(ax), linewidth=0.8, linestyle=EVEN_LINE, zorder=1)
    ax.set_xlabel(axis)
    if num_channels > FEW:
        line.set(color=text_color(), zorder=2.9)  # above the grey lines, which would hide it
        ax.set_xlabel(f"{axis}\n{even_share(num_channels)}")
    ax.set_ylabel("share of the mix")


def _label_ends(ax: Axes, ends: list[tuple[str, float, _Look]]) -> None:
    """Names the lines at their right ends; labels do not overlap, thin lines connect them."""
    size = min(0.9 * mpl.rcParams["font.size"], laid_out(ax)[1] / (1.3 * len(ends)))
    beside = ax.get_yaxis_transform()
    texts = [
        ax.text(1.045, share, label, transform=beside, fontsize=size, **LITERAL)
        for label, share, _ in ends
    ]
    low, high = ax.get_ylim()
    gap = 1.3 * size / laid_out(ax)[1] * (high - low)
    positions = _without_overlap(np.array([share for _, share, _ in ends]), gap, low, high)
    for text, position, (_, share, (color, style)) in zip(texts, positions, ends, strict=True):
        text.set(y=position, va="center_baseline", color=text_color())
        ax.plot(
            [1.005, 1.035],
            [share, position],
            transform=beside,
            clip_on=False,
            color=color,
            linestyle=style,
            linewidth=1.2,
            label="_connector",
        )


def _without_overlap(wanted: np.ndarray, gap: float, low: float, high: float) -> np.ndarray:
    """Moves positions as little as possible to be `gap` apart, within `low` and `high` if possible.

    Positions closer than `gap` become one block around their mean, and blocks that meet are
    joined: the least-squares solution (pool adjacent violators).
    """
    order = np.argsort(wanted, kind="stable")
    blocks: list[list[float]] = []
    for position in wanted[order] - gap * np.arange(len(wanted)):
        blocks.append([position, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, count = blocks.pop()
            total = blocks[-1][1] + count
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + mean * count) / total, total]
    level = np.repeat([block[0] for block in blocks], [int(block[1]) for block in blocks])
    level = np.clip(level, low, max(high - gap * (len(wanted) - 1), low))
    positions = np.empty(len(wanted))
    positions[order] = level + gap * np.arange(len(wanted))
    return positions
