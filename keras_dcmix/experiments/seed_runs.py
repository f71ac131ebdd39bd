"""One fold of a ranking: train a DCMIX model and keep what it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.experiments.fold_plan import FoldRun
from keras_dcmix.experiments.run_store import RunStore, names_of
from keras_dcmix.importance.methods.mixing_weights import mixing_weights
from keras_dcmix.models.custom import CustomParts
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import Split
from keras_dcmix.models.training import train_classifier

_PROBABILITIES = "probabilities"


@dataclass(frozen=True, eq=False)
class SeedRun:
    """What is kept of one fold's training, beside its model, table and probabilities.

    Attributes:
        seed: Its seed.
        accuracy: Share of test images classified correctly, 0 to 1.
        validation_loss: Cross-entropy on the validation images, in nats.
        epochs: Epochs trained.
        seconds: Wall time.
        shares: Each channel's share of the mix, in the order of the channels.
        train_groups: Groups that it trained on.
        validation_groups: Groups on which its best epoch was chosen.
        test_groups: Groups that it was tested on.
        repeat: Number of the repeat, from 0.
        fold: Number of the fold, from 0.
    """

    seed: int
    accuracy: float
    validation_loss: float
    epochs: int
    seconds: float
    shares: list[float]
    train_groups: list[str]
    validation_groups: list[str]
    test_groups: list[str]
    repeat: int = 0
    fold: int = 0


def run_name(seed: int) -> str:
    """What a seed is called in a store."""
    return f"seed_{seed}"


def is_trained(store: RunStore, seed: int) -> bool:
    """Whether a store holds all of a seed, with its predictions; else it is trained again."""
    return store.holds(run_name(seed), SeedRun, [_PROBABILITIES])


def probabilities_of(store: RunStore, seed: int) -> np.ndarray:
    """`(num_test_images, num_classes)` in `float32`, as the model of a seed predicts."""
    return store.arrays(run_name(seed))[_PROBABILITIES]


def describe_run(run: SeedRun, channel_names: Sequence[str], *, again: bool = False) -> str:
    """A finished seed in one line; `again` if an earlier run had finished it."""
    pairs = sorted(zip(run.shares, channel_names, strict=True), reverse=True)[:3]
    top = ", ".join(f"{name} {share:.0%}" for share, name in pairs)
    how = "done before" if again else f"{run.epochs} epochs in {run.seconds:.0f} s"
    return f"fold {run.fold + 1}: accuracy {run.accuracy:.3f}, {how}; {top}"


def train_seed(
    dataset: LabelledImages,
    split: Split,
    training: Training,
    store: RunStore,
    run: FoldRun,
    custom: CustomParts,
    watch: keras.callbacks.Callback | None,
) -> SeedRun:
    """Trains the DCMIX model of one fold and saves what it found."""
    trained = train_classifier(
        dataset,
        split,
        training,
        seed=run.seed,
        custom=custom,
        run=run_name(run.seed),
        watch=watch,
    )
    record = SeedRun(
        seed=run.seed,
        accuracy=trained.accuracy,
        validation_loss=trained.validation_loss,
        epochs=trained.epochs,
        seconds=trained.seconds,
        shares=mixing_weights(trained.model).scores.tolist(),
        train_groups=names_of(dataset.groups[split.train]),
        validation_groups=names_of(dataset.groups[split.validation]),
        test_groups=names_of(dataset.groups[split.test]),
        repeat=run.repeat,
        fold=run.fold,
    )
    store.save(
        run_name(run.seed),
        record,
        table=trained.history,
        model=trained.model,
        arrays={_PROBABILITIES: trained.probabilities},
    )
    return record
