"""The main job as one call: train one DCMIX model per seed and rank the channels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import joblib
import keras
import numpy as np

from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.importance.mixing_weights import mixing_weights
from keras_dcmix.layers.dcmix import find_dcmix
from keras_dcmix.options import Training
from keras_dcmix.progress import SeedProgress
from keras_dcmix.results import ChannelImportance
from keras_dcmix.seed_runs import SeedRun, SeedStore, names_of
from keras_dcmix.summary import describe_doubt, describe_leaders
from keras_dcmix.training import split_problem, train_classifier

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


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
        chance: Accuracy on the test images of always naming the commonest class, 0 to 1.
        num_unlabelled: Images or rows left out because their label was blank.
        num_empty_fields: Fields of view that gave no crop.
        split: Groups in the test part, and in training and validation for each seed.
        num_test_images: Images in the test part.
        examples: Raw test images, one a class: `(num_classes, height, width, num_channels)`.
        training: How the models were built and trained.
    """

    importance: ChannelImportance
    runs: pd.DataFrame
    history: pd.DataFrame
    model: keras.Model
    best_seed: int
    classes: tuple[str, ...]
    chance: float
    num_unlabelled: int
    num_empty_fields: int
    split: dict[str, Any]
    num_test_images: int
    examples: np.ndarray
    training: Training

    @property
    def accuracy(self) -> np.ndarray:
        """`(num_seeds,)`: share of images of unseen groups classified rightly, 0 to 1."""
        return self.runs["accuracy"].to_numpy()

    def summary(self) -> str:
        """What came out, in one sentence of plain words."""
        test = f"{self.num_test_images} images of {len(self.split['test'])} unseen groups"
        doubt = describe_doubt(self.accuracy.mean(), self.chance, self.num_test_images, test)
        return doubt or (
            f"{describe_leaders(self.importance)}; the models classify {self.accuracy.mean():.0%} "
            f"of {test} rightly ({self.chance:.0%} by always naming the commonest class)."
        )

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
        n_jobs: Trainings at a time, each in a process of its own if not 1 (`joblib`).
        checkpoint_dir: Folder for finished seeds. Where it already holds some of the
            same problem and settings, they are not trained again.
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
    problem = label_images(images, labels, channel_names=channel_names, groups=groups)
    training = training or Training()
    seeds = range(seed, seed + num_seeds)
    with TemporaryDirectory() as scratch:
        store = SeedStore(checkpoint_dir or scratch, _settings(problem, training, seed))
        with SeedProgress(num_seeds, training.epochs, enabled=verbose) as progress:
            for finished in (s for s in seeds if s in store):
                progress.finished(store.run(finished), problem.channel_names, again=True)
            # A progress bar does not travel into other processes.
            jobs = [
                joblib.delayed(_train_seed)(
                    problem, training, store, seed, s, progress.callback(s) if n_jobs == 1 else None
                )
                for s in seeds
                if s not in store
            ]
            parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
            for run in parallel(jobs):
                progress.finished(run, problem.channel_names)
        return _ranking(problem, training, store, seeds)


def _check_arguments(num_seeds: int, training: Training | None) -> None:
    if not isinstance(num_seeds, int) or isinstance(num_seeds, bool) or num_seeds < 1:
        raise ValueError(f"`num_seeds` must be a positive integer. Received: {num_seeds!r}")
    if training is not None and training.mixer != "dcmix":
        raise ValueError(
            f"Ranking by mixing weights needs mixer='dcmix'. Received: mixer={training.mixer!r}"
        )


def _settings(problem: LabelledImages, training: Training, seed: int) -> dict[str, Any]:
    """All that a seed's result depends on, to tell whether finished seeds can be used again."""
    digest = hashlib.sha256()
    for part in (problem.labels, np.array(problem.groups, dtype=str)):
        digest.update(np.ascontiguousarray(part).tobytes())
    if hasattr(problem.images, "fingerprint"):
        digest.update(problem.images.fingerprint().encode())
    else:
        for image in problem.images:
            digest.update(np.ascontiguousarray(image).tobytes())
    return {
        "training": asdict(training),
        "seed": seed,
        "shape": [int(n) for n in problem.images.shape],
        "channels": list(problem.channel_names),
        "classes": list(problem.classes),
        "data": digest.hexdigest(),
        "backend": keras.backend.backend(),
    }


def _train_seed(
    problem: LabelledImages,
    training: Training,
    store: SeedStore,
    split_seed: int,
    seed: int,
    watch: keras.callbacks.Callback | None,
) -> SeedRun:
    parts = split_problem(problem, training, split_seed=split_seed, seed=seed)
    callbacks = [] if watch is None else [watch]
    trained = train_classifier(problem, parts, training, seed=seed, callbacks=callbacks)
    if not np.isfinite(trained.validation_loss):
        raise ValueError(
            f"Training diverged at seed {seed} (validation loss {trained.validation_loss}): "
            f"lower the learning rate. Received: learning_rate={training.learning_rate}"
        )
    run = SeedRun(
        seed=seed,
        accuracy=trained.accuracy,
        validation_loss=trained.validation_loss,
        epochs=trained.epochs,
        seconds=trained.seconds,
        shares=mixing_weights(trained.model).scores.tolist(),
        train_groups=names_of(problem.groups[parts.train]),
        validation_groups=names_of(problem.groups[parts.validation]),
    )
    store.save(run, trained.history, trained.model)
    return run


def _ranking(
    problem: LabelledImages, training: Training, store: SeedStore, seeds: range
) -> ChannelRanking:
    import pandas as pd

    runs = [store.run(seed) for seed in seeds]
    best = min(runs, key=lambda run: run.validation_loss).seed
    test = split_problem(problem, training, split_seed=seeds[0], seed=seeds[0]).test
    labels = problem.labels[test]
    columns = ["seed", "epoch", "step", "channel", "mix", "alpha", "share"]
    history = pd.concat([store.history(seed).assign(seed=seed) for seed in seeds])[columns]
    facts = [(run.seed, run.accuracy, run.epochs, run.seconds) for run in runs]
    examples = [test[np.flatnonzero(labels == k)[0]] for k in range(len(problem.classes))]
    return ChannelRanking(
        importance=ChannelImportance.from_repeats(
            "dcmix",
            problem.channel_names,
            [run.shares for run in runs],
            unit="share of the mix",
        ),
        runs=pd.DataFrame(facts, columns=["seed", "accuracy", "epochs", "seconds"]),
        history=history.reset_index(drop=True),
        model=store.model(best),
        best_seed=best,
        classes=problem.classes,
        chance=float(np.bincount(labels).max() / len(labels)),
        num_unlabelled=problem.num_unlabelled,
        num_empty_fields=problem.num_empty_fields,
        split={
            "test": names_of(problem.groups[test]),
            "seeds": {
                run.seed: {"train": run.train_groups, "validation": run.validation_groups}
                for run in runs
            },
        },
        num_test_images=len(test),
        examples=np.asarray(problem.images[np.array(examples)]),
        training=training,
    )
