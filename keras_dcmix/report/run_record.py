"""`run.json`: what was done, with what result, as typed records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from keras_dcmix._common.files import RUN
from keras_dcmix._common.versions import versions
from keras_dcmix.models.options import Training

if TYPE_CHECKING:
    from keras_dcmix.experiments.check import ChannelCheck
    from keras_dcmix.experiments.compare import MethodComparison
    from keras_dcmix.experiments.rank import ChannelRanking


@dataclass(frozen=True)
class CheckRecord:
    """The check of a ranking; see `ChannelCheck`."""

    accuracy: float
    num_images: int
    seconds: float
    all_subsets: bool
    shapley: dict[str, float]
    shapley_unit: str = "log-likelihood in nats"


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
        """Writes the record as JSON into a folder; what is `None` is left out."""
        entries = {key: value for key, value in asdict(self).items() if value is not None}
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
    check: CheckRecord | None


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
        split=ranking.split,
        check=None if ranking.check is None else _record_of_check(ranking.check),
    )


def _record_of_check(check: ChannelCheck) -> CheckRecord:
    shapley = check.scores.shapley("log_likelihood")
    return CheckRecord(
        accuracy=check.accuracy,
        num_images=check.num_images,
        seconds=check.seconds,
        all_subsets=check.scores.exact,
        shapley=dict(zip(shapley.channel_names, shapley.scores.tolist(), strict=True)),
    )


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
