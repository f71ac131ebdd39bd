"""Models as ONNX: run by onnxruntime, without Keras; the card is among the metadata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix._common.wording import short
from keras_dcmix.inference.card import CARD_NAME, ModelCard
from keras_dcmix.inference.checksum import SEAL_NAME, check_seal, seal_of
from keras_dcmix.inference.formats.needed import needed

if TYPE_CHECKING:
    import numpy as np

    from keras_dcmix.inference.formats import Run


def load(path: Path) -> tuple[Run, ModelCard | None]:
    """Opens a model for inference on the CPU.

    Raises:
        ValueError: If the file is damaged.
        ImportError: If onnxruntime is not installed.
    """
    session = _session(path)
    metadata = session.get_modelmeta().custom_metadata_map
    if SEAL_NAME in metadata:
        check_seal(path, metadata[SEAL_NAME])
    given = session.get_inputs()[0].name

    def run(images: np.ndarray) -> np.ndarray:
        return session.run(None, {given: images})[0]

    text = metadata.get(CARD_NAME)
    return run, None if text is None else ModelCard.from_json(text, where=path)


def add_card(path: Path, card: ModelCard) -> None:
    """Writes the card, and a checksum of all before it, into the metadata of a file.

    Raises:
        ImportError: If onnx is not installed.
    """
    onnx = needed("onnx", "Metadata is written into an ONNX model by onnx")
    for name, text in ((CARD_NAME, card.to_json), (SEAL_NAME, lambda: seal_of(path))):
        entry = onnx.StringStringEntryProto(key=name, value=text())
        # What is appended to a protobuf message is read as a part of it.
        with path.open("ab") as file:
            file.write(onnx.ModelProto(metadata_props=[entry]).SerializeToString())


def _session(path: Path) -> Any:
    runtime = needed("onnxruntime", "An ONNX model is run by onnxruntime")
    try:
        return runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common type
        raise ArtefactError(
            f"{path} cannot be opened as an ONNX model: it is damaged, cut off or of a later ONNX "
            f"version ({short(error)}); export it again"
        ) from error
