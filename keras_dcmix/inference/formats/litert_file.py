"""Models as LiteRT (`.tflite`); the card is in a zip archive after the model.

TensorFlow Lite's own metadata is stored in the same place; the interpreter does not read it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix._common.optional_imports import import_optional
from keras_dcmix._common.wording import short
from keras_dcmix.inference.card import CARD_NAME
from keras_dcmix.inference.checksum import CHECKSUM_NAME, checksum_of, verify_checksum
from keras_dcmix.inference.formats.archives import add_members, read_card, read_member
from keras_dcmix.inference.formats.format import Format, Run

if TYPE_CHECKING:
    import numpy as np

    from keras_dcmix.inference.card import ModelCard


def load(path: Path) -> tuple[Run, ModelCard | None]:
    """Opens a model for inference.

    Raises:
        ValueError: If the file is damaged, or has operations that LiteRT alone does not know.
        ImportError: If LiteRT is not installed.
    """
    litert = import_optional(
        "ai_edge_litert.interpreter", "A LiteRT model is run by ai-edge-litert", page="inference"
    )
    checksum = read_member(path, CHECKSUM_NAME)
    if checksum is not None:  # before the interpreter, which a damaged file can crash
        verify_checksum(path, checksum.decode("latin-1"))
    try:
        interpreter = litert.Interpreter(model_path=str(path))
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ArtefactError(
            f"{path} cannot be opened as a LiteRT model: it is damaged, or has operations that "
            f"LiteRT does not know ({short(error)}); export it again"
        ) from error
    given = interpreter.get_input_details()[0]["index"]
    made = interpreter.get_output_details()[0]["index"]

    def run(images: np.ndarray) -> np.ndarray:
        interpreter.resize_tensor_input(given, images.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(given, images)
        interpreter.invoke()
        return interpreter.get_tensor(made)

    return run, read_card(path)


def add_card(path: Path, card: ModelCard) -> None:
    """Adds the card and a checksum of the model, as an archive after it."""
    add_members(path, {CHECKSUM_NAME: checksum_of(path), CARD_NAME: card.to_json()})


FORMAT = Format(
    "litert",
    "LiteRT",
    suffix=".tflite",
    load=load,
    add_card=add_card,
    keras_name="litert",
    runtime="ai_edge_litert",
    written_from={
        "tensorflow": ("ai_edge_litert",),
        "torch": ("ai_edge_litert", "litert_torch"),
    },
)
