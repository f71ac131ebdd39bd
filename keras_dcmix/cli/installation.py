"""What is installed, what is missing, and the command that installs it."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from dataclasses import dataclass

from keras_dcmix._common.optional_imports import how_to_install, is_installed
from keras_dcmix._common.wording import short
from keras_dcmix.inference.formats import FORMATS

DISTRIBUTION = "keras-dcmix"
_BACKENDS = ("tensorflow", "jax", "torch")
_FOR_DEVELOPERS = ("docs", "test")


@dataclass(frozen=True)
class Finding:
    """One line of what was found.

    Args:
        name: What was looked for.
        state: What was found.
        remedy: What to do where something is missing; empty otherwise.
        reason: The error of a library, where there is one.
    """

    name: str
    state: str
    remedy: str = ""
    reason: str = ""


def packages() -> list[Finding]:
    """Python, this package and the packages that it always needs."""
    from keras_dcmix import __version__

    found = [Finding("python", platform.python_version()), Finding(DISTRIBUTION, __version__)]
    if not _requirements():
        found.append(Finding("what it needs", "not known", "pip install . in its folder"))
    for name, extra in _requirements():
        if not extra:
            version = _version(name)
            remedy = "" if version else f"pip install {name}"
            found.append(Finding(name, version or "missing", remedy))
    return found


def backend() -> list[Finding]:
    """The backend that Keras starts, its version, and the device that it computes on."""
    try:
        import keras

        # A model runs where tensors are; `keras.distribution` does not know PyTorch's devices.
        device = str(keras.ops.zeros(1).device).split("device:")[-1].lower()
        name = keras.backend.backend()
    except Exception as error:  # a damaged backend may raise anything
        there = [name for name in _BACKENDS if is_installed(name)]
        remedy = f"pip install '{DISTRIBUTION}[tensorflow]'"
        if there and is_installed("keras"):
            remedy = f"KERAS_BACKEND={there[0]}"
        return [Finding("backend", "fails", remedy, short(error))]
    return [
        Finding("backend", f"{name} {_version(name) or ''}".strip()),
        Finding("device", device),
    ]


def extras() -> list[Finding]:
    """The optional packages by their extras, and what to install for missing ones."""
    found = []
    for name, extra in _requirements():
        if extra and extra not in _FOR_DEVELOPERS:
            version = _version(name)
            remedy = "" if version else f"pip install '{DISTRIBUTION}[{extra}]'"
            if extra in _BACKENDS and not version and any(map(is_installed, _BACKENDS)):
                remedy = ""  # one backend is enough
            found.append(Finding(f"[{extra}] {name}", version or "missing", remedy))
    return found


def runtimes(*, keras_starts: bool) -> list[Finding]:
    """Which formats can be predicted from here."""
    found = []
    for name, known in FORMATS.items():
        missing = not is_installed(known.runtime)
        state = "missing" if missing else "ready"
        if known.runtime == "keras" and not missing and not keras_starts:
            state = "needs a backend"
        remedy = how_to_install(known.runtime) if missing else ""
        found.append(Finding(f"predict {name}", state, remedy))
    return found


def exports(backend_name: str) -> list[Finding]:
    """Which formats a backend can write here."""
    found = []
    for name, known in FORMATS.items():
        if backend_name not in known.written_from:
            able = next(iter(known.written_from))
            found.append(Finding(f"export {name}", "other backend", f"KERAS_BACKEND={able}"))
            continue
        missing = [each for each in known.written_from[backend_name] if not is_installed(each)]
        state = "missing" if missing else "ready"
        remedy = how_to_install(missing[0]) if missing else ""
        found.append(Finding(f"export {name}", state, remedy))
    return found


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _requirements() -> list[tuple[str, str]]:
    """Name and extra (empty: always needed) of each requirement of this package."""
    try:
        lines = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return []  # run from a folder without being installed
    found = []
    for line in lines:
        name = re.split(r"[^\w.-]", line)[0]
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        found.append((name, extra[1] if extra else ""))
    return found
