"""The formats of trained models: a file each, and here the registry that knows them all.

Nothing here imports Keras or a backend before a model needs it.
"""

from __future__ import annotations

from pathlib import Path

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix.inference.card import ModelCard as ModelCard
from keras_dcmix.inference.formats import (
    keras_file,
    litert_file,
    onnx_file,
    saved_model,
    torch_program,
)
from keras_dcmix.inference.formats.format import Format as Format
from keras_dcmix.inference.formats.format import Run as Run

MODEL_FILE = "model.keras"

FORMATS = {
    known.name: known
    for known in (
        saved_model.FORMAT,
        onnx_file.FORMAT,
        litert_file.FORMAT,
        torch_program.FORMAT,
        keras_file.FORMAT,
    )
}


def artefact_path(path: str | Path) -> Path:
    """Where a model is; for the folder of a ranking, the `model.keras` in it.

    Raises:
        ValueError: If it does not exist.
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
    """The format of a model, by its name: a key of `FORMATS`.

    Raises:
        ValueError: If it is none of them.
    """
    for name, known in FORMATS.items():
        if known.folder_mark is not None:
            is_this = path.is_dir() and (path / known.folder_mark).is_file()
        else:
            is_this = path.is_file() and path.suffix == known.suffix
        if is_this:
            return name
    endings = ", ".join(known.suffix for known in FORMATS.values() if known.suffix)
    raise ArtefactError(
        f"A model must be a file that ends in {endings}, a SavedModel or the folder of a ranking. "
        f"Received: {path}"
    )
