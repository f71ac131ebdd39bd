"""Which groups and classes a mean is made of, and its variance over groups."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class GroupDesign(NamedTuple):
    """The units of a mean: each holds the images of one class in one group.

    Attributes:
        groups: `(num_units,)`, the number of the group, from 0.
        strata: `(num_units,)`, the number of the class, from 0. A class with one group has no
            spread: it is merged with the class that has the fewest groups.
        weights: `(num_units,)`, the unit's share of the images of its class before merging.
    """

    groups: np.ndarray
    strata: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, groups: np.ndarray, strata: np.ndarray, sizes: np.ndarray) -> GroupDesign:
        """The design of numbered groups and classes, and numbers of images above 0."""
        weights = sizes / np.bincount(strata, sizes)[strata]
        return cls(groups, _merged(groups, strata), weights)

    @property
    def num_groups(self) -> int:
        """How many groups there are."""
        return int(self.groups.max()) + 1

    def residuals(self, contributions: np.ndarray) -> np.ndarray:
        """`(num_groups, n)`: how far each group is from what its images contribute on average.

        Args:
            contributions: `(num_units, n)`.
        """
        totals = _indicator(self.strata) @ contributions
        return _indicator(self.groups) @ (
            contributions - self._shares[:, None] * totals[self.strata]
        )

    def variances(self, residuals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The variance of the mean and two degrees of freedom for it, three arrays `(n,)`.

        Each squared residual is scaled so that the variance is unbiased where all groups spread
        alike (CR2).

        Args:
            residuals: `(num_groups, n)`.

        Returns:
            The variance; the degrees of freedom of Bell and McCaffrey, joined over classes after
            Satterthwaite; the same or, if smaller, the number of groups that the variance
            effectively comes from, which is small where few groups have most of the spread.
        """
        weights = _indicator(self.groups) @ self.weights
        covariance = self._covariance()
        scales = weights**2 / np.diag(covariance)
        parts = residuals**2 * scales[:, None]
        part = self._independent_parts(covariance)
        pairs = covariance**2 * np.outer(scales, scales)
        freedom = (part @ weights**2) ** 2 / np.einsum("pg,gh,ph->p", part, pairs, part)
        variance = parts.sum(axis=0)
        with np.errstate(invalid="ignore"):  # No spread at all: 0 / 0.
            of_design = variance**2 / ((part @ parts) ** 2 / freedom[:, None]).sum(axis=0)
            effective = variance**2 / (parts**2).sum(axis=0)
        return variance, of_design, np.minimum(of_design, effective)

    @property
    def _shares(self) -> np.ndarray:
        """The unit's share of its class after merging, `(num_units,)`."""
        return self.weights / np.bincount(self.strata, self.weights)[self.strata]

    def _covariance(self) -> np.ndarray:
        """Of the residuals, `(num_groups, num_groups)`, if all groups spread alike."""
        groups, strata = _indicator(self.groups), _indicator(self.strata)
        shares = groups @ (self._shares[:, None] * strata.T)
        weights = groups @ (self.weights[:, None] * strata.T)
        centring = np.diag(weights.sum(axis=1)) - shares @ weights.T
        return centring @ centring.T

    def _independent_parts(self, covariance: np.ndarray) -> np.ndarray:
        """`(num_parts, num_groups)`: classes, or sets of classes that occur in the same groups."""
        from scipy.sparse.csgraph import connected_components

        together = np.abs(covariance) > 1e-12 * covariance.max()
        return _indicator(connected_components(together, directed=False)[1])


def _indicator(numbers: np.ndarray) -> np.ndarray:
    """`(max + 1, len(numbers))`: 1 where the column belongs to the row. Its product sums rows."""
    return (numbers == np.arange(numbers.max() + 1)[:, None]).astype(np.float64)


def _merged(groups: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Merges each class that occurs in one group with the class that has the fewest groups."""
    strata = strata.copy()
    while True:
        pairs = np.unique(np.stack([strata, groups]), axis=1)
        names, numbers = np.unique(pairs[0], return_counts=True)
        if len(names) == 1 or numbers.min() > 1:
            return np.unique(strata, return_inverse=True)[1]
        first, second = names[np.argsort(numbers, kind="stable")[:2]]
        strata[strata == first] = second
