"""What `run.json` holds of a ranking, as typed records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keras_dcmix.evidence.channel_evidence import GAINS
from keras_dcmix.evidence.panel_verdict import Interval, PanelsVerdict
from keras_dcmix.evidence.verdict import Reliability
from keras_dcmix.report.run_record import RunRecord

if TYPE_CHECKING:
    from keras_dcmix.experiments.predictions import Predictions
    from keras_dcmix.experiments.rank import ChannelRanking


@dataclass(frozen=True)
class ModelsRecord:
    """How good models of one kind are; see `Predictions.metrics`.

    Attributes:
        accuracy: Of images; value, and low and high of its 95 % interval over groups.
        p_value: Of balanced accuracy, by permuting the labels of groups.
        per_image: Metrics of images, by their names.
        per_group: Metrics of groups.
    """

    accuracy: tuple[float, float, float]
    p_value: float | None
    per_image: dict[str, float]
    per_group: dict[str, float]


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
class RankingRecord(RunRecord):
    """What a ranking records; see `ChannelRanking`.

    `metrics` are of the classifiers on all channels (`all_channels`, `None` where there are none)
    and of the models with a mix (`mix`).
    """

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
    metrics: dict[str, ModelsRecord | None]
    check: CheckRecord | None
    retraining: RetrainingRecord | None


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
        metrics=_records_of_models(ranking),
        check=_record_of_check(ranking),
        retraining=_record_of_retraining(ranking.verdict().panels),
    )


def _number_of(ranking: ChannelRanking, column: str) -> int | None:
    """How many folds or repeats there are; runs of a custom loop need not have any."""
    return int(ranking.runs[column].nunique()) if column in ranking.runs else None


def _records_of_models(ranking: ChannelRanking) -> dict[str, ModelsRecord | None]:
    verdict, every = ranking.verdict(), ranking.all_channels
    return {
        "all_channels": None if every is None else _record_of_models(every, verdict.reliability),
        "mix": _record_of_models(ranking.predictions, verdict.mix_reliability),
    }


def _record_of_models(predictions: Predictions, model: Reliability) -> ModelsRecord:
    table = predictions.metrics().set_index("metric")
    per_image, per_group = (
        {str(name): float(value) for name, value in table[column].items()}
        for column in ("per_image", "per_group")
    )
    return ModelsRecord(
        (model.accuracy, model.low, model.high), model.p_value, per_image, per_group
    )


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
