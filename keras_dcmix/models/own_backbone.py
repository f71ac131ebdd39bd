"""Backbones of one's own that are named by text: a `.keras` file, or `module:function`.

The text is resolved for every model that is built, so that trainings share no weights and jobs in
other processes need no model.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from keras_dcmix._common.errors import ModelError, argument
from keras_dcmix._common.wording import short


def is_own(backbone: str) -> bool:
    """Whether a text names a file or a function, and not a known backbone."""
    return backbone.endswith(".keras") or ":" in backbone


def load_backbone(backbone: str) -> keras.Model | Callable[[Any], Any]:
    """Loads a backbone.

    Args:
        backbone: The path of a `.keras` file, or `module:function`. The function takes a tensor
            and returns one, or takes nothing and returns a `keras.Model`.

    Raises:
        ValueError: If there is no such file, module or function, or it cannot be loaded.
    """
    if backbone.endswith(".keras"):
        return _saved(backbone)
    module, _, name = backbone.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever the module's own code raises
        raise _not_loaded(backbone, error) from error
    if isinstance(function, keras.Model) or not callable(function):
        raise ModelError(
            f"{argument('backbone', backbone)} must be a function, so that every training gets "
            f"new weights. Received: {type(function).__name__}; write a function that returns it, "
            "or save it as a .keras file"
        )
    return _built(backbone, function) if _takes_nothing(function) else function


def fingerprint(backbone: str) -> str | None:
    """The checksum of a backbone's file, by which a changed one is noticed; None without a file."""
    if not backbone.endswith(".keras") or not Path(backbone).is_file():
        return None
    return hashlib.sha256(Path(backbone).read_bytes()).hexdigest()


def _saved(backbone: str) -> keras.Model:
    try:
        return keras.models.load_model(Path(backbone).expanduser(), compile=False)
    except Exception as error:  # whatever a layer's own code raises
        raise _not_loaded(backbone, error) from error


def _built(backbone: str, function: Callable[[], Any]) -> keras.Model:
    try:
        model = function()
    except Exception as error:  # whatever the function raises
        raise _not_loaded(backbone, error) from error
    if not isinstance(model, keras.Model):
        raise ModelError(
            f"{argument('backbone', backbone)} must return a keras.Model, since it takes no "
            f"argument. Received: {type(model).__name__}"
        )
    return model


def _takes_nothing(function: Callable[..., Any]) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return not any(p.default is p.empty and p.kind < p.VAR_POSITIONAL for p in parameters)


def _not_loaded(backbone: str, error: Exception) -> ModelError:
    return ModelError(
        f"{argument('backbone', backbone)} cannot be loaded ({short(error)}): give the path of a "
        ".keras file, or module:function of a module that can be imported"
    )
