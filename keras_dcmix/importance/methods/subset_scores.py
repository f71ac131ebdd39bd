"""The check beside a ranking: the score of every subset of the channels, from one model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import SubsetError
from keras_dcmix._common.progress import counting, say
from keras_dcmix.importance.evaluation import METRICS, Evaluation
from keras_dcmix.importance.subset_scorer import SubsetScorer
from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.importance.subsets.sampling import choose_subsets, distinct, met

_MOST_BLOCKS = 64


def subset_scores(
    model: keras.Model,
    images: Any,
    labels: Any,
    *,
    channel_names: Sequence[str] | None = None,
    groups: Any = None,
    baseline: str | Any = "mean",
    num_orders: int | None = None,
    max_images: int | None = None,
    batch_size: int = 256,
    seed: int = 0,
    verbose: bool = True,
) -> SubsetScores:
    """Scores a model on every subset of its channels, with the others replaced by their mean.

    The model should be trained behind `keras_dcmix.layers.ChannelSubsets`, so that it knows every
    subset; another one is surprised by missing channels, and its scores say less.

    Up to ten channels all `2**N` subsets are scored. Above, random orders of channels are walked
    from no channel to all, each order and its reverse; each channel alone and all but one are
    scored too; then the order of the Shapley values found, so that the panels of the most
    important channels are among the subsets.

    Args:
        model: Any Keras classifier of multi-channel images, probabilities or logits.
        images: `(num_images, height, width, num_channels)` raw pixels as the model takes them, of
            groups that it was not trained on; a NumPy array or `Crops`.
        labels: `(num_images,)` class numbers, or strings that name every class.
        channel_names: One name a channel. `None` takes those of the images or of the model.
        groups: `(num_images,)` wells, plates or experiments: the units that the spread is drawn
            over. `None` makes each image its own. Above 64 groups they are bundled at random into
            64 blocks.
        baseline: What replaces a channel, as for `keras_dcmix.importance.occlusion`.
        num_orders: Orders of channels to walk, an even number of at least 4. `None` takes all
            subsets up to ten channels, else 10 orders.
        max_images: Images drawn at random to score on, at most; `None` takes all.
        batch_size: Images in memory at a time.
        seed: Seed of orders, blocks and the draw of images.
        verbose: Whether to show progress and what it will cost.

    Returns:
        A `SubsetScores` with the metrics `"accuracy"` (0 to 1) and `"log_likelihood"` (nats).

    Raises:
        ValueError: If the arguments do not fit each other.

    Reference:
        Shapley, A value for n-person games, 1953. Orders in pairs with their reverse: Mitchell,
        Cooper, Frank, Holmes, Sampling permutations for Shapley value estimation, JMLR 2022.
    """
    rng = np.random.default_rng(seed)
    evaluation, groups = _drawn(
        model, images, labels, groups, max_images, rng, channel_names=channel_names,
        batch_size=batch_size,
    )  # fmt: skip
    scorer = SubsetScorer(evaluation, baseline)
    scored = _Scored(scorer, *_blocks(groups, rng), verbose=verbose)
    if num_orders is not None and (
        not isinstance(num_orders, int) or num_orders < 4 or num_orders % 2
    ):
        raise SubsetError(
            "`num_orders` must be an even number of at least 4, each order goes with its reverse. "
            f"Received: num_orders={num_orders!r}"
        )
    subsets, orders = choose_subsets(evaluation.num_channels, rng, num_orders)
    if orders is None:
        return scored.table(subsets)
    if verbose:
        _say_cost(*orders.shape[::-1])
    walked = scored.table(subsets, orders)
    best_first = np.array([np.argsort(-walked.shapley(m).scores, kind="stable") for m in METRICS])
    return scored.table(distinct(np.concatenate([subsets, met(best_first)])), orders)


def _say_cost(num_channels: int, num_orders: int) -> None:
    say(
        f"{num_channels} channels have {2**num_channels:,} subsets; {num_orders} orders of the "
        f"channels are walked instead, with each channel alone and without each, "
        f"{(num_orders + 2) * num_channels} subsets at most"
    )


def _drawn(
    model: keras.Model,
    images: Any,
    labels: Any,
    groups: Any,
    max_images: int | None,
    rng: np.random.Generator,
    **kwargs: Any,
) -> tuple[Evaluation, np.ndarray]:
    """The evaluation on all images or some, and the group of each image as a number."""
    evaluation = Evaluation(model, images, labels, **kwargs)
    groups = np.arange(evaluation.num_images) if groups is None else np.asarray(groups)
    if groups.shape != (evaluation.num_images,):
        raise SubsetError(
            f"Expected groups of shape ({evaluation.num_images},), one for each image. "
            f"Received: shape={groups.shape}"
        )
    if max_images is not None and max_images < 1:
        raise SubsetError(f"`max_images` must be at least 1. Received: {max_images!r}")
    if max_images is not None and max_images < evaluation.num_images:
        chosen = np.sort(rng.choice(evaluation.num_images, max_images, replace=False))
        evaluation, groups = evaluation.select(chosen), groups[chosen]
    return evaluation, np.unique(groups, return_inverse=True)[1]


def _blocks(groups: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The block of each image, and the number of images in each block."""
    num_groups = int(groups.max()) + 1
    blocks = groups
    if num_groups > _MOST_BLOCKS:
        blocks = (rng.permutation(num_groups) % _MOST_BLOCKS)[groups]
    return blocks, np.bincount(blocks)


class _Scored:
    """Scores subsets, each of them once."""

    def __init__(
        self, scorer: SubsetScorer, blocks: np.ndarray, block_sizes: np.ndarray, *, verbose: bool
    ) -> None:
        self.scorer = scorer
        self.blocks = blocks
        self.block_sizes = block_sizes
        self.verbose = verbose
        self.known: dict[bytes, np.ndarray] = {}

    def table(self, subsets: np.ndarray, orders: np.ndarray | None = None) -> SubsetScores:
        new = subsets[[subset.tobytes() not in self.known for subset in subsets]]
        for subset, scores in zip(new, self._block_means(new), strict=True):
            self.known[subset.tobytes()] = scores
        scores = np.stack([self.known[subset.tobytes()] for subset in subsets], axis=-1)
        return SubsetScores(
            self.scorer.evaluation.channel_names,
            subsets,
            dict(zip(METRICS, scores, strict=True)),
            self.block_sizes,
            orders,
        )

    def _block_means(self, subsets: np.ndarray) -> np.ndarray:
        """Mean scores, `(num_subsets, num_metrics, num_blocks)`."""
        what = f"{len(subsets)} subsets of {subsets.shape[1]} channels"
        total = self.scorer.num_steps(len(subsets))
        with counting(what, total, enabled=self.verbose) as advance:
            scores = self.scorer.scores(subsets, advance=advance)
        membership = self.blocks[:, None] == np.arange(len(self.block_sizes))
        return np.moveaxis(scores @ (membership / self.block_sizes), 1, 0)
