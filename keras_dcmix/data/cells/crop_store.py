"""Decoded crops on disk, so that a second run decodes nothing and a broken one goes on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.cells.field_levels import FieldLevels

_PIXELS, _FIELDS, _LOCK = "pixels.bin", "fields.jsonl", "lock"


@dataclass(frozen=True, eq=False)
class CroppedField:
    """What one pass over a field leaves behind.

    Args:
        corners: `(crops, 2)` top and left of each crop, in pixels.
        dtypes: raw data type of each channel.
        levels: how bright its channels are.
        num_bytes: size of its crops.
        problem: why the field cannot be used, and the channel that is to blame; None where it
            can.
    """

    corners: np.ndarray
    dtypes: tuple[str, ...]
    levels: FieldLevels | None
    num_bytes: int
    problem: tuple[str, str | None] | None = None

    def to_json(self) -> str:
        """One line of text; floats keep all their digits."""
        facts: dict[str, Any] = {
            "corners": self.corners.tolist(),
            "dtypes": self.dtypes,
            "num_bytes": self.num_bytes,
            "problem": self.problem,
        }
        if self.levels is not None:
            facts["levels"] = {
                name: [float(v) for v in part] for name, part in asdict(self.levels).items()
            }
        return json.dumps(facts)

    @classmethod
    def from_json(cls, line: str) -> CroppedField:
        """Reads what `to_json` has written."""
        facts = json.loads(line)
        levels = facts.get("levels")
        return cls(
            corners=np.array(facts["corners"], dtype=int).reshape(-1, 2),
            dtypes=tuple(facts["dtypes"]),
            levels=levels and FieldLevels(**{k: np.array(v) for k, v in levels.items()}),
            num_bytes=facts["num_bytes"],
            problem=facts["problem"] and tuple(facts["problem"]),
        )


class CropStore:
    """A folder with all crops of one image set, in order, written once and read by number.

    Args:
        folder: parent folder of all stores.
        key: text that says what the crops were made of and how; another text, another store.
    """

    def __init__(self, folder: str | os.PathLike[str], key: str) -> None:
        name = hashlib.sha256(key.encode()).hexdigest()[:20]
        self.folder = Path(folder).absolute() / f"crops-{name}"

    def finished_fields(self) -> list[CroppedField]:
        """The fields whose crops are there, from the first on.

        Raises:
            ValueError: if the store is damaged or cannot be read.
        """
        path = self.folder / _FIELDS
        try:
            # A line that is cut off belongs to a field that was not finished.
            lines = path.read_text("ascii").splitlines(keepends=True) if path.exists() else []
            fields = [CroppedField.from_json(line) for line in lines if line[-1] == "\n"]
            held = (self.folder / _PIXELS).stat().st_size if fields else 0
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged(error) from error
        wanted = sum(field.num_bytes for field in fields)
        if held < wanted:
            raise self._damaged(f"expected {wanted} bytes of pixels, received {held}")
        return fields

    def _damaged(self, reason: object) -> ValueError:
        return ValueError(
            f"cached crops cannot be read ({reason}): delete the folder '{self.folder}', they are "
            "made anew from the images"
        )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keeps others from writing as long as it is entered.

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
                f"another run is filling the cache '{self.folder}': wait for it, or choose another "
                "cache folder"
            ) from None
        except OSError as error:
            raise DataError(
                f"cache must be a folder that can be written to, received '{self.folder.parent}' "
                f"({error.strerror}): choose another one"
            ) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def appending(
        self, done: list[CroppedField]
    ) -> Iterator[Callable[[CroppedField, np.ndarray], None]]:
        """Gives the function that appends a field behind those that are done.

        What lies behind them is cut off first. Whoever stops in between keeps the fields that
        came so far.

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
            shape: `(crops, size, size, channels)` of the whole store.
            dtype: data type of the pixels.
        """
        # Mapped anew each time: the pages of an old mapping would count as memory in use.
        return np.memmap(self.folder / _PIXELS, dtype=dtype, mode="r", shape=shape)[rows]


def _append(pixels: BinaryIO, listing: BinaryIO, field: CroppedField, crops: np.ndarray) -> None:
    """Writes the pixels before the line that says that they are there."""
    pixels.write(np.ascontiguousarray(crops).data)
    pixels.flush()
    listing.write(f"{field.to_json()}\n".encode("ascii"))
    listing.flush()


def _opened(path: Path, end: int) -> BinaryIO:
    """Opens a file for writing behind its first bytes, and cuts off the rest."""
    path.touch()
    file = path.open("r+b")
    file.truncate(end)
    file.seek(end)
    return file
