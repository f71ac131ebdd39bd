"""The place of the pixels of one channel of one field: a file, or planes of a stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from keras_dcmix._common.errors import DataError


@dataclass(frozen=True, slots=True)
class Stack:
    """Planes that make up one channel of one field; several are projected by their maximum.

    Args:
        planes: `(path, page)` of each plane, at least one: a file, or an OME-Zarr array, and the
            number of the plane in it from 0; None where the file holds one plane only.
    """

    planes: tuple[tuple[str, int | None], ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The files or arrays of the planes, each once."""
        return tuple(dict.fromkeys(path for path, _ in self.planes))

    def __str__(self) -> str:
        (path, page), *others = self.planes
        text = path if page is None else f"{path}, plane {page}"
        return f"{text} and {len(others)} more planes" if others else text


def paths_of(cell: str | Stack) -> tuple[str, ...]:
    """The files of a cell of `ImageSet.files`."""
    return (cell,) if isinstance(cell, str) else cell.paths


def read_planes(cell: str | Stack, reader: Callable[..., np.ndarray]) -> np.ndarray:
    """Reads a cell of `ImageSet.files`.

    Args:
        cell: a file path, or a stack.
        reader: called with a path, and with the number of the plane where the cell names one.

    Returns:
        `(height, width)` pixels.

    Raises:
        ValueError: if planes of a stack differ in size or data type.
    """
    if isinstance(cell, str):
        return reader(cell)
    planes = [reader(path) if page is None else reader(path, page) for path, page in cell.planes]
    kinds = {(plane.shape, plane.dtype.name) for plane in planes}
    if len(kinds) > 1:
        raise DataError(
            "Planes of a stack must have the same size and data type. Received: "
            f"{', '.join(f'{shape} {dtype}' for shape, dtype in sorted(kinds))} in '{cell}'"
        )
    return reduce(np.maximum, planes)
