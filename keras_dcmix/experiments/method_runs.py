"""The trainings of a comparison, and the methods that share them."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.experiments.masked_runs import images_to_score, masked_training
from keras_dcmix.experiments.run_store import RunStore
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.methods.retraining import panels_of, train_panels
from keras_dcmix.importance.methods.subset_scores import subset_scores
from keras_dcmix.importance.registry import Method, Model
from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.importance.subsets.sampling import MOST_EXACT, NUM_ORDERS
from keras_dcmix.models.custom import CustomParts
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import Split, split_dataset
from keras_dcmix.models.training import train_classifier

MOST_SCORED = 1000  # images that a method scores on; integrated gradients cost most


@dataclass(frozen=True)
class MethodScores:
    """What one method found in one run.

    Attributes:
        scores: One a channel, in the order of the channels. Of leave one out the accuracies
            without each channel: the drop follows from the run on all channels.
        unit: Scale of the scores.
        seconds: Wall time of scoring.
        note: What the method warned of.
    """

    scores: list[float]
    unit: str
    seconds: float
    note: str = ""


@dataclass(frozen=True)
class MethodRun:
    """What is kept of one training, beside its model.

    Attributes:
        accuracy: Share of test images classified correctly, 0 to 1; the best where each channel
            has a training of its own.
        parameters: Trainable numbers of one model.
        train_seconds: Wall time of training.
        methods: What each method found, by its name.
    """

    accuracy: float
    parameters: int
    train_seconds: float
    methods: dict[str, MethodScores] = field(default_factory=dict)

    def __post_init__(self) -> None:
        read = {  # from JSON they come as dicts
            name: MethodScores(**scores) if isinstance(scores, dict) else scores
            for name, scores in self.methods.items()
        }
        object.__setattr__(self, "methods", read)


@dataclass(frozen=True, eq=False)
class ComparisonSetup:
    """What all runs of one comparison share.

    Attributes:
        dataset: Checked images and labels.
        training: How to build and train.
        store: Where the runs are kept.
        split_seed: Seed of the test part.
        custom: Model, callbacks or optimizer of the user.
    """

    dataset: LabelledImages
    training: Training
    store: RunStore
    split_seed: int
    custom: CustomParts


def run_name(seed: int, run: str) -> str:
    """What the run of one seed is called in a store."""
    return f"seed_{seed}_{run}"


def finished_methods(store: RunStore, seed: int, run: str) -> set[str]:
    """The methods that a store holds for one run of one seed."""
    name = run_name(seed, run)
    return set(store.record(name, MethodRun).methods) if store.holds(name, MethodRun) else set()


def methods_by_run(methods: Iterable[Method]) -> dict[str, list[Method]]:
    """The methods that share a training, by what their run is called."""
    shared: dict[str, list[Method]] = {}
    for method in methods:
        shared.setdefault(method.run, []).append(method)
    return shared


def num_trainings(method: Method, dataset: LabelledImages) -> int:
    """How many trainings one seed of a method's run takes."""
    return len(dataset.channel_names) if method.retrains else 1


def run_methods(
    setup: ComparisonSetup,
    seed: int,
    methods: list[Method],
    watch: keras.callbacks.Callback | None = None,
) -> tuple[str, int]:
    """Trains what some methods share, lets each of them score the channels, and saves it.

    Args:
        setup: What all runs share.
        seed: Seed of everything but the test part.
        methods: Methods of the same run.
        watch: A callback for each training.

    Returns:
        One line on what was done, and the number of trainings.
    """
    first = methods[0]
    run = (_retrained if first.retrains else _trained)(setup, seed, methods, watch)
    line = (
        f"seed {seed}, {first.run.replace('_', ' ')}: accuracy {run.accuracy:.3f}, trained in "
        f"{run.train_seconds:.0f} s"
    )
    return line, num_trainings(first, setup.dataset)


