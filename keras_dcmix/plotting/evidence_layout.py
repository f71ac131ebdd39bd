"""Positions of the columns of `plot_evidence`, in points from the lower left end."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib as mpl

from keras_dcmix.plotting.evidence_rows import EvidenceRows
from keras_dcmix.plotting.folding import FEW
from keras_dcmix.plotting.style import LINE, shorten, text_width

_LONGEST_NAME = 22
_HEAD, _FOOT = 3.4, 4.4  # sizes of the text: above the first and below the last row
_GAP = 1.2  # between columns, in sizes of the text
_SHARE = 4.8  # the bar of a share, in sizes of the text
DOT = 1.1  # before a verdict, in sizes of the text
_NARROWEST = 44  # sizes of the text side by side; in narrower axes the text is smaller
WIDTH = 8.7  # inches
_SPACE = 3  # points between pictures
_TALL, _LESS_TALL, _SHORT = 3.2, 2.5, 1.95  # rows with pictures, many of them, and without


@dataclass(frozen=True)
class EvidenceLayout:
    """Columns and rows.

    Attributes:
        width: Of all columns, in points.
        height: In points.
        size: Of the text, in points.
        top: Upper end of the first row.
        row: Height of a row.
        picture: Width of one picture; 0 without pictures.
        names: Channels as they are written.
        name: Left end of the names.
        share: Left end of the shares.
        share_width: Of the bar of 100 %.
        forests: Left ends of *alone* and *unique*.
        forest_width: Of each.
        verdict: Left end of the verdicts.
    """

    width: float
    height: float
    size: float
    top: float
    row: float
    picture: float
    names: list[str]
    name: float
    share: float
    share_width: float
    forests: tuple[float, float]
    forest_width: float
    verdict: float

    @property
    def step(self) -> float:
        """From one picture to the next."""
        return self.picture + _SPACE

    def middle(self, row: float) -> float:
        """The middle of a row; the first is on top."""
        return self.top - (row + 0.5) * self.row


def height_of(rows: EvidenceRows, *, has_pictures: bool) -> float:
    """The height of a new figure, in inches."""
    row = _SHORT if not has_pictures else _TALL if rows.number <= FEW else _LESS_TALL
    lines = _HEAD + _FOOT + rows.number * row
    return lines * mpl.rcParams["font.size"] / 72


def evidence_layout(
    rows: EvidenceRows, width: float, height: float, num_pictures: int, aspect: float
) -> EvidenceLayout:
    """Fits all columns into axes of that size.

    Args:
        rows: What is drawn.
        width: Of the axes, in points.
        height: Of the axes, in points.
        num_pictures: Pictures of a channel.
        aspect: Width of a picture by its height.
    """
    fits = width / _NARROWEST, height / (_HEAD + _FOOT + rows.number / LINE)
    size = min(mpl.rcParams["font.size"], *fits)
    row = (height - (_HEAD + _FOOT) * size) / rows.number
    gap, picture = _GAP * size, 0.0
    if num_pictures:
        # Pictures take at most a sixth of the width.
        picture = min((0.94 * row) * aspect, width / 6 / num_pictures)
    names = [shorten(name, _LONGEST_NAME) for name in rows.folded.rows]
    name = num_pictures * (picture + _SPACE) + (0.6 * gap if num_pictures else 0.3 * size)
    share = name + max(text_width(each, size) for each in [*names, "channel"]) + gap
    share_width = _SHARE * size
    verdicts = [text_width(str(each), size, "bold") for each in rows.shown["verdict"]]
    verdict = width - max(verdicts) - (DOT + 0.3) * size
    first = share + share_width + gap
    forest = max((verdict - first - 2 * gap) / 2, 2 * size)
    return EvidenceLayout(
        width=width,
        height=height,
        size=size,
        top=height - _HEAD * size,
        row=row,
        picture=picture,
        names=names,
        name=name,
        share=share,
        share_width=share_width,
        forests=(first, first + forest + gap),
        forest_width=forest,
        verdict=verdict,
    )
