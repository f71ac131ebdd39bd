"""Packages that only some work needs, and what to install where one is missing."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from keras_dcmix._common.errors import MissingPackageError

# What to install for a module, where that is not a package of its own name.
_PIP_NAMES = {
    "ai_edge_litert": "keras-dcmix[export]",
    "keras": "keras-dcmix[tensorflow]",
    "litert_torch": "litert-torch",
    "onnx": "keras-dcmix[export]",
    "onnxruntime": "keras-dcmix[export]",
    "tensorflow": "keras-dcmix[tensorflow]",
    "tf2onnx": "keras-dcmix[export]",
    "torch": "keras-dcmix[torch]",
    "zarr": "keras-dcmix[hci]",
}


def is_installed(module: str) -> bool:
    """Whether a module is installed; it is not imported."""
    return importlib.util.find_spec(module) is not None


def how_to_install(module: str) -> str:
    """The command that installs a module.

    Example:

    >>> how_to_install("onnxruntime")
    "pip install 'keras-dcmix[export]'"
    """
    top = module.split(".")[0]
    return f"pip install '{_PIP_NAMES.get(top, top)}'"


def import_optional(module: str, purpose: str, *, page: str) -> ModuleType:
    """Imports a module.

    Args:
        module: Its name, such as `onnxruntime`.
        purpose: What needs it, such as "An ONNX model is run by onnxruntime".
        page: The page in `docs/` about it, without its ending.

    Raises:
        ImportError: If it cannot be imported, with the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingPackageError(
            f"{purpose}, which cannot be imported ({error}): {how_to_install(module)}", page=page
        ) from error


def import_zarr() -> ModuleType:
    """The package `zarr`.

    Raises:
        ImportError: If it is missing or older than version 3, with the command that installs it.
    """
    zarr = import_optional("zarr", "OME-Zarr needs the package zarr, version 3", page="data")
    if int(zarr.__version__.split(".")[0]) < 3:
        raise MissingPackageError(
            f"OME-Zarr needs the package zarr, version 3, but {zarr.__version__} is installed: "
            f"{how_to_install('zarr')}",
            page="data",
        )
    return zarr
