"""From what a user names as SOURCE to images, labels and groups that fit together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from keras_dcmix.data import crop_fields, from_load_data
from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.datasets import mnist_channels, simulated_cells
from keras_dcmix.names import nearest
from keras_dcmix.options import SourceOptions

_APPLY = {
    "simulated": {"channels", "size", "num_images"},
    "mnist": {"channels", "scenario", "mnist_file", "num_images"},
    "a LoadData CSV": {
        *("label", "group", "channels", "root", "crop", "size", "nuclei_channel", "max_per_field"),
    },
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
        source: `"simulated"`, `"mnist"` or the path of a CellProfiler LoadData CSV.
        options: What to read and how to cut it.
        seed: Seed of what is drawn at random (simulation, MNIST, crops of a field).
        progress: Called with `(done, total)` while fields are read.

    Raises:
        ValueError: If an option does not apply to the source, or the source cannot be read.
    """
    kind = source if source in ("simulated", "mnist") else "a LoadData CSV"
    if kind == "a LoadData CSV" and not Path(source).is_file():
        what = "is a folder" if Path(source).is_dir() else "is neither a file nor a known source"
        raise ValueError(
            f"{source} {what}: give a CellProfiler LoadData CSV, or 'simulated', or 'mnist'"
        )
    _refuse_unused(kind, options)
    if kind == "a LoadData CSV":
        return _open_load_data(source, options, seed, progress)
    wanted: dict[str, Any] = {"num_images": options.num_images, "size": options.size}
    if kind == "mnist":
        wanted = {"num_images": options.num_images, "path": options.mnist_file}
        wanted["scenario"] = options.scenario
    make = simulated_cells if kind == "simulated" else mnist_channels
    problem = make(seed=seed, **_given(wanted))
    opened = label_images(problem)
    channels = _listed(options.channels)
    return opened if channels is None else _select(opened, channels)


def _open_load_data(
    source: str, options: SourceOptions, seed: int, progress: Callable[[int, int], None] | None
) -> LabelledImages:
    image_set = from_load_data(
        source,
        label=options.label,
        group=_listed(options.group),
        channels=_listed(options.channels),
        root=options.root,
    )
    if image_set.labels is None:
        raise ValueError(
            f"Say which column holds the labels, with --label. Columns of {source}: "
            f"{', '.join(image_set.table.columns)}"
        )
    wanted = {
        "crop": options.crop,
        "size": options.size,
        "nuclei_channel": options.nuclei_channel,
        "max_per_field": options.max_per_field,
    }
    return label_images(crop_fields(image_set, seed=seed, progress=progress, **_given(wanted)))


def _listed(names: str | None) -> list[str] | None:
    return None if names is None else [name.strip() for name in names.split(",")]


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _refuse_unused(kind: str, options: SourceOptions) -> None:
    for field in fields(options):
        if getattr(options, field.name) is not None and field.name not in _APPLY[kind]:
            names = ", ".join(k for k, known in _APPLY.items() if field.name in known)
            raise ValueError(
                f"--{field.name.replace('_', '-')} does not apply to the source {kind}, only to "
                f"{names}: leave it out"
            )


def _select(problem: LabelledImages, channels: Sequence[str]) -> LabelledImages:
    known = problem.channel_names
    unknown = [name for name in channels if name not in known]
    if unknown:
        raise ValueError(
            f"Unknown channel {unknown[0]!r}, did you mean {nearest(unknown[0], known)!r}? "
            f"Known: {', '.join(known)}"
        )
    if len(channels) < 2:
        raise ValueError("Expected at least two channels: one channel alone is nothing to rank")
    return problem.keep([known.index(name) for name in channels])
