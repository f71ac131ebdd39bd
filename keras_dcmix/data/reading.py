"""How a format is read, whichever it is, and which paths it may follow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_dcmix._common.errors import DataError


@dataclass(frozen=True)
class Reading:
    """How a source is read.

    Args:
        root: folder of the images, where it is not the one that the source names.
        z: `"max"`, the maximum over the planes of a z stack, or the number of one plane, from 1.
        pattern: for folders: a regular expression on paths with named groups.
        allow_outside: whether paths in tables may lead out of the root.
        reader: from a path, and the number of a plane where a file holds several, to `(height,
            width)` pixels; the format's own where None. A module's function, so that the set can
            be pickled.

    Raises:
        ValueError: if `z` is neither `"max"` nor a number from 1, or `root` is no folder.
    """

    root: Path | None = None
    z: str | int = "max"
    pattern: str | None = None
    allow_outside: bool = False
    reader: Callable[..., np.ndarray] | None = None

    def __post_init__(self) -> None:
        is_number = isinstance(self.z, int) and not isinstance(self.z, bool)
        if self.z != "max" and not (is_number and self.z >= 1):
            raise DataError(
                f"z must be 'max' or the number of a plane, counted from 1, received {self.z!r}"
            )
        if self.root is not None:
            object.__setattr__(self, "root", Path(self.root))
            if not self.root.is_dir():
                raise DataError(f"root must be a folder, received '{self.root}'")


def existing_path(path: str | os.PathLike[str]) -> Path:
    """Returns a source as a path.

    Raises:
        TypeError: if it is no path.
        ValueError: if nothing is there.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"a source must be the path of a file or folder, received {path!r}")
    if not str(path) or not Path(path).exists():
        raise DataError(f"source is missing: '{path}'")
    return Path(path)


def path_inside(name: str, root: Path, *, allow_outside: bool) -> str:
    """Joins a path that a table or an index names to the folder that it starts from.

    Args:
        name: the path as it is written, relative or absolute.
        root: the folder.
        allow_outside: whether it may lead out of the folder.

    Returns:
        An absolute path, with `..` resolved by its letters only: links may lead anywhere.

    Raises:
        ValueError: if it leads out and may not.
    """
    base = os.path.abspath(root)
    path = os.path.normpath(os.path.join(base, name))
    if not allow_outside and path != base and not path.startswith(base.rstrip(os.sep) + os.sep):
        raise DataError(
            f"path '{name}' leads out of the folder '{root}': move the images into it, name a "
            "root= that holds them all, or pass allow_outside=True if you trust the table"
        )
    return path


def files_below(folder: Path) -> Iterator[str]:
    """Walks through a folder and those in it, in the order of their names.

    Links are followed, but no folder is entered twice, however they lead to it. Hidden files, such
    as the `._` files that macOS leaves on shared disks, and hidden folders are left out.

    Raises:
        ValueError: if a folder cannot be read.
    """
    entered = set()
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=_raise_unreadable):
        real = os.path.realpath(parent)
        folders[:] = [] if real in entered else sorted(filter(_is_shown, folders))
        if real not in entered:
            entered.add(real)
            yield from (os.path.join(parent, name) for name in sorted(filter(_is_shown, names)))


def _is_shown(name: str) -> bool:
    return not name.startswith(".")


def _raise_unreadable(error: OSError) -> None:
    raise DataError(f"folder cannot be read: '{error.filename}' ({error.strerror})") from error
