"""What a user brings to a training: the model, callbacks, the optimizer."""

from __future__ import annotations

import copy
import functools
import hashlib
import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keras_dcmix._common.errors import ModelError, argument

# From the training images, an array or a view that is read when it is indexed, to a compiled model.
BuildModel = Callable[[Any], keras.Model]

# Copied for each training, or made for it from its name, such as "seed_0".
Callbacks = Sequence[keras.callbacks.Callback] | Callable[[str], Sequence[keras.callbacks.Callback]]


@dataclass(frozen=True, eq=False)
class CustomParts:
    """What takes the place of our model and optimizer, and what watches the training.

    Args:
        build_model: See `keras_dcmix.rank_channels`; so are the others.
        callbacks: A list of which each training gets a deep copy, or a function from the name of
            a training to its callbacks.
        optimizer: A Keras optimizer or a name; kept as its configuration, so that each training,
            also in another process, gets one of its own.

    Raises:
        ValueError: If the optimizer is unknown, or comes with a model that is compiled already.
        TypeError: If `build_model` or `callbacks` is something else.
    """

    build_model: BuildModel | None = None
    callbacks: Callbacks = ()
    optimizer: Any = None

    def __post_init__(self) -> None:
        if self.build_model is not None and not callable(self.build_model):
            raise TypeError(
                "`build_model` must be a function from training images to a compiled model, or "
                f"None. Received: build_model={self.build_model!r}"
            )
        if not callable(self.callbacks):
            _check_callbacks(self.callbacks)
        if self.optimizer is None:
            return
        if self.build_model is not None:
            raise ModelError(
                "`optimizer` is for our own model; a model from `build_model` is compiled with "
                f"its own. Received: both, optimizer={self.optimizer!r}"
            )
        object.__setattr__(self, "optimizer", _config(self.optimizer))

    def callbacks_of(self, run: str) -> list[keras.callbacks.Callback]:
        """The callbacks of one training, shared with no other.

        Args:
            run: Name of the training.
        """
        if not callable(self.callbacks):
            return [copy.deepcopy(each) for each in self.callbacks]
        made = self.callbacks(run)
        _check_callbacks(made)
        return list(made)

    def new_optimizer(self, rate: Any) -> keras.optimizers.Optimizer:
        """An optimizer for one training; `rate` is used where none was given with it."""
        if self.optimizer is None:
            return keras.optimizers.Adam(rate)
        optimizer = keras.optimizers.deserialize(self.optimizer)
        if "learning_rate" not in self.optimizer["config"]:
            optimizer.learning_rate = rate
        return optimizer

    def settings(self) -> dict[str, str]:
        """What was given, as text that changes where it changes; see `RunStore`."""
        given = {"build_model": self.build_model, "callbacks": self.callbacks}
        found = {name: _described(value) for name, value in given.items() if value}
        if self.optimizer is not None:
            found["optimizer"] = json.dumps(self.optimizer, sort_keys=True, default=str)
        return found


def _check_callbacks(callbacks: Any) -> None:
    wrong = [callbacks] if not isinstance(callbacks, list | tuple) else callbacks
    wrong = [each for each in wrong if not isinstance(each, keras.callbacks.Callback)]
    if wrong or not isinstance(callbacks, list | tuple):
        raise TypeError(
            "`callbacks` must be a list of Keras callbacks, or a function from the name of a "
            f"training to such a list. Received: {type((wrong or [callbacks])[0]).__name__}"
        )


def _config(optimizer: Any) -> dict[str, Any]:
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return keras.optimizers.serialize(optimizer)
    try:
        keras.optimizers.get(optimizer)
    except (ValueError, TypeError) as error:
        raise ModelError(
            f"{argument('optimizer')} must be a keras.optimizers.Optimizer or the name of one, "
            f"such as 'adam'. Received: {argument('optimizer', optimizer)}"
        ) from error
    return {"class_name": optimizer, "config": {}}


def _described(value: Any) -> str:
    """A name and, for a function, a digest of its source: an edited function is another one."""
    if isinstance(value, list | tuple):
        return ", ".join(type(each).__qualname__ for each in value)
    if isinstance(value, functools.partial):
        return f"{_described(value.func)} {value.args!r} {value.keywords!r}"
    name = f"{value.__module__}.{getattr(value, '__qualname__', type(value).__qualname__)}"
    try:
        source = inspect.getsource(value if inspect.isroutine(value) else type(value))
    except (OSError, TypeError):  # typed into an interpreter
        return name
    return f"{name} {hashlib.sha256(source.encode()).hexdigest()[:12]}"


NO_CUSTOM_PARTS = CustomParts()
