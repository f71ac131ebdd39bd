"""All methods side by side: the table and the figure of the DCMIX paper as one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.names import nearest
from keras_dcmix._common.progress import RunProgress
from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.evidence.comparison_verdict import ComparisonVerdict, read_comparison
from keras_dcmix.evidence.sentences import comparison as sentences
from keras_dcmix.evidence.statistics import rank_correlation, rank_correlation_matrix
from keras_dcmix.evidence.verdict import HeldOut
from keras_dcmix.experiments.method_runs import (
    METHODS,
    Method,
    finished_methods,
    images_to_look_at,
    methods_by_model,
    num_trainings,
    run_model,
    run_name,
    why_not,
)
from keras_dcmix.experiments.run_store import RunStore, check_jobs, names_of, run_settings
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.methods.deletion_insertion import curves_along, deletion_insertion
from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.layers.channel_attention import check_positive_integer
from keras_dcmix.models.options import Training
from keras_dcmix.models.training import split_dataset

if TYPE_CHECKING:
    import pandas as pd

_FEWEST_RANKED = 3  # channels; two have no rank correlation worth the name


@dataclass(frozen=True, eq=False)
class MethodComparison:
    """What several methods say of the same channels.

    Attributes:
        table: One row a method: `method`, `accuracy` and `accuracy_std` (0 to 1, of the model that
            the method looks at, on unseen groups; of the best one where it trains several),
            `spearman_truth` and `spearman_truth_std` (-1 to 1), `parameters` (trainable, of one
            model), `train_seconds` and `score_seconds` (means over seeds), `note`.
        importances: One result a method, the seeds as repeats.
        truth: What the methods are held against, or `None`.
        spearman: Spearman's rank correlation of all methods and a planted truth, from -1 to 1, or
            `None` with fewer than three channels or methods that have an order.
        curves: For each method what deleting and inserting channels in its order does to the
            accuracy, see `keras_dcmix.importance.deletion_insertion`.
        skipped: Why a method was left out, by its name.
        split: Groups in the test part.
        seeds: The seeds.
        training: How the models were built and trained.
        majority_baseline: Accuracy on the test images of always naming the commonest class, 0 to 1.
        num_test_images: Images in the test part.
        group_unit: What a group is, such as `"well"` or `"plate"`.
    """

    table: pd.DataFrame
    importances: tuple[ChannelImportance, ...]
    truth: ChannelImportance | None
    spearman: pd.DataFrame | None
    curves: dict[str, dict[str, Any]]
    skipped: dict[str, str]
    split: dict[str, list[str]]
    seeds: tuple[int, ...]
    training: Training
    majority_baseline: float
    num_test_images: int
    group_unit: str = "group"

    @property
    def planted_truth(self) -> ChannelImportance | None:
        """The truth, unless it is what one of the methods found."""
        return None if self.truth in self.importances else self.truth

    def verdict(self) -> ComparisonVerdict:
        """What the comparison shows, typed: reliability, first channels, agreement with a truth."""
        held_out = HeldOut(self.num_test_images, len(self.split["test"]), self.group_unit)
        return read_comparison(
            self.table, self.importances, self.truth, self.majority_baseline, held_out
        )

    def summary(self) -> str:
        """The result in a few sentences."""
        return sentences.summary(self.verdict())

    def curves_frame(self) -> pd.DataFrame:
        """The curves in one table: `method`, `curve`, `num_channels` (gone, or there), `score`."""
        import pandas as pd

        rows = [
            (method, curve, count, score)
            for method, details in self.curves.items()
            for curve in ("deletion", "insertion")
            for count, score in enumerate(details[curve])
        ]
        return pd.DataFrame(rows, columns=["method", "curve", "num_channels", "score"])

    def to_frame(self) -> pd.DataFrame:
        """Every single score: `method`, `seed`, `channel`, `score`, `rank` (1 is the highest)."""
        import pandas as pd

        rows = []
        for importance in self.importances:
            for seed, scores in zip(self.seeds, importance.repeats, strict=True):
                single = ChannelImportance(importance.method, importance.channel_names, scores)
                frame = single.to_frame()[["method", "channel", "score", "rank"]]
                frame.insert(1, "seed", seed)
                rows.append(frame)
        return pd.concat(rows, ignore_index=True)


def compare_methods(
    images: Any,
    labels: Any = None,
    *,
    methods: Sequence[str | Callable[..., ChannelImportance]] | None = None,
    truth: Any = None,
    channel_names: Sequence[str] | None = None,
    groups: Any = None,
    num_seeds: int = 3,
    seed: int = 0,
    training: Training | None = None,
    n_jobs: int = 1,
    checkpoint_dir: str | Path | None = None,
    verbose: bool = True,
) -> MethodComparison:
    """Scores the channels by several methods and compares them by rank.

    Groups are split as by `keras_dcmix.rank_channels`. For each seed a model is trained once for
    all methods that look at it; `single_channel` and `leave_one_out` train one for each channel.

    Args:
        images: `(num_images, height, width, num_channels)` raw pixels, `Crops`, or a dataset with
            planted channels, which brings the other arguments and the truth along.
        labels: `(num_images,)` integers or strings.
        methods: Names in `keras_dcmix.importance.METHODS`, and functions of one's own, called with
            a model on all channels, raw test images and their class numbers, that return a
            `ChannelImportance`. `None` takes all that are known.
        truth: `(num_channels,)` known importance, higher is more important. `None` takes the
            planted one where there is one, else what `single_channel` finds, if it is among the
            methods.
        channel_names: One name a channel.
        groups: `(num_images,)` wells, plates or experiments that no split tears apart.
        num_seeds: Trainings of each model, at least 1; two or more give a spread.
        seed: The first seed; the others count on from it.
        training: How to build and train; `None` takes the defaults of `Training`.
        n_jobs: Trainings at a time, each in a process of its own if not 1 (`joblib`).
        checkpoint_dir: Folder for finished trainings. Where it already holds some of the same
            dataset and settings, they are not done again.
        verbose: Whether to show progress.

    Returns:
        A `MethodComparison`.

    Raises:
        ValueError: If the data cannot be ranked or an argument does not fit.

    Example:

    ```python
    cells = keras_dcmix.datasets.simulated_cells()
    comparison = keras_dcmix.compare_methods(cells, methods=["dcmix", "shapley", "permutation"])
    print(comparison.table)
    ```
    """
    chosen = chosen_methods(methods)
    check_positive_integer("num_seeds", num_seeds)
    check_jobs(n_jobs)
    dataset = label_images(images, labels, channel_names=channel_names, groups=groups)
    training = training or Training()
    known = _known_truth(truth, dataset)
    seeds = range(seed, seed + num_seeds)
    skipped = {name: why_not(method, dataset, training) for name, method in chosen.items()}
    skipped = {name: reason for name, reason in skipped.items() if reason}
    applied = {name: method for name, method in chosen.items() if name not in skipped}
    if not applied:
        raise MethodError(f"None of the methods can be applied: {skipped}")
    with TemporaryDirectory() as scratch:
        store = RunStore(checkpoint_dir or scratch, run_settings(dataset, training, seed))
        _run(dataset, training, store, seeds, applied, n_jobs=n_jobs, verbose=verbose)
        return _comparison(dataset, training, store, seeds, chosen, skipped, known)


def chosen_methods(methods: Sequence[Any] | None) -> dict[str, Method]:
    """The methods by name, in the order given; refuses what is none."""
    if isinstance(methods, str):
        raise TypeError(f"`methods` must be a list, not one string. Received: {methods!r}")
    chosen: dict[str, Method] = {}
    for method in METHODS if methods is None else methods:
        if callable(method):
            name = getattr(method, "__name__", type(method).__name__)
            method = Method(name, "none", method)
        elif method in METHODS:
            name, method = method, METHODS[method]
        elif not str(method).strip():
            raise MethodError(f"A method's name is blank. Known: {', '.join(METHODS)}")
        else:
            raise MethodError(
                f"Unknown method {method!r}, did you mean {nearest(method, METHODS)!r}? "
                f"Known: {', '.join(METHODS)}, or a function of model, images and labels"
            )
        if name in chosen:
            raise MethodError(f"Each method may come once. Received more than once: {name!r}")
        chosen[name] = method
    if not chosen:
        raise MethodError(f"Expected at least one method. Known: {', '.join(METHODS)}")
    return chosen


def _known_truth(truth: Any, dataset: LabelledImages) -> ChannelImportance | None:
    truth = dataset.truth if truth is None else truth
    if truth is None or isinstance(truth, ChannelImportance):
        return truth
    num_channels = len(dataset.channel_names)
    if np.shape(truth) != (num_channels,):
        raise MethodError(
            f"`truth` must hold one number for each of the {num_channels} channels "
            f"{', '.join(dataset.channel_names)}. Received: shape {np.shape(truth)}"
        )
    return ChannelImportance("truth", dataset.channel_names, truth, unit="planted importance")


def _run(
    dataset: LabelledImages,
    training: Training,
    store: RunStore,
    seeds: range,
    methods: Mapping[str, Method],
    *,
    n_jobs: int,
    verbose: bool,
) -> None:
    """Does what the store does not hold yet."""
    needed = dict(methods)
    if "leave_one_out" in needed and not any(m.model == "none" for m in needed.values()):
        needed["occlusion"] = METHODS["occlusion"]  # for the model on all channels
    todo = [
        (seed, model, shared)
        for seed in seeds
        for model, shared in methods_by_model(needed).items()
        if not {method.name for method in shared} <= finished_methods(store, seed, model)
    ]
    total = sum(num_trainings(model, dataset) for _, model, _ in todo)
    with RunProgress(total, training.epochs, enabled=verbose) as progress:
        # A progress bar does not travel into other processes.
        jobs = [
            joblib.delayed(run_model)(
                dataset,
                training,
                store,
                seeds[0],
                seed,
                shared,
                progress.callback(f"seed {seed}, {model}") if n_jobs == 1 else None,
            )
            for seed, model, shared in todo
        ]
        parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        for line, num_runs in parallel(jobs):
            progress.finished(line, num_runs=num_runs)


def _comparison(
    dataset: LabelledImages,
    training: Training,
    store: RunStore,
    seeds: range,
    chosen: Mapping[str, Method],
    skipped: Mapping[str, str],
    truth: ChannelImportance | None,
) -> MethodComparison:
    """Gathers the runs of a store."""
    import pandas as pd

    applied = [method for name, method in chosen.items() if name not in skipped]
    importances = {m.name: _importance(dataset, store, seeds, m) for m in applied}
    held_against = truth or importances.get("single_channel")
    rows = [
        {"method": name, "note": f"skipped: {skipped[name]}"}
        if name in skipped
        else _row(store, seeds, chosen[name], importances[name], held_against)
        for name in chosen
    ]
    split = split_dataset(dataset, training, split_seed=seeds[0], seed=seeds[0])
    labels = dataset.labels[split.test]
    return MethodComparison(
        table=pd.DataFrame(rows, columns=_COLUMNS),
        importances=tuple(importances.values()),
        truth=held_against,
        spearman=_correlations([*importances.values(), *([truth] if truth else [])]),
        curves=_curves(dataset, store, seeds, split.test, importances, applied),
        skipped=dict(skipped),
        split={"test": names_of(dataset.groups[split.test])},
        seeds=tuple(seeds),
        training=training,
        majority_baseline=float(np.bincount(labels).max() / len(labels)),
        num_test_images=len(labels),
        group_unit=dataset.group_unit,
    )


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


def _importance(
    dataset: LabelledImages, store: RunStore, seeds: range, method: Method
) -> ChannelImportance:
    facts = [store.facts(run_name(seed, method.model))["methods"][method.name] for seed in seeds]
    repeats, unit = np.array([each["scores"] for each in facts]), facts[0]["unit"]
    if method.model == "all_but_one":
        whole = [store.facts(run_name(seed, "none"))["accuracy"] for seed in seeds]
        repeats, unit = np.array(whole)[:, None] - repeats, "drop in accuracy"
    return ChannelImportance.from_repeats(method.name, dataset.channel_names, repeats, unit)


def _row(
    store: RunStore,
    seeds: range,
    method: Method,
    importance: ChannelImportance,
    truth: ChannelImportance | None,
) -> dict[str, Any]:
    """One row of the table."""
    runs = [store.facts(run_name(seed, method.model)) for seed in seeds]
    scored = [run["methods"][method.name] for run in runs]
    accuracies = np.array([run["accuracy"] for run in runs])
    agreement, note = _agreement(importance, truth)
    warned = [
        f"seed {seed}: {s['note']}" for seed, s in zip(seeds, scored, strict=True) if s["note"]
    ]
    return {
        "method": method.name,
        "accuracy": accuracies.mean(),
        "accuracy_std": _std(accuracies),
        "spearman_truth": agreement.mean(),
        "spearman_truth_std": _std(agreement),
        "parameters": runs[0]["parameters"],
        "train_seconds": float(np.mean([run["train_seconds"] for run in runs])),
        "score_seconds": float(np.mean([each["seconds"] for each in scored])),
        "note": "; ".join([note, *warned] if note else warned),
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
    constant = np.ptp(importance.repeats, axis=1) == 0
    if constant.all():
        return nothing, "scores all channels alike"
    found = [rank_correlation(scores, known).rho for scores in importance.repeats[~constant]]
    left_out = f"{constant.sum()} seeds score all channels alike" if constant.any() else ""
    return np.array(found), left_out


def _correlations(importances: list[ChannelImportance]) -> pd.DataFrame | None:
    ordered = [each for each in importances if np.ptp(each.scores) > 0]
    if len(ordered) < 2 or ordered[0].num_channels < _FEWEST_RANKED:
        return None
    return rank_correlation_matrix(ordered)


def _curves(
    dataset: LabelledImages,
    store: RunStore,
    seeds: range,
    test: np.ndarray,
    importances: Mapping[str, ChannelImportance],
    methods: Sequence[Method],
) -> dict[str, dict[str, Any]]:
    """Deletes and inserts channels in the order of each method, for the model of the first seed.

    The check's model is taken where there is one: it knows every subset, and where all were scored
    the curves are read off its table.
    """
    models = [
        method.model
        for method in methods
        if store.path(run_name(seeds[0], method.model), "keras").exists()
    ]
    if not models:
        return {}
    name = run_name(
        seeds[0], "masked" if "masked" in models else "none" if "none" in models else models[0]
    )
    if store.path(name, "csv").exists():
        scores = SubsetScores.from_csv(store.path(name, "csv"))
        if scores.exact:
            return {
                method: curves_along(found.order, lambda panel: scores.score_of(panel, "accuracy"))
                for method, found in importances.items()
            }
    model, rows = store.model(name), images_to_look_at(test, seeds[0])
    view, labels = dataset.view(rows), dataset.labels[rows]
    return {
        method: dict(
            deletion_insertion(
                model, view, labels, order=found, metric="accuracy", verbose=False
            ).details
        )
        for method, found in importances.items()
    }
