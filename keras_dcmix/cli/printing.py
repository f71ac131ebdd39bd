"""What commands print of their results, on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column, Table

from keras_dcmix._common.wording import percent, probability

if TYPE_CHECKING:
    from keras_dcmix.evidence.channel_evidence import Evidence
    from keras_dcmix.experiments.compare import MethodComparison
    from keras_dcmix.experiments.rank import ChannelRanking


def harmless(text: str) -> str:
    """The text with the sign of an unknown character for each one that cannot be printed."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def show(text: str) -> None:
    """Prints text as it is, without breaking its lines."""
    Console(soft_wrap=True, highlight=False).print(text, markup=False)


def print_ranking(ranking: ChannelRanking) -> None:
    """Prints a table of the channels, and a summary."""
    found = ranking.verdict().evidence
    Console().print(_shares(ranking) if found is None else _evidence(found), markup=False)
    show(ranking.summary())


def _shares(ranking: ChannelRanking) -> Table:
    importance = ranking.importance
    table = Table("rank", "channel", importance.unit, "std over runs")
    for row in importance.to_frame().to_dict("records"):
        cells = (f"{row['rank']:g}", row["channel"], f"{row['score']:.3f}", _spread(row["std"]))
        table.add_row(*cells)
    return table


def _evidence(found: Evidence) -> Table:
    """What each channel adds alone and beside all others, and its verdict."""
    table = Table("channel", "share of the mix", "alone (nats)", "unique (nats)", "verdict")
    for each in found.channels:
        by = f" (by {' + '.join(each.replaced_by)})" if each.replaced_by else ""
        gains = (
            f"{gain.value:.3f}, {probability(gain.p_value)}" for gain in (each.alone, each.unique)
        )
        table.add_row(each.channel, percent(each.share), *gains, f"{each.verdict}{by}")
    return table


def print_comparison(comparison: MethodComparison) -> None:
    """Prints a row for each method, what was skipped, and a summary."""
    columns = {
        "accuracy": "{:.3f}",
        "spearman_truth": "{:.2f}",
        "parameters": "{:,.0f}",
        "train_seconds": "{:.0f}",
    }
    table = Table(Column("method", no_wrap=True), *(name.replace("_", " ") for name in columns))
    for row in comparison.table.to_dict("records"):
        cells = [
            "" if row[name] != row[name] else text.format(row[name])
            for name, text in columns.items()
        ]
        table.add_row(row["method"], *cells)
    Console().print(table, markup=False)
    for name, reason in comparison.skipped.items():
        show(f"{name} was skipped: {reason}")
    show(comparison.summary())


def _spread(value: float) -> str:
    return f"{value:.3f}" if value == value else "one run only"
