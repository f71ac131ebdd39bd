"""The folder of a result: written beside its place and moved there when whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_dcmix._common.errors import ResultError

# The file that every folder of a kind of result holds; without it a folder is nobody's to
# overwrite.
RUN, INSPECTION = "run.json", "inspection.json"
REPORT = "report.html"  # the page that a reader opens first


def check_output(folder: str | Path, *, overwrite: bool = False, mark: str = RUN) -> Path:
    """Refuses an output folder that is taken, before any work is done.

    Args:
        folder: Where results shall go.
        overwrite: Whether an earlier result there may be replaced.
        mark: The file by which an earlier result of the same kind is known.

    Returns:
        The folder's absolute path.

    Raises:
        ValueError: If the folder exists and may not be replaced, or its parent cannot be
            written to.
    """
    folder = Path(folder).expanduser().resolve()
    if not folder.parent.is_dir() or not os.access(folder.parent, os.W_OK):
        raise ResultError(
            f"The output folder's parent {folder.parent} is not a folder that can be written to: "
            "make it first, or choose another --out"
        )
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return folder
    if not (folder / mark).is_file():
        raise ResultError(
            f"{folder} is there and holds no earlier result (no {mark}), so it is never "
            "overwritten: choose another --out"
        )
    if not overwrite:
        raise ResultError(
            f"The output folder {folder} exists: choose another --out, or replace it as a whole "
            "with --overwrite"
        )
    return folder


@contextmanager
def output_folder(
    folder: str | Path, *, overwrite: bool = False, mark: str = RUN
) -> Iterator[Path]:
    """A temporary folder that becomes `folder` when the block ends without an error."""
    folder = check_output(folder, overwrite=overwrite, mark=mark)
    temporary = folder.with_name(f".{folder.name}.writing")
    earlier = folder.with_name(f".{folder.name}.earlier")
    for left_behind in (temporary, earlier):  # by a run that was killed right here
        shutil.rmtree(left_behind, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        if folder.exists():
            folder.rename(earlier)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(earlier, ignore_errors=True)
