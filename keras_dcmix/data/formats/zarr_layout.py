"""The layout of a Zarr array on disk: its shape, and which of its chunks exist.

Zarr silently fills absent chunks with a constant; microscopes lose files, and copies are
interrupted, so each chunk is looked for before it is read.

Reference:
    Zarr specifications, version 2, and version 3 with its sharding codec (ZEP 2).
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_dcmix._common.errors import DataError

_ABSENT = 2**64 - 1  # offset and size of an absent chunk in the index of a shard


@dataclass(frozen=True)
class Shards:
    """How files that hold several chunks are divided.

    Args:
        chunks: shape of a chunk.
        order: `"<"` or `">"`, byte order of the index.
        has_checksum: whether four bytes follow the index.
        at_start: whether the index is at the start of the file, and not at its end.
    """

    chunks: tuple[int, ...]
    order: str
    has_checksum: bool
    at_start: bool


@dataclass(frozen=True)
class ZarrLayout:
    """An array.

    Args:
        folder: its folder.
        shape: its shape.
        chunks: shape of the part that one file holds.
        prefix: what the names of the files begin with.
        separator: the text between the numbers in their names.
        shards: how a file is divided; None where it is one chunk.
        fill_value: the pixels of absent chunks.
    """

    folder: Path
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    prefix: tuple[str, ...]
    separator: str
    shards: Shards | None
    fill_value: object

    def absent_chunk(self, leading: Sequence[int]) -> str | None:
        """Finds an absent chunk of a plane.

        Args:
            leading: indices on all axes but the last two.

        Returns:
            The name of its file, with its place in it where this holds several, or None.
        """
        files = [index // size for index, size in zip(leading, self.chunks, strict=False)]
        for place in itertools.product(
            *([number] for number in files), *map(_numbers, self.shape[-2:], self.chunks[-2:])
        ):
            name = self.separator.join([*self.prefix, *map(str, place)])
            path = self.folder / name
            if not path.is_file() or not path.stat().st_size:
                return name
            if self.shards is not None:
                inner = next(self._absent_in_shard(path, self.shards, leading, place), None)
                if inner is not None:
                    return f"{name}, part {'.'.join(map(str, inner))}"
        return None

    def _absent_in_shard(
        self, path: Path, shards: Shards, leading: Sequence[int], place: Sequence[int]
    ) -> Iterator[tuple[int, ...]]:
        """Chunks of a plane that are absent in a file, by their numbers in it."""
        chunks = shards.chunks
        index = _read_index(path, self.chunks, shards)
        fixed = (
            [position % length // size]
            for position, length, size in zip(leading, self.chunks, chunks, strict=False)
        )
        # The last shard of an axis may reach beyond the array, where no chunk need be.
        ends = (
            min(shard, length - number * shard)
            for number, shard, length in zip(
                place[-2:], self.chunks[-2:], self.shape[-2:], strict=True
            )
        )
        for inner in itertools.product(*fixed, *map(_numbers, ends, chunks[-2:])):
            if (index[inner] == _ABSENT).all():
                yield inner


def zarr_layout(folder: Path) -> ZarrLayout | None:
    """Reads the metadata of an array.

    Args:
        folder: where it may lie.

    Returns:
        Its layout, or None where there is no array.

    Raises:
        ValueError: if the metadata are damaged, or absent chunks could not be detected.
    """
    new, old = folder / "zarr.json", folder / ".zarray"
    path = new if new.is_file() else old
    if not path.is_file():
        return None
    metadata = read_json(path)
    if path is new and metadata.get("node_type") != "array":
        return None
    try:
        return (_version_3 if path is new else _version_2)(folder, metadata)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise DataError(
            "Metadata of a Zarr array must name its shape, chunks and codecs. Received: "
            f"'{path}' without them ({type(error).__name__}: {error}). Copy the file again"
        ) from error


def read_json(path: Path) -> dict:
    """Reads a metadata file.

    Raises:
        ValueError: if it is no JSON object.
    """
    try:
        metadata = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"Zarr metadata must be JSON. Received: text that cannot be read ({error}) in "
            f"'{path}'. Copy the file again"
        ) from error
    if not isinstance(metadata, dict):
        raise DataError(
            f"Zarr metadata must be a JSON object. Received: {type(metadata).__name__} in '{path}'"
        )
    return metadata


def _version_2(folder: Path, metadata: dict) -> ZarrLayout:
    shape, chunks = _sizes(metadata["shape"], metadata["chunks"], folder)
    separator = metadata.get("dimension_separator", ".")
    return ZarrLayout(folder, shape, chunks, (), separator, None, metadata.get("fill_value"))


def _version_3(folder: Path, metadata: dict) -> ZarrLayout:
    grid, keys = metadata["chunk_grid"], metadata["chunk_key_encoding"]
    shape, chunks = _sizes(metadata["shape"], grid["configuration"]["chunk_shape"], folder)
    if grid["name"] != "regular" or keys["name"] not in ("default", "v2"):
        raise _unknown(f"the chunk grid '{grid['name']}' and keys '{keys['name']}'", folder)
    is_default = keys["name"] == "default"
    separator = keys.get("configuration", {}).get("separator", "/" if is_default else ".")
    return ZarrLayout(
        folder,
        shape,
        chunks,
        ("c",) if is_default else (),
        separator,
        _shards(metadata["codecs"], folder),
        metadata["fill_value"],
    )


def _shards(codecs: list[dict], folder: Path) -> Shards | None:
    if not _has_shards(codecs):
        return None
    settings = codecs[0].get("configuration", {})
    if len(codecs) > 1 or _has_shards(settings["codecs"]):
        raise _unknown("shards within other codecs", folder)
    first, *others = settings["index_codecs"]
    if first["name"] != "bytes" or [codec["name"] for codec in others] not in ([], ["crc32c"]):
        raise _unknown("shards with a compressed index", folder)
    is_big = first.get("configuration", {}).get("endian") == "big"
    return Shards(
        tuple(settings["chunk_shape"]),
        ">" if is_big else "<",
        bool(others),
        settings.get("index_location") == "start",
    )


def _has_shards(codecs: list[dict]) -> bool:
    return any(codec["name"] == "sharding_indexed" for codec in codecs)


def _sizes(shape: list, chunks: list, folder: Path) -> tuple[tuple[int, ...], tuple[int, ...]]:
    is_valid = all(type(size) is int and size > 0 for size in [*shape, *chunks])
    if not is_valid or len(shape) != len(chunks) or len(shape) < 2:
        raise DataError(
            "A Zarr array of pixels must have a shape and chunks of as many sizes from 1, at least "
            f"two. Received: shape={shape} and chunks={chunks} in '{folder}'"
        )
    return tuple(shape), tuple(chunks)


def _unknown(received: str, folder: Path) -> DataError:
    return DataError(
        "Chunks of a Zarr array must be stored so that absent ones can be detected. Received: "
        f"{received} in '{folder}'. Save it again with regular chunks"
    )


def _numbers(length: int, size: int) -> range:
    """Numbers of the chunks that cover a length."""
    return range(-(-length // size))


def _read_index(path: Path, shape: Sequence[int], shards: Shards) -> np.ndarray:
    """Reads the offset and size of each chunk of a shard, an array `(*chunks, 2)`."""
    grid = [length // size for length, size in zip(shape, shards.chunks, strict=True)]
    checksum = 4 if shards.has_checksum else 0
    num_bytes = 16 * int(np.prod(grid))
    with path.open("rb") as file:
        if not shards.at_start:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - num_bytes - checksum))
        data = file.read(num_bytes)
    if len(data) < num_bytes:
        raise DataError(f"A shard must be complete. Received: a truncated one, '{path}'")
    return np.frombuffer(data, f"{shards.order}u8").reshape(*grid, 2)
