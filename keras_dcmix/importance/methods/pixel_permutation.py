"""Pixel permutation: what a model loses when a channel keeps its pixels and loses its structure."""

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


def pixel_permutation(
    model: keras.Model,
    images: Any,
    labels: Any,
    *,
    channel_names: Sequence[str] | None = None,
    metric: Metric = "log_likelihood",
    num_repeats: int = 5,
    batch_size: int = 128,
    seed: int = 0,
    verbose: bool = True,
) -> ChannelImportance:
    """Scores a channel by how much worse the model gets when its pixels are shuffled in each image.

    `score[c] = mean over images of metric(images) - metric(images with the pixels of c shuffled)`

    Each image keeps the histogram of each channel, so its mean brightness as well; where bright and
    dark pixels are is lost. All channels are shuffled by the same permutation in an image. Of
    channels that replace each other each one scores low.

    Args:
        model: Any Keras classifier of multi-channel images, probabilities or logits.
        images: `(num_images, height, width, num_channels)` raw pixels as the model takes them,
            best of groups that it was not trained on; a NumPy array or `Crops`.
        labels: `(num_images,)` class numbers, or strings that name every class.
        channel_names: One name a channel. `None` takes those of the images or of the model.
        metric: `"log_likelihood"`, `"accuracy"`, or a function of labels and model outputs that
            returns a score for each image.
        num_repeats: Number of permutations of each image, at least 1.
        batch_size: Images in memory at a time.
        seed: Seed of the permutations.
        verbose: Whether to show progress.

    Returns:
        A `ChannelImportance`, one repeat for each permutation; the scores are their mean.

    Raises:
        ValueError: If the arguments do not fit each other.

    Reference:
        Shetab Boushehri et al., PXPermute reveals staining importance in multichannel imaging flow
        cytometry, Cell Reports Methods, 2024.
    """
    evaluation = Evaluation(
        model, images, labels, channel_names=channel_names, batch_size=batch_size
    )
    metric = checked_metric(metric)
    check_positive_integer("num_repeats", num_repeats, error=MethodError)
    num_channels = evaluation.num_channels

    def variants(rows: np.ndarray, batch: np.ndarray) -> Iterator[np.ndarray]:
        yield batch
        pixels = batch.reshape(len(batch), -1, num_channels)
        for repeat in range(num_repeats):
            # Drawn for each image by its number, so that the batch size changes nothing.
            drawn = [
                np.random.default_rng([seed, repeat, row]).permutation(pixels.shape[1])
                for row in rows
            ]
            shuffled = np.stack([p[order] for p, order in zip(pixels, drawn, strict=True)])
            shuffled = shuffled.reshape(batch.shape)
            for channel in range(num_channels):
                changed = batch.copy()
                changed[..., channel] = shuffled[..., channel]
                yield changed

    num_variants = 1 + num_repeats * num_channels
    steps = num_variants * len(list(evaluation.batches()))
    with counting("pixel permutation", steps, enabled=verbose) as advance:
        scores = evaluation.score_variants([metric], num_variants, variants, advance=advance)[0]
    drops = (scores[0] - scores[1:]).mean(axis=1).reshape(num_repeats, num_channels)
    return ChannelImportance.from_repeats(
        "pixel_permutation", evaluation.channel_names, drops, unit_of(metric, "drop in")
    )
