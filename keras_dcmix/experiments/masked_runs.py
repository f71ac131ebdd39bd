"""For each fold, the classifier on all channels and the model with masked channels behind it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import keras
import numpy as np

from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.experiments.panel_runs import plain_training
from keras_dcmix.experiments.run_store import RunStore
from keras_dcmix.importance.evaluation import Evaluation
from keras_dcmix.importance.subset_scorer import FittingImages, SubsetScorer
from keras_dcmix.models.custom import CustomParts
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import Split
from keras_dcmix.models.training import train_classifier

# A training step goes forward and twice as far backward; alone, forward costs half of a step.
_PASSES_PER_STEP = 2
_FEWEST_PASSES = 48_000  # half a minute at the most for small images, where trainings are short
_FEWEST_IMAGES = 128

# Images on which the last layer is fitted for each subset; twice as many bring little.
_FITTING_IMAGES = 384

_BATCH_SIZE = 256
_ACCURACY, _LOG_LIKELIHOOD = "accuracy", "log_likelihood"
_ROWS, _SUBSETS = "rows", "subsets"


@dataclass(frozen=True)
class MaskedRun:
    """What is kept of the masked model of one fold, beside the scores.

    Attributes:
        seconds: Wall time of training and scoring.
    """

    seconds: float


@dataclass(frozen=True, eq=False)
class FoldScores:
    """Scores of the test images of one fold.

    Attributes:
        rows: `(num_images,)`, their places in the test part.
        subsets: `(num_subsets, num_channels)` bool.
        scores: `(2, num_subsets, num_images)`: accuracy, and log-likelihood in nats.
    """

    rows: np.ndarray
    subsets: np.ndarray
    scores: np.ndarray


def masked_name(seed: int) -> str:
    """What the masked model of a fold is called in a store."""
    return f"masked_{seed}"


def masked_training(
    training: Training, num_channels: int, num_images: int, *, from_scratch: bool = False
) -> Training:
    """How the masked model is trained: the classifier on all channels, and `check_steps` more.

    Args:
        training: As of the ranking.
        num_channels: Channels of the images.
        num_images: Training images.
        from_scratch: Whether it also takes the steps of the classifier that it would start from.
    """
    steps_per_epoch = math.ceil(num_images / training.batch_size)
    more = math.ceil(training.check_steps / steps_per_epoch)
    return replace(
        plain_training(training, num_channels),
        channel_subsets=True,
        epochs=training.epochs + more if from_scratch else more,
    )


def run_masked(
    dataset: LabelledImages,
    split: Split,
    training: Training,
    store: RunStore,
    seed: int,
    subsets: np.ndarray,
    start: keras.Model,
    custom: CustomParts,
    watch: keras.callbacks.Callback | None = None,
) -> None:
    """Trains the masked model of a fold, scores the subsets on its test part and saves both.

    Args:
        dataset: Checked images and labels.
        split: Of the fold.
        training: As of the ranking.
        store: Where the result is kept.
        seed: Of the run.
        subsets: `(num_subsets, num_channels)` bool.
        start: The trained classifier on all channels.
        custom: Model, callbacks or optimizer of the user.
        watch: Shows progress.
    """
    began = time.perf_counter()
    num_channels = len(dataset.channel_names)
    masked = masked_training(training, num_channels, len(split.train))
    name = masked_name(seed)
    trained = train_classifier(
        dataset, split, masked, seed=seed, custom=custom, run=name, watch=watch, start=start
    )
    rows = _scored_rows(split, masked, len(subsets), seed)
    scores = _score(trained.model, dataset, split, rows, subsets, seed, balance=training.balance)
    store.save(
        name,
        MaskedRun(time.perf_counter() - began),
        model=trained.model,
        arrays=_arrays(FoldScores(rows, subsets, scores)),
    )


def score_more(
    dataset: LabelledImages,
    split: Split,
    training: Training,
    store: RunStore,
    seed: int,
    subsets: np.ndarray,
) -> None:
    """Scores further subsets with the masked model that a store holds, and saves them too.

    Args:
        dataset: Checked images and labels.
        split: Of the fold.
        training: As of the ranking.
        store: Holds the model; gets the scores.
        seed: Of the run.
        subsets: `(num_subsets, num_channels)` bool; those that are scored already are left out.
    """
    found = fold_scores(store, seed)
    known = {subset.tobytes() for subset in found.subsets}
    new = subsets[[subset.tobytes() not in known for subset in subsets]]
    if not len(new):
        return
    name = masked_name(seed)
    # A custom model shares its optimizer with the masked one, which Keras saves but cannot load.
    model = store.model(name, compile=False)
    more = _score(model, dataset, split, found.rows, new, seed, balance=training.balance)
    both = FoldScores(
        found.rows,
        np.concatenate([found.subsets, new]),
        np.concatenate([found.scores, more], axis=1),
    )
    store.save(name, store.record(name, MaskedRun), arrays=_arrays(both))


def is_scored(store: RunStore, seed: int) -> bool:
    """Whether a store holds the scores of a fold."""
    return store.holds(masked_name(seed), MaskedRun, [_ROWS, _SUBSETS, _ACCURACY, _LOG_LIKELIHOOD])


def fold_scores(store: RunStore, seed: int) -> FoldScores:
    """The scores of a fold that a store holds."""
    found = store.arrays(masked_name(seed))
    scores = np.stack([found[_ACCURACY], found[_LOG_LIKELIHOOD]])
    return FoldScores(found[_ROWS], found[_SUBSETS], scores)


def _arrays(found: FoldScores) -> dict[str, np.ndarray]:
    accuracy, log_likelihood = found.scores.astype(np.float32)
    return {
        _ROWS: found.rows,
        _SUBSETS: found.subsets,
        _ACCURACY: accuracy,
        _LOG_LIKELIHOOD: log_likelihood,
    }


def images_to_score(split: Split, masked: Training, num_subsets: int) -> int:
    """How many test images to score, so that all subsets cost about what the training did."""
    passes = _PASSES_PER_STEP * masked.epochs * len(split.train)
    return max(_FEWEST_IMAGES, max(passes, _FEWEST_PASSES) // num_subsets)


def _scored_rows(split: Split, masked: Training, num_subsets: int, seed: int) -> np.ndarray:
    """Places in the test part that are scored."""
    most = images_to_score(split, masked, num_subsets)
    places = np.arange(len(split.test))
    if most >= len(places):
        return places
    return np.sort(np.random.default_rng(seed).choice(places, most, replace=False))


def _score(
    model: keras.Model,
    dataset: LabelledImages,
    split: Split,
    rows: np.ndarray,
    subsets: np.ndarray,
    seed: int,
    *,
    balance: bool,
) -> np.ndarray:
    """`(2, num_subsets, num_rows)`: accuracy and log-likelihood of test images."""
    test = split.test[rows]
    evaluation = Evaluation(
        model, dataset.view(test), dataset.labels[test], batch_size=min(_BATCH_SIZE, len(test))
    )
    chosen = _fitting_rows(np.concatenate([split.train, split.validation]), seed)
    labels = dataset.labels[chosen]
    weights = 1 / np.bincount(labels)[labels] if balance else None
    fitting = FittingImages(np.asarray(dataset.images[chosen], np.float32), labels, weights)
    return SubsetScorer(evaluation, fitting=fitting).scores(subsets)


def _fitting_rows(seen: np.ndarray, seed: int) -> np.ndarray:
    """Some training and validation images: of the latter the filters have seen nothing."""
    most = min(_FITTING_IMAGES, len(seen))
    return np.sort(np.random.default_rng(seed).choice(seen, most, replace=False))
