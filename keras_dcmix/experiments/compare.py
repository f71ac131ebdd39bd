"""All methods side by side: the table and the figure of the DCMIX paper as one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import joblib
import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.names import suggestion
from keras_dcmix._common.progress import RunProgress
from keras_dcmix._common.validation import check_jobs, check_positive_integer
from keras_dcmix.data.constant_channels import without_constant_channels
from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.experiments.comparison import MethodComparison
from keras_dcmix.experiments.gather_comparison import comparison_from_store
from keras_dcmix.experiments.method_runs import (
    ComparisonSetup,
    finished_methods,
    methods_by_run,
    num_trainings,
    run_methods,
)
from keras_dcmix.experiments.run_store import RunStore, run_settings
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.registry import COMPARED, Method, Model
from keras_dcmix.models.custom import BuildModel, Callbacks, CustomParts
from keras_dcmix.models.custom_model import mixing_layers
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import split_dataset
from keras_dcmix.models.training import compiled_model


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
    build_model: BuildModel | None = None,
    callbacks: Callbacks = (),
    optimizer: keras.optimizers.Optimizer | str | None = None,
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
        methods: Names in `keras_dcmix.importance.METHODS`, and custom functions, called with
            a model on all channels, raw test images and their class numbers, that return a
            `ChannelImportance`. `None` takes all that are known.
        truth: `(num_channels,)` known importance, higher is more important. `None` takes the
            planted one where there is one, else what `single_channel` finds, if it is among the
            methods.
        channel_names: One name a channel.
        groups: `(num_images,)` wells, plates or experiments, kept together in every split.
        num_seeds: Trainings of each model, at least 1; two or more give a spread.
        seed: The first seed; the others count on from it.
        training: How to build and train; `None` takes the defaults of `Training`.
        build_model: As for `keras_dcmix.rank_channels`, for the channels that a training is on. It
            takes the place of our classifier for all methods but the attention layers, which are
            skipped, as is `dcmix` where the model has no `DCMix` layer.
        callbacks: As for `keras_dcmix.rank_channels`; a training is called `"seed_0_none"` (all
            channels), `"seed_0_masked"` or `"seed_0_one_channel_2"` (the third channel alone).
        optimizer: As for `keras_dcmix.rank_channels`.
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
    check_positive_integer("num_seeds", num_seeds, error=MethodError)
    check_jobs(n_jobs)
    custom = CustomParts(build_model, callbacks, optimizer)
    dataset = label_images(images, labels, channel_names=channel_names, groups=groups)
    training = training or Training()
    known = _known_truth(truth, dataset)
    dataset = without_constant_channels(dataset)
    if known is not None:
        known = known.keep(dataset.channel_names)
    seeds = range(seed, seed + num_seeds)
    reasons = {name: why_not(method, dataset, training, custom) for name, method in chosen.items()}
    skipped = {name: reason for name, reason in reasons.items() if reason}
    applied = {name: method for name, method in chosen.items() if name not in skipped}
    if not applied:
        why = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
        raise MethodError(f"None of the methods can be applied. {why}")
    with TemporaryDirectory() as scratch:
        store = RunStore(checkpoint_dir or scratch, run_settings(dataset, training, custom, seed))
        setup = ComparisonSetup(dataset, training, store, seed, custom)
        _run(setup, seeds, applied, n_jobs=n_jobs, verbose=verbose)
        return comparison_from_store(setup, seeds, chosen, skipped, known)


def chosen_methods(methods: Sequence[Any] | None) -> dict[str, Method]:
    """The methods by name, in the order given; refuses what is no method."""
    if isinstance(methods, str):
        raise TypeError(f"`methods` must be a list, not one string. Received: {methods!r}")
    chosen: dict[str, Method] = {}
    for given in COMPARED if methods is None else methods:
        method = _method(given)
        if method.name in chosen:
            raise MethodError(
                f"Each method may be given once. Received more than once: {method.name!r}"
            )
        chosen[method.name] = method
    if not chosen:
        raise MethodError(f"Expected at least one method. Known: {', '.join(COMPARED)}")
    return chosen


def _method(given: Any) -> Method:
    if callable(given):
        name = getattr(given, "__name__", type(given).__name__)
        return Method(name, "", Model.PLAIN, function="", page="", score=given)
    if given in COMPARED:
        return COMPARED[given]
    if not str(given).strip():
        raise MethodError(f"A method's name is blank. Known: {', '.join(COMPARED)}")
    raise MethodError(
        f"Unknown method {given!r}{suggestion(given, COMPARED)} "
        f"Known: {', '.join(COMPARED)}, or a function of model, images and labels"
    )


def why_not(
    method: Method, dataset: LabelledImages, training: Training, custom: CustomParts
) -> str:
    """Why a method cannot be applied, for the table; empty where it can."""
    if custom.build_model is not None:
        if method.model is Model.ATTENTION:
            return "a model from build_model has no attention layer of ours"
        if method.model is Model.DCMIX and not _mixes(dataset, training, custom):
            return "the model from build_model has no DCMix layer"
        return ""
    num_channels = len(dataset.channel_names)
    needed = {Model.DCMIX: 1, Model.MASKED: 3, Model.ONE_CHANNEL: 1}
    needed[Model.ALL_BUT_ONE] = num_channels - 1
    planes = needed.get(method.model, num_channels)
    if training.weights is not None and planes not in (1, 3):
        return (
            f"weights={training.weights!r} takes one or three planes, this model would hand on "
            f"{planes}"
        )
    return ""


def _mixes(dataset: LabelledImages, training: Training, custom: CustomParts) -> bool:
    split = split_dataset(dataset, training, split_seed=0, seed=0)
    model = compiled_model(dataset, split, replace(training, mixer="none"), custom)
    return bool(mixing_layers(model))


def _known_truth(truth: Any, dataset: LabelledImages) -> ChannelImportance | None:
    truth = dataset.truth if truth is None else truth
    if isinstance(truth, ChannelImportance):
        unknown = [name for name in dataset.channel_names if name not in truth.channel_names]
        if unknown:
            raise MethodError(
                f"`truth` must have a score for each channel. Received: none for {unknown}"
            )
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
    setup: ComparisonSetup,
    seeds: range,
    methods: Mapping[str, Method],
    *,
    n_jobs: int,
    verbose: bool,
) -> None:
    """Does what the store does not hold yet."""
    dataset, store = setup.dataset, setup.store
    needed = list(methods.values())
    models = {method.model for method in needed}
    if Model.ALL_BUT_ONE in models and Model.PLAIN not in models:
        needed.append(COMPARED["occlusion"])  # for the accuracy of the model on all channels
    todo = [
        (seed, shared)
        for seed in seeds
        for run, shared in methods_by_run(needed).items()
        if not {method.name for method in shared} <= finished_methods(store, seed, run)
    ]
    total = sum(num_trainings(shared[0], dataset) for _, shared in todo)
    with RunProgress(total, setup.training.epochs, enabled=verbose) as progress:
        # A progress bar does not travel into other processes.
        jobs = [
            joblib.delayed(run_methods)(
                setup,
                seed,
                shared,
                progress.callback(f"seed {seed}, {shared[0].run}") if n_jobs == 1 else None,
            )
            for seed, shared in todo
        ]
        parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        for line, num_runs in parallel(jobs):
            progress.finished(line, num_runs=num_runs)
