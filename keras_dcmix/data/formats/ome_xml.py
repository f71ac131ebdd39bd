"""OME-XML: which page of which file is which plane of which image.

Reference:
    Goldberg et al., The Open Microscopy Environment data model, Genome Biology 2005;
    https://docs.openmicroscopy.org/ome-model, "OME-TIFF specification".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.formats.channel_naming import unique_names
from keras_dcmix.data.formats.safe_xml import children, local_name, xml_document
from keras_dcmix.data.formats.wells import well_at

_MOST_PLANES = 1_000_000


class OmePlane(NamedTuple):
    """A plane: time, channel and z, its file (None for the one that holds the XML) and page."""

    t: int
    c: int
    z: int
    file: str | None
    page: int


@dataclass(frozen=True)
class OmeImage:
    """An image of an OME-XML.

    Args:
        place: `Metadata_Plate`, `Metadata_Well` and `Metadata_Site`, or nothing.
        channels: name of each channel, blank where it has none.
        planes: all its planes.
    """

    place: dict[str, str]
    channels: list[str]
    planes: list[OmePlane]

    @property
    def names(self) -> list[str]:
        """Names of the channels, each once."""
        marks = [f"channel_{number}" for number in range(1, len(self.channels) + 1)]
        return unique_names(self.channels, marks)


def read_ome_xml(text: str, where: str) -> tuple[list[OmeImage], str | None]:
    """Reads an OME-XML.

    Args:
        text: the XML.
        where: the file that holds it, for errors.

    Returns:
        Its images, and the name of the file that holds the metadata in place of this one, if it
        says so; then there are no images.

    Raises:
        ValueError: if it is no OME-XML, has no images, holds colour images, or does not name all
            planes of an image.
    """
    root = xml_document(text, what=f"OME-XML in '{where}'", root="OME")
    elsewhere = children(root, "BinaryOnly")
    if elsewhere:
        return [], elsewhere[0].get("MetadataFile", "")
    places = dict(_places(root, where))
    images = [
        OmeImage(
            places.get(image.get("ID", ""), {}),
            _channels(pixels, where),
            _planes(pixels, root.get("UUID"), where),
        )
        for image in children(root, "Image")
        for pixels in children(image, "Pixels")
    ]
    if not images:
        raise DataError(f"OME-XML must describe at least one image. Received: none in '{where}'")
    return images, None


def _places(root: Element, where: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Where images lie on plates, by the ID of each."""
    for plate in children(root, "Plate"):
        name = plate.get("Name") or plate.get("ExternalIdentifier") or plate.get("ID") or ""
        for well in children(plate, "Well"):
            row, column = (_integer(well, axis, 0, where) + 1 for axis in ("Row", "Column"))
            for site, sample in enumerate(children(well, "WellSample"), 1):
                for reference in children(sample, "ImageRef"):
                    yield (
                        reference.get("ID", ""),
                        {
                            "Metadata_Plate": name,
                            "Metadata_Well": well_at(row, column),
                            "Metadata_Site": str(site),
                        },
                    )


def _channels(pixels: Element, where: str) -> list[str]:
    channels = children(pixels, "Channel")
    if any(_integer(channel, "SamplesPerPixel", 1, where) > 1 for channel in channels):
        raise DataError(
            "OME-TIFF images must hold a page for each channel. Received: colour pages (several "
            f"samples a pixel) in '{where}'. Save each channel to pages of its own"
        )
    expected = _size(pixels, "SizeC", where)
    if channels and len(channels) != expected:
        raise DataError(
            f"OME-XML must describe each of {expected} channels. Received: {len(channels)} in "
            f"'{where}'. Correct it, or channels get wrong names"
        )
    return [channel.get("Name", "") for channel in channels] or [""] * expected


def _planes(pixels: Element, uuid: str | None, where: str) -> list[OmePlane]:
    order = pixels.get("DimensionOrder", "").lower()
    if sorted(order) != sorted("xyzct") or not order.startswith("xy"):
        raise DataError(
            "DimensionOrder in OME-XML must be XY and then Z, C, T in any order. Received: "
            f"'{order.upper()}' in '{where}'"
        )
    sizes = {axis: _size(pixels, f"Size{axis.upper()}", where) for axis in "zct"}
    total = sizes["z"] * sizes["c"] * sizes["t"]
    if total > _MOST_PLANES:
        raise DataError(
            f"OME-XML must name at most {_MOST_PLANES} planes. Received: {total} in '{where}'"
        )
    # Axes from the slowest to the fastest, as NumPy counts.
    axes = order[:1:-1]
    shape = tuple(sizes[axis] for axis in axes)
    found: dict[tuple[int, ...], OmePlane] = {}
    for block, starts, count in _blocks(pixels, axes, shape, where):
        page, file = _integer(block, "IFD", 0, where), _file(block, uuid)
        for number in range(count):
            place = np.unravel_index(starts + number, shape)
            index = {axis: int(value) for axis, value in zip(axes, place, strict=True)}
            key = (index["t"], index["c"], index["z"])
            found[key] = OmePlane(*key, file, page + number)
    if len(found) < total:
        raise DataError(
            f"OME-XML must name a page for each of {total} planes of an image. Received: "
            f"{len(found)} in '{where}'. The recording was stopped early, or save it again"
        )
    return list(found.values())


def _blocks(
    pixels: Element, axes: str, shape: tuple[int, ...], where: str
) -> Iterator[tuple[Element, int, int]]:
    """Each TiffData element, the number of its first plane, and how many it names."""
    total = int(np.prod(shape))
    blocks = []
    for block in children(pixels, "TiffData") or [Element("TiffData")]:
        first = [_integer(block, f"First{axis.upper()}", 0, where) for axis in axes]
        if any(index >= size for index, size in zip(first, shape, strict=True)):
            continue  # ImageJ keeps those of planes that it has cropped away
        blocks.append((block, int(np.ravel_multi_index(first, shape))))
    starts = sorted({start for _, start in blocks} | {total})
    for block, start in blocks:
        # Where neither a page nor a number is given, the element names a whole file.
        to_next = starts[starts.index(start) + 1] - start
        count = _integer(block, "PlaneCount", 1 if "IFD" in block.attrib else to_next, where)
        yield block, start, min(count, total - start)


def _file(block: Element, uuid: str | None) -> str | None:
    """The file of a TiffData element; none where it is the one that holds the XML."""
    found = children(block, "UUID")
    # The same UUID means the same file, even where it was given another name later.
    is_other = found and not (uuid and (found[0].text or "").strip() == uuid)
    return found[0].get("FileName") or None if is_other else None


def _size(pixels: Element, name: str, where: str) -> int:
    size = _integer(pixels, name, 0, where)
    if size < 1:
        raise DataError(
            f"Pixels in OME-XML must have a {name} from 1. Received: {size} in '{where}'"
        )
    return size


def _integer(element: Element, name: str, default: int, where: str) -> int:
    """An integer from 0 in an attribute."""
    text = element.get(name, str(default))
    if not re.fullmatch("[0-9]{1,9}", text):
        raise DataError(
            f"{name} of {local_name(element)} in OME-XML must be an integer from 0. Received: "
            f"'{text}' in '{where}'"
        )
    return int(text)
