"""Parts of a data set for training, validation and test that share no group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError

# Orders tried until one puts every class into every part, and orders that do so among which the
# best is taken. More of the latter would give the same split for every seed where groups are few.
_MAX_ORDERS = 50
_MAX_CANDIDATES = 10


def split_by_group(
    labels: Sequence[Any] | np.ndarray,
    groups: Sequence[Any] | np.ndarray | None = None,
    *,
    fractions: Sequence[float] = (0.6, 0.15, 0.25),
    seed: int = 0,
) -> tuple[np.ndarray, ...]:
    """Splits images into parts; groups are kept together, and every class is in every part.

    Groups are assigned one by one, large ones first and otherwise in an order shuffled by the
    seed; each goes to the part that lacks its classes most, relative to its share. The best of
    several orders is taken. Shares are close to `fractions` where groups are many and can be far
    off where they are few.

    Args:
        labels: `(images,)` class of each image.
        groups: `(images,)` well, plate or experiment of each image; where None, each image is a
            group of its own.
        fractions: share of the images in each part, above 0 and adding up to 1.
        seed: for the order of the groups.

    Returns:
        For each fraction the sorted numbers of its images; together, every image once.

    Raises:
        ValueError: if lengths differ, values are missing, there is one class only, fractions
            are wrong, or the groups do not allow every class in every part.

    Reference:
        After scikit-learn's `StratifiedGroupKFold`, which deals strictly by size, so that its
        seed changes nothing where all groups differ in size.
    """
    shares = _checked_fractions(fractions)
    classes, class_numbers = _numbered(labels, "labels")
    if len(classes) < 2:
        raise DataError(f"`labels` must hold at least two classes. Received: {classes.tolist()}")
    rng = np.random.default_rng(seed)
    names, group_numbers = _numbered(np.arange(len(labels)) if groups is None else groups, "groups")
    if len(group_numbers) != len(class_numbers):
        raise DataError(
            "`labels` and `groups` must have the same length. Received: "
            f"len(labels)={len(class_numbers)}, len(groups)={len(group_numbers)}"
        )
    listed = names if groups is not None else None
    _refuse_few_groups(class_numbers, group_numbers, classes, listed, len(shares))
    if len(names) == len(class_numbers):
        parts = _deal_single_images(class_numbers, shares, rng)
    else:
        counts = np.zeros((len(names), len(classes)), dtype=np.int64)
        np.add.at(counts, (group_numbers, class_numbers), 1)
        parts = _deal_groups(counts, shares, rng)[group_numbers]
    return tuple(np.flatnonzero(parts == part) for part in range(len(shares)))


def _checked_fractions(fractions: Sequence[float]) -> np.ndarray:
    shares = np.asarray(fractions, dtype=np.float64)
    is_valid = shares.ndim == 1 and len(shares) > 0 and bool((shares > 0).all())
    if not is_valid or abs(shares.sum() - 1) > 1e-6:
        raise DataError(
            f"`fractions` must be above 0 and add up to 1. Received: fractions={fractions}"
        )
    return shares


def _numbered(values: Sequence[Any] | np.ndarray, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns the distinct values in order of appearance, and the number of each entry."""
    numbers, distinct = pd.factorize(pd.Series(values))
    if (numbers < 0).any():
        raise DataError(
            f"`{what}` must not be missing. Received: {np.sum(numbers < 0)} missing, the first at "
            f"image {np.argmax(numbers < 0)}. Leave these images out"
        )
    return np.asarray(distinct), numbers


