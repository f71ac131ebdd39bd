"""The card as a member of a zip archive, which some formats are, or end with."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix._common.wording import short
from keras_dcmix.inference.card import CARD_NAME, ModelCard

# Of a card with thousands of classes; what claims to be larger is a zip bomb.
_LARGEST_MEMBER = 2**24


def read_card(path: Path) -> ModelCard | None:
    """The card in an archive; None where there is no archive, or no card in it.

    Raises:
        ValueError: If the archive or the card is damaged, or the card of a later version.
    """
    text = read_member(path, CARD_NAME)
    return None if text is None else ModelCard.from_json(text, where=path)


def read_member(path: Path, name: str) -> bytes | None:
    """A small member of an archive; None where there is no archive, or no such member.

    Raises:
        ValueError: If the archive is damaged, or the member far too large.
    """
    if not zipfile.is_zipfile(path):
        return None
    with _undamaged(path), zipfile.ZipFile(path) as archive:
        if name not in archive.namelist():
            return None
        if archive.getinfo(name).file_size > _LARGEST_MEMBER:
            raise zipfile.BadZipFile(f"{name} is larger than {_LARGEST_MEMBER:,} bytes")
        return archive.read(name)


def add_members(path: Path, members: dict[str, str]) -> None:
    """Adds texts to an archive, or an archive with them to the end of another file."""
    with zipfile.ZipFile(path, "a") as archive:
        for name, text in members.items():
            archive.writestr(name, text)


def add_card(path: Path, card: ModelCard) -> None:
    """Adds the card to an archive."""
    add_members(path, {CARD_NAME: card.to_json()})


def check_archive(path: Path) -> None:
    """Reads an archive once and compares every member with its checksum.

    Raises:
        ValueError: If it is no archive, cut off or damaged.
    """
    with _undamaged(path), zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
        if damaged is not None:
            raise zipfile.BadZipFile(f"the checksum of {damaged} differs")


@contextmanager
def _undamaged(path: Path) -> Iterator[None]:
    try:
        yield
    # Damaged headers may claim encryption or a compression that is not known.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ArtefactError(
            f"{path} is not a complete {path.suffix} file: it is damaged, cut off or something "
            f"else ({short(error)}); copy it again, or export it again"
        ) from error
