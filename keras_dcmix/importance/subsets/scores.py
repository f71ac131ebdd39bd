"""The table of scores per subset of channels, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.errors import SubsetError
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.subsets.checks import membership, panel_name
from keras_dcmix.importance.subsets.gains import (
    block_shapley_values,
    find_rows,
    pair_gains,
    shapley_values,
)
from keras_dcmix.importance.subsets.panels import (
    Panel,
    best_panels,
    best_panels_table,
    interchangeable_table,
)
from keras_dcmix.importance.subsets.score_table import ScoreTable
from keras_dcmix.importance.subsets.table import frame_of, parts_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class SubsetScores(ScoreTable):
    """Scores of a classifier, or of a published ablation, for subsets of the channels.

    A score is kept for each block of images: one group (a well, a plate) or a bundle of groups.
    The score of a subset is the mean over blocks, weighted by their sizes. Blocks are what errors
    come from, so they must be independent of each other: images of one well are not.

    All errors are standard errors over blocks; differences are paired, block by block. Where orders
    were sampled, the errors of `shapley` and `interchangeable` contain the chance of the draw too.

    Args:
        channel_names: one non-empty, unique name a channel.
        subsets: `(num_subsets, num_channels)` bool, each subset once, the empty and the full one
            among them.
        block_scores: from the name of a metric to `(num_blocks, num_subsets)` finite scores, higher
            is better. The first metric is the default of all methods.
        block_sizes: `(num_blocks,)`, images in each block, above 0; not a whole number where images
            have weights, so that classes count alike. All equal by default.
        orders: `None` if all `2**num_channels` subsets are there, for at most 20 channels: all
            results are exact. Otherwise `(num_orders, num_channels)`, the random orders in which
            channels were inserted one by one; every prefix of every order must be in `subsets`,
            others may be. Results are then means over orders. An even number of orders is taken for
            antithetic pairs, each order followed by its reverse, and errors treat a pair as one.

    Raises:
        ValueError: if a subset is missing or repeated, shapes do not fit, a score is not finite or
            a name is empty or repeated.
        TypeError: if a name is not a string.

    Reference:
        Shapley, "A value for n-person games", 1953; Castro et al., "Polynomial calculation of the
        Shapley value based on sampling", 2009, for the sampled orders.

    Example:
        >>> scores = SubsetScores.from_members(
        ...     ["DNA", "RNA"],
        ...     [[], ["DNA"], ["RNA"], ["DNA", "RNA"]],
        ...     {"accuracy": [[0.25, 0.75, 0.5, 0.75], [0.25, 0.75, 0.25, 0.75]]},
        ... )
        >>> scores
        SubsetScores(2 channels, all 4 subsets, 2 blocks, accuracy)
        >>> scores.score_of(["RNA"])
        0.375
        >>> scores.shapley().scores.tolist()
        [0.4375, 0.0625]
    """

    def shapley(
        self, metric: str | None = None, *, num_resamples: int = 1000, seed: int = 0
    ) -> ChannelImportance:
        """Returns the Shapley value of each channel: what it adds, on average over all orders.

        The values add up to the score of all channels minus that of none. A value below zero says
        that the channel does more harm than good.

        `repeats` are bootstrap resamples of the blocks, drawn and weighted by size, and of
        orders where those were sampled, in pairs if their number is even. Their distances from the
        scores are scaled by `sqrt(n / (n - 1))` for n blocks (and n orders or pairs), so that
        `std`, the standard deviation over repeats, is the standard error of the scores. It needs
        no division by the square root of anything.

        Args:
            metric: one of `metrics`; the first by default.
            num_resamples: number of bootstrap resamples, at least 2.
            seed: seed of `numpy.random.default_rng`.

        Returns:
            A `ChannelImportance` of the method `"shapley"` in the unit of the metric. It has no
            `repeats` with a single block, or a single order or pair: its error is not known.

        Raises:
            ValueError: if the metric is unknown or there are too few resamples.
        """
        if num_resamples < 2:
            raise SubsetError(
                f"num_resamples must be at least 2, or there is no spread. Received {num_resamples}"
            )
        metric = self.checked_metric(metric)
        values = shapley_values(self.subsets, self.block_scores[metric], self.shares, self.orders)
        repeats = None
        if np.isfinite(values.standard_errors).all():
            repeats = values.resamples(num_resamples, seed)
        unit = f"gain in {metric.replace('_', ' ')}"
        return ChannelImportance("shapley", self.channel_names, values.values, repeats, unit)

    def block_gains(self, metric: str | None = None) -> dict[str, np.ndarray]:
        """Returns what each block contributes to the three gains by each channel.

        Args:
            metric: one of `metrics`; the first by default.

        Returns:
            `"alone"` (over no channel), `"unique"` (what all channels lose without it) and
            `"shapley"`, each `(num_blocks, num_channels)` in the metric's unit; the sum over blocks
            is the gain. NaN where a channel alone, or all but one, were not scored.

        Raises:
            ValueError: if the metric is unknown.
        """
        sums = self.sums(metric)
        one = np.eye(self.num_channels, dtype=bool)
        none, every = (
            sums[:, find_rows(self.subsets, np.full((1, len(one)), value))]
            for value in (False, True)
        )
        return {
            "alone": _taken(sums, find_rows(self.subsets, one)) - none,
            "unique": every - _taken(sums, find_rows(self.subsets, ~one)),
            "shapley": block_shapley_values(self.subsets, sums, self.orders),
        }

    def order_errors(self, metric: str | None = None) -> np.ndarray:
        """Returns the Monte Carlo standard errors of the Shapley values, `(num_channels,)`.

        They come from the draw of orders; 0 where all subsets were scored.
        """
        if self.orders is None:
            return np.zeros(self.num_channels)
        sums = self.sums(metric).sum(axis=0)[None]
        estimate = shapley_values(self.subsets, sums, np.ones(1), self.orders)
        return np.sqrt((estimate.by_order**2).sum(axis=0))

    def best_panels(self, metric: str | None = None) -> pd.DataFrame:
        """Returns the best panel of each size: which channels can be dropped.

        The one-standard-error rule marks the smallest sufficient panel. Its standard error is that
        of the difference to the best panel of all, paired block by block: what makes one plate
        harder than another for every panel cancels, so the rule asks only whether the two panels
        differ. Without errors (one block) only a panel as good as the best is sufficient.

        The best of many panels is best partly by chance, so its score is too high by a little. To
        state the score of the chosen panel, measure it on images that did not choose it.

        Where orders were sampled, only panels that were scored compete.

        Args:
            metric: one of `metrics`; the first by default.

        Returns:
            One row a panel size, from 0 to `num_channels`, all numbers in the metric's unit:

            - `num_channels`, `panel`: size, and names joined by `" + "`, `"none"` for no channel.
              Ties are settled by the second metric if there is one, else by channel order.
            - `score`, `standard_error`.
            - `cost`, `cost_standard_error`: score of all channels minus this one, paired; below 0
              where the panel does better than all channels.
            - `below_best`, `below_best_standard_error`: score of the best panel of all minus this
              one, paired. Of several best ones the smallest counts.
            - `within_one_standard_error`: whether `below_best` is at most its standard error.
            - `smallest_sufficient`: true in one row, the smallest panel of those.
            - `ties`: other panels of the size with the same score, joined by `"; "`.

        Raises:
            ValueError: if the metric is unknown.
        """
        return best_panels_table(self, metric)

    def panels(self, metric: str | None = None) -> tuple[Panel, ...]:
        """Returns the best panel of each size as objects: their channels are tuples, not one text.

        Args:
            metric: one of `metrics`; the first by default.

        Returns:
            One panel for each size, from no channel to all channels.

        Raises:
            ValueError: if the metric is unknown.
        """
        return best_panels(self, metric)

    def interchangeable(self, metric: str | None = None) -> pd.DataFrame:
        """Returns for each pair of channels how far one replaces the other.

        Gains are means over random orders of all channels: what a channel adds when it comes, in
        those orders where the other one is not yet in, and in those where it is.

        Args:
            metric: one of `metrics`; the first by default.

        Returns:
            A table of one row a pair, the most replaced first, with the columns

            - `channel_a`, `channel_b`.
            - `gain_a_without_b`, `gain_a_with_b`, `gain_b_without_a`, `gain_b_with_a`: in the
              metric's unit; NaN if no sampled order has both.
            - `replaced`, `replaced_standard_error`: share of the gains without the other that is
              lost with it, from 1 (all) over 0 (none) to below 0 (they need each other). NaN where
              the sum of the gains without the other is not above two of its standard errors, so
              always with one block.
            - `interchangeable`: whether each channel adds more than two standard errors without the
              other, and at most half of that with it.

        Raises:
            ValueError: if the metric is unknown.
        """
        block_scores = self.block_scores[self.checked_metric(metric)]
        gains = pair_gains(self.subsets, block_scores, self.shares, self.orders)
        return interchangeable_table(self.channel_names, gains)

    def among(self, channels: Iterable[str]) -> SubsetScores:
        """Returns the table of some channels only, as if the others had never been imaged.

        Args:
            channels: names of the channels to keep, at least one. They stay in the table's order.

        Returns:
            A `SubsetScores` with the subsets that lie inside.

        Raises:
            ValueError: if a channel is unknown, none is named, or orders were sampled.
        """
        kept = membership(self.channel_names, channels)
        if not self.exact:
            raise SubsetError(
                "among needs all subsets, but orders of channels were sampled; score the subsets "
                f"of these channels alone: {panel_name(self.channel_names, kept)}"
            )
        inside = ~self.subsets[:, ~kept].any(axis=1)
        return SubsetScores(
            tuple(name for name, keep in zip(self.channel_names, kept, strict=True) if keep),
            self.subsets[inside][:, kept],
            {metric: values[:, inside] for metric, values in self.block_scores.items()},
            self.block_sizes,
        )

    def to_frame(self) -> pd.DataFrame:
        """Returns a table with one row a subset, which holds all there is.

        Returns:
            Columns `num_channels`, `panel`; `<metric>` and `<metric>_standard_error` for each
            metric; `channel:<name>`, 0 or 1, for each channel; `<metric>[block 1]` or, where sizes
            are known, `<metric>[block 1: 40 images]` for each block; and, where orders were
            sampled, `orders`: the numbers, from 1, of the orders of which the subset is a prefix.
        """
        return frame_of(self)

    def to_csv(self, path: str | Path) -> None:
        """Writes `to_frame` as a CSV file in UTF-8, from which `from_csv` reads the same table."""
        frame_of(self).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")

    @classmethod
    def from_csv(cls, path: str | Path) -> SubsetScores:
        """Reads a table that `to_csv` wrote.

        Raises:
            ValueError: if a column is missing or does not hold what `to_csv` writes.
            FileNotFoundError: if there is no such file.
        """
        return cls(**parts_of(path))


def _taken(sums: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The columns of some subsets, NaN for those that were not scored."""
    return np.where(rows >= 0, sums[:, rows], np.nan)
