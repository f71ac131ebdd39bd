"""`run.json`: what was done, with what result, as typed records."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from keras_dcmix._common.files import RUN
from keras_dcmix._common.versions import versions
from keras_dcmix.evidence.channel_evidence import GAINS
from keras_dcmix.evidence.panel_verdict import Interval, PanelsVerdict
from keras_dcmix.models.options import Training

if TYPE_CHECKING:
    from keras_dcmix.experiments.compare import MethodComparison
    from keras_dcmix.experiments.rank import ChannelRanking


@dataclass(frozen=True)
class CheckRecord:
    """What was measured with channels masked; see `ChannelCheck`.

    Attributes:
        num_images: Tested images.
        num_groups: Their groups.
        seconds: Of training and scoring.
        num_orders: Sampled orders of the channels; `None` where all subsets were scored.
        order_error: Largest standard error of a Shapley value from sampling orders, in nats.
        p_values: Of each channel `alone`, `unique` and `shapley`, before they are adjusted.
    """

    num_images: int
    num_groups: int
    seconds: float
    num_orders: int | None
    order_error: float
    p_values: dict[str, dict[str, float]]


@dataclass(frozen=True)
class PanelRecord:
    """A retrained panel; see `RetrainedPanel`. Intervals are value, low and high."""

    channels: tuple[str, ...]
    accuracy: tuple[float, float, float]
    cost: tuple[float, float, float]
    decision: str
    was_asked: bool


@dataclass(frozen=True)
class RetrainingRecord:
    """What was retrained; see `PanelsVerdict`."""

    margin: float
    all_channels: tuple[float, float, float]
    panels: list[PanelRecord]


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What every run records."""

    summary: str
    arguments: dict[str, Any]
    warnings: list[str]
    training: Training | None
    channels: list[str]
    constant_channels: list[str]
    majority_baseline: float
    split: dict[str, Any]
    backend: str = field(default_factory=keras.backend.backend)
    versions: dict[str, str] = field(default_factory=versions)

    def write(self, folder: Path) -> None:
        """Writes the record as JSON into a folder; what is `None` or NaN is left out or null."""
        entries = {k: _without_nan(v) for k, v in asdict(self).items() if v is not None}
        text = json.dumps(entries, indent=1, ensure_ascii=False, default=str)
        # File names that are no UTF-8 come as halves of surrogate pairs; escaped, they are JSON.
        (folder / RUN).write_text(text, encoding="utf-8", errors="backslashreplace")


@dataclass(frozen=True, kw_only=True)
class RankingRecord(RunRecord):
    """What a ranking records; see `ChannelRanking`."""

    classes: list[str]
    best_seed: int
    accuracy: list[float]
    seconds: float
    group_unit: str
    num_test_images: int
    num_unlabelled: int
    num_empty_fields: int
    folds: int | None
    repeats: int | None
    p_value: float | None
    metrics: dict[str, dict[str, float]]
    check: CheckRecord | None
    retraining: RetrainingRecord | None


@dataclass(frozen=True, kw_only=True)
class ComparisonRecord(RunRecord):
    """What a comparison records; see `MethodComparison`."""

    seeds: list[int]
    group_unit: str
    skipped: dict[str, str]


def record_of_ranking(
    ranking: ChannelRanking, arguments: Mapping[str, Any], warnings: Sequence[str]
) -> RankingRecord:
    """Returns what is recorded of a ranking."""
    return RankingRecord(
        summary=ranking.summary(),
        arguments=dict(arguments),
        warnings=list(warnings),
        training=ranking.training,
        channels=list(ranking.importance.channel_names),
        constant_channels=list(ranking.constant_channels),
        classes=list(ranking.classes),
        best_seed=ranking.best_seed,
        accuracy=ranking.accuracy.tolist(),
        majority_baseline=ranking.majority_baseline,
        seconds=float(ranking.runs["seconds"].sum()),
        group_unit=ranking.group_unit,
        num_test_images=ranking.num_test_images,
        num_unlabelled=ranking.num_unlabelled,
        num_empty_fields=ranking.num_empty_fields,
        split={str(seed): parts for seed, parts in ranking.split.items()},
        folds=_number_of(ranking, "fold"),
        repeats=_number_of(ranking, "repeat"),
        p_value=ranking.verdict().reliability.p_value,
        metrics=_metrics(ranking),
        check=_record_of_check(ranking),
        retraining=_record_of_retraining(ranking.verdict().panels),
    )


def _number_of(ranking: ChannelRanking, column: str) -> int | None:
    """How many folds or repeats there are; runs of a custom loop need not have any."""
    return int(ranking.runs[column].nunique()) if column in ranking.runs else None


def _metrics(ranking: ChannelRanking) -> dict[str, dict[str, float]]:
    table = ranking.predictions.metrics().set_index("metric")
    names = ("per_image", "per_group")
    return {name: {str(k): float(v) for k, v in table[name].items()} for name in names}


def _record_of_check(ranking: ChannelRanking) -> CheckRecord | None:
    check, evidence = ranking.check, ranking.verdict().evidence
    if check is None or evidence is None:
        return None
    return CheckRecord(
        num_images=check.num_images,
        num_groups=check.num_groups,
        seconds=check.seconds,
        num_orders=evidence.num_orders,
        order_error=evidence.order_error,
        p_values={
            each.channel: {gain: getattr(each, gain).raw_p_value for gain in GAINS}
            for each in evidence.channels
        },
    )


def _record_of_retraining(panels: PanelsVerdict | None) -> RetrainingRecord | None:
    if panels is None:
        return None
    return RetrainingRecord(
        margin=panels.margin,
        all_channels=_three(panels.all_channels),
        panels=[
            PanelRecord(
                channels=each.channels,
                accuracy=_three(each.accuracy),
                cost=_three(each.cost),
                decision=str(each.decision),
                was_asked=each.was_asked,
            )
            for each in panels.panels
        ],
    )


def _three(found: Interval) -> tuple[float, float, float]:
    return found.value, found.low, found.high


def _without_nan(value: Any) -> Any:
    """NaN is no JSON: null stands in its place."""
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def record_of_comparison(
    comparison: MethodComparison, arguments: Mapping[str, Any], warnings: Sequence[str]
) -> ComparisonRecord:
    """Returns what is recorded of a comparison."""
    return ComparisonRecord(
        summary=comparison.summary(),
        arguments=dict(arguments),
        warnings=list(warnings),
        training=comparison.training,
        channels=list(comparison.importances[0].channel_names),
        constant_channels=list(comparison.constant_channels),
        seeds=list(comparison.seeds),
        majority_baseline=comparison.majority_baseline,
        group_unit=comparison.group_unit,
        skipped=comparison.skipped,
        split=comparison.split,
    )
