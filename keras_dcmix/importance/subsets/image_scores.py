"""Scores of single images with subsets of the channels, and their means over groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_dcmix.importance.subsets.scores import SubsetScores

MOST_BLOCKS = 64


@dataclass(frozen=True, eq=False)
class Blocks:
    """Groups, or bundles of them, as the units that errors come from.

    Attributes:
        numbers: `(num_images,)`, the block of each image.
        weights: `(num_images,)`, what each image counts; they add up to 1 and classes have equal
            sums.
        classes: `(num_blocks,)`, the class of each block; `None` where a group holds several.
    """

    numbers: np.ndarray
    weights: np.ndarray
    classes: np.ndarray | None

    @property
    def sums(self) -> np.ndarray:
        """`(num_images, num_blocks)`: what each image adds to the weighted sum of each block."""
        return self.weights[:, None] * (self.numbers[:, None] == np.arange(self.number))

    @property
    def number(self) -> int:
        """Number of blocks."""
        return int(self.numbers.max()) + 1


def make_blocks(groups: np.ndarray, labels: np.ndarray, *, seed: int = 0) -> Blocks:
    """One block a group; above 64 groups, random bundles of groups of the same class.

    Args:
        groups: `(num_images,)` well, plate or experiment.
        labels: `(num_images,)` class numbers.
        seed: Seed of the bundles.

    Example:

    >>> blocks = make_blocks(np.array(["A01", "A01", "A02"]), np.array([0, 0, 1]))
    >>> blocks.numbers.tolist(), blocks.weights.tolist(), blocks.classes.tolist()
    ([0, 0, 1], [0.25, 0.25, 0.5], [0, 1])
    """
    names, first, numbers = np.unique(groups, return_index=True, return_inverse=True)
    counts = np.bincount(labels)
    weights = 1 / ((counts > 0).sum() * counts[labels])
    is_pure = bool((labels == labels[first][numbers]).all())
    if len(names) > MOST_BLOCKS:
        class_of_group = labels[first] if is_pure else np.zeros(len(names), dtype=int)
        bundle = _bundles(class_of_group, np.random.default_rng(seed))
        numbers = bundle[numbers]
        first = np.unique(numbers, return_index=True)[1]
    return Blocks(numbers, weights, labels[first] if is_pure else None)


def _bundles(class_of_group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The bundle of each group: `MOST_BLOCKS` in all, shared among classes by their groups."""
    classes, counts = np.unique(class_of_group, return_counts=True)
    shares = np.maximum(1, np.floor(MOST_BLOCKS * counts / counts.sum())).astype(int)
    bundles, start = np.empty(len(class_of_group), dtype=int), 0
    for each, share in zip(classes, shares, strict=True):
        members = np.flatnonzero(class_of_group == each)
        bundles[rng.permutation(members)] = start + np.arange(len(members)) % share
        start += min(share, len(members))
    return bundles


@dataclass(frozen=True, eq=False)
class ImageScores:
    """How well every image is classified with every subset, by models that have not seen it.

    Attributes:
        channel_names: One name a channel.
        subsets: `(num_subsets, num_channels)` bool; the empty and the full one, each channel alone
            and all channels but one are among them.
        orders: `(num_orders, num_channels)` sampled orders, or `None` where all subsets are there.
        labels: `(num_images,)` class numbers.
        groups: `(num_images,)` well, plate or experiment.
        accuracy: `(num_subsets, num_images)`, 0 to 1.
        log_likelihood: `(num_subsets, num_images)`, in nats.
    """

    channel_names: tuple[str, ...]
    subsets: np.ndarray
    orders: np.ndarray | None
    labels: np.ndarray
    groups: np.ndarray
    accuracy: np.ndarray
    log_likelihood: np.ndarray

    @property
    def blocks(self) -> Blocks:
        """The units that errors come from."""
        return make_blocks(self.groups, self.labels)

    def table(self) -> SubsetScores:
        """The mean score of each subset and block; classes count alike."""
        blocks = self.blocks
        sums = blocks.sums
        weights = sums.sum(axis=0)
        means = {
            "accuracy": (self.accuracy @ sums / weights).T,
            "log_likelihood": (self.log_likelihood @ sums / weights).T,
        }
        sizes = np.round(weights * len(self.labels), 9)
        return SubsetScores(self.channel_names, self.subsets, means, sizes, self.orders)

    def of_class(self, number: int) -> ImageScores:
        """The images of one class."""
        rows = self.labels == number
        return ImageScores(
            self.channel_names,
            self.subsets,
            self.orders,
            self.labels[rows],
            self.groups[rows],
            self.accuracy[:, rows],
            self.log_likelihood[:, rows],
        )
