"""Numbers and names, formatted for sentences and tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np


def number(value: float) -> str:
    """A number with as many digits as matter; a dash where there is none.

    Example:

    >>> number(65535.0), number(12.345), number(0.01234), number(float("nan"))
    ('65,535', '12.3', '0.0123', '-')
    """
    if not np.isfinite(value):
        return "-" if np.isnan(value) else "infinity"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(share: float) -> str:
    """A share of 0 to 1 in percent, not rounded to 0 or 100.

    Example:

    >>> percent(0.5), percent(0.0123), percent(0.9999), percent(0.00001), percent(1.0)
    ('50 %', '1.2 %', '99.9 %', 'below 0.1 %', '100 %')
    """
    value = 100 * share
    if np.isnan(value):
        return "-"
    if 0 < value < 0.1:
        return "below 0.1 %"
    if value in (0, 100) or (10 <= value <= 99):
        return f"{value:.0f} %"
    return f"{min(value, 99.9):.1f} %"


def quoted(names: Sequence[object], most: int = 4) -> str:
    """Names in quotes as part of a sentence; of many only the first."""
    shown = [f"'{name}'" for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    *front, last = shown
    return f"{', '.join(front)} and {last}" if front else last


def probability(value: float) -> str:
    """A p-value as part of a sentence."""
    return "p below 0.01" if value < 0.01 else f"p {value:.2f}"


def natural_key(text: str) -> list[tuple[int, str]]:
    """A sort key that compares digits as numbers: dose 10 after dose 9.

    Example:

    >>> sorted(["P10", "P9", "10", "2"], key=natural_key)
    ['P9', 'P10', '2', '10']
    """
    parts = re.findall(r"\d+|\D+", text)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
