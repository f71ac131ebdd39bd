"""The main job as one call: train one DCMIX model per seed and rank the channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import joblib
import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.progress import RunProgress
from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.evidence.sentences import ranking as sentences
from keras_dcmix.evidence.verdict import (
    HeldOut,
    RankingVerdict,
    Reliability,
    find_leaders,
    read_check,
)
from keras_dcmix.experiments.check import ChannelCheck, finished_check, is_checked, run_check
from keras_dcmix.experiments.predictions import Predictions
from keras_dcmix.experiments.run_store import RunStore, check_jobs, names_of, run_settings
from keras_dcmix.experiments.seed_runs import (
    describe_run,
    is_finished,
    run_name,
    seed_run,
    train_seed,
)
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.layers.dcmix import find_dcmix
from keras_dcmix.models.options import Training
from keras_dcmix.models.training import split_dataset

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from keras_dcmix.data.cells.recipe import CropRecipe


@dataclass(frozen=True, eq=False)
class ChannelRanking:
    """Which channels matter, over several independently trained models.

    Attributes:
        importance: Share of the mix of each channel; mean over seeds, the seeds as repeats.
        runs: One row a seed: `seed`, `accuracy` (0 to 1), `epochs`, `seconds`.
        history: The weights' paths: `seed`, `epoch`, `step`, `channel`, `mix`, `alpha`, `share`.
        model: The model of the seed with the lowest validation loss; takes raw pixels.
        best_seed: That seed.
        classes: Names of the classes, in the order of the model's outputs.
        majority_baseline: Accuracy on the test images of always naming the commonest class, 0 to 1.
        num_unlabelled: Images or rows left out because their label was blank.
        num_empty_fields: Fields of view that gave no crop.
        split: Groups in the test part, and in training and validation for each seed.
        num_test_images: Images in the test part.
        predictions: What the models name the test images; accuracy by class and by group.
        examples: Raw test images, one a class: `(num_classes, height, width, num_channels)`.
        training: How the models were built and trained.
        check: What one model that knows every subset of the channels says, beside the weights;
            `None` where it was not asked for.
        recipe: How the images were cut and corrected; `None` where they came as arrays.
        group_unit: What a group is, such as `"well"` or `"plate"`.
    """

    importance: ChannelImportance
    runs: pd.DataFrame
    history: pd.DataFrame
    model: keras.Model
    best_seed: int
    classes: tuple[str, ...]
    majority_baseline: float
    num_unlabelled: int
    num_empty_fields: int
    split: dict[str, Any]
    num_test_images: int
    predictions: Predictions
    examples: np.ndarray
    training: Training
    check: ChannelCheck | None = None
    recipe: CropRecipe | None = None
    group_unit: str = "group"

    @property
    def accuracy(self) -> np.ndarray:
        """`(num_seeds,)`: share of images of unseen groups classified rightly, 0 to 1."""
        return self.runs["accuracy"].to_numpy()

    def verdict(self) -> RankingVerdict:
        """What the ranking shows, typed: reliability, leaders, check, what can be dropped."""
        baseline, images = self.majority_baseline, self.num_test_images
        check = None
        if self.check is not None:
            model = Reliability(self.check.accuracy, baseline, images)
            check = read_check(self.importance, self.check.scores, model)
        return RankingVerdict(
            reliability=Reliability(float(self.accuracy.mean()), baseline, images),
            held_out=HeldOut(images, len(self.split["test"]), self.group_unit),
            leaders=find_leaders(self.importance),
            check=check,
        )

    def summary(self) -> str:
        """The result in a few sentences: the weights, then the check."""
        return sentences.summary(self.verdict())

    def plot_mix(self, *, ax: Axes | None = None) -> Axes:
        """Draws the examples: their channels with their shares, and the image the model sees.

        Args:
            ax: Axes that give their place to the pictures. By default a new figure.

        Returns:
            The axes, see `keras_dcmix.plotting.plot_mix`.
        """
        from keras_dcmix.plotting import plot_mix

        mean, variance, _ = self.model.get_layer("standardize").get_weights()
        return plot_mix(
            self.examples[:4],
            find_dcmix(self.model).alpha,
            channel_names=self.importance.channel_names,
            image_names=self.classes[:4],
            mean=mean,
            std=np.sqrt(variance),
            ax=ax,
        )


def rank_channels(
    images: Any,
    labels: Any = None,
    *,
    channel_names: Sequence[str] | None = None,
    groups: Any = None,
    num_seeds: int = 5,
    seed: int = 0,
    training: Training | None = None,
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
        images: `(num_images, height, width, num_channels)` raw pixels, or `Crops`.
        labels: `(num_images,)` integers or strings; images with a blank label are left out.
        channel_names: One name a channel.
        groups: `(num_images,)` wells, plates or experiments that must not be torn apart by
            a split; `None` makes each image its own group.
        num_seeds: Number of models, at least 1; two or more give a spread.
        seed: The first seed; the others count on from it.
        training: How to build and train; `None` takes the defaults of `Training`.
        check: Whether to train one model more, on random subsets of the channels, and to score
            every subset with it: see `keras_dcmix.importance.subset_scores`.
        n_jobs: Trainings at a time, each in a process of its own if not 1 (`joblib`).
        checkpoint_dir: Folder for finished seeds. Where it already holds some of the
            same dataset and settings, they are not trained again.
        verbose: Whether to show progress.

    Returns:
        A `ChannelRanking`.

    Raises:
        ValueError: If the data cannot be ranked (one class, one channel, a constant channel, too
            few groups, pixels that are not finite) or an argument does not fit.

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
    dataset = label_images(images, labels, channel_names=channel_names, groups=groups)
    training = training or Training()
    seeds = range(seed, seed + num_seeds)
    with TemporaryDirectory() as scratch:
        store = RunStore(checkpoint_dir or scratch, run_settings(dataset, training, seed))
        _train_seeds(dataset, training, store, seeds, n_jobs=n_jobs, verbose=verbose)
        if check and not is_checked(store):
            run_check(dataset, training, store, seed, verbose=verbose)
        return _ranking(dataset, training, store, seeds, check=check)


def _train_seeds(
    dataset: LabelledImages,
    training: Training,
    store: RunStore,
    seeds: range,
    *,
    n_jobs: int,
    verbose: bool,
) -> None:
    names = dataset.channel_names
    with RunProgress(len(seeds), training.epochs, enabled=verbose) as progress:
        done = [seed for seed in seeds if is_finished(store, seed)]
        for seed in done:
            progress.finished(describe_run(seed_run(store, seed), names, again=True))
        # A progress bar does not travel into other processes.
        jobs = [
            joblib.delayed(train_seed)(
                dataset,
                training,
                store,
                seeds[0],
                seed,
                progress.callback(f"seed {seed}") if n_jobs == 1 else None,
            )
            for seed in seeds
            if seed not in done
        ]
        for run in joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(jobs):
            progress.finished(describe_run(run, names))


def _check_arguments(num_seeds: int, training: Training | None) -> None:
    if not isinstance(num_seeds, int) or isinstance(num_seeds, bool) or num_seeds < 1:
        raise MethodError(f"`num_seeds` must be a positive integer. Received: {num_seeds!r}")
    if training is not None and training.mixer != "dcmix":
        raise MethodError(
            f"Ranking by mixing weights needs mixer='dcmix'. Received: mixer={training.mixer!r}"
        )


def _ranking(
    dataset: LabelledImages, training: Training, store: RunStore, seeds: range, *, check: bool
) -> ChannelRanking:
    import pandas as pd

    runs = [seed_run(store, seed) for seed in seeds]
    best = min(runs, key=lambda run: run.validation_loss).seed
    test = split_dataset(dataset, training, split_seed=seeds[0], seed=seeds[0]).test
    labels = dataset.labels[test]
    columns = ["seed", "epoch", "step", "channel", "mix", "alpha", "share"]
    history = pd.concat([store.table(run_name(s)).assign(seed=s) for s in seeds])[columns]
    facts = [(run.seed, run.accuracy, run.epochs, run.seconds) for run in runs]
    examples = [test[np.flatnonzero(labels == k)[0]] for k in range(len(dataset.classes))]
    return ChannelRanking(
        importance=ChannelImportance.from_repeats(
            "dcmix",
            dataset.channel_names,
            [run.shares for run in runs],
            unit="share of the mix",
        ),
        runs=pd.DataFrame(facts, columns=["seed", "accuracy", "epochs", "seconds"]),
        history=history.reset_index(drop=True),
        model=store.model(run_name(best)),
        best_seed=best,
        classes=dataset.classes,
        majority_baseline=float(np.bincount(labels).max() / len(labels)),
        num_unlabelled=dataset.num_unlabelled,
        num_empty_fields=dataset.num_empty_fields,
        split={
            "test": names_of(dataset.groups[test]),
            "seeds": {
                run.seed: {"train": run.train_groups, "validation": run.validation_groups}
                for run in runs
            },
        },
        num_test_images=len(test),
        predictions=Predictions(
            dataset.classes,
            labels,
            dataset.groups[test],
            np.array([run.predicted for run in runs]),
        ),
        examples=np.asarray(dataset.images[np.array(examples)]),
        training=training,
        check=finished_check(store) if check else None,
        recipe=dataset.recipe,
        group_unit=dataset.group_unit,
    )
