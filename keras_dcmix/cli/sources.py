"""From the SOURCE and its options to images, labels and groups that belong together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.names import suggestion
from keras_dcmix.cli.parsing import parsed_names, parsed_percentiles, parsed_plane
from keras_dcmix.cli.source_options import SourceOptions
from keras_dcmix.data import ImageSet, Preprocessing, crop_fields
from keras_dcmix.data.formats import open_images
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.data.formats.validation import missing_files
from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.datasets import mnist_channels, simulated_cells
from keras_dcmix.inspection import refuse_few_groups

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
    look: Callable[[ImageSet], None] = lambda fields: None,
) -> LabelledImages:
    """Opens a source.

    Args:
        source: `"simulated"`, `"mnist"`, or the path of a file or folder in a format that
            `keras_dcmix.data.formats` knows.
        options: What to read and how to cut it.
        seed: Seed of what is drawn at random (simulation, MNIST, crops of a field).
        progress: Called with `(done, total)` while fields are read.
        look: Called with the fields of image files before all of them are read.

    Raises:
        ValueError: If an option does not apply to the source, the source cannot be read, or a
            class has too few wells.
    """
    kind = source if source in ("simulated", "mnist") else _FILES
    _refuse_unused(kind, options)
    if kind == _FILES:
        return _open_files(source, options, seed, progress, look)
    chosen: dict[str, Any] = {"size": options.size}
    if kind == "mnist":
        chosen = {"path": options.mnist_file, "scenario": options.scenario}
    make = simulated_cells if kind == "simulated" else mnist_channels
    dataset = make(seed=seed, **_given(chosen | {"num_images": options.num_images}))
    opened = label_images(dataset)
    channels = parsed_names(options.channels)
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
        raise DataError(
            f"{source} is neither a file or folder nor a known source: give the path of a plate, "
            "or 'simulated', or 'mnist'"
        )
    reading = {
        "root": options.root,
        "pattern": options.pattern,
        "z": parsed_plane(options.z),
        "allow_outside": options.allow_outside,
    }
    return open_images(
        source,
        format=options.format,
        reading=Reading(**_given(reading)),
        channels=parsed_names(options.channels),
        label=options.label,
        group=parsed_names(options.group),
        platemap=options.platemap,
        check_files=check_files,
    )


def _open_files(
    source: str,
    options: SourceOptions,
    seed: int,
    progress: Callable[[int, int], None] | None,
    look: Callable[[ImageSet], None],
) -> LabelledImages:
    image_set = open_fields(source, options, check_files=not options.skip_unreadable)
    if image_set.labels is None:
        raise DataError(
            f"Choose the column of the labels with {argument('label')}. Columns of {source}: "
            f"{', '.join(image_set.table.columns)}"
        )
    refuse_few_groups(_listed(image_set) if options.skip_unreadable else image_set)
    steps, cuts = Preprocessing(**chosen_steps(options)), chosen_crops(options)
    look(image_set)
    crops = crop_fields(
        image_set,
        preprocessing=steps,
        seed=seed,
        progress=progress,
        **cuts,
    )
    return label_images(crops)


def _listed(image_set: ImageSet) -> ImageSet:
    """The fields without those of which a file is missing."""
    lost = set(missing_files(image_set)["field"])
    return image_set.subset([row for row in range(len(image_set)) if row not in lost])


def refuse_other_than_files(source: str, command: str) -> None:
    """Refuses the sources without files, for commands that need a plate.

    Raises:
        ValueError: If the source is made anew in each run.
    """
    if source in ("simulated", "mnist") and not Path(source).exists():
        raise DataError(
            f"{command} needs the path of image files. Received: '{source}', which is made anew in "
            "each run; write such a screen with keras-dcmix simulate"
        )


def chosen_steps(options: SourceOptions) -> dict[str, Any]:
    """The arguments of `Preprocessing` that the options choose, and no others."""
    steps = {
        "illumination": options.illumination,
        "background": options.background,
        "clip": parsed_percentiles(options.clip),
        "normalize": options.normalize,
        "controls": options.controls,
    }
    return _given(steps)


def chosen_crops(options: SourceOptions) -> dict[str, Any]:
    """The arguments of `crop_fields` that the options choose, without the preprocessing."""
    chosen = {
        "crop": options.crop,
        "size": options.size,
        "nuclei_channel": options.nuclei_channel,
        "max_per_field": options.max_per_field,
        "skip_unreadable": options.skip_unreadable,
        "cache_dir": options.cache,
    }
    return _given(chosen)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _refuse_unused(kind: str, options: SourceOptions) -> None:
    for field in fields(options):
        if getattr(options, field.name) is not None and field.name not in _APPLY[kind]:
            names = ", ".join(k for k, known in _APPLY.items() if field.name in known)
            raise DataError(
                f"{argument(field.name)} does not apply to the source {kind}, only to {names}: "
                "omit it"
            )


def _select(dataset: LabelledImages, channels: Sequence[str]) -> LabelledImages:
    known = dataset.channel_names
    unknown = [name for name in channels if name not in known]
    if unknown:
        raise DataError(
            f"Unknown channel {unknown[0]!r}{suggestion(unknown[0], known)} "
            f"Known: {', '.join(known)}"
        )
    if len(channels) < 2:
        raise DataError("Expected at least two channels: a single channel cannot be ranked")
    return dataset.keep([known.index(name) for name in channels])
