"""What a format of trained models is: the entry that each one writes for the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_dcmix.inference.card import ModelCard

# From float32 images, as the model takes them, to its output for each class.
Run = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Format:
    """A format.

    Args:
        name: What `export_model` calls it.
        title: What people call it.
        suffix: How its files end; empty for a folder.
        load: Opens a model: `(run, card)`; no card where others wrote it.
        add_card: Writes the card into a model.
        keras_name: What `keras.Model.export` calls it; empty for `.keras` itself.
        runtime: The module that runs it.
        written_from: For each backend that can write it: the packages that it takes to write it and
            to read it again.
        writing_options: Further arguments for `keras.Model.export`.
        folder_mark: For a folder: the file by which an earlier one is recognized; `None` for a
            file.
    """

    name: str
    title: str
    suffix: str
    load: Callable[[Path], tuple[Run, ModelCard | None]]
    add_card: Callable[[Path, ModelCard], None]
    keras_name: str
    runtime: str
    written_from: Mapping[str, tuple[str, ...]]
    writing_options: Callable[[], dict[str, Any]] = dict
    folder_mark: str | None = None
