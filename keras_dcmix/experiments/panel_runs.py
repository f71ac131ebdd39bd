"""Panels of channels, trained again from nothing on the folds of a ranking."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np

from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.experiments.fold_plan import FoldPlan
from keras_dcmix.experiments.run_store import RunStore
from keras_dcmix.models.custom import CustomParts
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import Split
from keras_dcmix.models.training import TrainedClassifier, train_classifier

_PROBABILITIES = "probabilities"
_PLANES = 3  # that weights from ImageNet take


@dataclass(frozen=True)
class PanelRun:
    """What is kept of a panel's training in one fold, beside the probabilities.

    Attributes:
        channels: Names of its channels.
        accuracy: Share of test images classified correctly, 0 to 1.
        seconds: Wall time.
    """

    channels: list[str]
    accuracy: float
    seconds: float


def plain_training(training: Training, num_channels: int) -> Training:
    """How a panel is trained: its channels go into the backbone without a mix.

    Weights from ImageNet take one or three planes; other numbers of channels come in through
    three mixes.
    """
    needs_planes = training.weights is not None and num_channels not in (1, _PLANES)
    return replace(
        training,
        mixer="dcmix" if needs_planes else "none",
        num_mixes=_PLANES if needs_planes else 1,
    )


def panel_name(dataset: LabelledImages, channels: Sequence[str], seed: int) -> str:
    """What the training of a panel in one fold is called in a store."""
    if tuple(channels) == dataset.channel_names:
        return f"all_channels_{seed}"
    digest = hashlib.sha256("\0".join(channels).encode()).hexdigest()[:12]
    return f"panel_{digest}_{seed}"


def train_panel(
    dataset: LabelledImages,
    split: Split,
    training: Training,
    store: RunStore,
    seed: int,
    channels: Sequence[str],
    custom: CustomParts,
    watch: keras.callbacks.Callback | None = None,
) -> TrainedClassifier:
    """Trains a classifier on a panel, tests it and saves its probabilities.

    Args:
        dataset: Checked images and labels, of all channels.
        split: Of the fold.
        training: As of the ranking.
        store: Where the result is kept.
        seed: Of the run.
        channels: Names of the panel's channels.
        custom: Model, callbacks or optimizer of the user.
        watch: Shows progress.
    """
    kept = dataset
    if tuple(channels) != dataset.channel_names:
        kept = dataset.keep([dataset.channel_names.index(name) for name in channels])
    name = panel_name(dataset, channels, seed)
    plain = plain_training(training, len(channels))
    trained = train_classifier(kept, split, plain, seed=seed, custom=custom, run=name, watch=watch)
    save_panel(dataset, store, seed, channels, trained)
    return trained


def save_panel(
    dataset: LabelledImages,
    store: RunStore,
    seed: int,
    channels: Sequence[str],
    trained: TrainedClassifier,
) -> None:
    """Saves what a panel's training gave."""
    store.save(
        panel_name(dataset, channels, seed),
        PanelRun(list(channels), trained.accuracy, trained.seconds),
        arrays={_PROBABILITIES: trained.probabilities},
    )


def panel_probabilities(
    dataset: LabelledImages, store: RunStore, seed: int, channels: Sequence[str]
) -> np.ndarray:
    """`(num_test_images, num_classes)`, as the panel's classifier of one fold predicts."""
    return store.arrays(panel_name(dataset, channels, seed))[_PROBABILITIES]


def is_panel_trained(
    dataset: LabelledImages, store: RunStore, seed: int, channels: Sequence[str]
) -> bool:
    """Whether a store holds the panel's training of one fold."""
    return store.holds(panel_name(dataset, channels, seed), PanelRun, [_PROBABILITIES])


def panel_hits(plan: FoldPlan, store: RunStore, panel: Sequence[str]) -> np.ndarray:
    """`(num_tested,)`: whether a panel classifies each image correctly, the mean over repeats."""
    dataset = plan.dataset
    found = {
        run: panel_probabilities(dataset, store, run.seed, panel).argmax(axis=1)
        == dataset.labels[plan.test_rows(run)]
        for run in plan.runs
    }
    return plan.joined(found).mean(axis=0)
