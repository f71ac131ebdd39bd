"""Paths of a source: those that tables and indices name, and the files below a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from keras_dcmix._common.errors import DataError, argument


def existing_path(path: str | os.PathLike[str]) -> Path:
    """Returns a source as a path.

    Raises:
        TypeError: if it is no path.
        ValueError: if it does not exist.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"`path` must be that of a file or folder. Received: path={path!r}")
    if not str(path) or not Path(path).exists():
        raise DataError(f"The source must exist. Received: '{path}'")
    return Path(path)


def path_inside(name: str, root: Path, *, allow_outside: bool) -> str:
    """Joins a path that a table or an index names to the folder that it starts from.

    Args:
        name: the path as it is written, relative or absolute.
        root: the folder.
        allow_outside: whether it may lead out of the folder.

    Returns:
        An absolute path, with `..` resolved in the text only: links may lead anywhere.

    Raises:
        ValueError: if it leads out and may not.
    """
    base = os.path.abspath(root)
    path = os.path.normpath(os.path.join(base, name))
    if not allow_outside and path != base and not path.startswith(base.rstrip(os.sep) + os.sep):
        raise DataError(
            f"Paths in a table must stay in the folder '{root}'. Received: '{name}'. Move the "
            f"images into it, choose a {argument('root')} that holds them all, or pass "
            f"{argument('allow_outside', True)} if you trust the table"
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
    raise DataError(f"Folder cannot be read: '{error.filename}' ({error.strerror})") from error
