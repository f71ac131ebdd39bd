"""Occlusion: what a model loses when a channel is replaced by something without information."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.progress import counting
from keras_dcmix.importance.baselines import replacement
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.evaluation import Evaluation, Metric, checked_metric, unit_of


def occlusion(
    model: keras.Model,
    images: Any,
    labels: Any,
    *,
    channel_names: Sequence[str] | None = None,
    baseline: str | Any = "mean",
    metric: Metric = "log_likelihood",
    num_folds: int = 5,
    batch_size: int = 128,
    seed: int = 0,
    verbose: bool = True,
) -> ChannelImportance:
    """Scores a channel by how much worse the model gets when the channel is removed.

    `score[c] = mean over images of metric(images) - metric(images with channel c replaced)`

    Nothing is trained again: the model may never have seen such images, so a large score can also
    mean surprise. Of channels that replace each other each one scores low.

    Args:
        model: Any Keras classifier of multi-channel images, probabilities or logits.
        images: `(num_images, height, width, num_channels)` raw pixels as the model takes them,
            best of groups that it was not trained on; a NumPy array or `Crops`.
        labels: `(num_images,)` class numbers, or strings that name every class.
        channel_names: One name a channel. `None` takes those of the images or of the model.
        baseline: What replaces a channel: `"mean"` (of the training images where the model
            knows it), `"zero"` (raw pixels), `"blur"`, or an array `(num_channels,)` or
            `(height, width, num_channels)` of raw pixels.
        metric: `"log_likelihood"`, `"accuracy"`, or a function of labels and model outputs that
            returns a score for each image.
        num_folds: The images are also scored in so many random parts; these are the repeats.
        batch_size: Images in memory at a time.
        seed: Seed of the parts.
        verbose: Whether to show progress.

    Returns:
        A `ChannelImportance`: the mean over all images, with a repeat for each part.

    Raises:
        ValueError: If the arguments do not fit each other.

    Reference:
        Zeiler, Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014, section
        4.2, with a channel in place of a patch.
    """
    evaluation = Evaluation(
        model, images, labels, channel_names=channel_names, batch_size=batch_size
    )
    metric = checked_metric(metric)
    fill = replacement(evaluation, baseline)
    folds = evaluation.folds(num_folds, seed)

    def variants(_: np.ndarray, batch: np.ndarray) -> Iterator[np.ndarray]:
        yield batch
        filled = np.broadcast_to(fill(batch), batch.shape)
        for channel in range(evaluation.num_channels):
            changed = batch.copy()
            changed[..., channel] = filled[..., channel]
            yield changed

    num_variants = 1 + evaluation.num_channels
    steps = num_variants * len(list(evaluation.batches()))
    with counting("occlusion", steps, enabled=verbose) as advance:
        scores = evaluation.score_variants([metric], num_variants, variants, advance=advance)[0]
    drops = (scores[0] - scores[1:]).T
    return evaluation.importance("occlusion", drops, folds, unit_of(metric, "drop in"))
