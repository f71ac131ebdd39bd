"""The registry of formats, and the function that opens a source of any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from os import PathLike

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.names import suggestion
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
from keras_dcmix.data.formats.paths import existing_path
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.tables import header_of, is_table
from keras_dcmix.data.formats.validation import label_and_validate
from keras_dcmix.data.image_set import ImageSet

# In the order in which they are tried: what is certain from a file first, bare folders last.
FORMATS = {
    module.FORMAT.name: module.FORMAT
    for module in (
        load_data,
        harmony,
        ome_zarr,
        ome_tiff,
        rxrx1,
        cellvoyager,
        imagexpress,
        folders,
    )
}


def detect_format(path: str | PathLike[str]) -> str:
    """Detects the format of a source from its files.

    Args:
        path: a file or folder.

    Returns:
        A key of `FORMATS`.

    Raises:
        ValueError: if the path does not exist, or no format recognises it.
    """
    path = existing_path(path)
    found = next((name for name, known in FORMATS.items() if known.recognises(path)), None)
    if found is None and path.is_file() and is_table(path):
        raise DataError(
            "A table of images must have columns FileName_<channel> (CellProfiler LoadData) or "
            f"experiment, plate and well (RxRx1). Received: {', '.join(header_of(path)) or 'none'} "
            f"in '{path}'. Pass a table of wells together with the images, as "
            f"{argument('platemap')}"
        )
    if found is None:
        listed = ", ".join(f"{name} ({known.title})" for name, known in FORMATS.items())
        raise DataError(
            f"The source must be of a known format: {listed}. Received: '{path}', which looks like "
            f"none of them. Choose one with {argument('format')}"
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
        label: metadata column that holds the classes; rows where it is blank are left out and
            counted. Where None, the set has no labels.
        group: as in `ImageSet.with_labels`; needs `label`.
        platemap: a table with a column of wells, whose other columns join the metadata.
        check_files: whether to raise where files are missing or come twice.

    Returns:
        An `ImageSet`; no pixel is read.

    Raises:
        ValueError: if the source cannot be read, or columns, channels or files are wrong.
    """
    if format is not None and format not in FORMATS:
        raise DataError(
            f"{argument('format')} must be one of {', '.join(FORMATS)}. Received: "
            f"{argument('format', format)}{suggestion(format, FORMATS)}"
        )
    reading = reading or Reading()
    if format is None and reading.pattern is not None:
        format = "folders"
    path = existing_path(path)
    format = format or detect_format(path)
    _refuse_unused(reading, format)
    return label_and_validate(
        FORMATS[format].read(path, reading),
        channels=channels,
        label=label,
        group=group,
        platemap=platemap,
        check_files=check_files,
    )


def _refuse_unused(reading: Reading, format: str) -> None:
    for field in fields(Reading):
        value = getattr(reading, field.name)
        if value != field.default and field.name not in (*FORMATS[format].options, "reader"):
            takers = [name for name, known in FORMATS.items() if field.name in known.options]
            raise DataError(
                f"{argument(field.name)} is only for the formats {', '.join(takers)}. Received: "
                f"{argument(field.name, value)} for the format '{format}'. Leave it out"
            )
