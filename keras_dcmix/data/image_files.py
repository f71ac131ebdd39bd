"""Reading one channel of one field of view from one file."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from keras_dcmix._common.errors import DataError


class UnreadableImageError(DataError):
    """An image that is missing, empty, truncated, or does not fit the rest of its field.

    Args:
        message: what is wrong.
        channel: its channel, where this is known.
    """

    def __init__(self, message: str, *, channel: str | None = None) -> None:
        super().__init__(message)
        self.channel = channel


def read_image(path: str | PathLike[str], page: int | None = None) -> np.ndarray:
    """Reads one channel from an image file.

    Files ending in `.tif` or `.tiff` are read by `tifffile`, others (PNG, JPEG, BMP, ...) by
    Pillow and `imageio`. Palette images whose palette is a grey ramp, and RGB images whose three
    channels are equal, are returned as grey images; a constant opacity channel is dropped.

    Args:
        path: the image file.
        page: number of the page of a TIFF, from 0; where None, the file must hold one only.

    Returns:
        Raw pixels `(height, width)` in the file's own data type (`uint8`, `uint16`, `float32`,
        ...) and units, not rescaled.

    Raises:
        UnreadableImageError: if the file is missing, empty, truncated, no image, in true colour,
            has several pages where none is chosen, lacks the page, or holds pixels that are not
            finite numbers.
    """
    path = Path(path)
    if not path.is_file():
        raise UnreadableImageError(f"Image file is missing: '{path}'")
    if path.stat().st_size == 0:
        raise UnreadableImageError(f"Image file is empty (0 bytes): '{path}'")
    try:
        is_tiff = path.suffix.lower() in (".tif", ".tiff")
        pixels = _decode_tiff(path, page) if is_tiff else _decode_other(path)
    # Decoders raise whatever their format library raises (zlib.error, struct.error, SyntaxError,
    # ...), so a narrower list would let some damaged files through without their name.
    except Exception as error:
        raise UnreadableImageError(
            f"Image file must be a complete image of one channel. Received: '{path}' "
            f"({_first_line(error)})"
        ) from error
    return _checked(pixels, path)


def _decode_tiff(path: Path, number: int | None) -> np.ndarray:
    """Decodes a page of a TIFF; a palette becomes grey or colour values."""
    import tifffile

    with tifffile.TiffFile(path) as tiff:
        if number is None and len(tiff.pages) != 1:
            raise DataError(f"expected one page, found {len(tiff.pages)}")
        if number is not None and number >= len(tiff.pages):
            raise DataError(f"expected a page {number}, found {len(tiff.pages)} pages")
        page = tiff.pages[number or 0]
        if not isinstance(page, tifffile.TiffPage) or not all(page.databytecounts):
            # tifffile silently reads an unwritten strip as zeros.
            raise DataError("some strips of pixels were never written")
        try:
            pixels = page.asarray()
        except ValueError as error:
            # Without the package imagecodecs, tifffile leaves out LZW, which Pillow reads.
            if "imagecodecs" not in str(error) or number:
                raise
            return _decode_other(path)
        if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
            return _palette_values(pixels, np.asarray(page.colormap))
        return np.moveaxis(pixels, 0, -1) if page.axes == "SYX" else pixels


def _palette_values(indices: np.ndarray, colormap: np.ndarray) -> np.ndarray:
    """Looks up an 8-bit palette `(3, 256)`, whose entries TIFF stores in 16 bits."""
    # Some writers store palette entries of 0..255 in spite of the TIFF standard.
    shift = 8 if colormap.max() > 255 else 0
    return (colormap >> shift).astype(np.uint8).T[indices]


def _decode_other(path: Path) -> np.ndarray:
    """Decodes a file that is not TIFF, or a TIFF that `tifffile` alone cannot."""
    import imageio.v3 as imageio
    from PIL import Image

    # Most images are plain grey ones, which do not need imageio.
    with Image.open(path) as image:
        if image.mode in ("L", "I;16", "I", "F") and getattr(image, "n_frames", 1) == 1:
            return np.asarray(image)
    return np.asarray(imageio.imread(path, plugin="pillow"))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _checked(pixels: np.ndarray, path: Path) -> np.ndarray:
    """Returns a plane of finite numbers, or raises."""
    if pixels.dtype.kind not in "uif":
        raise UnreadableImageError(
            "Image file must hold integer or floating-point pixels. Received: "
            f"dtype={pixels.dtype} in '{path}'"
        )
    plane = _without_equal_channels(pixels)
    if plane.ndim != 2:
        raise UnreadableImageError(
            f"Image file must hold one channel. Received: {_described(plane.shape)} in '{path}'. "
            "Save each channel to a file of its own"
        )
    if plane.dtype.kind == "f" and not np.isfinite(plane).all():
        raise UnreadableImageError(
            f"Image file must hold finite pixels. Received: {np.sum(~np.isfinite(plane))} pixels "
            f"that are NaN or infinite in '{path}'"
        )
    return plane


def _without_equal_channels(pixels: np.ndarray) -> np.ndarray:
    """Reduces equal channels to one; other pixels are returned as they are."""
    if pixels.ndim != 3 or pixels.shape[-1] not in (1, 2, 3, 4):
        return pixels
    if pixels.shape[-1] in (2, 4):
        opacity = pixels[..., -1]
        if opacity.min() != opacity.max():
            return pixels
        pixels = pixels[..., :-1]
    grey = pixels[..., 0]
    is_grey = all(np.array_equal(grey, pixels[..., c]) for c in range(1, pixels.shape[-1]))
    return np.ascontiguousarray(grey) if is_grey else pixels


def _described(shape: tuple[Any, ...]) -> str:
    if len(shape) == 3 and shape[-1] in (2, 3, 4):
        return f"{shape[-1]} different colour channels"
    return f"an array of shape {shape}"
