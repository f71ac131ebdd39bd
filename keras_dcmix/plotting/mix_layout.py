"""Positions of the pictures of `plot_mix`."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

# In widths of one picture: the space for titles above it, between pictures, before the mix.
HEAD, GAP, ARROW = 0.4, 0.07, 0.7
_FOOT = 0.25  # for one line of text
_WIDEST_FOLDED = 6  # channels in a row; with more, several images have unreadable titles


class MixLayout(NamedTuple):
    """Positions of pictures, in widths of one channel's picture, counted from top left."""

    rows: int  # of channels, for each image
    columns: int
    side: int  # width of a mix
    mix_rows: int
    mix_columns: int
    tall: float  # height of a picture of width 1
    num_images: int
    foot: float = 0  # height of a line of text below all channels

    @property
    def width(self) -> float:
        """Of the figure."""
        return self.mix_left + self.mix_columns * (self.side + GAP) - GAP

    @property
    def height(self) -> float:
        """Of the figure."""
        return self.top(self.num_images - 1) + self.band(self.num_images - 1) + self.foot

    @property
    def mix_left(self) -> float:
        """Left end of the mixes."""
        return self.columns * (1 + GAP) - GAP + ARROW

    def head(self, image: int) -> float:
        """Space above each row of pictures; only the first image has titles."""
        return GAP if image else HEAD

    def band(self, image: int) -> float:
        """Height of everything that belongs to an image."""
        return self.rows * (self.tall + self.head(image))

    def top(self, image: int) -> float:
        """Upper end of the band of an image."""
        apart = GAP if self.rows > 1 else 0
        return sum(self.band(above) + apart for above in range(image))

    def channel(self, image: int, index: int) -> tuple[float, float, float, float]:
        """Left, top, width and height of a channel's picture."""
        row, column = divmod(index, self.columns)
        head = self.head(image)
        return column * (1 + GAP), self.top(image) + row * (self.tall + head) + head, 1, self.tall

    def mix(self, image: int, index: int) -> tuple[float, float, float, float]:
        """Left, top, width and height of a mix; mixes are centred in their band."""
        column, row = divmod(index, self.mix_rows)
        head = self.head(image)
        height = self.side * self.tall
        step = height + head
        spare = self.band(image) - self.mix_rows * step
        top = self.top(image) + spare / 2 + row * step + head
        return self.mix_left + column * (self.side + GAP), top, self.side, height


def mix_layout(
    shape: tuple[int, int, int, int], num_mixes: int, *, has_foot: bool = False
) -> MixLayout:
    """Wraps channels into about twice as many columns as rows and places the mixes beside them.

    Args:
        shape: Of the images: `(num_images, height, width, num_channels)`.
        num_mixes: Number of mixes for each image.
        has_foot: Whether there is a line of text below the channels.
    """
    num_images, height, width, num_channels = shape
    rows = max(1, round((num_channels / (2 * num_images)) ** 0.5))
    if has_foot:
        rows = max(rows, ceil(num_channels / _WIDEST_FOLDED))
    side = min(max(rows // num_mixes, 1), 3)
    mix_rows = min(num_mixes, rows // side)
    return MixLayout(
        rows=rows,
        columns=ceil(num_channels / rows),
        side=side,
        mix_rows=mix_rows,
        mix_columns=ceil(num_mixes / mix_rows),
        tall=height / width,
        num_images=num_images,
        foot=_FOOT * has_foot,
    )