def _refuse_few_groups(
    class_numbers: np.ndarray,
    group_numbers: np.ndarray,
    classes: np.ndarray,
    names: np.ndarray | None,
    num_parts: int,
) -> None:
    """Raises for a class that has fewer groups than there are parts."""
    pairs = np.unique(np.stack([class_numbers, group_numbers]), axis=1)
    num_groups = np.bincount(pairs[0])
    if num_groups.min() >= num_parts:
        return
    worst = int(num_groups.argmin())
    unit, listed = "image(s)", ""
    if names is not None:
        unit = "group(s)"
        listed = f" ({', '.join(str(name) for name in names[pairs[1, pairs[0] == worst]])})"
    raise DataError(
        f"A split into {num_parts} parts needs at least {num_parts} groups of each class. "
        f"Received: {num_groups[worst]} {unit}{listed} of class '{classes[worst]}'. Add groups, "
        "leave the class out, or use fewer fractions"
    )


def _deal_single_images(
    class_of_image: np.ndarray, shares: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Deals out images that are their own groups, in one stratified shuffle."""
    parts = np.empty(len(class_of_image), dtype=np.int64)
    order = rng.permutation(len(class_of_image))
    order = order[np.argsort(class_of_image[order], kind="stable")]
    for members in np.split(order, np.cumsum(np.bincount(class_of_image))[:-1]):
        parts[members] = np.repeat(np.arange(len(shares)), _seats(len(members), shares, rng))
    return parts


def _seats(count: int, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rounds `count * shares` to integers with the same sum, at least 1 each.

    Equal remainders are decided at random: a fixed order would favour one part in every class.
    """
    exact = count * shares
    seats = np.maximum(np.floor(exact).astype(np.int64), 1)
    lots = rng.random(len(shares))
    while seats.sum() != count:
        lack = exact - seats + 1e-9 * lots
        if seats.sum() < count:
            seats[lack.argmax()] += 1
        else:
            seats[np.where(seats > 1, lack, np.inf).argmin()] -= 1
    return seats


def _deal_groups(counts: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Deals out groups in several orders and takes the one whose shares are nearest."""
    # Many groups average out, and each order costs time in proportion.
    enough = _MAX_CANDIDATES if len(counts) < 1000 else 1
    candidates: list[tuple[float, np.ndarray]] = []
    for _ in range(_MAX_ORDERS):
        parts = _deal_once(counts, shares, _order(counts, rng))
        held = np.zeros((len(shares), counts.shape[1]))
        np.add.at(held, parts, counts)
        if (held > 0).all():
            deviation = np.abs(held / held.sum(axis=0) - shares[:, None]).mean()
            candidates.append((float(deviation), parts))
            if deviation < 0.02 or len(candidates) == enough:
                break
    if not candidates:
        raise DataError(
            f"A split must have every class in every part. Received: {len(counts)} groups that "
            f"allow no such split into {len(shares)} parts in {_MAX_ORDERS} orders. Use fewer "
            "fractions, smaller groups (wells instead of plates), or leave rare classes out"
        )
    return min(candidates, key=lambda candidate: candidate[0])[1]


def _order(counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shuffles groups within classes of size, each twice the next, largest first.

    Large groups last would upset the shares; a strict order of size would leave nothing to the
    seed. Spread over classes is what scikit-learn sorts by; a plate that holds all classes alike
    has none, so its size counts as well.
    """
    weights = counts.std(axis=1) + counts.mean(axis=1)
    order = rng.permutation(len(counts))
    return order[np.argsort(-np.floor(np.log2(weights[order])), kind="stable")]


def _deal_once(counts: np.ndarray, shares: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Gives each group to the part with the largest deficit in the group's classes.

    A class that a part lacks completely weighs more than any deficit, so that of groups with one
    class each the first ones reach all parts.
    """
    targets = shares[:, None] * counts.sum(axis=0)
    rarity = 1 / (counts > 0).sum(axis=0)
    held = np.zeros_like(targets)
    parts = np.empty(len(counts), dtype=np.int64)
    for group in order:
        present = counts[group] > 0
        lacking = (held[:, present] == 0) @ rarity[present]
        deficits = 1 - held[:, present] / targets[:, present]
        weights = counts[group, present] / counts[group].sum()
        needs = 1e6 * lacking + deficits @ weights + 1e-9 * shares
        parts[group] = needs.argmax()
        held[parts[group]] += counts[group]
    return parts
