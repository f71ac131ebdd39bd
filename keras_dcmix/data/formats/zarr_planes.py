"""Reading planes of Zarr arrays, whose chunks must all exist."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.optional_imports import import_zarr
from keras_dcmix.data.formats.zarr_layout import ZarrLayout, zarr_layout
from keras_dcmix.data.image_files import UnreadableImageError

if TYPE_CHECKING:
    import zarr


def read_zarr_plane(path: str, page: int) -> np.ndarray:
    """Reads one plane of an array on this machine.

    Args:
        path: folder of the array, of Zarr version 2 or 3.
        page: number of the plane, from 0, counted over all axes but the last two, of which the
            last runs fastest.

    Returns:
        Raw pixels `(height, width)` in the array's own data type.

    Raises:
        UnreadableImageError: if the array or one of its chunks that hold the plane is absent or
            damaged, if there is no such plane, or pixels are no finite numbers.
        ImportError: if the package `zarr`, version 3, is not installed.
    """
    import_zarr()
    metadata = [Path(path, name) for name in ("zarr.json", ".zarray")]
    changed = [file.stat().st_mtime_ns for file in metadata if file.is_file()]
    if not changed:
        raise UnreadableImageError(f"Zarr array must exist. Received: '{path}'")
    try:
        array, layout = _opened(str(path), max(changed))
        found = np.unravel_index(page, layout.shape[:-2]) if layout.shape[2:] else ()
        leading = tuple(int(index) for index in found)
        _refuse_absent(layout, leading)
        plane = np.asarray(array[leading])
    except UnreadableImageError:
        raise
    # Codecs raise errors of any kind.
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UnreadableImageError(
            f"Zarr array must hold a complete plane {page}. Received: '{path}' ({reason})"
        ) from error
    return _checked(plane, path)


# Metadata only, one entry a field and process; no pixels are kept.
@lru_cache(maxsize=256)
def _opened(path: str, _changed: int) -> tuple[zarr.Array, ZarrLayout]:
    """Opens an array; the time of its last change makes a new one be read."""
    store = import_zarr().storage.LocalStore(path, read_only=True)
    layout = zarr_layout(Path(path))
    if layout is None:
        raise UnreadableImageError(f"Zarr metadata must be of an array. Received: '{path}'")
    return import_zarr().open_array(store, mode="r"), layout


def _refuse_absent(layout: ZarrLayout, leading: tuple[int, ...]) -> None:
    absent = layout.absent_chunk(leading)
    if absent is None:
        return
    value = layout.fill_value
    filled = "zeros" if value in (0, None) else f"the constant {json.dumps(value)}"
    raise UnreadableImageError(
        f"All chunks of a Zarr array must exist. Received: '{layout.folder}' without '{absent}', "
        f"which would read as {filled}: the copy is incomplete, or the writer left out constant "
        "chunks. Copy the image again, or save it with write_empty_chunks=True, or let its "
        "metadata name another level that is complete"
    )


def _checked(plane: np.ndarray, path: str) -> np.ndarray:
    if plane.dtype.kind not in "uif":
        raise UnreadableImageError(
            "Zarr array must hold integer or floating-point pixels. Received: "
            f"dtype={plane.dtype} in '{path}'"
        )
    if plane.dtype.kind == "f" and not np.isfinite(plane).all():
        raise UnreadableImageError(
            f"Zarr array must hold finite pixels. Received: {np.sum(~np.isfinite(plane))} pixels "
            f"that are NaN or infinite in '{path}'"
        )
    return plane.astype(plane.dtype.newbyteorder("="), copy=False)
