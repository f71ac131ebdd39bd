"""Yokogawa's CellVoyager measurements: recognised, and how to read them said."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.reading import Reading

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
    """Raises, with the way to read the images all the same."""
    raise DataError(
        f"'{path}' is a CellVoyager measurement of Yokogawa ({_INDEX}), whose index is not read: "
        f"read its images by their names, as the format folders with the pattern '{PATTERN}', or "
        "list them in a LoadData csv"
    )
