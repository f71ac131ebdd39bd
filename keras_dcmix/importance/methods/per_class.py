"""Which channels matter for each class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.names import suggestion
from keras_dcmix._common.progress import counting
from keras_dcmix.data.channel_view import ChannelView
from keras_dcmix.importance.baselines import replacement
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.class_mix import fitted_mix
from keras_dcmix.importance.evaluation import Evaluation
from keras_dcmix.importance.methods.integrated_gradients import integrated_gradients
from keras_dcmix.importance.methods.mixing_weights import mixing_weights
from keras_dcmix.importance.methods.occlusion import occlusion
from keras_dcmix.importance.methods.permutation import permutation
from keras_dcmix.layers.dcmix import find_dcmix

_BATCH_SIZE = 32  # of what needs gradients, which take several times the memory of a prediction


def per_class(
    model: keras.Model,
    images: Any,
    labels: Any,
    *,
    method: str = "occlusion",
    classes: Sequence[str] | None = None,
    channel_names: Sequence[str] | None = None,
    batch_size: int = 128,
    seed: int = 0,
    verbose: bool = True,
) -> dict[str, ChannelImportance]:
    """Scores the channels for each class by itself.

    - `"occlusion"`: the drop of the log-likelihood of the class, over its images alone. What
      replaces a channel is its mean over training images or images of all classes: a mean
      within the class would still show what distinguishes the class.
    - `"permutation"`: the same with a channel of other images in place of the channel, drawn from
      images of all classes. Shuffled within a class, a channel that is the same in all images of
      the class would score 0, however well it separates the class from others.
    - `"integrated_gradients"`: of the images of the class, from the baseline of `"occlusion"`.
    - `"mixing_weights"`: the share of the mix that would serve this class best. On a copy of the
      model everything but `alpha` is frozen, and `alpha`, from its trained value, is fitted to
      separate the class from the rest: cross-entropy of the probability of the class, in which its
      images weigh as much as all others together. The network behind the mix does not change,
      so a share changes only as far as this network allows.

    The log-likelihood is taken, not the accuracy, because it moves before an image changes sides:
    with one easy class no single channel may cost any accuracy. A score compares channels within
    a class; between classes compare ranks only.

    Args:
        model: Any Keras classifier of multi-channel images, probabilities or logits; for
            `"mixing_weights"` one with one `DCMix` layer.
        images: `(num_images, height, width, num_channels)` raw pixels as the model takes them,
            best of groups that it was not trained on; a NumPy array or `Crops`.
        labels: `(num_images,)` class numbers, or strings. Every class has an image.
        method: `"occlusion"`, `"permutation"`, `"integrated_gradients"` or `"mixing_weights"`.
        classes: Names of the classes in the order of the model's outputs. `None` takes labels
            that are strings, sorted, or else numbers `"0"`, `"1"`, ...
        channel_names: One name a channel. `None` takes those of the images or of the model.
        batch_size: Images in memory at a time; where gradients are needed, 32 at most.
        seed: Seed of folds, permutations and batches.
        verbose: Whether to show progress.

    Returns:
        For each class, by name, a `ChannelImportance`.

    Raises:
        ValueError: If the arguments do not fit each other, or a class has no image.

    Reference:
        Ours; the methods are referred to where they are written.
    """
    if method not in _METHODS:
        raise MethodError(
            f"Unknown `method` {method!r}{suggestion(method, _METHODS)} "
            f"Known: {', '.join(_METHODS)}"
        )
    numbers = labels if classes is None else _numbered(labels, classes)
    evaluation = Evaluation(
        model, images, numbers, channel_names=channel_names, batch_size=batch_size
    )
    if classes is None and _are_text(labels):
        classes = np.unique(np.asarray(labels).astype(str)).tolist()
    classes = _checked_classes(classes, evaluation)
    found = _METHODS[method](evaluation, seed, verbose)
    return {
        name: replace(one, method=f"{one.method}: {name}")
        for name, one in zip(classes, found, strict=True)
    }


def _occlusion(evaluation: Evaluation, seed: int, verbose: bool) -> list[ChannelImportance]:
    return [
        occlusion(**_of_class(evaluation, number), seed=seed, verbose=verbose)
        for number in range(evaluation.num_classes)
    ]


def _integrated_gradients(
    evaluation: Evaluation, seed: int, verbose: bool
) -> list[ChannelImportance]:
    found = []
    for number in range(evaluation.num_classes):
        arguments = _of_class(evaluation, number)
        arguments["batch_size"] = min(evaluation.batch_size, _BATCH_SIZE)
        found.append(integrated_gradients(**arguments, seed=seed, verbose=verbose))
    return found


def _of_class(evaluation: Evaluation, number: int) -> dict[str, Any]:
    """Arguments of a method for the images of one class, with a baseline over all images."""
    rows = np.flatnonzero(evaluation.labels == number)
    return {
        "model": evaluation.model,
        "images": ChannelView(evaluation.images, rows=rows),
        "labels": evaluation.labels[rows],
        "channel_names": evaluation.channel_names,
        "baseline": replacement(evaluation, "mean")(evaluation.read(rows[:1])),
        "batch_size": evaluation.batch_size,
    }


def _permutation(evaluation: Evaluation, seed: int, verbose: bool) -> list[ChannelImportance]:
    def log_likelihood_of(number: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        share = (evaluation.labels == number).mean()

        def log_likelihood(labels: np.ndarray, outputs: np.ndarray) -> np.ndarray:
            # The other images only lend their channels: the mean of this over all images is the
            # mean over the images of the class.
            chosen = evaluation.probabilities(outputs)[:, number]
            return (labels == number) / share * np.log(np.clip(chosen, 1e-7, 1))

        return log_likelihood

    return [
        permutation(
            evaluation.model,
            evaluation.images,
            evaluation.labels,
            channel_names=evaluation.channel_names,
            metric=log_likelihood_of(number),
            batch_size=evaluation.batch_size,
            seed=seed,
            verbose=verbose,
        )
        for number in range(evaluation.num_classes)
    ]


def _mixing_weights(evaluation: Evaluation, seed: int, verbose: bool) -> list[ChannelImportance]:
    find_dcmix(evaluation.model)
    if evaluation.num_images == np.bincount(evaluation.labels).max():
        raise MethodError("Fitting the mix of a class needs images of other classes as well")
    found = []
    with counting("mix of each class", evaluation.num_classes, enabled=verbose) as advance:
        for number in range(evaluation.num_classes):
            scores = mixing_weights(fitted_mix(evaluation, number, seed)).scores
            found.append(
                ChannelImportance(
                    "mixing_weights", evaluation.channel_names, scores, unit="share of the mix"
                )
            )
            advance()
    return found


def _are_text(labels: Any) -> bool:
    labels = np.asarray(labels)
    return labels.ndim == 1 and all(isinstance(label, str) for label in labels)


def _numbered(labels: Any, classes: Sequence[str]) -> Any:
    """Labels that are text as their places among the classes; others as they are."""
    if not _are_text(labels):
        return labels
    places = {name: place for place, name in enumerate(classes)}
    unknown = [str(name) for name in labels if name not in places]
    if unknown:
        raise MethodError(
            f"Label {unknown[0]!r} is not one of the `classes`"
            f"{suggestion(unknown[0], classes)} Known: {', '.join(classes)}"
        )
    return np.array([places[name] for name in labels])


def _checked_classes(classes: Sequence[str] | None, evaluation: Evaluation) -> tuple[str, ...]:
    number = evaluation.num_classes
    names = tuple(map(str, range(number) if classes is None else classes))
    if isinstance(classes, str) or len(set(names)) != number or len(names) != number:
        raise MethodError(
            f"`classes` must be {number} different names, one for each output of the model. "
            f"Received: {classes!r}"
        )
    empty = np.flatnonzero(np.bincount(evaluation.labels, minlength=number) == 0)
    if len(empty):
        raise MethodError(
            f"Every class needs an image to be scored. Received: none of class "
            f"{', '.join(repr(names[k]) for k in empty)}"
        )
    return names


_METHODS = {
    "occlusion": _occlusion,
    "permutation": _permutation,
    "integrated_gradients": _integrated_gradients,
    "mixing_weights": _mixing_weights,
}
