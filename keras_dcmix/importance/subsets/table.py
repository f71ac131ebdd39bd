"""The table of subset scores as a data frame and a CSV file, and back without a loss."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_dcmix._common.errors import SubsetError
from keras_dcmix.importance.subsets.checks import panel_name
from keras_dcmix.importance.subsets.gains import find_rows, prefixes

if TYPE_CHECKING:
    import pandas as pd

    from keras_dcmix.importance.subsets.score_table import ScoreTable

_CHANNEL = "channel:"
_BLOCK = re.compile(r"(.*)\[block (\d+)(?:: ([\d.e+-]+) images)?\]", re.DOTALL)


def frame_of(table: ScoreTable) -> pd.DataFrame:
    """Returns one row a subset, readable columns first."""
    import pandas as pd

    columns: dict[str, Any] = {
        "num_channels": table.subsets.sum(axis=1),
        "panel": [panel_name(table.channel_names, member) for member in table.subsets],
    }
    for metric in table.metrics:
        columns[metric] = table.scores(metric)
        columns[f"{metric}_standard_error"] = table.standard_errors(metric)
    for name, member in zip(table.channel_names, table.subsets.T, strict=True):
        columns[_CHANNEL + name] = member.astype(int)
    for metric, block_scores in table.block_scores.items():
        for block, scores in enumerate(block_scores):
            columns[f"{metric}[block {block + 1}{_size(table.block_sizes, block)}]"] = scores
    if table.orders is not None:
        columns["orders"] = _order_numbers(table.subsets, table.orders)
    return pd.DataFrame(columns)


def parts_of(path: str | Path) -> dict[str, Any]:
    """Returns the arguments of `SubsetScores` that a written table holds, or raises."""
    import pandas as pd

    try:
        # As text: older pandas reads numbers inexactly by default, newer warns if asked not to.
        frame = pd.read_csv(path, encoding="utf-8", keep_default_na=False, dtype=str)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise SubsetError(
            f"{path} must be a CSV file written by SubsetScores.to_csv. Received: {error}"
        ) from error
    columns = [str(name) for name in frame]
    channels = [name for name in columns if name.startswith(_CHANNEL)]
    blocks = {
        name: match
        for name in columns
        if name not in channels and (match := _BLOCK.fullmatch(name)) is not None
    }
    _check_columns(path, frame, bool(channels), bool(blocks))
    block_scores: dict[str, list[Any]] = {}
    for name, match in blocks.items():
        block_scores.setdefault(match[1], []).append(_numbers(path, frame, name))
    sizes = [match[3] for match in blocks.values()][: len(next(iter(block_scores.values())))]
    subsets = np.stack([_numbers(path, frame, name) for name in channels], axis=1)
    return {
        "channel_names": [name.removeprefix(_CHANNEL) for name in channels],
        "subsets": subsets,
        "block_scores": block_scores,
        "block_sizes": None if None in sizes else [float(size) for size in sizes],
        "orders": _rebuilt(path, frame["orders"], subsets) if "orders" in frame else None,
    }


def _size(sizes: np.ndarray | None, block: int) -> str:
    """How many images a block has, without a loss; a whole number has no point."""
    if sizes is None:
        return ""
    size = float(sizes[block])
    return f": {int(size) if size.is_integer() else repr(size)} images"


def _order_numbers(subsets: np.ndarray, orders: np.ndarray) -> list[str]:
    """Writes beside each subset the numbers of the orders that pass through it."""
    passing: list[list[str]] = [[] for _ in subsets]
    for number, met in enumerate(prefixes(orders), start=1):
        for row in find_rows(subsets, met):
            passing[row].append(str(number))
    return [" ".join(numbers) for numbers in passing]


def _rebuilt(path: str | Path, column: pd.Series, subsets: np.ndarray) -> np.ndarray:
    """Returns orders from the numbers beside the subsets they pass through."""
    passing: dict[int, list[int]] = {}
    for row, text in enumerate(column):
        for number in text.split():
            passing.setdefault(int(number) if number.isdecimal() else 0, []).append(row)
    orders = []
    for number in range(1, len(passing) + 1):
        met = subsets[passing.get(number, [])]
        met = met[np.argsort(met.sum(axis=1))] if len(met) else met
        added = np.diff(met, axis=0)
        if len(met) != subsets.shape[1] + 1 or (np.abs(added).sum(axis=1) != 1).any():
            raise SubsetError(
                f"{path}, column 'orders': each order must pass through one subset of each size, "
                "one channel more each time; write the table again with SubsetScores.to_csv. "
                f"Received for order {number}: {len(met)} subsets"
            )
        orders.append(added.argmax(axis=1))
    return np.array(orders)


def _check_columns(path: str | Path, frame: pd.DataFrame, channels: bool, blocks: bool) -> None:
    """Raises and names the first column that is missing."""
    found = {
        "num_channels": "num_channels" in frame,
        "panel": "panel" in frame,
        f"{_CHANNEL}<name>": channels,
        "<metric>[block 1]": blocks,
    }
    for name, present in found.items():
        if not present:
            raise SubsetError(
                f"{path} must be a table written by SubsetScores.to_csv, but it has no column "
                f"{name!r}; for a table of another kind use SubsetScores.from_members. "
                f"Received the columns: {list(frame)[:8]}"
            )


def _numbers(path: str | Path, frame: pd.DataFrame, name: str) -> np.ndarray:
    """Returns a column as float64, or raises and names it."""
    try:
        return frame[name].to_numpy(dtype=np.float64)
    except ValueError as error:
        raise SubsetError(
            f"{path}, column {name!r}: every row must hold a number; write the table again with "
            f"SubsetScores.to_csv. Received: {error}"
        ) from error
