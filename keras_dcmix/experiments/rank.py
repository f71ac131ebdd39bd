"""The main job as one call: train one DCMIX model per seed and rank the channels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import joblib
import keras

from keras_dcmix._common.errors import MethodError, argument
from keras_dcmix._common.progress import RunProgress
from keras_dcmix._common.validation import check_jobs, check_positive_integer
from keras_dcmix.data.constant_channels import without_constant_channels
from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.experiments.check import is_checked, run_check
from keras_dcmix.experiments.gather_ranking import ranking_from_store
from keras_dcmix.experiments.ranking import ChannelRanking
from keras_dcmix.experiments.run_store import RunStore, run_settings
from keras_dcmix.experiments.seed_runs import (
    SeedRun,
    describe_run,
    is_trained,
    run_name,
    train_seed,
)
from keras_dcmix.models.custom import BuildModel, Callbacks, CustomParts
from keras_dcmix.models.options import Training


def rank_channels(
    images: Any,
    labels: Any = None,
    *,
    channel_names: Sequence[str] | None = None,
    groups: Any = None,
    num_seeds: int = 5,
    seed: int = 0,
    training: Training | None = None,
    build_model: BuildModel | None = None,
    callbacks: Callbacks = (),
    optimizer: keras.optimizers.Optimizer | str | None = None,
    check: bool = True,
    n_jobs: int = 1,
    checkpoint_dir: str | Path | None = None,
    verbose: bool = True,
) -> ChannelRanking:
    """Ranks the channels by DCMIX: trains one model per seed and reads its mixing weights.

    A fixed part of the groups is kept for testing and seen by no model. Each seed splits the rest
    into training and validation by itself, so the spread over seeds contains the choice of
    training groups, of initial weights and of batches.

    Args:
        images: `(num_images, height, width, num_channels)` raw pixels, or `Crops`. Channels with
            the same value in every pixel are left out with a warning.
        labels: `(num_images,)` integers or strings; images with a blank label are left out.
        channel_names: One name a channel.
        groups: `(num_images,)` wells, plates or experiments, kept together in every split;
            `None` makes each image its own group.
        num_seeds: Number of models, at least 1; two or more give a spread.
        seed: The first seed; the others count on from it.
        training: How to build and train; `None` takes the defaults of `Training`.
        build_model: Function from the raw training images `(num_images, height, width,
            num_channels)`, a NumPy array or a view of which `images[:1000]` is one, to a compiled
            Keras model with one `keras_dcmix.layers.DCMix` layer on the image channels (without
            names it gets theirs), one output for each class, and a loss for class numbers. It
            takes the place of our classifier in every training; for the check it is put behind
            random masks of the channels.
        callbacks: Keras callbacks for each training: a function from the name of a training
            (`"seed_0"`, `"check"`) to a list, or a list, of which each training gets a deep copy.
            They run after ours and see the logs of `ChannelWeightHistory`.
        optimizer: A Keras optimizer, which brings its own learning rate, or a name such as
            `"adamw"`, which gets that of `training`. Each training gets a copy that has not been
            used yet; `None` takes Adam. Not with `build_model`, which compiles its model.
        check: Whether to train one model more, on random subsets of the channels, and to score
            every subset with it: see `keras_dcmix.importance.subset_scores`.
        n_jobs: Trainings at a time, each in a process of its own if not 1 (`joblib`).
        checkpoint_dir: Folder for finished seeds. Where it already holds some of the
            same dataset and settings, they are not trained again.
        verbose: Whether to show progress.

    Returns:
        A `ChannelRanking`.

    Raises:
        ValueError: If the data cannot be ranked (one class, fewer than two channels that vary,
            too few groups, pixels that are not finite) or an argument does not fit.

    Example:

    ```python
    cells = keras_dcmix.datasets.simulated_cells()
    ranking = keras_dcmix.rank_channels(
        cells.images, cells.labels, groups=cells.groups, channel_names=cells.channel_names
    )
    print(ranking.summary())
    ```
    """
    _check_arguments(num_seeds, training)
    check_jobs(n_jobs)
    custom = CustomParts(build_model, callbacks, optimizer)
    dataset = label_images(images, labels, channel_names=channel_names, groups=groups)
    dataset = without_constant_channels(dataset)
    training = training or Training()
    seeds = range(seed, seed + num_seeds)
    with TemporaryDirectory() as scratch:
        settings = run_settings(dataset, training, custom, seed)
        store = RunStore(checkpoint_dir or scratch, settings)
        _train_seeds(dataset, training, store, seeds, custom, n_jobs=n_jobs, verbose=verbose)
        if check and not is_checked(store):
            run_check(dataset, training, store, seed, custom, verbose=verbose)
        return ranking_from_store(dataset, training, store, seeds, check=check)


def _check_arguments(num_seeds: int, training: Training | None) -> None:
    check_positive_integer("num_seeds", num_seeds, error=MethodError)
    if training is not None and training.mixer != "dcmix":
        raise MethodError(
            "Ranking by mixing weights needs mixer='dcmix'. "
            f"Received: {argument('mixer', training.mixer)}"
        )


def _train_seeds(
    dataset: LabelledImages,
    training: Training,
    store: RunStore,
    seeds: range,
    custom: CustomParts,
    *,
    n_jobs: int,
    verbose: bool,
) -> None:
    names = dataset.channel_names
    with RunProgress(len(seeds), training.epochs, enabled=verbose) as progress:
        done = [seed for seed in seeds if is_trained(store, seed)]
        for seed in done:
            finished = store.record(run_name(seed), SeedRun)
            progress.finished(describe_run(finished, names, again=True))
        # A progress bar does not travel into other processes.
        jobs = [
            joblib.delayed(train_seed)(
                dataset,
                training,
                store,
                seeds[0],
                seed,
                custom,
                progress.callback(f"seed {seed}") if n_jobs == 1 else None,
            )
            for seed in seeds
            if seed not in done
        ]
        for run in joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(jobs):
            progress.finished(describe_run(run, names))
