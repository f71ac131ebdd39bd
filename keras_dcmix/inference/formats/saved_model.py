"""Models as a TensorFlow SavedModel; the card is among the extra assets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix._common.optional_imports import import_optional
from keras_dcmix._common.wording import short
from keras_dcmix.inference.card import CARD_NAME, ModelCard
from keras_dcmix.inference.checksum import checksum_of, verify_checksum
from keras_dcmix.inference.formats.format import Format, Run

if TYPE_CHECKING:
    import numpy as np


GRAPH = "saved_model.pb"
# TensorFlow's folder for files that it copies and never reads.
_ASSETS = "assets.extra"
# TensorFlow checks the variables itself.
_CHECKED = (GRAPH, f"{_ASSETS}/{CARD_NAME}")


def load(path: Path) -> tuple[Run, ModelCard | None]:
    """Opens a model for inference.

    Raises:
        ValueError: If the folder is damaged.
        ImportError: If TensorFlow is not installed.
    """
    import_optional("tensorflow", "A SavedModel is run by TensorFlow", page="inference")
    import tensorflow as tf

    card = path / _ASSETS / CARD_NAME
    _verify_checksums(path)
    try:
        # `run` keeps it: its variables are deleted with it.
        model = tf.saved_model.load(str(path))
    except Exception as error:  # TensorFlow's errors have no common type
        raise ArtefactError(
            f"{path} cannot be opened as a SavedModel: it is damaged or incomplete "
            f"({short(error)}); export it again"
        ) from error

    def run(images: np.ndarray) -> np.ndarray:
        return model.serve(images).numpy()

    return run, ModelCard.from_json(card.read_bytes(), where=path) if card.is_file() else None


def add_card(path: Path, card: ModelCard) -> None:
    """Writes the card, and checksums of the graph and of the card, into a SavedModel."""
    (path / _ASSETS).mkdir(exist_ok=True)
    (path / _ASSETS / CARD_NAME).write_text(card.to_json(), encoding="utf-8")
    for name in _CHECKED:
        _checksum_path(path, name).write_text(checksum_of(path / name), encoding="latin-1")


def _verify_checksums(path: Path) -> None:
    for name in _CHECKED:
        checksum = _checksum_path(path, name)
        if checksum.is_file():
            verify_checksum(path / name, checksum.read_text(encoding="latin-1"))


def _checksum_path(path: Path, name: str) -> Path:
    return path / _ASSETS / f"{Path(name).name}.sha256"


FORMAT = Format(
    "saved_model",
    "TensorFlow SavedModel",
    suffix="",
    load=load,
    add_card=add_card,
    keras_name="tf_saved_model",
    runtime="tensorflow",
    written_from={"tensorflow": (), "jax": ("tensorflow",)},
    folder_mark=GRAPH,
)
