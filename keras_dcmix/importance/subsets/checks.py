"""What a table of subset scores must hold; each check names what is wrong and the way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from keras_dcmix._common.errors import SubsetError
from keras_dcmix._common.names import suggestion
from keras_dcmix.importance.subsets.gains import find_rows, prefixes

LARGEST_EXACT = 20  # 2**20 subsets are a million scores a block.

# Columns of the written table, so no name of a metric.
_RESERVED = ("num_channels", "panel", "orders")


def panel_name(channel_names: Sequence[str], member: Iterable[bool]) -> str:
    """Joins the names of the channels in a panel.

    Example:

    >>> panel_name(["DNA", "RNA", "ER"], [True, False, True])
    'DNA + ER'
    >>> panel_name(["DNA"], [False])
    'none'
    """
    inside = [name for name, is_in in zip(channel_names, member, strict=True) if is_in]
    return " + ".join(inside) or "none"


def membership(channel_names: tuple[str, ...], channels: Iterable[str]) -> np.ndarray:
    """Returns `(num_channels,)` bool, which channels were named, or raises for an unknown one."""
    if isinstance(channels, str):
        raise TypeError(f"channels must be a list of names, not one string. Received: {channels!r}")
    member = np.zeros(len(channel_names), dtype=bool)
    for name in channels:
        if name not in channel_names:
            raise SubsetError(
                f"there is no channel {name!r}{suggestion(name, channel_names)} "
                f"Known: {list(channel_names)}"
            )
        member[channel_names.index(name)] = True
    return member


def checked_subsets(subsets: Any, names: tuple[str, ...], *, sampled: bool) -> np.ndarray:
    """Returns a read-only bool copy with each subset once, or raises."""
    subsets = np.array(subsets)
    if subsets.ndim != 2 or subsets.shape[1] != len(names) or not np.isin(subsets, (0, 1)).all():
        raise SubsetError(
            "subsets must have shape (num_subsets, num_channels) and hold only True and False, "
            f"{len(names)} columns here. Received: shape {subsets.shape}, type {subsets.dtype}"
        )
    subsets = subsets.astype(bool)
    _, first, counts = np.unique(
        np.packbits(subsets, axis=1), axis=0, return_index=True, return_counts=True
    )
    if (counts > 1).any():
        name = panel_name(names, subsets[first[np.argmax(counts > 1)]])
        raise SubsetError(
            "subsets must hold each subset once; average repeated scores first. "
            f"Received {int((counts - 1).sum())} too many, one of them: {name}"
        )
    for wanted, words in ((False, "the empty subset"), (True, "the subset of all channels")):
        if find_rows(subsets, np.full((1, len(names)), wanted))[0] < 0:
            raise SubsetError(
                f"subsets must contain {words}: gains add up to the difference between all "
                f"channels and none; score it too. Received {len(subsets)} subsets without it"
            )
    if not sampled:
        _check_complete(subsets, names)
    return _frozen(subsets)


def _check_complete(subsets: np.ndarray, names: tuple[str, ...]) -> None:
    """Raises unless all subsets of all channels are there."""
    if len(names) > LARGEST_EXACT:
        raise SubsetError(
            f"all subsets can be scored for at most {LARGEST_EXACT} channels; for more, walk "
            f"random orders of channels and pass them as orders. Received: {len(names)} channels"
        )
    missing = np.ones(2 ** len(names), dtype=bool)
    bits = 1 << np.arange(len(names))
    missing[subsets @ bits] = False
    if missing.any():
        example = panel_name(names, (int(np.argmax(missing)) & bits) > 0)
        raise SubsetError(
            f"without orders, all {len(missing)} subsets of {len(names)} channels must be there; "
            f"score the others or pass the orders that were walked. "
            f"Missing: {int(missing.sum())}, one of them: {example}"
        )


def checked_orders(orders: Any, subsets: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Returns a read-only integer copy of orders whose prefixes were all scored, or raises."""
    orders = np.array(orders)
    num_channels = len(names)
    if (
        orders.ndim != 2
        or not len(orders)
        or orders.shape[1] != num_channels
        or (np.sort(orders, axis=1) != np.arange(num_channels)).any()
    ):
        raise SubsetError(
            "orders must have shape (num_orders, num_channels), each row the numbers "
            f"0 to {num_channels - 1} in some order. Received: shape {orders.shape}"
        )
    orders = orders.astype(np.int64)
    met = prefixes(orders).reshape(-1, num_channels)
    missing = np.unique(met[find_rows(subsets, met) < 0], axis=0)
    if len(missing):
        raise SubsetError(
            "subsets must contain every prefix of every order; score the others or leave their "
            f"orders out. Missing: {len(missing)}, one of them: {panel_name(names, missing[0])}"
        )
    return _frozen(orders)


def checked_block_scores(block_scores: Any, num_subsets: int) -> dict[str, np.ndarray]:
    """Returns read-only float64 copies by metric, all with the same blocks, or raises."""
    if not isinstance(block_scores, Mapping) or not block_scores:
        raise SubsetError(
            "block_scores must be a dict from the name of a metric to its scores, at least one. "
            f"Received: {type(block_scores).__name__}, {len(block_scores)} long"
        )
    checked: dict[str, np.ndarray] = {}
    for metric, values in block_scores.items():
        _check_metric_name(metric)
        values = np.array(values, dtype=np.float64)
        num_blocks = len(next(iter(checked.values()), values)) if values.ndim else 0
        if values.ndim != 2 or not len(values) or values.shape != (num_blocks, num_subsets):
            raise SubsetError(
                f"block_scores[{metric!r}] must have shape (num_blocks, num_subsets), {num_subsets}"
                f" subsets here, with the same blocks in every metric. Received: {values.shape}"
            )
        if not np.isfinite(values).all():
            where = np.argwhere(~np.isfinite(values))[0].tolist()
            raise SubsetError(
                f"block_scores[{metric!r}] must be finite; leave out a block that has no score. "
                f"Received NaN or infinity, first at block {where[0]}, subset {where[1]}"
            )
        checked[metric] = _frozen(values)
    return checked


def _check_metric_name(metric: object) -> None:
    """Raises unless a metric can name columns of the written table."""
    if not isinstance(metric, str):
        raise TypeError(f"the name of a metric must be a string. Received: {metric!r}")
    clashes = metric in _RESERVED or metric.endswith("_standard_error")
    if not metric.strip() or clashes or metric.startswith("channel:") or "[block " in metric:
        raise SubsetError(
            "the name of a metric must not be blank, nor look like another column of the table "
            f"({', '.join(_RESERVED)}, channel:..., ..._standard_error, ...[block 1]); "
            f"rename it. Received: {metric!r}"
        )


def checked_block_sizes(block_sizes: Any, num_blocks: int) -> np.ndarray:
    """Returns a read-only float64 copy, or raises."""
    sizes = np.array(block_sizes, dtype=np.float64)
    if sizes.shape != (num_blocks,) or not np.isfinite(sizes).all() or (sizes <= 0).any():
        raise SubsetError(
            f"block_sizes must be {num_blocks} numbers of images above 0; leave an empty block "
            f"out. Received: {sizes.tolist()}"
        )
    return _frozen(sizes)


def _frozen(values: np.ndarray) -> np.ndarray:
    values.flags.writeable = False
    return values
