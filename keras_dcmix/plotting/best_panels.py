"""The panels of `plot_panels`: the best one of each size, and those that were retrained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_dcmix.evidence.panel_verdict import Decision, PanelsVerdict, RetrainedPanel
from keras_dcmix.importance.subsets import Panel, SubsetScores
from keras_dcmix.importance.subsets.gains import find_rows
from keras_dcmix.plotting.folding import Folded, folded


@dataclass(frozen=True)
class BestPanels:
    """One column a panel, from no channel to all channels, as drawn.

    Args:
        rows: All channels from top to bottom, those in most panels first.
        sizes: `(panels,)` number of channels in each.
        filled: `(panels, rows)` which of them each panel contains, 0 or 1; for the row of the other
            channels the part of them, 0 to 1.
        scores: `(panels,)`; NaN for a retrained panel that was not scored.
        errors: `(panels,)` standard error of the difference to the best of all panels; NaN where it
            is not known.
        sufficient: `(panels,)` whether it is within that error of the best, or, where panels were
            retrained, whether it was shown to be sufficient.
        chosen: Column of the smallest sufficient panel; `None` where no panel was shown to be.
        answer: The channels of the chosen panel, in the order of the table.
        retrained: The retrained panel of each column, or `None`; none where no panel was retrained.
    """

    rows: Folded
    sizes: np.ndarray
    filled: np.ndarray
    scores: np.ndarray
    errors: np.ndarray
    sufficient: np.ndarray
    chosen: int | None
    answer: tuple[str, ...]
    retrained: tuple[RetrainedPanel | None, ...] = ()

    @property
    def places(self) -> np.ndarray:
        """`(panels,)` the place of each column from left to right."""
        return np.arange(len(self.sizes))

    @property
    def are_best(self) -> np.ndarray:
        """`(panels,)` whether a panel has the best estimate of its size."""
        return np.append(True, np.diff(self.sizes) > 0)

    @property
    def have_errors(self) -> bool:
        """Whether the standard errors are known."""
        return bool(np.isfinite(self.errors).all())

    @property
    def num_channels(self) -> int:
        """How many channels there are."""
        return int(self.sizes.max())

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
    rows, filled = _members(scores.channel_names, [each.channels for each in panels], top)
    chosen = next(size for size, each in enumerate(panels) if each.smallest_sufficient)
    return BestPanels(
        rows=rows,
        sizes=np.arange(len(panels)),
        filled=filled,
        scores=np.array([each.score for each in panels]),
        errors=table["below_best_standard_error"].to_numpy(),
        sufficient=table["within_one_standard_error"].to_numpy(),
        chosen=chosen,
        answer=panels[chosen].channels,
    )


def retrained_panels(
    scores: SubsetScores, metric: str, verdict: PanelsVerdict, top: int | None
) -> BestPanels:
    """The best panels of each size by their estimates, and beside them the retrained ones.

    Args:
        scores: The table of scores per subset.
        metric: One of its metrics.
        verdict: The retrained panels.
        top: How many channels have a row of their own; `None` for all.
    """
    columns = _columns(scores.panels(metric), verdict)
    found = tuple(verdict.of(each) for each in columns)
    sufficient = [
        (each is not None and each.decision is Decision.SUFFICIENT)
        or len(column) == len(columns[-1])
        for each, column in zip(found, columns, strict=True)
    ]
    best = verdict.sufficient
    rows, filled = _members(scores.channel_names, columns, top)
    return BestPanels(
        rows=rows,
        sizes=np.array([len(each) for each in columns]),
        filled=filled,
        scores=_estimates(scores, metric, columns),
        errors=np.full(len(columns), np.nan),
        sufficient=np.array(sufficient),
        chosen=None if best is None else found.index(best),
        answer=() if best is None else best.channels,
        retrained=found,
    )


def _columns(best: tuple[Panel, ...], verdict: PanelsVerdict) -> list[tuple[str, ...]]:
    """Channels of each panel once, the smallest first; of one size the best estimate first."""
    columns = [each.channels for each in best]
    known = {frozenset(each) for each in columns}
    columns += [each.channels for each in verdict.panels if {*each.channels} not in known]
    # No channel is the majority baseline, which would flatten the scale of all others.
    return sorted([each for each in columns if each], key=len)


def _estimates(scores: SubsetScores, metric: str, columns: list[tuple[str, ...]]) -> np.ndarray:
    """The score of each panel; NaN where it was not scored."""
    members = np.array([[name in each for name in scores.channel_names] for each in columns])
    found = find_rows(scores.subsets, members)
    return np.where(found >= 0, scores.scores(metric)[found], np.nan)


def _members(
    names: tuple[str, ...], columns: list[tuple[str, ...]], top: int | None
) -> tuple[Folded, np.ndarray]:
    """The rows, and which of them each panel contains."""
    members = np.array([[name in each for name in names] for each in columns])
    order = np.lexsort((members.argmax(axis=0), -members.sum(axis=0)))
    rows = folded([names[index] for index in order], top)
    shown, others = np.split(members[:, order].astype(float), [len(rows.shown)], axis=1)
    if rows.others:
        shown = np.column_stack([shown, others.mean(axis=1)])
    return rows, shown
