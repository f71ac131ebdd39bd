"""One OME-Zarr image: its level of highest resolution, axes and channels."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.formats.channel_naming import unique_names
from keras_dcmix.data.formats.paths import path_inside
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.zarr_layout import read_json, zarr_layout

_SUFFIX = re.compile(r"(\.ome)?\.zarr$", re.IGNORECASE)


def stem_of(folder: Path) -> str:
    """A folder's name without `.zarr` and `.ome.zarr`."""
    return _SUFFIX.sub("", folder.name) or folder.name


def attributes_of(folder: Path) -> dict:
    """The metadata of a group, in version 3 (`zarr.json`) and 2 (`.zattrs`); may be empty.

    Raises:
        ValueError: if they are no JSON object.
    """
    new, old = folder / "zarr.json", folder / ".zattrs"
    if new.is_file():
        attributes = read_json(new).get("attributes")
        attributes = attributes if isinstance(attributes, dict) else {}
        return attributes["ome"] if isinstance(attributes.get("ome"), dict) else attributes
    return read_json(old) if old.is_file() else {}


@dataclass(frozen=True)
class OmeZarrImage:
    """An image.

    Args:
        level: folder of the array of the highest resolution.
        axes: lengths of all axes but the last two, which are y and x, by their names t, c, z.
        channels: names of the channels.
    """

    level: str
    axes: dict[str, int]
    channels: list[str]

    @classmethod
    def read(cls, folder: Path, reading: Reading) -> OmeZarrImage:
        """Reads the metadata.

        Args:
            folder: the image's group.
            reading: of which `allow_outside` counts.

        Raises:
            ValueError: if they are damaged or incomplete, or the level is missing.
        """
        attributes = attributes_of(folder)
        multiscale = _first(attributes.get("multiscales"), "multiscales", folder)
        dataset = _first(multiscale.get("datasets"), "datasets", folder)
        if not isinstance(dataset.get("path"), str | int):
            raise _incomplete("a path for each of its datasets", dataset, folder)
        level = path_inside(str(dataset["path"]), folder, allow_outside=reading.allow_outside)
        layout = zarr_layout(Path(level))
        if layout is None:
            raise DataError(
                "The first level that an OME-Zarr image names must exist. Received: "
                f"'{dataset['path']}', which is no array in '{folder}'. Copy it, or let the "
                "metadata name existing levels only"
            )
        names = _axis_names(multiscale.get("axes"), len(layout.shape), folder)
        axes = dict(zip(names[:-2], layout.shape, strict=False))
        labels = _labels(attributes.get("omero"), axes.get("c", 1), folder)
        marks = [f"channel_{number}" for number in range(len(labels))]
        return cls(level, axes, unique_names(labels, marks))

    def planes(self) -> pd.DataFrame:
        """One row a plane, as `fields_from_planes` takes them."""
        lengths = tuple(self.axes.values())
        places = [
            dict(zip(self.axes, place, strict=True))
            for place in itertools.product(*map(range, lengths))
        ]
        return pd.DataFrame(
            {
                "Metadata_Timepoint": [str(place.get("t", 0)) for place in places],
                "channel": [self.channels[place.get("c", 0)] for place in places],
                "z": [place.get("z", 0) for place in places],
                "path": self.level,
                "page": np.arange(len(places)),
            }
        )


def _first(entries: object, name: str, folder: Path) -> dict:
    if not (isinstance(entries, list) and entries and isinstance(entries[0], dict)):
        raise _incomplete(f"{name}, at least one", entries, folder)
    return entries[0]


def _axis_names(axes: object, num_axes: int, folder: Path) -> list[str]:
    """Names of the axes: of dicts since version 0.4, of texts in 0.3, fixed before."""
    if axes is None:
        axes = list("tczyx")
    listed = axes if isinstance(axes, list) else []
    names = [str(axis.get("name") if isinstance(axis, dict) else axis) for axis in listed]
    is_known = set(names[:-2]) <= set("tcz") and len(set(names)) == len(names)
    if names[-2:] != ["y", "x"] or not is_known or len(names) != num_axes:
        raise DataError(
            "Axes of an OME-Zarr image must be some of t, c, z, and y, x at the end, one for each "
            f"of {num_axes} axes of its array. Received: axes={names} in '{folder}'"
        )
    return names


def _labels(omero: object, num_channels: int, folder: Path) -> list[str]:
    """Names of the channels; blank ones where there are none."""
    channels = omero.get("channels") if isinstance(omero, dict) else None
    if not channels:
        return [""] * num_channels
    if not isinstance(channels, list) or len(channels) != num_channels:
        raise DataError(
            f"`omero` must name each of {num_channels} channels of an OME-Zarr image. Received: "
            f"{len(channels)} names in '{folder}'. Correct the metadata, or channels get wrong "
            "names"
        )
    labels = [channel.get("label") if isinstance(channel, dict) else None for channel in channels]
    return [label if isinstance(label, str) else "" for label in labels]


def _incomplete(expected: str, received: object, folder: Path) -> DataError:
    return DataError(
        f"Metadata of an OME-Zarr image must name {expected}. Received: {str(received)[:80]} in "
        f"'{folder}'. Save the image again"
    )
