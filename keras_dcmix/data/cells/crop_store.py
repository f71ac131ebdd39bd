"""Decoded crops on disk, so that a second run decodes nothing and an interrupted one resumes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix.data.cells.intensities import IntensityStatistics

_PIXELS, _FIELDS, _LOCK = "pixels.bin", "fields.jsonl", "lock"


# Part of each key: stores of another version are not found, and their crops are made again.
_VERSION = 2


class FileProblem(NamedTuple):
    """Why a field cannot be read, and the channel of its file where that is known."""

    message: str
    channel: str | None


@dataclass(frozen=True, eq=False)
class CroppedField:
    """The result of one pass over a field.

    Args:
        corners: `(crops, 2)` top and left of each crop, in pixels.
        dtypes: raw data type of each channel.
        intensities: statistics of its channels; None where it cannot be read.
        num_bytes: size of its crops.
        problem: why the field cannot be read; None where it can.
    """

    corners: np.ndarray
    dtypes: tuple[str, ...]
    intensities: IntensityStatistics | None
    num_bytes: int
    problem: FileProblem | None = None

    def to_json(self) -> str:
        """One line of text; floats keep all their digits."""
        entry: dict[str, Any] = {
            "corners": self.corners.tolist(),
            "dtypes": self.dtypes,
            "num_bytes": self.num_bytes,
            "problem": self.problem,
        }
        if self.intensities is not None:
            entry["intensities"] = {
                name: [float(v) for v in values]
                for name, values in asdict(self.intensities).items()
            }
        return json.dumps(entry)

    @classmethod
    def from_json(cls, line: str) -> CroppedField:
        """Reads what `to_json` has written."""
        entry = json.loads(line)
        values, problem = entry.get("intensities"), entry["problem"]
        return cls(
            corners=np.array(entry["corners"], dtype=int).reshape(-1, 2),
            dtypes=tuple(entry["dtypes"]),
            intensities=values
            and IntensityStatistics(**{name: np.array(value) for name, value in values.items()}),
            num_bytes=entry["num_bytes"],
            problem=problem and FileProblem(*problem),
        )


class CropStore:
    """A folder with all crops of one image set, in order, written once and read by number.

    Args:
        folder: parent folder of all stores.
        key: text that changes with the files and settings of the crops; each has its own store.
    """

    def __init__(self, folder: str | os.PathLike[str], key: str) -> None:
        name = hashlib.sha256(f"{_VERSION} {key}".encode()).hexdigest()[:20]
        self.folder = Path(folder).absolute() / f"crops-{name}"

    def finished_fields(self) -> list[CroppedField]:
        """The fields whose crops are stored, from the first on.

        Raises:
            ValueError: if the store is damaged or cannot be read.
        """
        path = self.folder / _FIELDS
        try:
            # An incomplete line belongs to a field that was not finished.
            lines = path.read_text("ascii").splitlines(keepends=True) if path.exists() else []
            fields = [CroppedField.from_json(line) for line in lines if line[-1] == "\n"]
            held = (self.folder / _PIXELS).stat().st_size if fields else 0
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged(error) from error
        expected = sum(field.num_bytes for field in fields)
        if held < expected:
            raise self._damaged(f"{held} of {expected} bytes of pixels")
        return fields

    def _damaged(self, reason: object) -> DataError:
        return DataError(
            f"Cached crops must be complete. Received: '{self.folder}' ({reason}). Delete this "
            "folder, and they are made again from the images"
        )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keeps other processes from writing as long as it is entered.

        Raises:
            ValueError: if another process is writing the same store, or its folder cannot be
                written to.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / _LOCK)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout:
            raise DataError(
                f"Only one run can write to a cache. Received: '{self.folder}', to which another "
                f"run is writing. Wait for it, or choose another {argument('cache')}"
            ) from None
        except OSError as error:
            raise DataError(
                f"{argument('cache')} must be a folder that can be written to. Received: "
                f"'{self.folder.parent}' ({error.strerror})"
            ) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def appending(
        self, done: list[CroppedField]
    ) -> Iterator[Callable[[CroppedField, np.ndarray], None]]:
        """Opens the store; yields the function that appends a field after those that are done.

        Other fields are removed first. After an interruption, the fields so far are kept.

        Args:
            done: the first of `finished_fields`.
        """
        num_bytes = sum(field.num_bytes for field in done)
        num_characters = sum(len(f"{field.to_json()}\n") for field in done)
        with (
            _opened(self.folder / _PIXELS, num_bytes) as pixels,
            _opened(self.folder / _FIELDS, num_characters) as listing,
        ):
            yield partial(_append, pixels, listing)

    def read(self, rows: np.ndarray, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Reads crops by their numbers.

        Args:
            rows: numbers of the crops.
            shape: `(crops, size, size, channels)` of all crops.
            dtype: data type of the pixels.
        """
        # Mapped anew each time: the pages of an old mapping would count as memory in use.
        return np.memmap(self.folder / _PIXELS, dtype=dtype, mode="r", shape=shape)[rows]


def _append(pixels: BinaryIO, listing: BinaryIO, field: CroppedField, crops: np.ndarray) -> None:
    """Writes the pixels before the line that lists them."""
    pixels.write(np.ascontiguousarray(crops).data)
    pixels.flush()
    listing.write(f"{field.to_json()}\n".encode("ascii"))
    listing.flush()


def _opened(path: Path, end: int) -> BinaryIO:
    """Opens a file for writing after its first bytes, and removes the rest."""
    path.touch()
    file = path.open("r+b")
    file.truncate(end)
    file.seek(end)
    return file
