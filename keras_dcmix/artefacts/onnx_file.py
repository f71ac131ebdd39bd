"""Models as ONNX: run by onnxruntime, without Keras; the card is among the metadata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_dcmix.artefacts.card import CARD_NAME, ModelCard
from keras_dcmix.artefacts.needed import needed

if TYPE_CHECKING:
    import numpy as np

    from keras_dcmix.artefacts import Run


def load(path: Path) -> tuple[Run, ModelCard | None]:
    """Opens a model for inference on the CPU.

    Raises:
        ValueError: If the file is damaged, or takes something else than one batch of images.
        ImportError: If onnxruntime is not installed.
    """
    session = _session(path)
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise ValueError(
            f"{path} must take one batch of images, it takes {len(inputs)} inputs "
            f"({', '.join(each.name for each in inputs)}): export the model with keras-dcmix"
        )

    def run(images: np.ndarray) -> np.ndarray:
        return session.run(None, {inputs[0].name: images})[0]

    text = session.get_modelmeta().custom_metadata_map.get(CARD_NAME)
    return run, None if text is None else ModelCard.from_json(text, where=path)


def add_card(path: Path, card: ModelCard) -> None:
    """Writes the card into the metadata of a file.

    Raises:
        ImportError: If onnx is not installed.
    """
    onnx = needed("onnx", "Metadata is written into an ONNX model by onnx")
    model = onnx.load(str(path))
    entry = model.metadata_props.add()
    entry.key, entry.value = CARD_NAME, card.to_json()
    onnx.save(model, str(path))


def _session(path: Path) -> Any:
    runtime = needed("onnxruntime", "An ONNX model is run by onnxruntime")
    try:
        return runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common type
        raise ValueError(
            f"{path} cannot be opened as an ONNX model: it is damaged, cut off or of a later ONNX "
            f"version ({' '.join(str(error).split())[:200]}); export it again"
        ) from error
