"""Versions of the packages that a run uses."""

from __future__ import annotations

import importlib.metadata
import platform

import keras


def versions() -> dict[str, str]:
    """Versions of Python, of this package and of the packages that it uses."""
    found = {"python": platform.python_version()}
    for name in ("keras-dcmix", "keras", keras.backend.backend(), "numpy", "scikit-image"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed as a package"
    return found
