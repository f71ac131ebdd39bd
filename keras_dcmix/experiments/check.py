"""The scores of subsets of the channels on all tested groups, put together from the folds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from keras_dcmix.experiments.fold_plan import FoldPlan
from keras_dcmix.experiments.masked_runs import MaskedRun, fold_scores, masked_name
from keras_dcmix.experiments.run_store import RunStore
from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.importance.subsets.gains import find_rows
from keras_dcmix.importance.subsets.image_scores import ImageScores
from keras_dcmix.importance.subsets.sampling import Sampling


@dataclass(frozen=True, eq=False)
class ChannelCheck:
    """What models that were trained with masked channels show about every subset.

    Attributes:
        scores: Accuracy and log-likelihood of each subset on images of unseen groups; classes
            count alike, and a block is a group or a bundle of groups of one class.
        num_images: Images that the subsets were scored on.
        num_groups: Their groups.
        seconds: Wall time of training and scoring the masked models.
        block_classes: `(num_blocks,)`, the class of each block; `None` where groups hold several.
        by_class: The scores on the images of each class, where there are more than two.
    """

    scores: SubsetScores
    num_images: int
    num_groups: int
    seconds: float = float("nan")
    block_classes: np.ndarray | None = None
    by_class: dict[str, SubsetScores] = field(default_factory=dict)


def gather_check(plan: FoldPlan, store: RunStore, orders: np.ndarray | None) -> ChannelCheck:
    """The scores of all folds that a store holds.

    An image that was scored in several repeats has the mean of its scores.

    Args:
        plan: The folds.
        store: Holds the scores of each fold.
        orders: Sampled orders of the channels, or `None`.
    """
    scores, rows, subsets = _all_scores(plan, store)
    dataset = plan.dataset
    found = ImageScores(
        dataset.channel_names,
        subsets,
        orders,
        dataset.labels[rows],
        np.asarray(dataset.groups[rows]),
        *scores,
    )
    classes = range(len(dataset.classes)) if len(dataset.classes) > 2 else ()
    return ChannelCheck(
        scores=found.table(),
        num_images=len(rows),
        num_groups=len(np.unique(found.groups)),
        seconds=sum(store.record(masked_name(run.seed), MaskedRun).seconds for run in plan.runs),
        block_classes=found.blocks.classes,
        by_class={
            dataset.classes[number]: found.of_class(number).table()
            for number in classes
            if (found.labels == number).any()
        },
    )


def next_subsets(check: ChannelCheck, sampling: Sampling) -> np.ndarray | None:
    """Where orders were sampled, the panels of the channels with the largest Shapley values.

    Returns:
        `(num_channels + 1, num_channels)`, or `None` where all subsets were scored.
    """
    if sampling.orders is None:
        return None
    order = np.argsort(-check.scores.shapley("log_likelihood").scores, kind="stable")
    places = np.argsort(order)
    return places[None, :] < np.arange(len(order) + 1)[:, None]


def _all_scores(plan: FoldPlan, store: RunStore) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`(2, num_subsets, num_images)`, the numbers of the images, and the subsets.

    Subsets that an interrupted run has scored in some folds alone are left out.
    """
    folds = {run: fold_scores(store, run.seed) for run in plan.runs}
    numbers = {run: plan.test_rows(run)[found.rows] for run, found in folds.items()}
    rows = np.unique(np.concatenate(list(numbers.values())))
    first, *others = (found.subsets for found in folds.values())
    subsets = first[np.all([find_rows(each, first) >= 0 for each in [first, *others]], axis=0)]
    total, count = np.zeros((2, len(subsets), len(rows))), np.zeros(len(rows))
    for run, found in folds.items():
        places = np.searchsorted(rows, numbers[run])
        total[:, :, places] += found.scores[:, find_rows(found.subsets, subsets)]
        count[places] += 1
    means = total / count
    # Without any channel all images get one class, the same accuracy whichever it is.
    means[0, ~subsets.any(axis=1)] = 1 / len(plan.dataset.classes)
    return means, rows, subsets
