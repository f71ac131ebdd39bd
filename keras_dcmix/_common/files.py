"""Results that are written beside their place and moved there once they are complete."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_dcmix._common.errors import ResultError, argument

# The file by which a folder of results is recognized; a folder without it is never overwritten.
RUN, INSPECTION = "run.json", "inspection.json"
REPORT = "report.html"  # the page that a reader opens first


def check_place(
    path: str | Path, *, mark: str | None = None, suffix: str = "", overwrite: bool = False
) -> Path:
    """Refuses a place for a result that is taken, before any work is done.

    Args:
        path: Where the result goes.
        mark: For a folder: the file by which an earlier result of the same kind is recognized;
            `None` for a file.
        suffix: How the name must end; empty where any ending is allowed.
        overwrite: Whether an earlier result may be replaced.

    Returns:
        The absolute path.

    Raises:
        ValueError: If the place is taken and may not be replaced, the name does not fit, or the
            parent folder cannot be written to.
    """
    path = Path(path).expanduser().resolve()
    place = argument("path")
    if suffix and path.suffix != suffix:
        raise ResultError(
            f"{place} must end in {suffix}, such as {path.stem}{suffix}. Received: {path.name}"
        )
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ResultError(
            f"The parent {path.parent} of {place} is not a folder that can be written to: create "
            f"it first, or choose another {place}"
        )
    is_empty = mark is not None and path.is_dir() and not any(path.iterdir())
    if not path.exists() or is_empty:
        return path
    if not (path.is_file() if mark is None else (path / mark).is_file()):
        lacking = "" if mark is None else f" (no {mark} in it)"
        raise ResultError(
            f"{path} exists but is not a keras-dcmix result{lacking}, so it is never overwritten: "
            f"choose another {place}"
        )
    if not overwrite:
        raise ResultError(
            f"{path} exists: choose another {place}, or replace it with "
            f"{argument('overwrite', True)}"
        )
    return path


@contextmanager
def written_atomically(path: Path) -> Iterator[Path]:
    """A temporary place for a file or folder, which is moved to `path` at the end of the block.

    If the block raises, nothing is left of it, and an earlier result stays as it was.
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


@contextmanager
def output_folder(
    folder: str | Path, *, mark: str = RUN, overwrite: bool = False
) -> Iterator[Path]:
    """A temporary folder that becomes `folder` at the end of the block; see `check_place`."""
    with written_atomically(check_place(folder, mark=mark, overwrite=overwrite)) as made:
        made.mkdir()
        yield made


def write_text(path: Path, text: str) -> None:
    """Writes a file so that it is complete, or not there at all."""
    with written_atomically(path) as made:
        made.write_text(text, encoding="utf-8")
