"""How the channels are mixed: shares, their paths, the mix, and each run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.wording import percent
from keras_dcmix.evidence.sentences import leaders
from keras_dcmix.evidence.verdict import RankingVerdict
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.plotting.folding import FEW
from keras_dcmix.report import ranking_pictures
from keras_dcmix.report.figures import Picture
from keras_dcmix.report.page import Table, fine_percent, spread

if TYPE_CHECKING:
    import pandas as pd

    from keras_dcmix.experiments.rank import ChannelRanking


@dataclass(frozen=True)
class WeightSection:
    """What the page says of the weights.

    Attributes:
        text: Which channels lead the mix, and where that differs from the evidence.
        is_reliable: Whether the weights mean anything.
        bars: The share of each channel.
        paths: The shares during training.
        mix: Example images and their mix.
        shares: The share of each channel, as a table.
        runs: The same in each run.
    """

    text: str
    is_reliable: bool
    bars: Picture
    paths: Picture
    mix: Picture
    shares: Table
    runs: Table


def weight_section(ranking: ChannelRanking, verdict: RankingVerdict) -> WeightSection:
    """Gathers what the page says of the weights."""
    return WeightSection(
        text=leaders.paragraph(verdict),
        is_reliable=verdict.weights_are_reliable,
        bars=ranking_pictures.bars(ranking, verdict),
        paths=ranking_pictures.paths(ranking),
        mix=ranking_pictures.mix(ranking),
        shares=_share_table(ranking),
        runs=_run_table(ranking),
    )


def _share_table(ranking: ChannelRanking) -> Table:
    table = ranking.importance.to_frame()
    columns = (table[name] for name in ("channel", "score", "std", "rank"))
    share_text, digits = (percent, 1) if len(table) <= FEW else (fine_percent, 2)
    return Table(
        "Share of the mix",
        ("channel", "share", "rank"),
        [
            (channel, share_text(share) + spread(std, digits), f"{rank:g}")
            for channel, share, std, rank in zip(*columns, strict=True)
        ],
        "± is the standard deviation over the runs, in percentage points."
        if len(ranking.runs) > 1
        else "A single run has no spread.",
        find="channel",
    )


def _run_table(ranking: ChannelRanking) -> Table:
    importance, runs = ranking.importance, ranking.runs
    columns = [importance.channel_names.index(name) for name in importance.order]
    repeats = importance.scores[None] if importance.repeats is None else importance.repeats
    if importance.num_channels > FEW:
        return _long_run_table(importance, runs, repeats[:, columns])
    rows = [
        (f"seed {seed}", percent(accuracy), *(percent(share) for share in shares[columns]))
        for seed, accuracy, shares in zip(runs["seed"], runs["accuracy"], repeats, strict=True)
    ]
    return Table("Each run", ("run", "accuracy", *importance.order), rows)


def _long_run_table(
    importance: ChannelImportance, runs: pd.DataFrame, repeats: np.ndarray
) -> Table:
    """One row for each of many channels, `repeats` `(runs, channels)` in their order."""
    heads = [
        f"seed {seed}, accuracy {percent(accuracy)}"
        for seed, accuracy in zip(runs["seed"], runs["accuracy"], strict=True)
    ]
    ranks = np.sort(importance.ranks)
    rows = [
        (name, f"{rank:g}", *(fine_percent(share) for share in shares))
        for name, rank, shares in zip(importance.order, ranks, repeats.T, strict=True)
    ]
    return Table("Each run", ("channel", "rank", *heads), rows, find="channel")
