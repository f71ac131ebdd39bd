"""Whether the ranking can be trusted: runs, the check, and what dropping channels costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.wording import percent, plural, quantity
from keras_dcmix.evidence.sentences import agreement, dropping
from keras_dcmix.evidence.sentences.answer import Answer
from keras_dcmix.evidence.sentences.ranking import answers
from keras_dcmix.evidence.verdict import CheckVerdict, RankingVerdict
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.subsets import Panel, SubsetScores
from keras_dcmix.plotting.folding import FEW
from keras_dcmix.report import ranking_pictures
from keras_dcmix.report.figures import Picture
from keras_dcmix.report.page import Table, fine_percent

if TYPE_CHECKING:
    import pandas as pd

    from keras_dcmix.experiments.check import ChannelCheck
    from keras_dcmix.experiments.rank import ChannelRanking


@dataclass(frozen=True)
class CheckSection:
    """What the page says of the check.

    Attributes:
        method: How it was done, in words.
        panels: The figure of the best panels.
        panel_table: The same as a table.
        channels: Weights and check, side by side; `None` where the check is not reliable.
    """

    method: str
    panels: Picture
    panel_table: Table
    channels: Table | None


@dataclass(frozen=True)
class TrustSection:
    """What the page says of trust.

    Attributes:
        answers: One a question.
        check: What it says of the check; `None` without one.
        runs: Share of each channel in each run.
    """

    answers: list[Answer]
    check: CheckSection | None
    runs: Table


def trust_section(ranking: ChannelRanking, verdict: RankingVerdict) -> TrustSection:
    """Gathers what the page says of trust in a ranking."""
    check = None
    if ranking.check is not None:
        found = verdict.check if isinstance(verdict.check, CheckVerdict) else None
        scores = ranking.check.scores
        check = CheckSection(
            method=_method(ranking.check),
            panels=ranking_pictures.panels(scores, is_reliable=found is not None),
            panel_table=_panel_table(scores, ranking.group_unit),
            channels=None if found is None else _channel_table(ranking, verdict, found),
        )
    return TrustSection(answers(verdict), check, _run_table(ranking))


def _channel_table(ranking: ChannelRanking, verdict: RankingVerdict, check: CheckVerdict) -> Table:
    """Weights and check; of many channels with their ranks, which a search would hide otherwise."""
    columns: Sequence[str] = agreement.COLUMNS
    rows: list[tuple[str, ...]] = [
        (*agreement.row(name, check), dropping.mark(name, check.dropping))
        for name in verdict.leaders.shares
    ]
    importance = ranking.importance
    if importance.num_channels > FEW:
        ranks = dict(zip(importance.channel_names, importance.ranks, strict=True))
        columns = (columns[0], "rank by weight", *columns[1:])
        rows = [(name, f"{ranks[name]:g}", *cells) for name, *cells in rows]
    return Table(agreement.CAPTION, columns, rows, agreement.NOTE, find="channel")


def _panel_table(scores: SubsetScores, unit: str) -> Table:
    return Table(
        "The best set of each size",
        ("channels", "accuracy", "loss against all channels"),
        [
            (_panel_name(panel), f"{panel.score:.3f}", _cost(panel))
            for panel in scores.panels("accuracy")
        ],
        f"± is the standard error over {plural(unit)}. The best of many sets is best partly by "
        "chance: measure a set on new images before you rely on it.",
    )


def _panel_name(panel: Panel) -> str:
    """The channels of a panel; a long list would hide the numbers."""
    if len(panel.channels) <= FEW:
        return dropping.panel_name(panel)
    return f"{len(panel.channels)} channels, listed in panels.csv"


def _cost(panel: Panel) -> str:
    error = panel.cost_standard_error
    cost = round(panel.cost, 3) + 0.0  # adding 0 takes a zero's minus sign
    return f"{cost:.3f}" + ("" if np.isnan(error) else f" ± {error:.3f}")


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


def _method(check: ChannelCheck) -> str:
    sets = quantity(len(check.scores.subsets), "set")
    which = f"all {sets}" if check.scores.exact else f"a random sample of {sets}"
    return (
        "The check is one additional model. During training a random subset of the channels is "
        "set to zero in each image, so that the model learns to classify with any subset. Its "
        f"accuracy is then measured with {which} of channels, on "
        f"{quantity(check.num_images, 'test image')}; with all channels it is "
        f"{percent(check.accuracy)}. A channel's part of the gain is its Shapley value: what the "
        "channel adds, on average over all orders in which channels can be added."
    )
