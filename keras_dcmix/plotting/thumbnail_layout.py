"""Positions of the pictures of `plot_thumbnails`."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

_GAP = 0.05  # between pictures, in their width
_MOST_COLUMNS, _COLUMNS = 16, 12  # of more channels than the first, so many are side by side

# In sizes of the text: the space for names left of the rows, above and below the columns, and for a
# line below all pictures.
_LEFT, _HEAD, _FOOT, _LINE = 13, 3.4, 3.2, 2


class ThumbnailLayout(NamedTuple):
    """Positions of pictures, in widths of one picture, counted from top left.

    Many channels are wrapped into bands, one below the other, each with all fields.
    """

    rows: int  # fields
    num_channels: int
    tall: float  # height of the tallest picture of width 1
    em: float  # size of the text
    has_names: bool  # whether rows have names
    has_line: bool  # whether there is a line of text below all pictures

    @property
    def bands(self) -> int:
        """How many bands there are."""
        return 1 if self.num_channels <= _MOST_COLUMNS else ceil(self.num_channels / _COLUMNS)

    @property
    def columns(self) -> int:
        """Channels in a band."""
        return ceil(self.num_channels / self.bands)

    @property
    def left(self) -> float:
        """Width of the names of the rows."""
        return min(_LEFT * self.em, max(0.9, 0.1 * self.columns)) if self.has_names else 0

    @property
    def width(self) -> float:
        """Of the figure."""
        return self.left + self.columns * (1 + _GAP) - _GAP

    @property
    def height(self) -> float:
        """Of the figure."""
        return self.bands * self._band + _LINE * self.em * self.has_line

    @property
    def _band(self) -> float:
        return (_HEAD + _FOOT) * self.em + self.rows * (self.tall + _GAP) - _GAP

    def corner(self, row: int, channel: int) -> tuple[float, float]:
        """Left and top of the space for a picture."""
        band, column = divmod(channel, self.columns)
        top = band * self._band + _HEAD * self.em + row * (self.tall + _GAP)
        return self.left + column * (1 + _GAP), top

    def bottom(self, channel: int) -> float:
        """Lower end of the pictures of a channel, counted from the lower end of the figure."""
        _, top = self.corner(self.rows - 1, channel)
        return self.height - top - self.tall

    def box(self, row: int, channel: int, height: float) -> tuple[float, float, float, float]:
        """Left, top, width and height of a picture, centred in its row."""
        left, top = self.corner(row, channel)
        return left, top + (self.tall - height) / 2, 1, height
