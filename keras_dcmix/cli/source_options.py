"""What a user may choose about a source on the command line, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SourceOptions:
    """What to read from a source and how to cut it; `None` keeps the default of the library.

    Attributes:
        format: Name of the format (image files); `None` detects it.
        label: Column of the labels (image files).
        group: Column of the groups, or several joined with commas (image files).
        platemap: Table of wells whose other columns join the metadata (image files).
        channels: Channels to use, joined with commas, in this order.
        root: Folder that the images are in, where the table or index lies elsewhere (image files).
        pattern: Names of wells and channels in file names (folders).
        z: `"max"` or the number of a plane of z stacks, from 1 (image files).
        allow_outside: Whether tables may name files outside of the root (image files).
        skip_unreadable: Whether fields with missing or damaged files are skipped (image files).
        crop: `"none"`, `"tiles"` or `"cells"` (image files).
        size: Height and width of an image in pixels (image files, simulated).
        nuclei_channel: Channel in which `"cells"` finds the nuclei (image files).
        max_per_field: Maximum number of crops from one field (image files).
        illumination: `"none"`, `"files"` or `"estimate"` (image files).
        background: Percentile subtracted from each field and channel (image files).
        clip: Lower and upper percentile joined with a comma (image files).
        normalize: `"none"`, `"image"` or `"plate"` (image files).
        controls: `COLUMN=VALUE`, the fields that plates are normalised with (image files).
        cache: Folder that keeps decoded crops (image files).
        scenario: Planted problem (MNIST).
        mnist_file: MNIST as `.npz` in the layout of Keras' cache (MNIST).
        num_images: Number of images (simulated, MNIST).
    """

    format: str | None = None
    label: str | None = None
    group: str | None = None
    platemap: Path | None = None
    channels: str | None = None
    root: Path | None = None
    pattern: str | None = None
    z: str | None = None
    allow_outside: bool | None = None
    skip_unreadable: bool | None = None
    crop: str | None = None
    size: int | None = None
    nuclei_channel: str | None = None
    max_per_field: int | None = None
    illumination: str | None = None
    background: float | None = None
    clip: str | None = None
    normalize: str | None = None
    controls: str | None = None
    cache: Path | None = None
    scenario: str | None = None
    mnist_file: Path | None = None
    num_images: int | None = None