def _trained(
    setup: ComparisonSetup,
    seed: int,
    methods: list[Method],
    watch: keras.callbacks.Callback | None,
) -> MethodRun:
    """One training, and the scores of all methods that look at it."""
    dataset, store = setup.dataset, setup.store
    name = run_name(seed, methods[0].run)
    split = split_dataset(dataset, setup.training, split_seed=setup.split_seed, seed=seed)
    num_channels = len(dataset.channel_names)
    training = training_of(methods[0], setup.training, num_channels, len(split.train))
    trained = train_classifier(
        dataset, split, training, seed=seed, custom=setup.custom, run=name, watch=watch
    )
    run = MethodRun(trained.accuracy, trainable_parameters(trained.model), trained.seconds)
    rows = images_to_look_at(split.test, seed)
    view, labels = dataset.view(rows), dataset.labels[rows]

    def from_subsets() -> ChannelImportance:
        scores = score_subsets(trained.model, dataset, split, training, seed)
        scores.to_csv(store.path(name, "csv"))
        return scores.shapley("log_likelihood")

    for method in methods:
        score = method.score and partial(method.score, trained.model, view, labels)
        run.methods[method.name] = _scores(method, dataset, score or from_subsets)
    store.save(name, run, model=trained.model)
    return run


def score_subsets(
    model: keras.Model, dataset: LabelledImages, split: Split, training: Training, seed: int
) -> SubsetScores:
    """Scores the subsets on the test part, with its groups, by a model behind masks."""
    num_channels = len(dataset.channel_names)
    num_subsets = 2**num_channels if num_channels <= MOST_EXACT else NUM_ORDERS * num_channels
    return subset_scores(
        model,
        dataset.view(split.test),
        dataset.labels[split.test],
        groups=dataset.groups[split.test],
        max_images=images_to_score(split, training, num_subsets),
        seed=seed,
        verbose=False,
    )


def _scores(
    method: Method, dataset: LabelledImages, score: Callable[[], ChannelImportance]
) -> MethodScores:
    """What one method finds, in the order of the dataset's channels."""
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        found = score()
    seconds = time.perf_counter() - start
    if not isinstance(found, ChannelImportance):
        raise TypeError(
            f"The method {method.name!r} must return a keras_dcmix.ChannelImportance. "
            f"Received: {type(found).__name__}"
        )
    if set(found.channel_names) != set(dataset.channel_names):
        raise MethodError(
            f"The method {found.method!r} must score the channels "
            f"{', '.join(dataset.channel_names)}. Received: {', '.join(found.channel_names)}"
        )
    scores = dict(zip(found.channel_names, found.scores.tolist(), strict=True))
    ordered = [scores[name] for name in dataset.channel_names]
    notes = [str(w.message) for w in caught if issubclass(w.category, UserWarning)]
    return MethodScores(ordered, found.unit, seconds, "; ".join(notes))


def _retrained(
    setup: ComparisonSetup,
    seed: int,
    methods: list[Method],
    watch: keras.callbacks.Callback | None,
) -> MethodRun:
    """A training for each channel, with it alone or without it."""
    method = methods[0]
    num_channels = len(setup.dataset.channel_names)
    trained = train_panels(
        setup.dataset,
        replace(setup.training, mixer="none", num_mixes=1),
        panels_of(method.model, num_channels),
        split_seed=setup.split_seed,
        seed=seed,
        custom=setup.custom,
        run=run_name(seed, method.run),
        watch=watch,
    )
    accuracies, seconds, parameters = [], 0.0, 0
    for each in trained:
        accuracies.append(each.accuracy)
        seconds += each.seconds
        parameters = trainable_parameters(each.model)
    found = {method.name: MethodScores(accuracies, "accuracy alone", 0.0)}
    run = MethodRun(max(accuracies), parameters, seconds, found)
    setup.store.save(run_name(seed, method.run), run)
    return run


def training_of(method: Method, training: Training, num_channels: int, num_images: int) -> Training:
    """How the model is trained that a method looks at."""
    if method.model is Model.MASKED:
        return masked_training(training, num_channels, num_images, from_scratch=True)
    if method.model is Model.DCMIX:
        return replace(training, mixer="dcmix")
    return replace(training, mixer=method.run, num_mixes=1)


def images_to_look_at(test: np.ndarray, seed: int) -> np.ndarray:
    """Numbers of the test images that methods score on, drawn at random where there are many."""
    if len(test) <= MOST_SCORED:
        return test
    return np.sort(np.random.default_rng(seed).choice(test, MOST_SCORED, replace=False))


def trainable_parameters(model: keras.Model) -> int:
    """How many numbers training may change."""
    return int(sum(np.prod(weight.shape) for weight in model.trainable_weights))
