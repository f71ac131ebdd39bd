"""The scores of subsets of channels, checked to be complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from keras_dcmix._common.errors import SubsetError
from keras_dcmix._common.names import checked_channel_names, suggestion
from keras_dcmix.importance.subsets.checks import (
    checked_block_scores,
    checked_block_sizes,
    checked_orders,
    checked_subsets,
    membership,
    panel_name,
)
from keras_dcmix.importance.subsets.gains import block_estimate, find_rows


@dataclass(frozen=True, eq=False, repr=False)
class ScoreTable:
    """The data of `SubsetScores`, whose docstring describes it: scores of each subset and block."""

    channel_names: tuple[str, ...]
    subsets: np.ndarray
    block_scores: Mapping[str, np.ndarray]
    block_sizes: np.ndarray | None = None
    orders: np.ndarray | None = None

    def __post_init__(self) -> None:
        names = checked_channel_names(self.channel_names)
        subsets = checked_subsets(self.subsets, names, sampled=self.orders is not None)
        block_scores = checked_block_scores(self.block_scores, len(subsets))
        sizes, orders = self.block_sizes, self.orders
        if sizes is not None:
            sizes = checked_block_sizes(sizes, len(next(iter(block_scores.values()))))
        if orders is not None:
            orders = checked_orders(orders, subsets, names)
        fields = ("channel_names", "subsets", "block_scores", "block_sizes", "orders")
        for field, value in zip(fields, (names, subsets, block_scores, sizes, orders), strict=True):
            object.__setattr__(self, field, value)

    @classmethod
    def from_members(
        cls,
        channel_names: Sequence[str],
        members: Iterable[Iterable[str]],
        block_scores: Mapping[str, Any],
        *,
        block_sizes: Any = None,
        orders: Any = None,
    ) -> Self:
        """Builds the table from the names of the channels in each subset.

        Args:
            channel_names: as in the class.
            members: one list of channel names a subset, the empty list among them.
            block_scores: as in the class, in the order of `members`.
            block_sizes: as in the class.
            orders: as in the class.

        Returns:
            A `SubsetScores`.

        Raises:
            ValueError: as the class, and if a channel is unknown.
            TypeError: as the class, and if a subset is one string.
        """
        names = checked_channel_names(channel_names)
        rows = [membership(names, channels) for channels in members]
        subsets = np.array(rows, dtype=bool).reshape(-1, len(names))
        return cls(names, subsets, block_scores, block_sizes, orders)

    @property
    def num_channels(self) -> int:
        """How many channels there are."""
        return len(self.channel_names)

    @property
    def num_blocks(self) -> int:
        """How many blocks of images were scored."""
        return len(self.block_scores[self.metrics[0]])

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics; the first one is the default."""
        return tuple(self.block_scores)

    @property
    def exact(self) -> bool:
        """Whether results follow from all subsets, or from sampled orders of channels."""
        return self.orders is None

    @property
    def shares(self) -> np.ndarray:
        """`(num_blocks,)`: share of all images in each block, adding up to 1."""
        sizes = np.ones(self.num_blocks) if self.block_sizes is None else self.block_sizes
        return sizes / sizes.sum()

    def checked_metric(self, metric: str | None) -> str:
        """Returns the metric, the first one for `None`, or raises for an unknown one."""
        if metric is None:
            return self.metrics[0]
        if metric not in self.block_scores:
            raise SubsetError(
                f"there is no metric {metric!r}{suggestion(metric, self.metrics)} "
                f"Known: {list(self.metrics)}"
            )
        return metric

    def scores(self, metric: str | None = None) -> np.ndarray:
        """Returns `(num_subsets,)`, the size-weighted mean over blocks of each subset."""
        return self.shares @ self.block_scores[self.checked_metric(metric)]

    def standard_errors(self, metric: str | None = None) -> np.ndarray:
        """Returns `(num_subsets,)`, the standard errors of `scores`; NaN with one block."""
        block_scores = self.block_scores[self.checked_metric(metric)]
        return block_estimate(block_scores, self.shares).standard_errors

    def sums(self, metric: str | None = None) -> np.ndarray:
        """Returns `(num_blocks, num_subsets)`: what each block contributes to `scores`."""
        return self.shares[:, None] * self.block_scores[self.checked_metric(metric)]

    def score_of(self, channels: Iterable[str], metric: str | None = None) -> float:
        """Returns the score of one panel.

        Args:
            channels: names of the channels in the panel, in any order; an empty list for none.
            metric: one of `metrics`; the first by default.

        Raises:
            ValueError: if a channel or the metric is unknown, or the panel was not scored, which
                can only happen where orders were sampled.
        """
        member = membership(self.channel_names, channels)
        row = find_rows(self.subsets, member[None])[0]
        if row < 0:
            raise SubsetError(
                f"the panel {panel_name(self.channel_names, member)} was not scored: orders of "
                f"channels were sampled, which met {len(self.subsets)} subsets; score it too"
            )
        return float(self.scores(metric)[row])

    def __repr__(self) -> str:
        how = "all " if self.exact else ""
        orders = "" if self.orders is None else f" from {len(self.orders)} orders"
        return (
            f"SubsetScores({self.num_channels} channels, {how}{len(self.subsets)} subsets{orders}, "
            f"{self.num_blocks} blocks, {', '.join(self.metrics)})"
        )
