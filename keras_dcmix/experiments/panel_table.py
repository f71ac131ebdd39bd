"""The table of panels: the best of each size, single channels, leave-one-outs, retrained ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix.evidence.panel_verdict import PanelsVerdict, RetrainedPanel
from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.importance.subsets.checks import panel_name
from keras_dcmix.importance.subsets.gains import block_estimate, find_rows
from keras_dcmix.importance.subsets.panels import best_rows

if TYPE_CHECKING:
    import pandas as pd

BEST, SINGLE, LEAVE_ONE_OUT, ALL = "best of its size", "single", "leave-one-out", "all"
NO_CHANNEL, RETRAINED = "no channel", "retrained"
_METRIC = "accuracy"


def panel_table(
    channel_names: tuple[str, ...], scores: SubsetScores | None, retrained: PanelsVerdict | None
) -> pd.DataFrame:
    """Makes the table of `ChannelRanking.panels`, as `panels.csv` holds it.

    Args:
        channel_names: All channels.
        scores: Estimates from models with masked channels; `None` where there are none.
        retrained: Retrained panels; `None` where there are none.

    Returns:
        One row a panel, small ones first: `num_channels`, `panel` (names joined by `" + "`),
        `channels` (the names as a tuple, not in `panels.csv`),
        `kind` (`"no channel"`, `"single"`, `"best of its size"`, `"leave-one-out"`, `"retrained"`
        for another panel, `"all"`); `estimate`, `estimate_standard_error`, `estimate_cost` and
        `estimate_cost_standard_error`: accuracy by the models with masked channels and its
        difference to all channels; `retrained` and `retrained_cost` with `_low` and `_high`, the
        95 % interval over groups; `decision`. Accuracies are from 0 to 1, classes counted alike;
        what was not measured is NaN.
    """
    import pandas as pd

    members = _members(channel_names, scores, retrained)
    names = np.array(channel_names, dtype=object)
    rows = [
        {
            "num_channels": int(member.sum()),
            "panel": panel_name(channel_names, member),
            "channels": tuple(names[member]),
            "kind": kind,
            **_estimate(member, scores),
            **_retraining(tuple(names[member]), channel_names, retrained),
        }
        for member, kind in members
    ]
    frame = pd.DataFrame(rows)
    order = np.lexsort((-frame["estimate"].to_numpy(), frame["num_channels"].to_numpy()))
    return frame.iloc[order].reset_index(drop=True)


def _members(
    channel_names: tuple[str, ...], scores: SubsetScores | None, retrained: PanelsVerdict | None
) -> list[tuple[np.ndarray, str]]:
    """The panels in the table, each once, and what kind each is."""
    size = len(channel_names)
    one = np.eye(size, dtype=bool)
    wanted = [(np.zeros(size, dtype=bool), NO_CHANNEL), (np.ones(size, dtype=bool), ALL)]
    if scores is not None:
        best = scores.subsets[best_rows(scores, _METRIC)]
        wanted += [(member, SINGLE) for member in one]
        wanted += [(member, LEAVE_ONE_OUT) for member in ~one]
        wanted += [(member, BEST) for member in best]
    for panel in retrained.panels if retrained is not None else ():
        wanted.append((np.isin(channel_names, panel.channels), RETRAINED))
    found: dict[bytes, tuple[np.ndarray, str]] = {}
    for member, kind in wanted:
        found.setdefault(member.tobytes(), (member, kind))
    return list(found.values())


def _estimate(member: np.ndarray, scores: SubsetScores | None) -> dict[str, float]:
    names = ("estimate", "estimate_cost")
    keys = [f"{name}{end}" for name in names for end in ("", "_standard_error")]
    row = -1 if scores is None else find_rows(scores.subsets, member[None])[0]
    if scores is None or row < 0:
        return dict.fromkeys(keys, float("nan"))
    every = find_rows(scores.subsets, np.ones((1, len(member))))[0]
    values = scores.block_scores[_METRIC]
    pairs = np.stack([values[:, row], values[:, every] - values[:, row]], axis=1)
    found = block_estimate(pairs, scores.shares)
    both = np.stack([found.values, found.standard_errors], axis=1)
    return dict(zip(keys, both.ravel().tolist(), strict=True))


def _retraining(
    channels: tuple[str, ...], channel_names: tuple[str, ...], retrained: PanelsVerdict | None
) -> dict[str, float | str]:
    found = None if retrained is None else retrained.of(channels)
    accuracy = found.accuracy if found is not None else None
    if retrained is not None and channels == channel_names:
        accuracy = retrained.all_channels
    row: dict[str, float | str] = {}
    for name, interval in (("retrained", accuracy), ("retrained_cost", _cost(found))):
        for end, field in (("", "value"), ("_low", "low"), ("_high", "high")):
            row[name + end] = float("nan") if interval is None else getattr(interval, field)
    return row | {"decision": "" if found is None else str(found.decision)}


def _cost(found: RetrainedPanel | None) -> object:
    return None if found is None else found.cost
