"""Models as a TensorFlow SavedModel; the card is among the extra assets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keras_dcmix.artefacts.card import CARD_NAME, ModelCard
from keras_dcmix.artefacts.needed import needed

if TYPE_CHECKING:
    import numpy as np

    from keras_dcmix.artefacts import Run

# TensorFlow's place for files that it carries along and never reads.
_ASSETS = "assets.extra"


def load(path: Path) -> tuple[Run, ModelCard | None]:
    """Opens a model for inference.

    Raises:
        ValueError: If the folder is damaged.
        ImportError: If TensorFlow is not installed.
    """
    needed("tensorflow", "A SavedModel is run by TensorFlow")
    import tensorflow as tf

    try:
        # Kept by `run`: its variables die with it.
        model = tf.saved_model.load(str(path))
    except Exception as error:  # TensorFlow's errors have no common type
        raise ValueError(
            f"{path} cannot be opened as a SavedModel: it is damaged or incomplete "
            f"({' '.join(str(error).split())[:200]}); export it again"
        ) from error

    def run(images: np.ndarray) -> np.ndarray:
        return model.serve(images).numpy()

    place = path / _ASSETS / CARD_NAME
    if not place.is_file():
        return run, None
    return run, ModelCard.from_json(place.read_text(encoding="utf-8"), where=path)


def add_card(path: Path, card: ModelCard) -> None:
    """Writes the card into a SavedModel."""
    (path / _ASSETS).mkdir(exist_ok=True)
    (path / _ASSETS / CARD_NAME).write_text(card.to_json(), encoding="utf-8")
