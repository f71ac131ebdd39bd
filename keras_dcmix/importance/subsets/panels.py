"""The best panel of each size, and channels that replace each other, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix.importance.subsets.checks import panel_name
from keras_dcmix.importance.subsets.gains import Estimate, block_estimate

if TYPE_CHECKING:
    import pandas as pd

    from keras_dcmix.importance.subsets.score_table import ScoreTable

# Scores this near are equal: means of the same counts differ in their last bits.
_EQUAL = 1e-9


def best_rows(table: ScoreTable, metric: str | None = None) -> np.ndarray:
    """Returns the row in `table.subsets` of the best panel of each size, `(num_channels + 1,)`."""
    return np.array([rows[0] for rows in _ranked_ties(table, metric)])


@dataclass(frozen=True)
class Panel:
    """The best panel of its size.

    Attributes:
        channels: Its channels, in the order of the table.
        dropped: All other channels.
        score: Its score, in the metric's unit.
        cost: Score of all channels less this one, below 0 where the panel does better.
        cost_standard_error: Over blocks, paired; NaN with one block.
        smallest_sufficient: Whether it is the smallest panel within one standard error of the best.
    """

    channels: tuple[str, ...]
    dropped: tuple[str, ...]
    score: float
    cost: float
    cost_standard_error: float
    smallest_sufficient: bool


def best_panels(table: ScoreTable, metric: str | None) -> tuple[Panel, ...]:
    """Returns the best panel of each size, from none to all channels."""
    frame = best_panels_table(table, metric)
    names = np.array(table.channel_names, dtype=object)
    members = table.subsets[best_rows(table, metric)]
    columns = ("score", "cost", "cost_standard_error", "smallest_sufficient")
    return tuple(
        Panel(tuple(names[member]), tuple(names[~member]), *values)
        for member, *values in zip(
            members, *(frame[name].tolist() for name in columns), strict=True
        )
    )


def best_panels_table(table: ScoreTable, metric: str | None) -> pd.DataFrame:
    """Returns the table that `SubsetScores.best_panels` describes."""
    import pandas as pd

    tied = _ranked_ties(table, metric)
    rows = np.array([first for first, *_ in tied])
    block_scores, shares = table.block_scores[table.checked_metric(metric)], table.shares
    score = block_estimate(block_scores[:, rows], shares)
    best = int(np.argmax(score.values >= score.values.max() - _tolerance(score.values)))
    panels = block_scores[:, rows]
    cost = block_estimate(panels[:, [-1]] - panels, shares)
    below_best = block_estimate(panels[:, [best]] - panels, shares)
    # Without errors nothing but the best score itself is sufficient.
    allowed = np.nan_to_num(below_best.standard_errors) + _tolerance(score.values)
    within = below_best.values <= allowed
    names = [[panel_name(table.channel_names, table.subsets[row]) for row in ties] for ties in tied]
    return pd.DataFrame(
        {
            "num_channels": np.arange(table.num_channels + 1),
            "panel": [first for first, *_ in names],
            "score": score.values,
            "standard_error": score.standard_errors,
            "cost": cost.values,
            "cost_standard_error": cost.standard_errors,
            "below_best": below_best.values,
            "below_best_standard_error": below_best.standard_errors,
            "within_one_standard_error": within,
            "smallest_sufficient": np.arange(len(rows)) == np.argmax(within),
            "ties": ["; ".join(others) for _, *others in names],
        }
    )


def interchangeable_table(channel_names: tuple[str, ...], gains: Estimate) -> pd.DataFrame:
    """Returns the table that `SubsetScores.interchangeable` describes."""
    import pandas as pd

    a, b = np.array([*combinations(range(len(channel_names)), 2)], dtype=int).reshape(-1, 2).T
    # (pairs, 4): a without b, a with b, b without a, b with a
    of_pairs = Estimate(
        *(
            np.stack([part[..., i, k, j] for i, j in ((a, b), (b, a)) for k in (0, 1)], -1)
            for part in gains
        )
    )
    tolerance = _tolerance(np.nan_to_num(of_pairs.values))
    replaced, errors = _replaced(of_pairs, tolerance)
    without, given = of_pairs.values[:, [0, 2]], of_pairs.values[:, [1, 3]]
    clear = without > 2 * of_pairs.standard_errors[:, [0, 2]] + tolerance
    frame = pd.DataFrame(
        {
            "channel_a": [channel_names[i] for i in a],
            "channel_b": [channel_names[i] for i in b],
            "gain_a_without_b": of_pairs.values[:, 0],
            "gain_a_with_b": of_pairs.values[:, 1],
            "gain_b_without_a": of_pairs.values[:, 2],
            "gain_b_with_a": of_pairs.values[:, 3],
            "replaced": replaced,
            "replaced_standard_error": errors,
            "interchangeable": (clear & (given <= without / 2)).all(axis=1),
        }
    )
    return frame.sort_values("replaced", ascending=False, kind="stable", ignore_index=True)


def _replaced(pairs: Estimate, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns the share of the gains alone that is lost together, and its standard error."""
    alone, together = (
        Estimate(*(part[..., k] + part[..., k + 2] for part in pairs)) for k in (0, 1)
    )
    clear = alone.values > 2 * alone.standard_errors + tolerance
    base = np.where(clear, alone.values, np.nan)
    ratio = together.values / base
    # The error of a ratio of two means, to first order.
    by_block, by_order = (
        (moved_together - ratio * moved_alone) / base
        for moved_alone, moved_together in zip(alone[1:], together[1:], strict=True)
    )
    return 1 - ratio, Estimate(ratio, by_block, by_order).standard_errors


def _ranked_ties(table: ScoreTable, metric: str | None) -> list[list[int]]:
    """Returns for each size the rows that share the best score, the chosen one first."""
    metric = table.checked_metric(metric)
    scores, sizes = table.scores(metric), table.subsets.sum(axis=1)
    others = [table.scores(other) for other in table.metrics if other != metric]
    tied = []
    for size in range(table.num_channels + 1):
        rows = _highest(np.flatnonzero(sizes == size), scores)
        chosen = _highest(rows, others[0]) if others else rows
        # In channel order: a panel with an earlier channel comes first.
        ranked = sorted(rows, key=lambda row: (row not in chosen, (~table.subsets[row]).tolist()))
        tied.append([int(row) for row in ranked])
    return tied


def _highest(rows: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Returns the rows whose score is the highest, ties included."""
    return rows[scores[rows] >= scores[rows].max() - _tolerance(scores)]


def _tolerance(scores: np.ndarray) -> float:
    return _EQUAL * float(np.abs(scores).max(initial=0))
