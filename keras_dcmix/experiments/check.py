"""The check beside a ranking: one model that knows every subset of the channels."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import keras

from keras_dcmix._common.progress import RunProgress
from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.experiments.run_store import RunStore
from keras_dcmix.importance.methods.subset_scores import subset_scores
from keras_dcmix.importance.subsets.sampling import MOST_EXACT
from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.models.custom import NO_CUSTOM_PARTS, CustomParts
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import Split, split_dataset
from keras_dcmix.models.training import train_classifier

_NAME = "check"

# A training step goes forward and twice as far backward; alone, forward costs half of a step.
_PASSES_PER_STEP = 2
_FEWEST_PASSES = 48_000  # half a minute at the most for small images, where trainings are short
_FEWEST_IMAGES = 128


@dataclass(frozen=True)
class CheckRun:
    """What is kept of the check, beside its model and its table of scores.

    Attributes:
        accuracy: With all channels, on all test images, 0 to 1.
        seconds: Wall time of training and scoring.
        num_images: Test images that the subsets were scored on.
    """

    accuracy: float
    seconds: float
    num_images: int


@dataclass(frozen=True, eq=False)
class ChannelCheck:
    """What a model that was trained on random subsets of the channels says of every subset.

    Attributes:
        scores: Accuracy and log-likelihood of each subset on images of unseen groups.
        accuracy: With all channels, on all test images, 0 to 1.
        seconds: Wall time of training and scoring.
        num_images: Test images that the subsets were scored on.
    """

    scores: SubsetScores
    accuracy: float
    seconds: float
    num_images: int


def masked_training(training: Training, num_channels: int, num_images: int) -> Training:
    """How the check's model is trained: all channels, masked at random, into the same backbone.

    Weights from ImageNet take three planes; there the channels come in through three mixes. With
    few training images there are more epochs: a model that must cope with every subset needs
    more steps than one that always sees all channels.
    """
    steps_per_epoch = -(-num_images // training.batch_size)
    needs_planes = training.weights is not None and num_channels != 3
    return replace(
        training,
        channel_subsets=True,
        epochs=max(training.epochs, -(-training.check_steps // steps_per_epoch)),
        mixer="dcmix" if needs_planes else "none",
        num_mixes=3 if needs_planes else 1,
    )


def run_check(
    dataset: LabelledImages,
    training: Training,
    store: RunStore,
    seed: int,
    custom: CustomParts = NO_CUSTOM_PARTS,
    *,
    verbose: bool = False,
) -> None:
    """Trains the one extra model, scores the subsets and saves both.

    Args:
        dataset: Checked images and labels.
        training: As of the ranking.
        store: Where the result is kept; `finished_check` reads it.
        seed: The first seed of the ranking: the test part is the same.
        custom: Model, callbacks or optimizer of the user.
        verbose: Whether to show progress.
    """
    start = time.perf_counter()
    split = split_dataset(dataset, training, split_seed=seed, seed=seed)
    masked = masked_training(training, len(dataset.channel_names), len(split.train))
    with RunProgress(1, masked.epochs, enabled=verbose) as progress:
        trained = train_classifier(
            dataset,
            split,
            masked,
            seed=seed,
            custom=custom,
            run=_NAME,
            watch=progress.callback("check"),
        )
    most = images_to_score(split, masked, len(dataset.channel_names))
    scores = score_subsets(trained.model, dataset, split, seed, most, verbose=verbose)
    scores.to_csv(store.path(_NAME, "csv"))
    seconds = time.perf_counter() - start
    record = CheckRun(trained.accuracy, seconds, min(most, len(split.test)))
    store.save(_NAME, record, model=trained.model)


def score_subsets(
    model: keras.Model,
    dataset: LabelledImages,
    split: Split,
    seed: int,
    max_images: int,
    *,
    verbose: bool = False,
) -> SubsetScores:
    """Scores the subsets on the test part, with its groups."""
    return subset_scores(
        model,
        dataset.view(split.test),
        dataset.labels[split.test],
        groups=dataset.groups[split.test],
        max_images=max_images,
        seed=seed,
        verbose=verbose,
    )


def images_to_score(split: Split, training: Training, num_channels: int) -> int:
    """How many test images to score, so that all subsets cost about what the training did."""
    subsets = 2**num_channels if num_channels <= MOST_EXACT else 12 * num_channels
    passes = _PASSES_PER_STEP * training.epochs * len(split.train)
    return max(_FEWEST_IMAGES, max(passes, _FEWEST_PASSES) // subsets)


def is_checked(store: RunStore) -> bool:
    """Whether the store holds a complete check."""
    try:
        finished_check(store)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def finished_check(store: RunStore) -> ChannelCheck:
    """The check that a store holds."""
    run = store.record(_NAME, CheckRun)
    scores = SubsetScores.from_csv(store.path(_NAME, "csv"))
    return ChannelCheck(scores, run.accuracy, run.seconds, run.num_images)
