"""Absolute paths of another machine, looked up under a folder of this one."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

from keras_dcmix._common.errors import InputWarning, argument


def is_absolute(path: str) -> bool:
    """Whether a path is absolute here or on Windows."""
    return os.path.isabs(path) or bool(PureWindowsPath(path).drive)


def rerooted(paths: Iterable[str], root: Path) -> dict[str, str]:
    """Replaces the beginning that absolute paths share by a root.

    As little as possible is replaced, and the same in every path, so that images of two plates
    cannot come from one folder. A warning shows what was replaced.

    Args:
        paths: absolute paths; those that exist stay.
        root: a folder.

    Returns:
        From each path to its place under the root; empty where the first path exists under no
        part of it.
    """
    absent = [path for path in dict.fromkeys(paths) if not os.path.exists(path)]
    if not absent:
        return {}
    parts = {path: [part for part in path.split("/") if part] for path in absent}
    shared = 0
    for column in zip(*(names[:-1] for names in parts.values()), strict=False):
        if len(set(column)) > 1:
            break
        shared += 1
    base = os.path.abspath(root)
    first = parts[absent[0]]
    for dropped in range(shared + 1):
        if os.path.isfile(os.path.join(base, *first[dropped:])):
            head = "/" * absent[0].startswith("/") + "/".join(first[:dropped])
            warnings.warn(
                InputWarning(
                    f"{len(absent)} images are looked up in {argument('root', str(root))} instead "
                    f"of '{head}', the first at '{os.path.join(*first[dropped:])}'"
                ),
                stacklevel=2,
            )
            return {path: os.path.join(base, *names[dropped:]) for path, names in parts.items()}
    return {}
