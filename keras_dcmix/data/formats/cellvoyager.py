"""Yokogawa's CellVoyager measurements: recognised, with an error that explains how to read them."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix.data.formats.format import Format
from keras_dcmix.data.formats.reading import Reading

# D08_T0001F001L01A01Z01C01: well, time point, field, time line, action, plane, channel.
PATTERN = (
    r"(?P<well>[A-Z]{1,2}\d\d)_T(?P<time_point>\d+)F(?P<site>\d+)L\d+A\d+Z(?P<z>\d+)"
    r"C(?P<channel>\d+)\.tif"
)
_INDEX = "MeasurementData.mlf"


def is_cellvoyager(path: Path) -> bool:
    """Whether a path is a CellVoyager measurement: its folder, the one above, or its index."""
    return path.name == _INDEX or any((path / _INDEX).is_file() for path in _folders(path))


def _folders(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return [path, *(inner for inner in sorted(path.iterdir()) if inner.is_dir())]


def read_cellvoyager(path: Path, reading: Reading) -> NoReturn:
    """Raises an error that explains how to read the images."""
    del reading  # the index is not read, so no option has an effect
    raise DataError(
        f"The index of a CellVoyager measurement ({_INDEX}) cannot be read. Received: '{path}'. "
        f"Read the images by their names with {argument('format', 'folders')} and the "
        f"{argument('pattern')} '{PATTERN}', or list them in a LoadData csv"
    )


FORMAT = Format(
    "cellvoyager",
    "CellVoyager",
    is_cellvoyager,
    read_cellvoyager,
)
