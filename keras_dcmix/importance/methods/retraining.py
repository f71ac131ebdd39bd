"""The ground truths: models trained anew on one channel alone, or on all but one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.progress import counting
from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.models.options import Training
from keras_dcmix.models.training import (
    BuildModel,
    split_dataset,
    spread_of_channels,
    train_classifier,
)

# From channel numbers and a seed to the accuracy of a model trained on these channels.
Accuracy = Callable[[Sequence[int], int], float]


def single_channel(
    build_model: BuildModel | None,
    images: Any,
    labels: Any = None,
    *,
    channel_names: Sequence[str] | None = None,
    groups: Any = None,
    num_repeats: int = 1,
    training: Training | None = None,
    seed: int = 0,
    verbose: bool = True,
) -> ChannelImportance:
    """Scores a channel by how well a model trained on this channel alone classifies unseen groups.

    `score[c] = accuracy of a model of channel c`, 0 to 1; a channel that tells nothing scores
    about the share of the commonest class, not 0. What channels tell only together is not seen.

    Args:
        build_model: Function from the raw training images of the channels in question,
            `(num_images, height, width, num_kept)`, to a compiled Keras model with one output
            for each class and a loss for class numbers. The images are a NumPy array, or a view
            of which `images[:1000]` is one where they are read from files, so that a
            `Normalization` layer can adapt to them. `None` takes our own classifier.
        images: `(num_images, height, width, num_channels)` raw pixels, or `Crops`.
        labels: `(num_images,)` integers or strings; images with a blank label are left out.
        channel_names: One name a channel.
        groups: `(num_images,)` wells, plates or experiments that must not be torn apart by a
            split; `None` makes each image its own group.
        num_repeats: Trainings for each channel, at least 1.
        training: How to build, split and train; `None` takes the defaults of `Training`. All
            channels go straight into the backbone: `mixer`, `num_mixes` and `channel_subsets`
            do not count. A model from `build_model` is only split and fitted by it.
        seed: Seed of the test part. Repeat `r` draws training and validation split, initial
            weights and batches by `seed + r`, the same for each channel.
        verbose: Whether to show progress.

    Returns:
        A `ChannelImportance` with a repeat for each training.

    Raises:
        ValueError: If the arguments do not fit each other, a training diverges, or, with our
            own classifier, a channel is constant.
        TypeError: If `build_model` is not a function or returns no model.
    """
    dataset, training = _checked(
        build_model, images, labels, channel_names, groups, num_repeats, training
    )
    if build_model is None:
        # All at once: the last channel would be refused only after all others were trained.
        split = split_dataset(dataset, training, split_seed=seed, seed=seed)
        spread_of_channels(dataset, split)
    channels = range(len(dataset.channel_names))
    with counting("single channel", num_repeats * len(channels), enabled=verbose) as advance:
        accuracy = _accuracy(build_model, dataset, training, seed, advance)
        repeats = [[accuracy([c], seed + r) for c in channels] for r in range(num_repeats)]
    return ChannelImportance.from_repeats(
        "single_channel", dataset.channel_names, repeats, "accuracy alone"
    )


def leave_one_out(
    build_model: BuildModel | None,
    images: Any,
    labels: Any = None,
    *,
    channel_names: Sequence[str] | None = None,
    groups: Any = None,
    num_repeats: int = 1,
    training: Training | None = None,
    seed: int = 0,
    verbose: bool = True,
) -> ChannelImportance:
    """Scores a channel by what a model trained without it loses on unseen groups.

    `score[c] = accuracy of a model of all channels - accuracy of a model of all but c`, -1 to 1.
    Of channels that replace each other each one scores about 0, and scores swing around 0 by
    the chance of a training: take several repeats.

    Args:
        build_model: As in `single_channel`.
        images: As in `single_channel`, with at least two channels.
        labels: As in `single_channel`.
        channel_names: As in `single_channel`.
        groups: As in `single_channel`.
        num_repeats: Trainings without each channel, and of all channels, at least 1.
        training: As in `single_channel`.
        seed: As in `single_channel`; a repeat compares models of the same seed and split.
        verbose: Whether to show progress.

    Returns:
        A `ChannelImportance` with a repeat for each training.

    Raises:
        ValueError: As in `single_channel`, and if there is one channel only.
        TypeError: As in `single_channel`.
    """
    dataset, training = _checked(
        build_model, images, labels, channel_names, groups, num_repeats, training
    )
    everything = list(range(len(dataset.channel_names)))
    if len(everything) == 1:
        raise MethodError(
            "Leaving one channel out needs at least two. "
            f"Received: only {dataset.channel_names[0]!r}"
        )
    panels = [everything, *([c for c in everything if c != out] for out in everything)]
    with counting("leave one out", num_repeats * len(panels), enabled=verbose) as advance:
        accuracy = _accuracy(build_model, dataset, training, seed, advance)
        found = np.array([[accuracy(p, seed + r) for p in panels] for r in range(num_repeats)])
    return ChannelImportance.from_repeats(
        "leave_one_out", dataset.channel_names, found[:, :1] - found[:, 1:], "drop in accuracy"
    )


def _checked(
    build_model: Any,
    images: Any,
    labels: Any,
    channel_names: Sequence[str] | None,
    groups: Any,
    num_repeats: int,
    training: Training | None,
) -> tuple[LabelledImages, Training]:
    if build_model is not None and not callable(build_model):
        raise TypeError(
            "`build_model` must be a function from training images to a compiled model, or None. "
            f"Received: {build_model!r}"
        )
    if not isinstance(num_repeats, int) or isinstance(num_repeats, bool) or num_repeats < 1:
        raise MethodError(f"`num_repeats` must be a positive integer. Received: {num_repeats!r}")
    dataset = label_images(images, labels, channel_names=channel_names, groups=groups)
    plain = {"mixer": "none", "num_mixes": 1, "channel_subsets": False}
    return dataset, replace(training or Training(), **plain)


def _accuracy(
    build_model: BuildModel | None,
    dataset: LabelledImages,
    training: Training,
    split_seed: int,
    advance: Callable[[], None],
) -> Accuracy:
    def accuracy(channels: Sequence[int], seed: int) -> float:
        kept = dataset.keep(channels)
        split = split_dataset(dataset, training, split_seed=split_seed, seed=seed)
        trained = train_classifier(kept, split, training, seed=seed, build_model=build_model)
        advance()
        return trained.accuracy

    return accuracy
