"""The card as a member of a zip archive, which some kinds of artefacts are or end with."""

from __future__ import annotations

import zipfile
from pathlib import Path

from keras_dcmix.artefacts.card import CARD_NAME, ModelCard


def read_card(path: Path) -> ModelCard | None:
    """The card in an archive, or None.

    Raises:
        ValueError: If the card is damaged or of a later version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if CARD_NAME not in archive.namelist():
                return None
            text = archive.read(CARD_NAME)
    except zipfile.BadZipFile:  # no archive, or a damaged one
        return None
    return ModelCard.from_json(text, where=path)


def add_card(path: Path, card: ModelCard) -> None:
    """Adds the card to an archive, or an archive with the card to the end of another file."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(CARD_NAME, card.to_json())
