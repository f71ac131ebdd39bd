"""Files and folders that are written beside their place and moved there when whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_dcmix._common.errors import ResultError


def check_place(
    path: str | Path, *, suffix: str = "", overwrite: bool = False, folder_mark: str | None = None
) -> Path:
    """Refuses a place for a result that is taken, before any work is done.

    Args:
        path: Where the result shall go.
        suffix: How its name must end; empty where anything will do.
        overwrite: Whether an earlier file may be replaced.
        folder_mark: For a result that is a folder: the file by which an earlier one is known.

    Returns:
        The absolute path.

    Raises:
        ValueError: If something is there that may not be replaced, the name does not fit, or
            the parent cannot be written to.
    """
    path = Path(path).expanduser().resolve()
    if suffix and path.suffix != suffix:
        raise ResultError(
            f"--out must end in {suffix}, such as {path.stem}{suffix}. Received: {path.name}"
        )
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ResultError(
            f"The parent {path.parent} of --out is not a folder that can be written to: make it "
            "first, or choose another --out"
        )
    if not path.exists():
        return path
    is_ours = path.is_file() if folder_mark is None else (path / folder_mark).is_file()
    if not is_ours:
        raise ResultError(
            f"{path} is there and is something else than an earlier result, so it is never "
            "overwritten: choose another --out"
        )
    if not overwrite:
        raise ResultError(f"{path} exists: choose another --out, or replace it with --overwrite")
    return path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A place of the same name that is moved to `path` when the block ends without an error.

    Where it ends with one, nothing is left, and an earlier result stays.
    """
    workshop = Path(tempfile.mkdtemp(prefix=".keras-dcmix.", dir=path.parent))
    made, earlier = workshop / path.name, workshop / f"{path.name}.earlier"
    try:
        yield made
        if path.is_dir():  # unlike a file, it is not replaced by a move
            path.rename(earlier)
        try:
            os.replace(made, path)
        except BaseException:
            if earlier.exists():
                earlier.rename(path)
            raise
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
