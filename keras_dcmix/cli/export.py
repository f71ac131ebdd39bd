"""The command `export`: a model for inference elsewhere."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from keras_dcmix.inference.formats import ModelCard

_NAMED = 10  # classes in a sentence


def export(
    model: Annotated[Path, typer.Argument(help="A .keras file, or the folder of a ranking.")],
    format: Annotated[
        str, typer.Option(help="saved_model, onnx, litert, torch, or keras (to add names).")
    ],
    out: Annotated[
        Path, typer.Option(help="Where it goes: .onnx, .tflite, .pt2, .keras, or a new folder.")
    ],
    channel_names: Annotated[
        str | None,
        typer.Option(help="Names of the channels, joined with commas, where the model has none."),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(help="Names of the classes, joined with commas, where the model has none."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier file.")
    ] = False,
) -> None:
    """Export a model: written, loaded again and compared with the Keras model.

    Raw pixels go in, as they do in the Keras model. Channel names, classes, importance and versions
    travel inside. Which backend writes which format: docs/inference.md.
    """
    from keras_dcmix.cli.start import quiet_stderr, start_keras

    start_keras()
    with quiet_stderr():  # converters and runtimes speak a lot
        from keras_dcmix.inference.exporting import export_model

        done = export_model(
            model,
            out,
            format=format,
            channel_names=_listed(channel_names),
            classes=_listed(classes),
            overwrite=overwrite,
        )
    console = Console(soft_wrap=True, highlight=False)
    console.print(
        f"{done.path}: {done.num_bytes / 1e6:.2f} MB, loaded again; over {done.num_samples} sample "
        f"images the largest difference from the Keras model is {done.largest_difference:.1g}",
        markup=False,
    )
    console.print(_takes(done.card), markup=False)


def _takes(card: ModelCard) -> str:
    steps = None if card.recipe is None else card.recipe.preprocessing
    what = "raw pixels"
    if steps is not None and (steps.corrects or steps.scales):
        done = [f"{n} {v}" for n, v in asdict(steps).items() if v not in (None, "none")]
        what = f"pixels made as in training ({', '.join(done)}; keras-dcmix predict does it)"
    classes = ", ".join(card.classes[:_NAMED])
    if len(card.classes) > _NAMED:
        classes += f" and {len(card.classes) - _NAMED} classes more"
    return f"Takes {what} of {', '.join(card.channel_names)}; tells {classes}"


def _listed(names: str | None) -> list[str] | None:
    if names is None:
        return None
    return [name.strip() for name in next(csv.reader([names], skipinitialspace=True), [])]
