"""Files of OME-TIFF images: found, opened for their OME-XML, and gathered by channel."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.formats.ome_xml import OmeImage, read_ome_xml
from keras_dcmix.data.formats.paths import path_inside
from keras_dcmix.data.formats.reading import Reading

_COMPANION = ".companion.ome"
_TIFF = (".tif", ".tiff")
_SUFFIX = re.compile(r"((\.ome)?\.tiff?|\.companion\.ome)$", re.IGNORECASE)
_CHANNEL_PART = re.compile(
    r"(?<![A-Za-z0-9])((?:channel|ch|w)[_-]?\d+)(?![A-Za-z0-9])", re.IGNORECASE
)


@dataclass(frozen=True)
class OmeTiffRecord:
    """An image in a file.

    Args:
        image: what the OME-XML says of it.
        file: the file that holds the OME-XML.
        number: which of several images of a file it is, from 1.
        stem: the file's name without `.ome.tif`, and without the part of the channel where each
            channel has a file.
        paths: path of each file of its planes, by its name in the OME-XML.
    """

    image: OmeImage
    file: Path
    number: int
    stem: str
    paths: dict[str | None, str]

    def planes(self) -> pd.DataFrame:
        """One row a plane, as `fields_from_planes` takes them."""
        planes, names = pd.DataFrame(self.image.planes), self.image.names
        return pd.DataFrame(
            {
                "Metadata_Image": str(self.number),
                "Metadata_Timepoint": planes["t"].astype(str),
                "channel": [names[plane.c] for plane in self.image.planes],
                "z": planes["z"],
                "path": [self.paths[plane.file] for plane in self.image.planes],
                "page": planes["page"],
            }
        )


def is_ome_tiff_file(path: Path) -> bool:
    """Whether a file is an OME-TIFF, or the OME-XML of some."""
    if path.name.lower().endswith((_COMPANION, ".ome.tif", ".ome.tiff")):
        return True
    if path.suffix.lower() not in _TIFF:
        return False
    try:
        return _is_ome(_description(path))
    except ValueError:
        return False


def ome_tiff_files(folder: Path) -> list[Path]:
    """The files of a folder that may be OME-TIFF; those with OME-XML alone come first."""
    with os.scandir(folder) as entries:
        names = sorted(
            entry.name
            for entry in entries
            if entry.name.lower().endswith((_COMPANION, *_TIFF))
            and not entry.name.startswith(".")
            and entry.is_file()
        )
    names.sort(key=lambda name: not name.lower().endswith(_COMPANION))
    return [folder / name for name in names]


def ome_tiff_records(path: Path, reading: Reading) -> list[OmeTiffRecord]:
    """Reads the OME-XML of a file, or of each file of a folder that no other has named before.

    Args:
        path: the file or folder.
        reading: of which `root` and `allow_outside` count.

    Raises:
        ValueError: if there is no file, or one is no OME-TIFF or damaged.
    """
    files = ome_tiff_files(path) if path.is_dir() else [path]
    records: list[OmeTiffRecord] = []
    masters: dict[Path, str] = {}
    named: set[str] = set()
    for file in files:
        if str(file) in named:
            continue
        images, master = read_ome_xml(_ome_text(file), str(file))
        if master is not None:
            masters[file] = master
        for number, image in enumerate(images, 1):
            record = _record(image, file, 1 if image.place else number, reading)
            named.update(record.paths.values())
            records.append(record)
    if path in masters:
        return _records_of_master(path, masters[path], reading)
    alone = [file for file in masters if str(file) not in named]
    if alone:
        raise DataError(
            f"The metadata of '{alone[0]}' must be in '{masters[alone[0]]}', which it refers to. "
            f"Received: no such file that names it. Put that file into the folder '{path}'"
        )
    if not records:
        raise DataError(
            "A folder of OME-TIFFs must hold files whose names end in .tif or .tiff. Received: "
            f"none in '{path}'. Choose the folder that they are in"
        )
    return records


def merged_channels(records: list[OmeTiffRecord]) -> list[OmeTiffRecord]:
    """Gathers files of one channel each whose names differ in the channel's part only.

    Args:
        records: images of all files.

    Returns:
        The same images. Where each has a file and a channel of its own and gathering gives no
        field the same channel twice, their stems lack the part, and a channel without a name is
        named by it.
    """
    is_single = all(len(record.image.channels) == 1 for record in records)
    if not is_single or len({record.file for record in records}) < max(2, len(records)):
        return records
    merged = [_without_channel_part(record) for record in records]
    fields = [(record.stem, *record.image.channels) for record in merged]
    return merged if len(set(fields)) == len(fields) else records


def _without_channel_part(record: OmeTiffRecord) -> OmeTiffRecord:
    (name,) = record.image.channels
    letters = "[ _-]".join(map(re.escape, re.split("[ _-]", name.strip())))
    named = re.compile(rf"(?<![A-Za-z0-9])({letters})(?![A-Za-z0-9])", re.IGNORECASE)
    part = (named.search(record.stem) if name.strip() else None) or _CHANNEL_PART.search(
        record.stem
    )
    if part is None:
        return record
    before, after = record.stem[: part.start()], record.stem[part.end() :]
    stem = (before.rstrip(" _-.") + after).strip(" _-.") or record.file.parent.name
    return replace(
        record, stem=stem, image=replace(record.image, channels=[name.strip() or part[1]])
    )


def _record(image: OmeImage, file: Path, number: int, reading: Reading) -> OmeTiffRecord:
    folder = reading.folder(file.parent)
    names = dict.fromkeys(plane.file for plane in image.planes)
    paths = {
        name: str(file)
        if name is None
        else path_inside(name, folder, allow_outside=reading.allow_outside)
        for name in names
    }
    return OmeTiffRecord(image, file, number, _SUFFIX.sub("", file.name), paths)


def _records_of_master(path: Path, name: str, reading: Reading) -> list[OmeTiffRecord]:
    """The images of the file that holds the metadata of another."""
    folder = reading.folder(path.parent)
    master = Path(path_inside(name, folder, allow_outside=reading.allow_outside))
    if not master.is_file() or read_ome_xml(_ome_text(master), str(master))[1] is not None:
        raise DataError(
            f"The metadata of '{path}' must be in '{name}', which it refers to. Received: none "
            f"there. Put that file into the folder '{folder}'"
        )
    return ome_tiff_records(master, reading)


def _ome_text(path: Path) -> str:
    if not path.is_file():
        raise DataError(f"OME-TIFF is missing: '{path}'")
    if not path.stat().st_size:
        raise DataError(f"OME-TIFF is empty (0 bytes): '{path}'")
    if path.suffix.lower() not in _TIFF:
        return path.read_bytes().decode("utf-8-sig", "replace")
    text = _description(path)
    if not _is_ome(text):
        raise DataError(
            f"An OME-TIFF must hold OME-XML. Received: a TIFF without it, or a truncated one: "
            f"'{path}'. Copy it again, move it out of the folder, or read the folder by its file "
            "names"
        )
    return text


def _description(path: Path) -> str:
    """The text of the first page of a TIFF."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff:
            return tiff.pages.first.description
    # tifffile raises its own kind, and for damaged tags struct.error, IndexError and others.
    except Exception as error:
        raise DataError(
            f"An OME-TIFF must be a complete TIFF. Received: '{path}' "
            f"({(str(error).strip() or type(error).__name__).splitlines()[0]}). Copy it again"
        ) from error


def _is_ome(text: str) -> bool:
    return text.rstrip(" \r\n\t\0").endswith("OME>")
