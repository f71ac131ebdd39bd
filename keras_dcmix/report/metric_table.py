"""The metrics of both kinds of models, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from keras_dcmix._common.wording import percent
from keras_dcmix.evidence.sentences import mix
from keras_dcmix.evidence.verdict import RankingVerdict
from keras_dcmix.report.page import Cell, Table

if TYPE_CHECKING:
    import pandas as pd

    from keras_dcmix.experiments.rank import ChannelRanking

_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC",
    "z_prime": "Z'-factor",
}
_MEANINGS = {
    "balanced_accuracy": "Balanced accuracy counts all classes alike.",
    "auc": "AUC: 0.5 is chance, 1 is perfect.",
    "z_prime": "Z'-factor: above 0.5 is an excellent assay.",
}


def metric_table(ranking: ChannelRanking, verdict: RankingVerdict) -> Table:
    """Metrics of images and of groups: classifiers on all channels, then models with a mix.

    Of images alone where each is its own group, and of one kind where there is only one.
    """
    unit, kinds = ranking.group_unit, [(mix.models(verdict), ranking.main_predictions)]
    if ranking.all_channels is not None:
        kinds.append((mix.models_with_a_mix(verdict), ranking.predictions))
    columns = (
        {"per_image": "image"} if unit == "image" else {"per_image": "image", "per_group": unit}
    )
    rows: list[tuple[Cell, ...]] = []
    for models, predictions in kinds:
        table = predictions.metrics(unit=unit)
        rows += [(f"{models}, per {of}", *_cells(table, column)) for column, of in columns.items()]
    names = list(table["metric"])
    baseline = percent(verdict.reliability.majority_baseline)
    parts = [f"Always predicting the most common class (majority baseline): {baseline} of images."]
    parts += [_MEANINGS[name] for name in names if name in _MEANINGS]
    if unit != "image":
        parts.append(f"Of a {unit} the mean probability of its images counts.")
    heads = ("models", *(_NAMES[name] for name in names))
    return Table("Metrics of the predictions", heads, rows, " ".join(parts))


def _cells(table: pd.DataFrame, column: str) -> list[Cell]:
    return [_cell(row, column) for row in table.to_dict("records")]


def _cell(row: dict[Any, Any], column: str) -> Cell:
    """A metric, and below it why there is none, or what it leaves out."""
    name, value = row["metric"], float(row[column])
    is_for_groups = name == "z_prime" and (column == "per_image" or not np.isnan(value))
    return _written(name, value) if is_for_groups else (_written(name, value), row["note"])


def _written(name: str, value: float) -> str:
    """Accuracies in percent, other metrics as they are known; a dash where there is none."""
    if np.isnan(value):
        return "–"
    if name in ("accuracy", "balanced_accuracy"):
        return percent(value)
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
