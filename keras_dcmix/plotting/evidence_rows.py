"""The rows of `plot_evidence`: channels by verdict, the last row for those that share one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix.plotting.folding import Folded, folded
from keras_dcmix.plotting.verdict_style import ORDER

if TYPE_CHECKING:
    import pandas as pd

GAINS = ("alone", "unique")
LEVEL = 0.05
_NEEDED = (
    *("channel", "share", "verdict", "replaced_by"),
    *(f"{gain}{end}" for gain in GAINS for end in ("", "_low", "_high", "_p")),
)


@dataclass(frozen=True)
class EvidenceRows:
    """What is drawn, from top to bottom.

    Attributes:
        shown: One row a channel with a row of its own.
        others: The other channels.
        folded: Their names.
    """

    shown: pd.DataFrame
    others: pd.DataFrame
    folded: Folded

    @property
    def number(self) -> int:
        """Rows, the one of the other channels among them."""
        return len(self.folded.rows)

    @property
    def verdicts_of_others(self) -> list[str]:
        """How many of the other channels have which verdict.

        Such as `["3 replaceable", "20 no evidence"]`.
        """
        counts = Counter(self.others["verdict"])
        return [f"{counts[each]} {each}" for each in ORDER if counts[each]]

    def limits(self, gain: str) -> tuple[float, float]:
        """The ends of an axis, which holds all estimates, 0 and most of the intervals."""
        both = (self.shown, self.others)
        values = np.concatenate([[0], *(frame[gain] for frame in both)])
        ends = np.concatenate([self.shown[f"{gain}_{end}"] for end in ("low", "high")])
        reach = np.concatenate([values, ends[np.isfinite(ends)]])
        # An interval of a few wells is wider than all estimates together, and would hide them.
        room = 0.8 * np.ptp(values) or np.ptp(reach) or 1.0
        low = max(reach.min(), values.min() - room)
        high = min(reach.max(), values.max() + room)
        margin = 0.05 * (high - low)
        return low - margin, high + margin


def evidence_rows(evidence: pd.DataFrame, top: int | None) -> EvidenceRows:
    """Sorts channels by verdict, within a verdict as they come, and folds those after `top`."""
    missing = [column for column in _NEEDED if column not in evidence]
    if missing or not len(evidence):
        raise MethodError(
            "`evidence` must have at least one row and the columns of `evidence.csv`. "
            f"Received: {len(evidence)} rows without {missing}"
        )
    frame = evidence.copy()
    given = frame["replaced_by"].astype(object)
    frame["replaced_by"] = given.where(given.notna(), "")  # `read_csv` reads blanks as NaN
    known = {str(verdict): place for place, verdict in enumerate(ORDER)}
    unknown = sorted({*map(str, frame["verdict"])} - {*known})
    if unknown:
        raise MethodError(
            f"`evidence` must have the verdicts {', '.join(known)}. Received: {', '.join(unknown)}"
        )
    order = np.argsort([known[str(each)] for each in frame["verdict"]], kind="stable")
    frame = frame.iloc[order].reset_index(drop=True)
    rows = folded([str(name) for name in frame["channel"]], top)
    drawn = len(rows.shown)
    return EvidenceRows(frame.iloc[:drawn], frame.iloc[drawn:], rows)
