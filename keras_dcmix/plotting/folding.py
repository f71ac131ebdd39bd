"""Many channels: the first ones are drawn one by one, the others as a single item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from numbers import Integral

import numpy as np

from keras_dcmix._common.errors import InputError, argument
from keras_dcmix._common.wording import quantity

FEW = 12  # up to this many channels, a figure needs no reference and no decimals

ROWS = 20  # more names than these are not read one by one, and the figure stays on a screen

EVEN_LINE = (0, (1, 3))  # dots


@dataclass(frozen=True)
class Folded:
    """Channels in the order of a figure.

    Attributes:
        shown: Channels drawn one by one.
        others: Channels that become one item; none if all are drawn.
    """

    shown: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def rows(self) -> list[str]:
        """Labels of all items, that of the other channels last."""
        last = [quantity(len(self.others), "other channel")] if self.others else []
        return [*self.shown, *last]


def folded(names: Sequence[str], top: int | None) -> Folded:
    """Splits channels into the first `top` and the others.

    Args:
        names: All channels, in the order of the figure.
        top: How many are drawn one by one, at least 1; `None` for all.

    Raises:
        ValueError: If `top` is neither a whole number of at least 1 nor `None`.

    Example:
        >>> folded(["DNA", "RNA", "ER"], 1).rows
        ['DNA', '2 other channels']
    """
    if top is not None and (isinstance(top, bool) or not isinstance(top, Integral) or top < 1):
        raise InputError(
            f"{argument('top')} must be a whole number of at least 1, or None to draw all "
            f"channels. Received: {argument('top', top)}"
        )
    drawn = len(names) if top is None else int(top)
    return Folded(tuple(names[:drawn]), tuple(names[drawn:]))


def are_shares(scores: np.ndarray) -> bool:
    """Whether scores are shares of one total: none is negative and their sum is 1."""
    return bool(scores.min() >= 0 and np.isclose(scores.sum(), 1))


def share_in_percent(share: float) -> str:
    """A share of 0 to 1 in percent, with as many digits as separate small shares.

    Example:
        >>> [share_in_percent(share) for share in (0.5, 0.0512, 0.00514, 0.00001, 0.0)]
        ['50%', '5.1%', '0.51%', 'below 0.01%', '0%']
    """
    if 0 < share < 0.0001:
        return "below 0.01%"
    return f"{100 * share:.{_digits(share)}f}%"


def _digits(share: float) -> int:
    return 0 if share >= 0.1 or share == 0 else 1 if share >= 0.01 else 2


def shares_together(shares: np.ndarray) -> str:
    """Says how much some channels have together, and the most that one of them has.

    The most is rounded up, so that it is true.

    Example:
        >>> shares_together(np.array([0.0112, 0.08, 0.004])), shares_together(np.array([0.02]))
        ('9.5% together, none above 8.0%', '2.0%')
    """
    together = share_in_percent(float(shares.sum()))
    if len(shares) == 1:
        return together
    return f"{together} together, none above {_rounded_up(float(shares.max()))}"


def _rounded_up(share: float) -> str:
    digits = _digits(share)
    # Rounding first removes errors of floating point such as 100 * 0.07 > 7.
    return f"{ceil(round(100 * share * 10**digits, 6)) / 10**digits:.{digits}f}%"


def even_share(num_channels: int) -> str:
    """Says what the line of an even share is.

    Example:
        >>> even_share(47)
        'dotted line: even share, 1/47 = 2.1%'
    """
    return f"dotted line: even share, 1/{num_channels} = {share_in_percent(1 / num_channels)}"
