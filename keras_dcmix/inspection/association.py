"""How far two groupings of wells coincide, such as classes and plates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from keras_dcmix._common.wording import probability

_NUM_SHUFFLES = 199
_SIGNIFICANCE = 0.01
_STRONG = 0.25  # how far Cramer's V must be above that of shuffled wells


@dataclass(frozen=True)
class Association:
    """How far two groupings of wells coincide.

    Args:
        strength: Cramer's V, from 0 (independent) to 1 (one grouping determines the other).
        by_chance: Mean V of shuffled wells.
        p_value: Share of shuffles that coincide as much.
    """

    strength: float
    by_chance: float
    p_value: float

    @property
    def is_strong(self) -> bool:
        """Whether it is significant, and clearly above that of shuffled wells."""
        return self.p_value <= _SIGNIFICANCE and self.strength >= self.by_chance + _STRONG

    def __str__(self) -> str:
        return (
            f"Cramer's V {self.strength:.2f} on a scale from 0 to 1, expected by chance "
            f"{self.by_chance:.2f}; {probability(self.p_value)}"
        )


def association(one: ArrayLike, other: ArrayLike, *, seed: int = 0) -> Association:
    """Measures how far two groupings coincide, by Cramer's V and a permutation test.

    Args:
        one: `(wells,)` group of each well.
        other: `(wells,)` its group in the other grouping.
        seed: Seed of the shuffles.

    Example:

    >>> association(["a", "b"] * 20, ["P1", "P2"] * 20).strength
    1.0
    """
    from scipy import stats

    counts = pd.crosstab(np.asarray(one, dtype=str), np.asarray(other, dtype=str)).to_numpy()
    if min(counts.shape) < 2:
        return Association(0.0, 0.0, 1.0)
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    shuffles = stats.random_table(rows, columns)
    rng = np.random.default_rng(seed)
    expected = np.outer(rows, columns)
    drawn = [_cramers_v(shuffles.rvs(random_state=rng), expected) for _ in range(_NUM_SHUFFLES)]
    strength = _cramers_v(counts, expected)
    # Slightly below, since sums in another order differ in the last digit.
    as_strong = sum(value >= strength - 1e-9 for value in drawn)
    return Association(strength, float(np.mean(drawn)), (1 + as_strong) / (1 + _NUM_SHUFFLES))


def _cramers_v(counts: np.ndarray, expected: np.ndarray) -> float:
    """Cramer's V of a table of counts; `expected` is the product of its margins."""
    squared = max((counts.astype(np.float64) ** 2 / expected).sum() - 1, 0)
    return round(float(np.sqrt(squared / (min(counts.shape) - 1))), 12)
