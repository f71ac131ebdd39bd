"""Models as a TensorFlow SavedModel; the card is among the extra assets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix._common.wording import short
from keras_dcmix.inference.card import CARD_NAME, ModelCard
from keras_dcmix.inference.checksum import check_seal, seal_of
from keras_dcmix.inference.formats.needed import needed

if TYPE_CHECKING:
    import numpy as np

    from keras_dcmix.inference.formats import Run

GRAPH = "saved_model.pb"
# TensorFlow's place for files that it carries along and never reads.
_ASSETS = "assets.extra"
# TensorFlow checks the variables itself.
_SEALED = (GRAPH, f"{_ASSETS}/{CARD_NAME}")


def load(path: Path) -> tuple[Run, ModelCard | None]:
    """Opens a model for inference.

    Raises:
        ValueError: If the folder is damaged.
        ImportError: If TensorFlow is not installed.
    """
    needed("tensorflow", "A SavedModel is run by TensorFlow")
    import tensorflow as tf

    card = path / _ASSETS / CARD_NAME
    _check_seals(path)
    try:
        # Kept by `run`: its variables die with it.
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
    for name in _SEALED:
        _seal_place(path, name).write_text(seal_of(path / name), encoding="latin-1")


def _check_seals(path: Path) -> None:
    for name in _SEALED:
        seal = _seal_place(path, name)
        if seal.is_file():
            check_seal(path / name, seal.read_text(encoding="latin-1"))


def _seal_place(path: Path, name: str) -> Path:
    return path / _ASSETS / f"{Path(name).name}.sha256"
