"""What `rank` and `compare` print of their results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column, Table

if TYPE_CHECKING:
    from keras_dcmix.experiments.compare import MethodComparison
    from keras_dcmix.experiments.rank import ChannelRanking


def print_ranking(ranking: ChannelRanking) -> None:
    """Prints the shares of the channels, and the ranking in words."""
    importance = ranking.importance
    table = Table("rank", "channel", importance.unit, "std over runs")
    for row in importance.to_frame().itertuples():
        table.add_row(f"{row.rank:g}", row.channel, f"{row.score:.3f}", _number(row.std))
    Console().print(table, markup=False)
    Console(soft_wrap=True, highlight=False).print(ranking.summary(), markup=False)


def print_comparison(comparison: MethodComparison) -> None:
    """Prints a row a method, what was skipped, and the comparison in words."""
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
    console = Console(soft_wrap=True, highlight=False)
    for name, reason in comparison.skipped.items():
        console.print(f"{name} was skipped: {reason}", markup=False)
    console.print(comparison.summary(), markup=False)


def _number(value: float) -> str:
    return f"{value:.3f}" if value == value else "one run only"
