"""The ground truths: models trained again on one channel alone, or on all but one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.progress import counting
from keras_dcmix._common.validation import check_positive_integer
from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.registry import Model
from keras_dcmix.models.custom import NO_CUSTOM_PARTS, BuildModel, CustomParts
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import split_dataset, spread_of_channels
from keras_dcmix.models.training import TrainedClassifier, train_classifier


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

    `score[c] = accuracy of a model of channel c`, 0 to 1; a channel without information scores
    about the share of the most common class, not 0. Effects of channels in combination are missed.

    Args:
        build_model: Function from the raw training images of the channels in question,
            `(num_images, height, width, num_kept)`, to a compiled Keras model with one output
            for each class and a loss for class numbers. The images are a NumPy array, or a view
            of which `images[:1000]` is one where they are read from files, so that a
            `Normalization` layer can adapt to them. `None` takes our own classifier.
        images: `(num_images, height, width, num_channels)` raw pixels, or `Crops`.
        labels: `(num_images,)` integers or strings; images with a blank label are left out.
        channel_names: One name a channel.
        groups: `(num_images,)` wells, plates or experiments, kept together in every split;
            `None` makes each image its own group.
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
            own classifier, a channel varies too little for float32.
        TypeError: If `build_model` is not a function or returns no model.
    """
    dataset = label_images(images, labels, channel_names=channel_names, groups=groups)
    training = _plain(training)
    if build_model is None:
        # All at once: the last channel would be refused only after all others were trained.
        split = split_dataset(dataset, training, split_seed=seed, seed=seed)
        spread_of_channels(dataset, split)
    panels = panels_of(Model.ONE_CHANNEL, len(dataset.channel_names))
    accuracies = _accuracies(
        build_model, dataset, training, panels, num_repeats, seed, "single channel", verbose
    )
    return ChannelImportance.from_repeats(
        "single_channel", dataset.channel_names, accuracies, "accuracy alone"
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
    Of channels that replace each other each one scores about 0, and scores vary around 0 from
    training to training: take several repeats.

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
    dataset = label_images(images, labels, channel_names=channel_names, groups=groups)
    num_channels = len(dataset.channel_names)
    if num_channels == 1:
        raise MethodError(
            "Leaving one channel out needs at least two. "
            f"Received: only {dataset.channel_names[0]!r}"
        )
    panels = [list(range(num_channels)), *panels_of(Model.ALL_BUT_ONE, num_channels)]
    found = _accuracies(
        build_model, dataset, _plain(training), panels, num_repeats, seed, "leave one out", verbose
    )
    return ChannelImportance.from_repeats(
        "leave_one_out", dataset.channel_names, drops(found[:, 0], found[:, 1:]), "drop in accuracy"
    )


def panels_of(model: Model, num_channels: int) -> list[list[int]]:
    """The channels that a retraining method trains on for each channel: it alone, or all others."""
    channels = range(num_channels)
    if model is Model.ONE_CHANNEL:
        return [[channel] for channel in channels]
    return [[other for other in channels if other != channel] for channel in channels]


def drops(all_channels: np.ndarray, without: np.ndarray) -> np.ndarray:
    """What accuracies lose: `(num_repeats,)` less `(num_repeats, num_channels)`."""
    return all_channels[:, None] - without


def train_panels(
    dataset: LabelledImages,
    training: Training,
    panels: Iterable[Sequence[int]],
    *,
    split_seed: int,
    seed: int,
    custom: CustomParts = NO_CUSTOM_PARTS,
    run: str = "",
    watch: keras.callbacks.Callback | None = None,
) -> Iterator[TrainedClassifier]:
    """Trains a model on each panel of channels, all on the same split and from the same seed.

    Args:
        dataset: Checked images and labels.
        training: How to build and train.
        panels: Numbers of the channels of each panel.
        split_seed: Seed of the test part.
        seed: Seed of everything else.
        custom: Model, callbacks or optimizer of the user.
        run: Name of the trainings, to which the number of the panel, from 0, is added.
        watch: A further callback, of ours.
    """
    split = split_dataset(dataset, training, split_seed=split_seed, seed=seed)
    for number, panel in enumerate(panels):
        kept = dataset.keep(panel)
        name = f"{run}_{number}"
        yield train_classifier(
            kept, split, training, seed=seed, custom=custom, run=name, watch=watch
        )


def _plain(training: Training | None) -> Training:
    """All channels straight into the backbone."""
    return replace(training or Training(), mixer="none", num_mixes=1, channel_subsets=False)


def _accuracies(
    build_model: BuildModel | None,
    dataset: LabelledImages,
    training: Training,
    panels: Sequence[Sequence[int]],
    num_repeats: int,
    seed: int,
    description: str,
    verbose: bool,
) -> np.ndarray:
    """`(num_repeats, num_panels)`: accuracy of a model trained on each panel."""
    check_positive_integer("num_repeats", num_repeats, error=MethodError)
    custom = CustomParts(build_model)
    found = []
    with counting(description, num_repeats * len(panels), enabled=verbose) as advance:
        for repeat in range(num_repeats):
            trained = train_panels(
                dataset, training, panels, split_seed=seed, seed=seed + repeat, custom=custom
            )
            found.append([_counted(each, advance) for each in trained])
    return np.array(found)


def _counted(trained: TrainedClassifier, advance: Callable[[], None]) -> float:
    advance()
    return trained.accuracy
