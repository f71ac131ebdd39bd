"""Permutation importance: what a model loses when a channel comes from another image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.progress import counting
from keras_dcmix._common.validation import check_positive_integer
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.evaluation import Evaluation, Metric, checked_metric, unit_of


def permutation(
    model: keras.Model,
    images: Any,
    labels: Any,
    *,
    channel_names: Sequence[str] | None = None,
    metric: Metric = "accuracy",
    num_repeats: int = 5,
    batch_size: int = 128,
    seed: int = 0,
    verbose: bool = True,
) -> ChannelImportance:
    """Scores a channel by how much worse the model gets when it is shuffled over the images.

    `score[c] = mean over images of metric(images) - metric(images with channel c of others)`

    A channel keeps its appearance and loses its relation to the label and to other channels. All
    channels meet the same permutations, so that they are compared fairly; an image may get its
    own channel back. Of channels that replace each other each one scores low.

    Args:
        model: Any Keras classifier of multi-channel images, probabilities or logits.
        images: `(num_images, height, width, num_channels)` raw pixels as the model takes them,
            best of groups that it was not trained on; a NumPy array or `Crops`.
        labels: `(num_images,)` class numbers, or strings that name every class.
        channel_names: One name a channel. `None` takes those of the images or of the model.
        metric: `"accuracy"`, `"log_likelihood"`, or a function of labels and model outputs that
            returns a score for each image.
        num_repeats: Number of permutations, at least 1.
        batch_size: Images predicted on at a time; twice as many are in memory.
        seed: Seed of the permutations.
        verbose: Whether to show progress.

    Returns:
        A `ChannelImportance`, one repeat for each permutation; the scores are their mean.

    Raises:
        ValueError: If the arguments do not fit each other.

    Reference:
        Breiman, Random Forests, Machine Learning 45 (2001), section 10; for any model: Fisher,
        Rudin, Dominici, JMLR 20 (2019), 177.
    """
    evaluation = Evaluation(
        model, images, labels, channel_names=channel_names, batch_size=batch_size
    )
    metric = checked_metric(metric)
    check_positive_integer("num_repeats", num_repeats, error=MethodError)
    rng = np.random.default_rng(seed)
    donors = [rng.permutation(evaluation.num_images) for _ in range(num_repeats)]

    def variants(rows: np.ndarray, batch: np.ndarray) -> Iterator[np.ndarray]:
        yield batch
        for donor in donors:
            others = evaluation.read(donor[rows])
            for channel in range(evaluation.num_channels):
                changed = batch.copy()
                changed[..., channel] = others[..., channel]
                yield changed

    num_variants = 1 + num_repeats * evaluation.num_channels
    steps = num_variants * len(list(evaluation.batches()))
    with counting("permutation", steps, enabled=verbose) as advance:
        scores = evaluation.score_variants([metric], num_variants, variants, advance=advance)[0]
    drops = (scores[0] - scores[1:]).mean(axis=1).reshape(num_repeats, evaluation.num_channels)
    return ChannelImportance.from_repeats(
        "permutation", evaluation.channel_names, drops, unit_of(metric, "drop in")
    )
