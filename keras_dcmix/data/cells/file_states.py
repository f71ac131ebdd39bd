"""Fingerprints of files, to notice that one has changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.planes import Stack, paths_of


def file_states(image_set: ImageSet) -> str:
    """Text that changes where a file of the set, its size or date, or its reader changes.

    Of OME-Zarr arrays all files in their folders count; a missing file counts as missing.
    """
    return f"{states_of(image_set.files.to_numpy().ravel())} {_name_of(image_set.reader)}"


def states_of(cells: Iterable[str | Stack | None]) -> str:
    """The same of some cells."""
    digest = hashlib.sha256()
    seen: set[str] = set()
    for cell in cells:
        for path in () if cell is None else paths_of(cell):
            # Channels may share a file: its state counts once, its name each time.
            digest.update(path.encode(errors="surrogateescape"))
            if path not in seen:
                seen.add(path)
                digest.update(repr(list(_states(path))).encode())
        digest.update(str(cell).encode(errors="surrogateescape"))
    return digest.hexdigest()


def _name_of(reader: Callable[..., object]) -> str:
    if isinstance(reader, partial):
        return f"{_name_of(reader.func)} {reader.args} {reader.keywords}"
    named = reader if hasattr(reader, "__qualname__") else type(reader)
    return f"{named.__module__}.{named.__qualname__}"


def _states(path: str) -> Iterator[tuple[str, int, int] | None]:
    if not os.path.isdir(path):
        yield _state(path)
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            yield _state(os.path.join(folder, name))


def _state(path: str) -> tuple[str, int, int] | None:
    try:
        state = os.stat(path)
    except OSError:
        return None
    return path, state.st_size, state.st_mtime_ns
