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
from keras_dcmix.models.options import Training

if TYPE_CHECKING:
    from keras_dcmix.experiments.compare import MethodComparison


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
class ComparisonRecord(RunRecord):
    """What a comparison records; see `MethodComparison`."""

    seeds: list[int]
    group_unit: str
    skipped: dict[str, str]


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
