"""The best panel of each size, sorted for `plot_panels`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.plotting.folding import Folded, folded


@dataclass(frozen=True)
class BestPanels:
    """The best panel of each size, from no channel to all channels, as drawn.

    Args:
        rows: All channels from top to bottom, those in most panels first.
        filled: `(panels, rows)` which of them each panel contains, 0 or 1; for the row of the other
            channels the part of them, 0 to 1.
        scores: `(panels,)`.
        errors: `(panels,)` standard error of the difference to the best of all panels.
        sufficient: `(panels,)` whether it is within that error of the best.
        chosen: Size of the smallest sufficient panel.
        answer: The channels of the chosen panel, in the order of the table.
    """

    rows: Folded
    filled: np.ndarray
    scores: np.ndarray
    errors: np.ndarray
    sufficient: np.ndarray
    chosen: int
    answer: tuple[str, ...]

    @property
    def sizes(self) -> np.ndarray:
        """`(panels,)` number of channels in each."""
        return np.arange(len(self.scores))

    @property
    def have_errors(self) -> bool:
        """Whether the standard errors are known."""
        return bool(np.isfinite(self.errors).all())

    @property
    def num_channels(self) -> int:
        """How many channels there are."""
        return len(self.scores) - 1

    @property
    def labels(self) -> list[str]:
        """Names of the rows; the last says how many of the other channels are in the chosen."""
        labels = self.rows.rows
        if kept := len({*self.answer} & {*self.rows.others}):
            labels[-1] += f", {kept} kept"
        return labels


def best_panels(scores: SubsetScores, metric: str, top: int | None) -> BestPanels:
    """Sorts channels by how many best panels contain them; ties by the smallest that does.

    Args:
        scores: The table of scores per subset.
        metric: One of its metrics.
        top: How many channels have a row of their own; `None` for all.
    """
    panels, table = scores.panels(metric), scores.best_panels(metric)
    members = np.array(
        [[name in each.channels for name in scores.channel_names] for each in panels]
    )
    order = np.lexsort((members.argmax(axis=0), -members.sum(axis=0)))
    rows = folded([scores.channel_names[index] for index in order], top)
    shown, others = np.split(members[:, order].astype(float), [len(rows.shown)], axis=1)
    if rows.others:
        shown = np.column_stack([shown, others.mean(axis=1)])
    chosen = next(size for size, each in enumerate(panels) if each.smallest_sufficient)
    return BestPanels(
        rows=rows,
        filled=shown,
        scores=np.array([each.score for each in panels]),
        errors=table["below_best_standard_error"].to_numpy(),
        sufficient=table["within_one_standard_error"].to_numpy(),
        chosen=chosen,
        answer=panels[chosen].channels,
    )
