"""What each channel adds: pictures, share, alone and unique as a forest plot, and verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Rectangle

from keras_dcmix.evidence.channel_evidence import ChannelVerdict
from keras_dcmix.plotting.evidence_layout import (
    DOT,
    WIDTH,
    EvidenceLayout,
    evidence_layout,
    height_of,
)
from keras_dcmix.plotting.evidence_rows import GAINS, EvidenceRows, evidence_rows
from keras_dcmix.plotting.folding import ROWS, share_in_percent
from keras_dcmix.plotting.forest import draw_forest
from keras_dcmix.plotting.pictures import add_picture, channel_pictures, stretched
from keras_dcmix.plotting.style import (
    LITERAL,
    axes_or_new,
    background,
    blend,
    cut,
    laid_out,
    muted,
    text_color,
    text_width,
)
from keras_dcmix.plotting.verdict_style import verdict_color

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_HEADS = {"alone": "gain by itself", "unique": "loss without it"}
_SMALL = 0.85  # of the size of the text


def plot_evidence(
    evidence: pd.DataFrame,
    *,
    images: Mapping[str, Any] | None = None,
    image_names: Sequence[str] = (),
    top: int | None = ROWS,
    ax: Axes | None = None,
) -> Axes:
    """Draws the evidence about each channel in a row, what must be kept on top.

    From left to right: pictures of the channel, its name, its share of the mix, what it gains over
    no channel (*alone*), what all channels lose without it (*unique*), and the verdict. Both gains
    have 95 % intervals over groups; a filled dot is above 0 at the level of 5 %, after adjusting
    for the number of channels, an open one is not. Rows are sorted by verdict, then as they come.
    Channels after the first `top` share the last row: ticks are their estimates.

    Args:
        evidence: Columns as in `evidence.csv`, one row a channel, such as `ranking.evidence`.
        images: Pictures of each channel by its name, `(height, width)` or
            `(num_pictures, height, width)`, the same number for each; raw pixels.
        image_names: What the pictures show, such as their classes, one name for each.
        top: How many channels have a row of their own, at least 1; `None` for all.
        ax: Axes that are replaced by the columns. By default a new figure, which grows with the
            number of channels.

    Returns:
        The axes; pictures and forest plots are its `child_axes`.

    Raises:
        ValueError: If a column or the picture of a channel is missing, a verdict is unknown, or
            `top` is neither a whole number of at least 1 nor `None`.

    Example:
        >>> import pandas as pd
        >>> gains = {f"{gain}{end}": [value, 0.0] for gain in ("alone", "unique")
        ...     for end, value in (("", 0.4), ("_low", 0.3), ("_high", 0.5), ("_p", 0.001))}
        >>> evidence = pd.DataFrame({"channel": ["GFP", "DNA"], "share": [0.9, 0.1], **gains,
        ...     "verdict": ["needed", "no evidence"], "replaced_by": ""})
        >>> [child.get_label() for child in plot_evidence(evidence).child_axes]
        ['alone', 'unique']
    """
    rows = evidence_rows(evidence, top)
    pictures = channel_pictures(images, rows.folded.shown)
    _, number, tall, wide = pictures.shape
    ax = axes_or_new(ax, WIDTH, height_of(rows, has_pictures=number > 0))
    ax.axis("off")
    width, height = laid_out(ax)
    ax.set(xlim=(0, width), ylim=(0, height))
    layout = evidence_layout(rows, width, height, number, wide / tall if number else 1)
    _draw_stripes(ax, layout, rows)
    _draw_pictures(ax, layout, pictures, image_names)
    _write_names(ax, layout, rows)
    _draw_shares(ax, layout, rows)
    for gain, left in zip(GAINS, layout.forests, strict=True):
        _head(ax, layout, left, gain, _HEADS[gain])
        draw_forest(ax, layout, rows, gain, left)
    _write_verdicts(ax, layout, rows)
    _write_legend(ax, layout, rows)
    return ax


def _draw_stripes(ax: Axes, layout: EvidenceLayout, rows: EvidenceRows) -> None:
    """Shades every second row, and draws a line where the verdict changes."""
    stripe = blend(text_color(), background(ax), 0.04)
    for row in range(0, rows.number, 2):
        place = (0, layout.top - (row + 1) * layout.row)
        ax.add_patch(Rectangle(place, layout.width, layout.row, color=stripe, linewidth=0))
    verdicts = [str(each) for each in rows.shown["verdict"]]
    changes = [row for row in range(1, len(verdicts)) if verdicts[row] != verdicts[row - 1]]
    line = blend(text_color(), background(ax), 0.35)
    for row in [0, *changes, *([len(verdicts)] if rows.folded.others else [])]:
        y = layout.top - row * layout.row
        ax.plot([0, layout.width], [y, y], color=line, linewidth=0.7, label="_line")


def _write(ax: Axes, x: float, y: float, text: str, size: float, **style: Any) -> None:
    style = {"color": text_color(), "va": "center_baseline", **style}
    ax.text(x, y, text, fontsize=size, **style, **LITERAL)


def _draw_pictures(
    ax: Axes, layout: EvidenceLayout, pictures: np.ndarray, names: Sequence[str]
) -> None:
    """Shows the pictures of each channel, with the same grey values for all of them."""
    step, tall = layout.step, 0.94 * layout.row
    if pictures.size:
        tall = min(tall, layout.picture * pictures.shape[2] / pictures.shape[3])
    for row, planes in enumerate(pictures):
        for number, plane in enumerate(planes):
            top = layout.height - layout.middle(row) - tall / 2
            box = (number * step, top, layout.picture, tall)
            add_picture(ax, box, plane, stretched(planes), is_small=True)
    size = _SMALL * layout.size
    names = [str(name) for name in names[: pictures.shape[1]]]
    if len(names) > 1 and any(text_width(name, size) > 0.98 * layout.picture for name in names):
        names = []  # cut to two letters they would say nothing
    for number, name in enumerate(names):
        text = cut(name, layout.name + 3 * size, size)
        place = number * step, layout.top + 0.4 * size
        _write(ax, *place, text, size, color=muted(ax), va="baseline")


def _head(ax: Axes, layout: EvidenceLayout, x: float, text: str, below: str = "") -> None:
    """Writes what a column holds."""
    line = 1.4 * layout.size
    _write(ax, x, layout.top + 0.4 * layout.size + line, text, layout.size, fontweight="bold")
    if below:
        _write(
            ax,
            x,
            layout.top + 0.4 * layout.size,
            below,
            _SMALL * layout.size,
            color=muted(ax),
            va="baseline",
        )


def _write_names(ax: Axes, layout: EvidenceLayout, rows: EvidenceRows) -> None:
    _head(ax, layout, layout.name, "channel")
    for row, name in enumerate(layout.names):
        is_others = row == len(rows.shown)
        color = muted(ax) if is_others else text_color()
        _write(ax, layout.name, layout.middle(row), name, layout.size, color=color)


def _draw_shares(ax: Axes, layout: EvidenceLayout, rows: EvidenceRows) -> None:
    """Draws bars that start at the left of the column, the largest one as wide as it is."""
    _head(ax, layout, layout.share, "share", "of the mix")
    shares = rows.shown["share"].to_numpy()
    room = layout.share_width - 2.8 * layout.size  # the rest is for the number
    scale = room / max(shares.max(initial=0), 1e-12)
    color = blend(text_color(), background(ax), 0.3)
    tall = min(0.5 * layout.row, 0.8 * layout.size)
    for row, share in enumerate(shares):
        y, width = layout.middle(row), share * scale
        ax.add_patch(Rectangle((layout.share, y - tall / 2), width, tall, color=color, linewidth=0))
        text = share_in_percent(share)
        _write(ax, layout.share + width + 3, y, text, _SMALL * layout.size)
    if len(rows.others):
        text = f"{share_in_percent(float(rows.others['share'].sum()))} together"
        place = layout.share, layout.middle(len(shares))
        _write(ax, *place, text, _SMALL * layout.size, color=muted(ax))


def _write_verdicts(ax: Axes, layout: EvidenceLayout, rows: EvidenceRows) -> None:
    """Writes each verdict beside a dot of its colour, and what replaces a channel below it."""
    _head(ax, layout, layout.verdict, "verdict")
    size, small = layout.size, _SMALL * layout.size
    text = layout.verdict + DOT * size
    columns = (rows.shown["verdict"], rows.shown["replaced_by"])
    for row, (verdict, by) in enumerate(zip(*columns, strict=True)):
        y = layout.middle(row)
        dot = (0.62 * size) ** 2
        ax.scatter(layout.verdict + 0.4 * size, y, s=dot, color=verdict_color(ax, verdict))
        is_weak = verdict in (ChannelVerdict.NO_EVIDENCE, ChannelVerdict.UNDECIDED)
        weight = "normal" if is_weak else "bold"
        if not by:
            _write(ax, text, y, str(verdict), size, fontweight=weight)
            continue
        # The lines of a low row are close to each other.
        half = min(0.62 * size, 0.24 * layout.row)
        fits = min(1, layout.row / (2.1 * size))
        _write(ax, text, y + half, str(verdict), fits * size, fontweight=weight)
        line = cut(f"by {by}", layout.width - text, fits * small)
        _write(ax, text, y - half, line, fits * small, color=muted(ax))
    if len(rows.others):
        _count_verdicts(ax, layout, rows)


def _count_verdicts(ax: Axes, layout: EvidenceLayout, rows: EvidenceRows) -> None:
    """Writes how many of the other channels have which verdict, in two lines at most."""
    y, parts = layout.middle(len(rows.shown)), rows.verdicts_of_others
    half = -(-len(parts) // 2)
    lines = [", ".join(part) for part in (parts[:half], parts[half:]) if part]
    step = min(1.2 * _SMALL * layout.size, layout.row / 2)
    for number, line in enumerate(lines):
        up = y + step * ((len(lines) - 1) / 2 - number)
        text = cut(line, layout.width - layout.verdict, 0.8 * step)
        _write(ax, layout.verdict, up, text, 0.8 * step, color=muted(ax))


def _write_legend(ax: Axes, layout: EvidenceLayout, rows: EvidenceRows) -> None:
    """Says what dots and lines are."""
    small = _SMALL * layout.size
    y = 0.6 * small
    x = 0.4 * small
    grey, texts = muted(ax), ("above 0 at the 5% level", "not shown to be above 0")
    for text, face in zip(texts, (grey, background(ax)), strict=True):
        ax.scatter(x, y, s=(0.62 * small) ** 2, facecolor=face, edgecolor=grey, linewidth=1)
        _write(ax, x + 0.8 * small, y, text, small, color=grey)
        x += (0.56 * len(text) + 1.8) * small
    ax.plot([x, x + 2 * small], [y, y], color=grey, linewidth=1.4, label="_interval")
    last = "95% interval" + ("; ticks: other channels" if rows.folded.others else "")
    _write(ax, x + 2.6 * small, y, last, small, color=grey)
