"""The main job as one call: train DCMIX models on folds, measure the evidence, retrain panels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras

from keras_dcmix._common.errors import RankingError, argument
from keras_dcmix._common.progress import say
from keras_dcmix._common.validation import check_jobs, check_positive_integer
from keras_dcmix._common.wording import plural
from keras_dcmix.data.constant_channels import without_constant_channels
from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.experiments.fold_plan import FoldPlan
from keras_dcmix.experiments.fold_trainings import FoldTrainings
from keras_dcmix.experiments.gather_ranking import ranking_from_store
from keras_dcmix.experiments.proposals import checked_panels
from keras_dcmix.experiments.ranking import ChannelRanking
from keras_dcmix.experiments.run_store import RunStore, run_settings
from keras_dcmix.models.custom import BuildModel, Callbacks, CustomParts
from keras_dcmix.models.options import Training


def rank_channels(
    images: Any,
    labels: Any = None,
    *,
    channel_names: Sequence[str] | None = None,
    groups: Any = None,
    num_folds: int = 5,
    num_repeats: int = 1,
    seed: int = 0,
    training: Training | None = None,
    build_model: BuildModel | None = None,
    callbacks: Callbacks = (),
    optimizer: keras.optimizers.Optimizer | str | None = None,
    check: bool = True,
    retrain: bool = True,
    panels: Sequence[Sequence[str]] = (),
    margin: float = 0.02,
    n_jobs: int = 1,
    checkpoint_dir: str | Path | None = None,
    verbose: bool = True,
) -> ChannelRanking:
    """Ranks the channels, measures what each adds, and retrains panels without some of them.

    Groups are dealt into folds, stratified by class and plate. Each run trains a DCMIX model on the
    other folds and tests it on its own, so every group is tested by a model that has not seen it.
    On the same folds a model with masked channels measures the evidence, and panels of channels
    are trained again from nothing.

    Args:
        images: `(num_images, height, width, num_channels)` raw pixels, or `Crops`. Channels with
            the same value in every pixel are left out with a warning.
        labels: `(num_images,)` integers or strings; images with a blank label are left out.
        channel_names: One name a channel.
        groups: `(num_images,)` wells, plates or experiments, kept together in every split;
            `None` makes each image its own group.
        num_folds: Folds, and so DCMIX models of one repeat, at least 1; as many as the class with
            the fewest groups has, if that is less. With 1 a single model is tested on a fifth of
            the groups.
        num_repeats: How often the groups are dealt anew, at least 1.
        seed: The first seed; the others count on from it.
        training: How to build and train; `None` takes the defaults of `Training`.
        build_model: Function from the raw training images `(num_images, height, width,
            num_channels)`, a NumPy array or a view of which `images[:1000]` is one, to a compiled
            Keras model with one `keras_dcmix.layers.DCMix` layer on the image channels (without
            names it gets theirs), one output for each class, and a loss for class numbers. It
            takes the place of our classifier in every training; the masked model is the same
            behind random masks of the channels, and panels get it with fewer channels.
        callbacks: Keras callbacks for each training: a function from the name of a training
            (`"seed_0"`, `"all_channels_0"`, `"masked_0"`, `"panel_..."`) to a list, or a list, of
            which each training gets a deep copy. They run after ours and see the logs of
            `ChannelWeightHistory`.
        optimizer: A Keras optimizer, which brings its own learning rate, or a name such as
            `"adamw"`, which gets that of `training`. Each training gets a copy that has not been
            used yet; `None` takes Adam. Not with `build_model`, which compiles its model.
        check: Whether to measure the evidence: two trainings more in each fold.
        retrain: Whether to train the proposed panels again. Without, nothing is said about
            dropping channels, except by the panels that are named.
        panels: Panels to train again in any case, each a list of channel names, one at least.
        margin: Largest loss of accuracy by dropping channels that is accepted, 0 to 1 (both
            excluded).
        n_jobs: Trainings at a time, each in a process of its own if not 1 (`joblib`).
        checkpoint_dir: Folder for finished trainings. Where it already holds some of the
            same dataset and settings, they are not done again.
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
    print(ranking.evidence)
    ```
    """
    check_positive_integer("num_folds", num_folds, error=RankingError)
    check_positive_integer("num_repeats", num_repeats, error=RankingError)
    _check_training(training)
    check_margin(margin)
    check_jobs(n_jobs)
    custom = CustomParts(build_model, callbacks, optimizer)
    dataset = label_images(images, labels, channel_names=channel_names, groups=groups)
    dataset = without_constant_channels(dataset)
    training = training or Training()
    named = checked_panels(panels, dataset.channel_names)
    plan = FoldPlan.deal(dataset, num_folds=num_folds, num_repeats=num_repeats, seed=seed)
    if verbose and plan.num_folds < num_folds:
        say(_fewer_folds(plan, num_folds))
    with TemporaryDirectory() as scratch:
        settings = run_settings(dataset, training, custom, seed) | {"folds": plan.num_folds}
        store = RunStore(checkpoint_dir or scratch, settings)
        trainings = FoldTrainings(plan, training, store, custom, n_jobs=n_jobs, is_verbose=verbose)
        trainings.train_mixes()
        found = trainings.measure() if check else None
        done = trainings.retrain(found, named, margin, proposals=retrain and check)
        return ranking_from_store(plan, training, store, found, done, named, margin)


def _check_training(training: Training | None) -> None:
    if training is not None and training.mixer != "dcmix":
        raise RankingError(
            "Ranking by mixing weights needs mixer='dcmix'. "
            f"Received: {argument('mixer', training.mixer)}"
        )


def check_margin(margin: float) -> None:
    """Refuses a margin that is not a loss of accuracy.

    Raises:
        ValueError: If it is not between 0 and 1.
    """
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 < margin < 1:
        raise RankingError(
            f"{argument('margin')} must be a loss of accuracy between 0 and 1, such as 0.02. "
            f"Received: {argument('margin', margin)}"
        )


def _fewer_folds(plan: FoldPlan, asked: int) -> str:
    unit = plan.dataset.group_unit
    return (
        f"{plan.num_folds} folds instead of {asked}: the class with the fewest {plural(unit)} has "
        f"{plan.num_folds}"
    )
