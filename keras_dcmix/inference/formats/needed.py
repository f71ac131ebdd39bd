"""Packages that are imported only when an artefact needs them."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

# What to install for a module, where that is not a package of its own name.
_PIP_NAMES = {
    "ai_edge_litert": "keras-dcmix[export]",
    "tensorflow": "keras-dcmix[tensorflow]",
    "torch": "keras-dcmix[torch]",
    "keras": "keras-dcmix[tensorflow]",
    "onnx": "keras-dcmix[export]",
    "onnxruntime": "keras-dcmix[export]",
    "tf2onnx": "keras-dcmix[export]",
    "litert_torch": "litert-torch",
}


def is_there(module: str) -> bool:
    """Whether a module is installed; it is not imported."""
    return importlib.util.find_spec(module) is not None


def how_to_install(module: str) -> str:
    """The command that installs a module."""
    top = module.split(".")[0]
    return f"pip install '{_PIP_NAMES.get(top, top)}'"


def needed(module: str, purpose: str) -> ModuleType:
    """Imports a module.

    Args:
        module: Its name, such as `onnxruntime`.
        purpose: What needs it, such as "an ONNX model is run by onnxruntime".

    Raises:
        ImportError: If it cannot be imported, with the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{purpose}, which cannot be imported ({error}): {how_to_install(module)}"
        ) from error
