"""What dropping channels costs: the figure and the tables of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from keras_dcmix._common.wording import percent, points
from keras_dcmix.evidence.sentences import panels as sentences
from keras_dcmix.evidence.verdict import RankingVerdict
from keras_dcmix.plotting.folding import FEW
from keras_dcmix.report.figures import Picture
from keras_dcmix.report.page import Cell, Table
from keras_dcmix.report.result_pictures import panels

if TYPE_CHECKING:
    from keras_dcmix.experiments.rank import ChannelRanking

_SINGLE_HEADS = (
    "channel",
    "alone, estimated",
    "alone, retrained",
    "all but it, estimated",
    "all but it, retrained",
)


@dataclass(frozen=True)
class PanelSection:
    """What the page says of panels.

    Attributes:
        text: What retraining shows, in words.
        picture: The figure; `None` without estimates.
        table: The best panel of each size, and all retrained ones.
        singles: Each channel alone, and all channels without it; `None` without estimates.
    """

    text: str
    picture: Picture | None
    table: Table
    singles: Table | None


def panel_section(ranking: ChannelRanking, verdict: RankingVerdict) -> PanelSection | None:
    """Gathers what the page says of panels; `None` where none was measured."""
    frame = ranking.panels
    if frame is None:
        return None
    reliable = verdict.reliability.is_reliable
    order = list(verdict.leaders.shares)
    if verdict.evidence is not None:
        order = [each.channel for each in verdict.evidence.channels]
    return PanelSection(
        text=sentences.summary(verdict.panels) if reliable else sentences.NOT_RELIABLE,
        picture=panels(ranking, is_reliable=reliable),
        table=_panel_table(frame if reliable else frame.assign(decision="")),
        singles=None
        if ranking.check is None
        else _single_table(frame, ranking.importance.channel_names, order),
    )


def _panel_table(frame: pd.DataFrame) -> Table:
    # The frame is sorted: the first panel of a size has the best estimate.
    is_shown = ~frame["num_channels"].duplicated() | (frame["decision"] != "")
    rows = [
        (
            _name(row),
            f"{row['num_channels']}",
            percent(row["estimate"]),
            _retrained(row),
            _cost(row),
            str(row["decision"]) or "–",
        )
        for row in frame.loc[is_shown].to_dict("records")
    ]
    heads = (
        "panel",
        "channels",
        "estimated accuracy",
        "retrained accuracy",
        "loss against all channels",
        "decision",
    )
    note = (
        "Accuracy is the mean over classes. The loss is in percentage points, with its 95% "
        f"interval; below 0 the panel does better. {sentences.ESTIMATE_NOTE}"
    )
    return Table("Panels: the best of each size, and those that were retrained", heads, rows, note)


def _name(row: dict[Any, Any]) -> str:
    """The channels of a panel; a long list would hide the numbers."""
    if row["num_channels"] == 0:
        return "no channel"
    if row["kind"] == "all":
        return "all channels"
    if row["num_channels"] > FEW:
        return f"{row['num_channels']} channels, listed in panels.csv"
    return str(row["panel"])


def _retrained(row: dict[Any, Any]) -> Cell:
    return _with_interval(row, "retrained", percent)


def _cost(row: dict[Any, Any]) -> Cell:
    return _with_interval(row, "retrained_cost", points)


def _with_interval(row: dict[Any, Any], name: str, write: Any) -> Cell:
    """A number, and below it its interval; a dash where there is none."""
    value, low, high = (row[name + end] for end in ("", "_low", "_high"))
    if pd.isna(value):
        return "–"
    return write(value) if pd.isna(low) else (write(value), f"{write(low)} to {write(high)}")


def _single_table(frame: pd.DataFrame, names: Sequence[str], order: Sequence[str]) -> Table:
    """Each channel alone, and all channels without it."""
    of_panel = {frozenset(row["channels"]): row for row in frame.to_dict("records")}
    rows: list[tuple[Cell, ...]] = []
    for name in order:
        others = [each for each in names if each != name]
        alone, without = (
            of_panel.get(frozenset(part)) if part else None for part in ([name], others)
        )
        rows.append((name, *_both(alone), *_both(without)))
    caption = "Accuracy with one channel alone, and with all but one"
    heads: tuple[str, ...] = _SINGLE_HEADS
    note = "Retrained accuracies have 95% intervals; a dash: not retrained."
    if all(row[2] == row[4] == "–" for row in rows):
        heads = (heads[0], *heads[1::2])
        rows = [(row[0], *row[1::2]) for row in rows]
        note = "Estimated with channels masked; none of these panels was retrained."
    return Table(caption, heads, rows, note, find="channel")


def _both(row: dict[Any, Any] | None) -> tuple[Cell, Cell]:
    return ("–", "–") if row is None else (percent(row["estimate"]), _retrained(row))
