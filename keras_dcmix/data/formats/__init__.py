"""The formats that images come in: how each is recognised and read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path

from keras_dcmix._common.errors import DataError
from keras_dcmix._common.names import nearest
from keras_dcmix.data.finishing import finish
from keras_dcmix.data.formats import (
    cellvoyager,
    folders,
    harmony,
    imagexpress,
    load_data,
    ome_tiff,
    ome_zarr,
    rxrx1,
)
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.reading import Reading, existing_path
from keras_dcmix.data.tables import header_of, is_table


@dataclass(frozen=True)
class Format:
    """A format.

    Args:
        title: what people call it.
        recognises: whether a path, which exists, is of this format.
        read: builds the image set, before labels are joined and files are checked.
        takes: what of `Reading` means anything to it, besides `reader`.
    """

    title: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, Reading], ImageSet]
    takes: tuple[str, ...]


# In the order in which they are tried: what is certain from a file first, bare folders last.
FORMATS = {
    "loaddata": Format(
        "CellProfiler LoadData",
        load_data.is_load_data,
        load_data.read_load_data,
        ("root", "allow_outside"),
    ),
    "harmony": Format(
        "Harmony export",
        harmony.is_harmony,
        harmony.read_harmony,
        ("root", "z", "allow_outside"),
    ),
    "ome-zarr": Format(
        "OME-Zarr", ome_zarr.is_ome_zarr, ome_zarr.read_ome_zarr, ("z", "allow_outside")
    ),
    "ome-tiff": Format(
        "OME-TIFF", ome_tiff.is_ome_tiff, ome_tiff.read_ome_tiff, ("root", "z", "allow_outside")
    ),
    "rxrx1": Format("RxRx1", rxrx1.is_rxrx1, rxrx1.read_rxrx1, ("root", "allow_outside")),
    "cellvoyager": Format(
        "CellVoyager", cellvoyager.is_cellvoyager, cellvoyager.read_cellvoyager, ()
    ),
    "imagexpress": Format(
        "ImageXpress", imagexpress.is_imagexpress, imagexpress.read_imagexpress, ("z",)
    ),
    "folders": Format(
        "folders of images", folders.is_folders, folders.read_folders, ("z", "pattern")
    ),
}


def detect_format(path: str | PathLike[str]) -> str:
    """Tells the format of a source from what is there.

    Args:
        path: a file or folder.

    Returns:
        A key of `FORMATS`.

    Raises:
        ValueError: if nothing is there, or no format recognises it.
    """
    path = existing_path(path)
    found = next((name for name, known in FORMATS.items() if known.recognises(path)), None)
    if found is None and path.is_file() and is_table(path):
        raise DataError(
            "a table must have columns FileName_<channel> (CellProfiler LoadData) or experiment, "
            f"plate and well (RxRx1), received {', '.join(header_of(path)) or 'none'} in '{path}'; "
            "a table of wells goes with the images as platemap="
        )
    if found is None:
        listed = ", ".join(f"{name} ({known.title})" for name, known in FORMATS.items())
        raise DataError(
            f"source must be of a known format, received '{path}', which looks like none of "
            f"{listed}: name the one that it is with format="
        )
    return found


def open_images(
    path: str | PathLike[str],
    *,
    format: str | None = None,
    reading: Reading | None = None,
    channels: Sequence[str] | None = None,
    label: str | None = None,
    group: str | Sequence[str] | None = None,
    platemap: str | PathLike[str] | None = None,
    check_files: bool = True,
) -> ImageSet:
    """Opens a source of any known format.

    Args:
        path: a file or folder.
        format: a key of `FORMATS`; detected where None, or `"folders"` where a pattern is given.
        reading: how to read it; the defaults of `Reading` where None.
        channels: names of the channels to keep, in this order; all where None.
        label: metadata column that holds the classes. Where None, the set has no labels.
        group: as in `ImageSet.with_labels`; needs `label`.
        platemap: a table of wells whose other columns join the metadata.
        check_files: whether to raise where files are missing or come twice.

    Returns:
        An `ImageSet`; no pixel is read.

    Raises:
        ValueError: if the source cannot be read, or columns, channels or files are wrong.
    """
    if format is not None and format not in FORMATS:
        raise DataError(
            f"unknown format '{format}', did you mean '{nearest(format, FORMATS)}'? Known are: "
            f"{', '.join(FORMATS)}"
        )
    reading = reading or Reading()
    if format is None and reading.pattern is not None:
        format = "folders"
    path = existing_path(path)
    format = format or detect_format(path)
    _refuse_unused(reading, format)
    image_set = FORMATS[format].read(path, reading)
    return finish(
        image_set,
        channels=channels,
        label=label,
        group=group,
        platemap=platemap,
        check_files=check_files,
    )


def _refuse_unused(reading: Reading, format: str) -> None:
    for field in fields(Reading):
        is_given = getattr(reading, field.name) != field.default
        if is_given and field.name not in (*FORMATS[format].takes, "reader"):
            takers = [name for name, known in FORMATS.items() if field.name in known.takes]
            raise DataError(
                f"{field.name}= does nothing for the format '{format}', only for "
                f"{', '.join(takers)}: leave it out"
            )
