"""How a source is read, whichever its format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from keras_dcmix._common.errors import DataError, argument


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

    root: str | PathLike[str] | None = None
    z: str | int = "max"
    pattern: str | None = None
    allow_outside: bool = False
    reader: Callable[..., np.ndarray] | None = None

    def __post_init__(self) -> None:
        z = self.z
        is_number = isinstance(z, int) and not isinstance(z, bool) and z >= 1
        if z != "max" and not is_number:
            raise DataError(
                f"{argument('z')} must be 'max' or the number of a plane, from 1. Received: "
                f"{argument('z', z)}"
            )
        if self.root is not None and not Path(self.root).is_dir():
            raise DataError(
                f"{argument('root')} must be a folder. Received: {argument('root', str(self.root))}"
            )

    def folder(self, default: Path) -> Path:
        """The folder that relative paths start from: `root`, or `default` without it."""
        return default if self.root is None else Path(self.root)
