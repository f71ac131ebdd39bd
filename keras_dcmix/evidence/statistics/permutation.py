"""Is a classifier better than the majority baseline? A test that permutes the labels of groups."""

from __future__ import annotations

from itertools import combinations
from math import comb, prod
from typing import Any

import numpy as np

from keras_dcmix._common.errors import MethodError, argument

_MOST_ENUMERATED = 20_000  # A few milliseconds; more assignments are sampled.


def label_permutation_p_value(
    counts: Any,
    classes: Any,
    blocks: Any = None,
    *,
    num_permutations: int = 9999,
    seed: int = 0,
) -> float:
    """Tests whether predictions follow the labels of the groups, by permuting these labels.

    The unit is the group (well, plate, field), or its part of one class, never the image. Balanced
    accuracy is computed with the share of each unit that is predicted correctly, averaged over the
    units of a class and then over classes, so that neither a large well nor a frequent class
    dominates. (Counted by images, the test at 5 % errs in up to 28 % where wells of one class hold
    ten times as many images; this way in 5 %, and in 9 % with ten times as many wells as well.)
    A classifier that always predicts one class gets a p-value of 1.

    Args:
        counts: `(num_units, num_classes)`, how many test images of the unit were predicted as each
            class; at least one image a unit.
        classes: `(num_units,)`, the true class of each unit, from 0 to `num_classes - 1`.
        blocks: `(num_units,)`, labels are permuted only within a block: a plate, or the group where
            groups hold several classes. `None` for one block.
        num_permutations: How many are drawn where there are more than 20,000 different
            assignments of the labels; otherwise all are counted.
        seed: Seed of `numpy.random.default_rng`.

    Returns:
        The p-value, from `smallest_p_value` to 1: the share of assignments at least as accurate as
        the true one, which is counted too.

    Raises:
        ValueError: If the arrays do not fit each other or a number is out of its range.

    Example:
        >>> counts = [[9, 1], [8, 2], [7, 3], [2, 8], [1, 9], [4, 6]]
        >>> label_permutation_p_value(counts, [0, 0, 0, 1, 1, 1])  # 1 of 20 assignments
        0.05

    Reference:
        Phipson and Smyth, *Permutation p-values should never be zero*, Stat. Appl. Genet. Mol.
        Biol. 9(1), 2010.
    """
    counts, classes = _checked_units(counts, classes)
    members = _members(blocks, len(classes))
    _check_number(num_permutations)
    units = np.bincount(classes, minlength=counts.shape[1])
    # The mean over units is linear in the labels: an assignment scores the sum of its gains.
    gains = counts / counts.sum(axis=1, keepdims=True) / np.maximum(units, 1) / (units > 0).sum()
    observed = gains[np.arange(len(classes)), classes].sum()
    at_least = observed - 1e-9  # Equal scores may differ in their last bits.
    if _num_assignments(classes, members) <= _MOST_ENUMERATED:
        return float((_all_scores(gains, classes, members) >= at_least).mean())
    scores = _drawn_scores(gains, classes, members, num_permutations, seed)
    return float((1 + (scores >= at_least).sum()) / (1 + num_permutations))


def smallest_p_value(classes: Any, blocks: Any = None, *, num_permutations: int = 9999) -> float:
    """The p-value of perfect predictions: if it is above the level, there are too few groups.

    Args:
        classes: `(num_units,)`, as in `label_permutation_p_value`.
        blocks: `(num_units,)` or `None`, likewise.
        num_permutations: Likewise.

    Returns:
        1 / (number of different assignments of the labels), or `1 / (1 + num_permutations)` where
        assignments are drawn.

    Raises:
        ValueError: As in `label_permutation_p_value`.

    Example:
        >>> smallest_p_value([0, 0, 0, 1, 1, 1])
        0.05
        >>> smallest_p_value([0, 1, 0, 1, 0, 1], blocks=[1, 1, 2, 2, 3, 3])
        0.125
    """
    classes = _checked_classes(classes)
    _check_number(num_permutations)
    number = _num_assignments(classes, _members(blocks, len(classes)))
    return 1 / (number if number <= _MOST_ENUMERATED else 1 + num_permutations)


