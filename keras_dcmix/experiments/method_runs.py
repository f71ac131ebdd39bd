"""The methods of a comparison, and the trainings that they share."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.experiments.check import images_to_score, masked_training, score_subsets
from keras_dcmix.experiments.run_store import RunStore
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.methods.attention_gates import attention_gates
from keras_dcmix.importance.methods.deletion_insertion import deletion_insertion
from keras_dcmix.importance.methods.integrated_gradients import integrated_gradients
from keras_dcmix.importance.methods.mixing_weights import mixing_weights
from keras_dcmix.importance.methods.occlusion import occlusion
from keras_dcmix.importance.methods.permutation import permutation
from keras_dcmix.layers.attention import ATTENTION_LAYERS
from keras_dcmix.models.options import Training
from keras_dcmix.models.training import Split, TrainedClassifier, split_dataset, train_classifier

MOST_SCORED = 1000  # images that a method scores on; integrated gradients cost most

_RETRAINED = ("one_channel", "all_but_one")

ScoreModel = Callable[[keras.Model, Any, np.ndarray], ChannelImportance]


@dataclass(frozen=True)
class Method:
    """A way to score channels.

    Attributes:
        name: As in tables.
        model: Which training it looks at: a mixer, `"masked"` (the check's), or `"one_channel"`
            and `"all_but_one"`, a training for each channel.
        score: From a trained model, raw test images and their class numbers to the scores; `None`
            where the training itself gives them.
    """

    name: str
    model: str
    score: ScoreModel | None = None


def _quiet(function: Callable[..., ChannelImportance], **kwargs: Any) -> ScoreModel:
    def score(model: keras.Model, images: Any, labels: np.ndarray) -> ChannelImportance:
        return function(model, images, labels, verbose=False, **kwargs)

    return score


def _gates(model: keras.Model, images: Any, _: np.ndarray) -> ChannelImportance:
    return attention_gates(model, images, verbose=False)


def _weights(model: keras.Model, _: Any, __: np.ndarray) -> ChannelImportance:
    return mixing_weights(model)


METHODS = {
    method.name: method
    for method in (
        Method("dcmix", "dcmix", _weights),
        Method("shapley", "masked"),
        Method("permutation", "none", _quiet(permutation, metric="log_likelihood")),
        Method("occlusion", "none", _quiet(occlusion)),
        Method("integrated_gradients", "none", _quiet(integrated_gradients)),
        Method("deletion_insertion", "none", _quiet(deletion_insertion)),
        *(Method(name, name, _gates) for name in ATTENTION_LAYERS),
        Method("single_channel", "one_channel"),
        Method("leave_one_out", "all_but_one"),
    )
}


def why_not(method: Method, dataset: LabelledImages, training: Training) -> str:
    """Why a method cannot be applied to a dataset; empty where it can."""
    num_channels = len(dataset.channel_names)
    needed = {"dcmix": 1, "masked": 3, "one_channel": 1, "all_but_one": num_channels - 1}
    planes = needed.get(method.model, num_channels)
    if training.weights is not None and planes not in (1, 3):
        return (
            f"weights={training.weights!r} takes one or three planes, this model would hand on "
            f"{planes}"
        )
    return ""


def run_name(seed: int, model: str) -> str:
    """What the run of one seed and model is called in a store."""
    return f"seed_{seed}_{model}"


def finished_methods(store: RunStore, seed: int, model: str) -> set[str]:
    """The methods that a store holds for one seed and model."""
    name = run_name(seed, model)
    return set(store.facts(name).get("methods", ())) if name in store else set()


def run_model(
    dataset: LabelledImages,
    training: Training,
    store: RunStore,
    split_seed: int,
    seed: int,
    methods: list[Method],
    watch: keras.callbacks.Callback | None = None,
) -> tuple[str, int]:
    """Trains what some methods share, lets each of them score the channels, and saves it.

    Args:
        dataset: Checked images and labels.
        training: How to build and train.
        store: Where the scores are kept.
        split_seed: Seed of the test part.
        seed: Seed of everything else.
        methods: Methods that look at the same model.
        watch: A callback for each training.

    Returns:
        One line on what was done, and the number of trainings.
    """
    model = methods[0].model
    callbacks = [] if watch is None else [watch]
    split = split_dataset(dataset, training, split_seed=split_seed, seed=seed)
    if model in _RETRAINED:
        facts = _retrained(dataset, training, split, seed, methods[0], callbacks)
        store.save(run_name(seed, model), facts)
    else:
        facts = _shared(dataset, training, split, seed, methods, callbacks, store)
    line = (
        f"seed {seed}, {model.replace('_', ' ')}: accuracy {facts['accuracy']:.3f}, trained in "
        f"{facts['train_seconds']:.0f} s"
    )
    return line, num_trainings(model, dataset)


def num_trainings(model: str, dataset: LabelledImages) -> int:
    """How many trainings one seed of a model takes."""
    return len(dataset.channel_names) if model in _RETRAINED else 1


def _shared(
    dataset: LabelledImages,
    training: Training,
    split: Split,
    seed: int,
    methods: list[Method],
    callbacks: list[keras.callbacks.Callback],
    store: RunStore,
) -> dict[str, Any]:
    """One training, and the scores of all methods that look at it."""
    name = run_name(seed, methods[0].model)
    own = training_of(methods[0].model, training, len(dataset.channel_names), len(split.train))
    trained = train_classifier(dataset, split, own, seed=seed, callbacks=callbacks)
    chosen = images_to_look_at(split.test, seed)
    view, labels = dataset.view(chosen), dataset.labels[chosen]
    facts = _facts(trained)
    for method in methods:
        start = time.perf_counter()
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", UserWarning)
            if method.score is None:
                most = images_to_score(split, own, len(dataset.channel_names))
                scores = score_subsets(trained.model, dataset, split, seed, most)
                scores.to_csv(store.path(name, "csv"))
                found = scores.shapley("log_likelihood")
            else:
                found = method.score(trained.model, view, labels)
        if not isinstance(found, ChannelImportance):
            raise TypeError(
                f"The method {method.name!r} must return a keras_dcmix.ChannelImportance. "
                f"Received: {type(found).__name__}"
            )
        scored = _scored(found, dataset, time.perf_counter() - start)
        ours = [str(w.message) for w in said if issubclass(w.category, UserWarning)]
        facts["methods"][method.name] = scored | {"note": "; ".join(ours)}
    store.save(name, facts, model=trained.model)
    return facts


def _retrained(
    dataset: LabelledImages,
    training: Training,
    split: Split,
    seed: int,
    method: Method,
    callbacks: list[keras.callbacks.Callback],
) -> dict[str, Any]:
    """A training for each channel, with it alone or without it."""
    channels = range(len(dataset.channel_names))
    own = replace(training, mixer="none", num_mixes=1)
    accuracies, seconds, parameters = [], 0.0, 0
    for channel in channels:
        alone = method.model == "one_channel"
        kept = [channel] if alone else [other for other in channels if other != channel]
        trained = train_classifier(dataset.keep(kept), split, own, seed=seed, callbacks=callbacks)
        accuracies.append(trained.accuracy)
        seconds += trained.seconds
        parameters = trainable_parameters(trained.model)
    found = {"scores": accuracies, "unit": "accuracy alone", "seconds": 0.0, "note": ""}
    return {
        "accuracy": max(accuracies),
        "parameters": parameters,
        "train_seconds": seconds,
        "methods": {method.name: found},
    }


def training_of(model: str, training: Training, num_channels: int, num_images: int) -> Training:
    """How the model that some methods share is trained."""
    if model == "masked":
        return masked_training(training, num_channels, num_images)
    if model == "dcmix":
        return replace(training, mixer="dcmix")
    return replace(training, mixer=model, num_mixes=1)


def images_to_look_at(test: np.ndarray, seed: int) -> np.ndarray:
    """Numbers of the test images that methods score on, drawn at random where there are many."""
    if len(test) <= MOST_SCORED:
        return test
    return np.sort(np.random.default_rng(seed).choice(test, MOST_SCORED, replace=False))


def trainable_parameters(model: keras.Model) -> int:
    """How many numbers training may change."""
    return int(sum(np.prod(weight.shape) for weight in model.trainable_weights))


def _facts(trained: TrainedClassifier) -> dict[str, Any]:
    return {
        "accuracy": trained.accuracy,
        "parameters": trainable_parameters(trained.model),
        "train_seconds": trained.seconds,
        "methods": {},
    }


def _scored(found: ChannelImportance, dataset: LabelledImages, seconds: float) -> dict[str, Any]:
    """Scores in the order of the dataset's channels."""
    if set(found.channel_names) != set(dataset.channel_names):
        raise MethodError(
            f"The method {found.method!r} must score the channels "
            f"{', '.join(dataset.channel_names)}. Received: {', '.join(found.channel_names)}"
        )
    scores = dict(zip(found.channel_names, found.scores.tolist(), strict=True))
    ordered = [scores[name] for name in dataset.channel_names]
    return {"scores": ordered, "unit": found.unit, "seconds": seconds}


def methods_by_model(methods: Mapping[str, Method]) -> dict[str, list[Method]]:
    """The methods that share a training, by model."""
    shared: dict[str, list[Method]] = {}
    for method in methods.values():
        shared.setdefault(method.model, []).append(method)
    return shared
