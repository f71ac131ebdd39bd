"""Where plates stand in a figure, in widths of a well."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

import matplotlib as mpl

LEFT, _HEAD, _COLUMNS, _GAP = 1.6, 2.4, 1.1, 0.8  # row letters, above, without names, between
_FOOT = 3.8  # sizes of the text: the legend below all plates
_WIDEST = 8.4  # inches
_WELL = 0.42  # inches, at most
_SIDE_BY_SIDE = 12  # columns of two plates that are beside each other


class PlateGrid(NamedTuple):
    """Plates side by side and below each other.

    Attributes:
        shape: Rows and columns of a plate.
        across: Plates side by side.
        head: Height above a plate, for its name and the numbers of its columns.
        width: Of all plates.
        height: Of all plates, without the legend.
    """

    shape: tuple[int, int]
    across: int
    head: float
    width: float
    height: float

    @property
    def inches(self) -> tuple[float, float]:
        """Width and height of a figure for these plates and their legend."""
        well, foot = min(_WELL, _WIDEST / self.width), _FOOT * mpl.rcParams["font.size"] / 72
        return max(self.width * well + 0.2, 4.2), self.height * well + foot + 0.2

    def fitted(self, points: tuple[float, float]) -> tuple[float, float]:
        """Size of the text and width of a well, in points, for axes of this size."""
        size = min(mpl.rcParams["font.size"], points[0] / 26)
        return size, min(points[0] / self.width, (points[1] - _FOOT * size) / self.height)

    def corner(self, number: int) -> tuple[float, float]:
        """The upper left corner of the first well of a plate."""
        down, right = divmod(number, self.across)
        rows, columns = self.shape
        return right * (columns + LEFT + _GAP) + LEFT, down * (rows + self.head + _GAP) + self.head


def plate_grid(names: Sequence[str], shape: tuple[int, int]) -> PlateGrid:
    """The grid for some plates.

    Args:
        names: Their names; empty where there is a single plate without one.
        shape: Rows and columns of a plate.
    """
    rows, columns = shape
    across = _across(len(names), rows, columns)
    width = across * (columns + LEFT + _GAP)
    inches = min(_WELL, _WIDEST / width)
    head = max(_HEAD, 2.4 * mpl.rcParams["font.size"] / (72 * inches)) if any(names) else _COLUMNS
    height = ceil(len(names) / across) * (rows + head + _GAP)
    return PlateGrid(shape, across, head, width, height)


def _across(number: int, rows: int, columns: int) -> int:
    """How many plates are side by side, for a figure that is about as tall as it is wide."""
    ratio = (rows + _HEAD + _GAP) / (columns + LEFT + _GAP)
    if number <= 2:
        return 1 if columns > _SIDE_BY_SIDE else number
    return min(number, max(1, round((number * ratio) ** 0.5 + 0.2)))
