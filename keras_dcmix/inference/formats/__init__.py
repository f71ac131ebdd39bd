"""The formats that models are kept in, each with its card, and how they are opened.

Nothing here imports Keras or a backend before an artefact needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix.inference.card import ModelCard as ModelCard
from keras_dcmix.inference.formats import (
    keras_file,
    lite_model,
    onnx_file,
    saved_model,
    torch_program,
)

# From float32 images, as the model takes them, to what it puts out for each class.
Run = Callable[[np.ndarray], np.ndarray]
MODEL_FILE = "model.keras"


@dataclass(frozen=True)
class Format:
    """A format.

    Args:
        title: What people call it.
        suffix: How its files end; empty for a folder.
        load: Opens an artefact: `(run, card)`; no card where it was written by others.
        add_card: Puts the card into an artefact.
        keras_name: What `keras.Model.export` calls it; empty for `.keras` itself.
        runtime: The module that runs it.
        written_from: For each backend that can write it: the packages that it takes to write it and
            to read it again.
        writing_options: Further arguments for `keras.Model.export`.
        folder_mark: For a folder: the file by which an earlier one is known; `None` for a file.
    """

    title: str
    suffix: str
    load: Callable[[Path], tuple[Run, ModelCard | None]]
    add_card: Callable[[Path, ModelCard], None]
    keras_name: str
    runtime: str
    written_from: Mapping[str, tuple[str, ...]]
    writing_options: Callable[[], dict[str, Any]] = dict
    folder_mark: str | None = None


FORMATS = {
    "saved_model": Format(
        "TensorFlow SavedModel",
        "",
        saved_model.load,
        saved_model.add_card,
        "tf_saved_model",
        "tensorflow",
        {"tensorflow": (), "jax": ("tensorflow",)},
        folder_mark=saved_model.GRAPH,
    ),
    "onnx": Format(
        "ONNX",
        ".onnx",
        onnx_file.load,
        onnx_file.add_card,
        "onnx",
        "onnxruntime",
        {
            "tensorflow": ("onnx", "onnxruntime", "tf2onnx"),
            "torch": ("onnx", "onnxruntime"),
            "jax": ("onnx", "onnxruntime", "jax2onnx"),
        },
    ),
    "litert": Format(
        "LiteRT",
        ".tflite",
        lite_model.load,
        lite_model.add_card,
        "litert",
        "ai_edge_litert",
        {"tensorflow": ("ai_edge_litert",), "torch": ("ai_edge_litert", "litert_torch")},
    ),
    "torch": Format(
        "PyTorch program",
        ".pt2",
        torch_program.load,
        torch_program.add_card,
        "torch",
        "torch",
        {"torch": ()},
        torch_program.writing_options,
    ),
    "keras": Format(
        "Keras",
        ".keras",
        keras_file.load,
        keras_file.add_card,
        "",
        "keras",
        {"tensorflow": (), "torch": (), "jax": ()},
    ),
}


def artefact_path(path: str | Path) -> Path:
    """Where a model is; for the folder of a ranking, the `model.keras` in it.

    Raises:
        ValueError: If nothing is there.
    """
    path = Path(path).expanduser()
    if (path / MODEL_FILE).is_file():
        return path / MODEL_FILE
    if not path.exists():
        raise ArtefactError(
            f"There is no model at {path}: give the path of one, such as {MODEL_FILE}"
        )
    return path


def format_of(path: Path) -> str:
    """The format of an artefact, by its name: a key of `FORMATS`.

    Raises:
        ValueError: If it is none of them.
    """
    if path.is_dir() and (path / saved_model.GRAPH).is_file():
        return "saved_model"
    for name, known in FORMATS.items():
        if known.suffix and path.suffix == known.suffix and path.is_file():
            return name
    endings = ", ".join(known.suffix for known in FORMATS.values() if known.suffix)
    raise ArtefactError(
        f"A model must be a file that ends in {endings}, a SavedModel or the folder of a ranking. "
        f"Received: {path}"
    )