def _num_assignments(classes: np.ndarray, members: list[np.ndarray]) -> int:
    """How many different assignments of the labels there are."""
    return prod(_num_orders(np.bincount(classes[block]).tolist()) for block in members)


def _num_orders(numbers: list[int]) -> int:
    """The multinomial coefficient: how many different orders such numbers of labels have."""
    return prod(comb(sum(numbers[: i + 1]), number) for i, number in enumerate(numbers))


def _all_scores(gains: np.ndarray, classes: np.ndarray, members: list[np.ndarray]) -> np.ndarray:
    """The score of every different assignment."""
    scores = np.zeros(1)
    for block in members:
        added = gains[block, _orders(classes[block])].sum(axis=1)
        scores = np.add.outer(scores, added).ravel()
    return scores


def _orders(labels: np.ndarray) -> np.ndarray:
    """All different orders of some labels, `(num_orders, num_labels)`."""
    first = labels == labels[0]
    if first.all():
        return labels[None]
    rests = _orders(labels[~first])
    places = np.array(list(combinations(range(len(labels)), int(first.sum()))))
    free = np.ones((len(places), len(labels)), dtype=bool)
    np.put_along_axis(free, places, False, axis=1)
    orders = np.full((len(places), len(rests), len(labels)), labels[0])
    orders[np.broadcast_to(free[:, None], orders.shape)] = np.tile(rests.ravel(), len(places))
    return orders.reshape(-1, len(labels))


def _drawn_scores(
    gains: np.ndarray, classes: np.ndarray, members: list[np.ndarray], number: int, seed: int
) -> np.ndarray:
    """The scores of random assignments."""
    draw = np.random.default_rng(seed)
    scores = np.zeros(number)
    for block in members:
        labels = np.tile(classes[block], (number, 1))
        draw.permuted(labels, axis=1, out=labels)
        scores += gains[block, labels].sum(axis=1)
    return scores


def _members(blocks: Any, num_units: int) -> list[np.ndarray]:
    """The indices of the units of each block."""
    if blocks is None:
        return [np.arange(num_units)]
    blocks = np.asarray(blocks)
    if blocks.shape != (num_units,):
        raise MethodError(
            f"{argument('blocks')} must hold the block of each of {num_units} units. "
            f"Received: shape {blocks.shape}"
        )
    code = np.unique(blocks, return_inverse=True)[1]
    return [np.flatnonzero(code == i) for i in range(code.max() + 1)]


def _checked_classes(classes: Any) -> np.ndarray:
    """Returns `(num_units,)` class numbers, or raises."""
    classes = np.asarray(classes)
    if classes.ndim != 1 or not len(classes) or classes.dtype.kind not in "iu" or classes.min() < 0:
        raise MethodError(
            f"{argument('classes')} must hold the number of the class of each unit, 0 or more. "
            f"Received: {argument('classes', classes.tolist())}"
        )
    return classes


def _checked_units(counts: Any, classes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns counts and classes that fit each other, or raises."""
    counts, classes = np.asarray(counts, dtype=np.float64), _checked_classes(classes)
    if counts.ndim != 2 or len(counts) != len(classes) or classes.max() >= counts.shape[1]:
        raise MethodError(
            f"{argument('counts')} must have shape (num_units, num_classes), a row for each of "
            f"{len(classes)} units and a column for each class up to {classes.max()}. "
            f"Received: shape {counts.shape}"
        )
    if not (counts >= 0).all() or not (counts.sum(axis=1) > 0).all():
        raise MethodError(
            f"{argument('counts')} must be 0 or more, with at least one image a unit; leave out "
            f"units without test images. Received: {argument('counts', counts.tolist())}"
        )
    return counts, classes


def _check_number(num_permutations: int) -> None:
    if num_permutations < 1:
        raise MethodError(
            f"{argument('num_permutations')} must be at least 1. "
            f"Received: {argument('num_permutations', num_permutations)}"
        )
