"""Deletion and insertion: channels removed, or added, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.names import suggestion
from keras_dcmix._common.progress import counting
from keras_dcmix.importance.baselines import replacement
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.curves import curves_along
from keras_dcmix.importance.evaluation import Evaluation, Metric, checked_metric, unit_of
from keras_dcmix.importance.methods.occlusion import occlusion


def deletion_insertion(
    model: keras.Model,
    images: Any,
    labels: Any,
    *,
    order: ChannelImportance | Sequence[str] | None = None,
    channel_names: Sequence[str] | None = None,
    baseline: str | Any = "mean",
    metric: Metric = "log_likelihood",
    num_folds: int = 5,
    batch_size: int = 128,
    seed: int = 0,
    verbose: bool = True,
) -> ChannelImportance:
    """Scores a channel by its step as channels are deleted, and inserted, in an order.

    Deletion starts from the images and replaces the most important channel, then the next one as
    well, and so on; insertion starts from the replacements alone and puts channels in, the most
    important first. With `m` the mean of the metric over images,

    `score[c] = (m(before c is deleted) - m(after) + m(after c is inserted) - m(before)) / 2`

    so that the scores add up to `m(all channels) - m(none)`. In an order that is good the metric
    falls early in deletion and rises early in insertion: `details` has both areas.

    Args:
        model: Any Keras classifier of multi-channel images, probabilities or logits.
        images: `(num_images, height, width, num_channels)` raw pixels as the model takes them,
            best of groups that it was not trained on; a NumPy array or `Crops`.
        labels: `(num_images,)` class numbers, or strings that name every class.
        order: A `ChannelImportance` of the same channels, or their names, the most important
            first. `None` orders them by `occlusion` of the same images.
        channel_names: One name a channel. `None` takes those of the images or of the model.
        baseline: What replaces a channel, as in `occlusion`.
        metric: `"log_likelihood"`, `"accuracy"`, or a function of labels and model outputs that
            returns a score for each image.
        num_folds: The images are also scored in so many random parts; these are the repeats.
        batch_size: Images in memory at a time.
        seed: Seed of the parts.
        verbose: Whether to show progress.

    Returns:
        A `ChannelImportance` with a repeat for each part; `details` as `curves_along` gives them.

    Raises:
        ValueError: If the arguments do not fit each other.
        TypeError: If `order` is one string.

    Reference:
        Petsiuk, Das, Saenko, RISE: Randomized Input Sampling for Explanation of Black-box Models,
        BMVC 2018, section 4.3, with a channel in place of a pixel.
    """
    evaluation = Evaluation(
        model, images, labels, channel_names=channel_names, batch_size=batch_size
    )
    metric = checked_metric(metric)
    fill = replacement(evaluation, baseline)
    folds = evaluation.folds(num_folds, seed)
    if order is None:
        order = occlusion(
            model,
            images,
            labels,
            channel_names=evaluation.channel_names,
            baseline=baseline,
            metric=metric,
            num_folds=1,
            batch_size=batch_size,
            verbose=verbose,
        )
    order = _checked_order(order, evaluation.channel_names)
    panels = _panels(order)

    def variants(_: np.ndarray, batch: np.ndarray) -> Iterator[np.ndarray]:
        filled = np.broadcast_to(fill(batch), batch.shape)
        for panel in panels:
            kept = [name in panel for name in evaluation.channel_names]
            yield np.where(kept, batch, filled)

    steps = len(panels) * len(list(evaluation.batches()))
    with counting("deletion and insertion", steps, enabled=verbose) as advance:
        scores = evaluation.score_variants([metric], len(panels), variants, advance=advance)[0]
    of_panel = dict(zip(panels, scores, strict=True))

    def curves(rows: np.ndarray | slice) -> dict[str, Any]:
        return curves_along(order, lambda panel: of_panel[frozenset(panel)][rows].mean())

    places = [order.index(name) for name in evaluation.channel_names]
    details = curves(slice(None))
    parts = np.array([_steps(curves(fold))[places] for fold in folds])
    return ChannelImportance(
        "deletion_insertion",
        evaluation.channel_names,
        _steps(details)[places],
        parts if len(folds) > 1 else None,
        unit_of(metric, "change in"),
        details=details,
    )


def _steps(curves: dict[str, Any]) -> np.ndarray:
    """Score of each channel in the order of the curves."""
    return (np.diff(curves["insertion"]) - np.diff(curves["deletion"])) / 2


def _panels(order: tuple[str, ...]) -> list[frozenset[str]]:
    """All sets of channels that the two curves pass through, each once."""
    last = [frozenset(order[k:]) for k in range(len(order) + 1)]
    first = [frozenset(order[:k]) for k in range(1, len(order))]
    return list(dict.fromkeys([*last, *first]))


def _checked_order(
    order: ChannelImportance | Sequence[str], channel_names: tuple[str, ...]
) -> tuple[str, ...]:
    if isinstance(order, ChannelImportance):
        order = order.order
    if isinstance(order, str):
        raise TypeError(
            "`order` must be a ChannelImportance or a list of channel names, not one string. "
            f"Received: {order!r}"
        )
    order = tuple(order)
    unknown = [name for name in order if name not in channel_names]
    if unknown:
        raise MethodError(
            f"Unknown channel {unknown[0]!r} in `order`"
            f"{suggestion(unknown[0], channel_names)} Known: {', '.join(channel_names)}"
        )
    if sorted(order) != sorted(channel_names):
        raise MethodError(
            "`order` must name every channel once, the most important first: "
            f"{', '.join(channel_names)}. Received: {', '.join(order)}"
        )
    return order
