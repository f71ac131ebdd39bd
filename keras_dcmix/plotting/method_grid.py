"""Positions of the panels of `plot_methods`, and how their texts break into lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

import matplotlib as mpl
import numpy as np

from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.plotting.folding import FEW, Folded
from keras_dcmix.plotting.style import shorten

LONGEST_NAME = 26
_WIDEST = 10 * 72  # points: a new figure wraps its panels before it grows wider
_NARROWEST = 66  # points: a panel with space for title, bars and ranks at full text size
_GAP = 12  # points between panels
LETTER, _BOLD_LETTER = 0.56, 0.62  # mean width, in font sizes
_NOTE = (
    "Small numbers and colour intensity: rank (1 = most important). "
    "Bars: scores, each panel on its own scale{spread}."
)
_OTHERS = " Last row: lowest to highest score of the {others}, and the best of their ranks."


class Grid(NamedTuple):
    """Positions of the panels inside the axes, in points, and the size of the text."""

    columns: int
    rows: int
    names: float  # width of the channel names
    panel: float  # width of a panel
    head: float  # height of the titles
    bars: float  # height of a panel
    foot: float  # height of ticks and units
    size: float  # font size
    line: float  # height of one channel
    longest: int  # letters in a line of a title

    @property
    def fit(self) -> float:
        """At least 1 where text at full size fits, less where it is too large."""
        return min(self.panel / _NARROWEST, self.line / (1.05 * mpl.rcParams["font.size"]))

    def place(self, index: int, width: float, height: float) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of a panel, as fractions of axes of that size."""
        row, column = divmod(index, self.columns)
        left = self.names + column * (self.panel + _GAP)
        top = row * (self.head + self.bars + self.foot) + self.head
        return left / width, 1 - (top + self.bars) / height, self.panel / width, self.bars / height


def figure_size(shown: Sequence[ChannelImportance], channels: Folded) -> tuple[float, float]:
    """Returns width and height, in inches, in which all text fits."""
    num_rows = len(channels.rows)
    room = _names_room(channels.rows, mpl.rcParams["font.size"])
    most = max(int((_WIDEST - room + _GAP) / (_NARROWEST + _GAP)), 1)
    rows = ceil(len(shown) / most)
    columns = ceil(len(shown) / rows)
    width = room + columns * min(max((_WIDEST - room) / columns, _NARROWEST + _GAP), 120)
    width = max(width, 300)
    grid = _grid(shown, channels, columns, width, 0, 1)
    line = (1.6 if num_rows <= FEW else 1.15) * mpl.rcParams["font.size"]
    bars = max(line * num_rows, 50)
    height = _note_room(channels, width, grid.size) + rows * (grid.head + bars + grid.foot)
    return width / 72 + 0.1, height / 72 + 0.1


def fitted_grid(
    shown: Sequence[ChannelImportance], channels: Folded, width: float, height: float
) -> Grid:
    """Wraps the panels so that their text has the most space, and shrinks it if it does not fit."""
    for scale in (1, 0.85, 0.7, 0.55):
        grids = [
            _grid(shown, channels, columns, width, height, scale)
            for columns in {ceil(len(shown) / rows) for rows in range(1, len(shown) + 1)}
        ]
        best = max(grids, key=lambda grid: (min(grid.fit, 1), -grid.rows))
        if best.fit >= scale:
            break
    return best


def _grid(
    shown: Sequence[ChannelImportance],
    channels: Folded,
    columns: int,
    width: float,
    height: float,
    scale: float,
) -> Grid:
    """Measures all parts, with text at `scale` times its usual size."""
    size = scale * mpl.rcParams["font.size"]
    rows = ceil(len(shown) / columns)
    room = min(_names_room(channels.rows, size), 0.4 * width)
    panel = max((width - room + _GAP) / columns - _GAP, 1)
    longest = max(int(panel / (_BOLD_LETTER * 0.8 * size)), 4)
    head = _tallest([importance.method for importance in shown], longest) * 0.8 * 1.2 * size + 5
    units = _tallest([unit_of(importance) for importance in shown], in_unit(longest))
    foot = (0.7 * 1.2 + units * 0.7 * 1.2 + 1.2) * size + 4
    bars = (height - _note_room(channels, width, size)) / rows - head - foot
    line = bars / len(channels.rows)  # below 0 if the text alone is too tall
    return Grid(columns, rows, room, panel, head, max(bars, 1), foot, size, line, longest)


def in_unit(longest: int) -> int:
    """Letters in a line of a unit, which is smaller than a title."""
    return int(longest * 0.8 / 0.7)


def _names_room(names: Sequence[str], size: float) -> float:
    longest = max(len(shorten(name, LONGEST_NAME)) for name in names)
    return LETTER * 0.9 * size * longest + 8


def _note_room(channels: Folded, width: float, size: float) -> float:
    return 1.25 * 0.7 * size * len(note(True, channels, width, size)) + 2


def note(has_spread: bool, channels: Folded, width: float, size: float) -> list[str]:
    """Returns the lines of the note below all panels."""
    spread = "; whiskers: ± one standard deviation over repeats" if has_spread else ""
    longest = max(int(width / (0.52 * 0.7 * size)), 20)
    others = _OTHERS.format(others=channels.rows[-1]) if channels.others else ""
    return wrapped(_NOTE.format(spread=spread) + others, longest, 9)


def _tallest(texts: Sequence[str], longest: int) -> int:
    """Returns how many lines the tallest text takes."""
    return max(len(wrapped(text, longest)) for text in texts)


def wrapped(text: str, longest: int, most: int = 3) -> list[str]:
    """Breaks a text after spaces and marks; what does not fit is shortened in the middle.

    Example:
        >>> wrapped("efficient_channel_attention", 12)
        ['efficient_', 'channel_', 'attention']
    """
    lines = [""]
    for word in re.findall(r"[^\s_/-]+[\s_/-]*|[\s_/-]+", text):
        if lines[-1] and len((lines[-1] + word).rstrip()) > longest:
            lines.append("")
        lines[-1] += word
    if len(lines) > most:
        lines = [*lines[: most - 1], "".join(lines[most - 1 :])]
    return [shorten(line.rstrip(), longest) for line in lines]


def unit_of(importance: ChannelImportance) -> str:
    """Returns the unit, with a note where the method has no order."""
    tied = "all tied" if np.ptp(importance.scores) == 0 and importance.num_channels > 1 else ""
    return ", ".join(filter(None, [importance.unit, tied]))
