"""A checksum beside the card, for formats whose runtimes do not notice a damaged file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from keras_dcmix._common.errors import ArtefactError

CHECKSUM_NAME = "keras_dcmix.sha256"
_CHUNK = 2**20


def checksum_of(path: Path) -> str:
    """The size and the SHA-256 of a file as it is now; what is appended later is not covered."""
    num_bytes = path.stat().st_size
    return f"{num_bytes} {_digest(path, num_bytes)}"


def verify_checksum(path: Path, checksum: str) -> None:
    """Compares a file with the result of an earlier `checksum_of`.

    Raises:
        ValueError: If it differs or is missing.
    """
    num_bytes, _, digest = checksum.partition(" ")
    if not path.is_file() or not num_bytes.isdigit() or _digest(path, int(num_bytes)) != digest:
        raise ArtefactError(
            f"{path} is damaged or was changed: its checksum is not that of the exported model; "
            "copy it again, or export it again"
        )


def _digest(path: Path, num_bytes: int) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(min(_CHUNK, num_bytes)):
            found.update(part)
            num_bytes -= len(part)
    return found.hexdigest()
