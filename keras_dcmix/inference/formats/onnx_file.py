"""Models as ONNX: run by onnxruntime, without Keras; the card is among the metadata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix._common.optional_imports import import_optional
from keras_dcmix._common.wording import short
from keras_dcmix.inference.card import CARD_NAME, ModelCard
from keras_dcmix.inference.checksum import CHECKSUM_NAME, checksum_of, verify_checksum
from keras_dcmix.inference.formats.format import Format, Run

if TYPE_CHECKING:
    import numpy as np


def load(path: Path) -> tuple[Run, ModelCard | None]:
    """Opens a model for inference on the CPU.

    Raises:
        ValueError: If the file is damaged.
        ImportError: If onnxruntime is not installed.
    """
    session = _session(path)
    metadata = session.get_modelmeta().custom_metadata_map
    if CHECKSUM_NAME in metadata:
        verify_checksum(path, metadata[CHECKSUM_NAME])
    given = session.get_inputs()[0].name

    def run(images: np.ndarray) -> np.ndarray:
        return session.run(None, {given: images})[0]

    text = metadata.get(CARD_NAME)
    return run, None if text is None else ModelCard.from_json(text, where=path)


def add_card(path: Path, card: ModelCard) -> None:
    """Writes the card, and a checksum of all that precedes it, into the metadata of a file.

    Raises:
        ImportError: If onnx is not installed.
    """
    onnx = import_optional(
        "onnx", "Metadata is written into an ONNX model by onnx", page="inference"
    )
    for name, text in ((CARD_NAME, card.to_json), (CHECKSUM_NAME, lambda: checksum_of(path))):
        entry = onnx.StringStringEntryProto(key=name, value=text())
        # Bytes appended to a protobuf message are read as part of it.
        with path.open("ab") as file:
            file.write(onnx.ModelProto(metadata_props=[entry]).SerializeToString())


def _session(path: Path) -> Any:
    runtime = import_optional(
        "onnxruntime", "An ONNX model is run by onnxruntime", page="inference"
    )
    try:
        return runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common type
        raise ArtefactError(
            f"{path} cannot be opened as an ONNX model: it is damaged, cut off or of a later ONNX "
            f"version ({short(error)}); export it again"
        ) from error


FORMAT = Format(
    "onnx",
    "ONNX",
    suffix=".onnx",
    load=load,
    add_card=add_card,
    keras_name="onnx",
    runtime="onnxruntime",
    written_from={
        "tensorflow": ("onnx", "onnxruntime", "tf2onnx"),
        "torch": ("onnx", "onnxruntime"),
        "jax": ("onnx", "onnxruntime", "jax2onnx"),
    },
)
