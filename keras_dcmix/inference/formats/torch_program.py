"""Models as an exported program of PyTorch (`.pt2`); the card is among the extra files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix._common.optional_imports import import_optional
from keras_dcmix._common.wording import short
from keras_dcmix.inference.card import CARD_NAME, ModelCard
from keras_dcmix.inference.formats.archives import check_archive
from keras_dcmix.inference.formats.format import Format, Run

if TYPE_CHECKING:
    import numpy as np


_LARGEST_BATCH = 2**16


def load(path: Path) -> tuple[Run, ModelCard | None]:
    """Opens a model for inference.

    Raises:
        ValueError: If the file is damaged.
        ImportError: If PyTorch is not installed.
    """
    import_optional("torch", "A .pt2 program is run by PyTorch", page="inference")
    import torch

    check_archive(path)  # PyTorch would log a traceback of its own
    files = {CARD_NAME: ""}
    try:
        module = torch.export.load(str(path), extra_files=files).module()
    except Exception as error:  # torch's errors have no common type
        raise ArtefactError(
            f"{path} cannot be opened as a program of PyTorch: it is damaged, cut off or of "
            f"another version ({short(error)}); export it again"
        ) from error

    def run(images: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return module(torch.from_numpy(images)).cpu().numpy()

    text = files[CARD_NAME]
    return run, ModelCard.from_json(text, where=path) if text else None


def add_card(path: Path, card: ModelCard) -> None:
    """Writes a program again, with the card."""
    import torch

    program = torch.export.load(str(path))
    torch.export.save(program, str(path), extra_files={CARD_NAME: card.to_json()})


def writing_options() -> dict[str, Any]:
    """Arguments of `keras.Model.export` for batches of any size."""
    import torch

    return {"dynamic_shapes": {0: torch.export.Dim("batch", min=1, max=_LARGEST_BATCH)}}


FORMAT = Format(
    "torch",
    "PyTorch program",
    suffix=".pt2",
    load=load,
    add_card=add_card,
    keras_name="torch",
    runtime="torch",
    written_from={"torch": ()},
    writing_options=writing_options,
)
