"""From the runs of a store to a comparison: table, importances, correlations, curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_dcmix.evidence.statistics import rank_correlation, rank_correlation_matrix
from keras_dcmix.experiments.comparison import MethodComparison
from keras_dcmix.experiments.method_runs import (
    ComparisonSetup,
    MethodRun,
    images_to_look_at,
    run_name,
)
from keras_dcmix.experiments.run_store import RunStore, names_of
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.curves import curves_along
from keras_dcmix.importance.methods.deletion_insertion import deletion_insertion
from keras_dcmix.importance.methods.retraining import drops
from keras_dcmix.importance.registry import Method, Model
from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.models.split import split_dataset

if TYPE_CHECKING:
    import pandas as pd

_FEWEST_RANKED = 3  # channels; the rank correlation of two is always 1 or -1
_COLUMNS = (
    "method",
    "accuracy",
    "accuracy_std",
    "spearman_truth",
    "spearman_truth_std",
    "parameters",
    "train_seconds",
    "score_seconds",
    "note",
)


def comparison_from_store(
    setup: ComparisonSetup,
    seeds: range,
    chosen: Mapping[str, Method],
    skipped: Mapping[str, str],
    truth: ChannelImportance | None,
) -> MethodComparison:
    """The comparison of the runs that a store holds.

    Args:
        setup: What all runs share.
        seeds: Their seeds.
        chosen: All methods that were asked for.
        skipped: Why some of them were not applied.
        truth: The known importance; `None` takes what `single_channel` found, if it ran.
    """
    import pandas as pd

    dataset, training = setup.dataset, setup.training
    applied = [method for name, method in chosen.items() if name not in skipped]
    runs = {method.name: _runs(setup.store, seeds, method.run) for method in applied}
    importances = {m.name: _importance(setup, seeds, m, runs[m.name]) for m in applied}
    held_against = truth or importances.get("single_channel")
    rows = [
        {"method": name, "note": f"skipped: {skipped[name]}"}
        if name in skipped
        else _row(seeds, runs[name], importances[name], held_against)
        for name in chosen
    ]
    split = split_dataset(dataset, training, split_seed=seeds[0], seed=seeds[0])
    labels = dataset.labels[split.test]
    return MethodComparison(
        table=pd.DataFrame(rows, columns=_COLUMNS),
        importances=tuple(importances.values()),
        truth=held_against,
        spearman=_correlations([*importances.values(), *([truth] if truth else [])]),
        curves=_curves(setup, seeds[0], split.test, importances, applied),
        skipped=dict(skipped),
        split={"test": names_of(dataset.groups[split.test])},
        seeds=tuple(seeds),
        training=training,
        majority_baseline=float(np.bincount(labels).max() / len(labels)),
        num_test_images=len(labels),
        group_unit=dataset.group_unit,
        constant_channels=dataset.constant_channels,
    )


def _runs(store: RunStore, seeds: range, run: str) -> list[MethodRun]:
    return [store.record(run_name(seed, run), MethodRun) for seed in seeds]


def _importance(
    setup: ComparisonSetup, seeds: range, method: Method, runs: Sequence[MethodRun]
) -> ChannelImportance:
    found = [run.methods[method.name] for run in runs]
    repeats, unit = np.array([each.scores for each in found]), found[0].unit
    if method.model is Model.ALL_BUT_ONE:
        complete = _runs(setup.store, seeds, Model.PLAIN.value)
        repeats = drops(np.array([run.accuracy for run in complete]), repeats)
        unit = "drop in accuracy"
    names = setup.dataset.channel_names
    return ChannelImportance.from_repeats(method.name, names, repeats, unit)


def _row(
    seeds: range,
    runs: Sequence[MethodRun],
    importance: ChannelImportance,
    truth: ChannelImportance | None,
) -> dict[str, Any]:
    """One row of the table."""
    found = [run.methods[importance.method] for run in runs]
    accuracies = np.array([run.accuracy for run in runs])
    agreement, note = _agreement(importance, truth)
    notes = [f"seed {seed}: {f.note}" for seed, f in zip(seeds, found, strict=True) if f.note]
    return {
        "method": importance.method,
        "accuracy": accuracies.mean(),
        "accuracy_std": _std(accuracies),
        "spearman_truth": agreement.mean(),
        "spearman_truth_std": _std(agreement),
        "parameters": runs[0].parameters,
        "train_seconds": float(np.mean([run.train_seconds for run in runs])),
        "score_seconds": float(np.mean([each.seconds for each in found])),
        "note": "; ".join([note, *notes] if note else notes),
    }


def _std(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def _agreement(
    importance: ChannelImportance, truth: ChannelImportance | None
) -> tuple[np.ndarray, str]:
    """Spearman's correlation with the truth for each seed, or NaN and why."""
    nothing = np.array([np.nan])
    if truth is None:
        return nothing, "no truth is known: add single_channel, or give one"
    if importance is truth:
        return nothing, "what the others are held against"
    if importance.num_channels < _FEWEST_RANKED:
        return nothing, "two channels have no rank correlation worth the name"
    order = [truth.channel_names.index(name) for name in importance.channel_names]
    known = truth.scores[order]
    if np.ptp(known) == 0:
        return nothing, "the truth is the same for all channels"
    repeats = importance.scores[None] if importance.repeats is None else importance.repeats
    constant = np.ptp(repeats, axis=1) == 0
    if constant.all():
        return nothing, "scores all channels alike"
    found = [rank_correlation(scores, known).rho for scores in repeats[~constant]]
    left_out = f"{constant.sum()} seeds score all channels alike" if constant.any() else ""
    return np.array(found), left_out


def _correlations(importances: list[ChannelImportance]) -> pd.DataFrame | None:
    ordered = [each for each in importances if np.ptp(each.scores) > 0]
    if len(ordered) < 2 or ordered[0].num_channels < _FEWEST_RANKED:
        return None
    return rank_correlation_matrix(ordered)


def _curves(
    setup: ComparisonSetup,
    seed: int,
    test: np.ndarray,
    importances: Mapping[str, ChannelImportance],
    methods: Sequence[Method],
) -> dict[str, dict[str, Any]]:
    """Deletes and inserts channels in the order of each method, for the model of one seed.

    The masked model is used where there is one: it knows every subset, and where all were scored
    the curves are read off its table.
    """
    store, dataset = setup.store, setup.dataset
    runs = [method.run for method in methods if not method.retrains]
    if not runs:
        return {}
    preferred = [model.value for model in (Model.MASKED, Model.PLAIN) if model.value in runs]
    name = run_name(seed, (preferred or runs)[0])
    if store.path(name, "csv").exists():
        scores = SubsetScores.from_csv(store.path(name, "csv"))
        if scores.exact:
            return {
                method: curves_along(found.order, lambda panel: scores.score_of(panel, "accuracy"))
                for method, found in importances.items()
            }
    model, rows = store.model(name, compile=False), images_to_look_at(test, seed)
    view, labels = dataset.view(rows), dataset.labels[rows]
    return {
        method: dict(
            deletion_insertion(
                model, view, labels, order=found, metric="accuracy", verbose=False
            ).details
        )
        for method, found in importances.items()
    }
