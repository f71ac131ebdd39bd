"""From what a user names as SOURCE to images, labels and groups that fit together."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from keras_dcmix._common.errors import InputError
from keras_dcmix._common.names import nearest
from keras_dcmix.cli.source_options import SourceOptions
from keras_dcmix.data import ImageSet, Preprocessing, crop_fields
from keras_dcmix.data.formats import open_images
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.datasets import mnist_channels, simulated_cells

_FILES = "image files"
_APPLY = {
    "simulated": {"channels", "size", "num_images"},
    "mnist": {"channels", "scenario", "mnist_file", "num_images"},
    _FILES: {field.name for field in fields(SourceOptions)}
    - {"scenario", "mnist_file", "num_images"},
}


def open_source(
    source: str,
    options: SourceOptions,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> LabelledImages:
    """Opens a source.

    Args:
        source: `"simulated"`, `"mnist"`, or the path of a file or folder in a format that
            `keras_dcmix.data.formats` knows.
        options: What to read and how to cut it.
        seed: Seed of what is drawn at random (simulation, MNIST, crops of a field).
        progress: Called with `(done, total)` while fields are read.

    Raises:
        ValueError: If an option does not apply to the source, or the source cannot be read.
    """
    kind = source if source in ("simulated", "mnist") else _FILES
    _refuse_unused(kind, options)
    if kind == _FILES:
        return _open_files(source, options, seed, progress)
    wanted: dict[str, Any] = {"num_images": options.num_images, "size": options.size}
    if kind == "mnist":
        wanted = {"num_images": options.num_images, "path": options.mnist_file}
        wanted["scenario"] = options.scenario
    make = simulated_cells if kind == "simulated" else mnist_channels
    dataset = make(seed=seed, **_given(wanted))
    opened = label_images(dataset)
    channels = _listed(options.channels)
    return opened if channels is None else _select(opened, channels)


def open_fields(source: str, options: SourceOptions, *, check_files: bool = True) -> ImageSet:
    """Opens the fields of a source of image files; no pixel is read.

    Args:
        source: The path of a file or folder in a known format.
        options: What to read.
        check_files: Whether to raise where files are missing or come twice.

    Raises:
        ValueError: If the source cannot be read, or columns, channels or files are wrong.
    """
    if not Path(source).exists():
        raise InputError(
            f"{source} is neither a file or folder nor a known source: give the path of a plate, "
            "or 'simulated', or 'mnist'"
        )
    reading = {
        "root": options.root,
        "pattern": options.pattern,
        "z": _plane(options.z),
        "allow_outside": options.allow_outside,
    }
    return open_images(
        source,
        format=options.format,
        reading=Reading(**_given(reading)),
        channels=_listed(options.channels),
        label=options.label,
        group=_listed(options.group),
        platemap=options.platemap,
        check_files=check_files,
    )


def _open_files(
    source: str, options: SourceOptions, seed: int, progress: Callable[[int, int], None] | None
) -> LabelledImages:
    image_set = open_fields(source, options, check_files=not options.skip_unreadable)
    if image_set.labels is None:
        raise InputError(
            f"Say which column holds the labels, with --label. Columns of {source}: "
            f"{', '.join(image_set.table.columns)}"
        )
    crops = crop_fields(
        image_set,
        preprocessing=Preprocessing(**chosen_steps(options)),
        seed=seed,
        progress=progress,
        **chosen_crops(options),
    )
    return label_images(crops)


def chosen_steps(options: SourceOptions) -> dict[str, Any]:
    """What of `Preprocessing` the options choose; what they leave open is not there."""
    steps = {
        "illumination": options.illumination,
        "background": options.background,
        "clip": _percentiles(options.clip),
        "normalize": options.normalize,
        "controls": options.controls,
    }
    return _given(steps)


def chosen_crops(options: SourceOptions) -> dict[str, Any]:
    """What of the arguments of `crop_fields` the options choose, without the preprocessing."""
    wanted = {
        "crop": options.crop,
        "size": options.size,
        "nuclei_channel": options.nuclei_channel,
        "max_per_field": options.max_per_field,
        "skip_unreadable": options.skip_unreadable,
        "cache_dir": options.cache,
    }
    return _given(wanted)


def _plane(z: str | None) -> str | int | None:
    return int(z) if z is not None and z.isdigit() else z


def _percentiles(clip: str | None) -> tuple[float, ...] | None:
    if clip is None:
        return None
    try:
        return tuple(float(part) for part in clip.split(","))
    except ValueError:
        raise InputError(
            f"clip must be two percentiles joined with a comma, such as 0.1,99.9, received '{clip}'"
        ) from None


def _listed(names: str | None) -> list[str] | None:
    """Splits names at commas, unless a name with a comma stands in double quotes."""
    if names is None:
        return None
    return [name.strip() for name in next(csv.reader([names], skipinitialspace=True), [])]


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _refuse_unused(kind: str, options: SourceOptions) -> None:
    for field in fields(options):
        if getattr(options, field.name) is not None and field.name not in _APPLY[kind]:
            names = ", ".join(k for k, known in _APPLY.items() if field.name in known)
            raise InputError(
                f"--{field.name.replace('_', '-')} does not apply to the source {kind}, only to "
                f"{names}: leave it out"
            )


def _select(dataset: LabelledImages, channels: Sequence[str]) -> LabelledImages:
    known = dataset.channel_names
    unknown = [name for name in channels if name not in known]
    if unknown:
        raise InputError(
            f"Unknown channel {unknown[0]!r}, did you mean {nearest(unknown[0], known)!r}? "
            f"Known: {', '.join(known)}"
        )
    if len(channels) < 2:
        raise InputError("Expected at least two channels: one channel alone is nothing to rank")
    return dataset.keep([known.index(name) for name in channels])
