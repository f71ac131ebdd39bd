"""How to repeat a run: command, arguments, training, versions."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import keras

from keras_dcmix._common.versions import versions
from keras_dcmix.models.options import Training

Rows = list[tuple[str, str]]

# As a reader would look for them; others are listed under their own names.
_LABELS = {"batch_size": "images in a batch", "learning_rate": "learning rate at the start"}

_ON = ("check", "retrain")  # done unless an option says no


def command_line(name: str, arguments: Mapping[str, Any], training: Training | None) -> str:
    """The command that repeats a run; empty where it was a call in Python.

    Args:
        name: `"rank"` or `"compare"`.
        arguments: What it was called with; the command always gives `source`.
        training: How the models were built and trained.

    Example:

    >>> arguments = {"source": "my plate", "label": "Drug", "check": False}
    >>> command_line("rank", arguments, Training())
    "keras-dcmix rank 'my plate' --label Drug --no-check --out NEW_FOLDER"
    """
    if "source" not in arguments or training is None:
        return ""
    default, own = asdict(Training()), asdict(training)
    changed = {key: value for key, value in own.items() if value != default[key]}
    parts = ["keras-dcmix", name, str(arguments["source"])]
    for key, value in {**arguments, **changed}.items():
        option = "--" + key.replace("_", "-")
        if key == "source" or value is None or (key in _ON and value):
            continue
        if key in _ON:
            parts.append("--no-" + key)
        elif isinstance(value, list | tuple):
            parts += [part for each in value for part in (option, str(each))]
        elif isinstance(value, bool):
            parts += [option] * value
        else:
            parts += [option, str(value)]
    if "out" not in arguments:
        parts += ["--out", "NEW_FOLDER"]
    return shlex.join(parts)


def constant_rows(names: Sequence[str]) -> Rows:
    """Channels that were left out because they are constant; no row where there is none."""
    if not names:
        return []
    return [("constant channels", f"{', '.join(names)}, left out")]


def subject(arguments: Mapping[str, Any]) -> str:
    """Source and label, for the line above the headline."""
    names = [str(arguments[key]) for key in ("source", "label") if arguments.get(key)]
    return " · ".join(names)


def argument_rows(arguments: Mapping[str, Any]) -> Rows:
    """What the run was called with, without what was left at its default."""
    return [
        (key.replace("_", " "), _text(value))
        for key, value in arguments.items()
        if value is not None and value != []
    ]


def training_rows(training: Training | None) -> Rows:
    """How models were built and trained; `None` where it was in a custom loop."""
    if training is None:
        return [("training", "in a custom loop")]
    return [
        (_LABELS.get(key, key.replace("_", " ")), _text(value))
        for key, value in asdict(training).items()
        if value is not None
    ]


def version_rows() -> Rows:
    """Date, backend and versions."""
    day = datetime.now(UTC).date().isoformat()
    return [("date", day), ("backend", keras.backend.backend()), *versions().items()]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
