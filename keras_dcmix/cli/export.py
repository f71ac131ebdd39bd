"""The command `export`: a model for inference elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keras_dcmix.cli.options import OVERWRITE
from keras_dcmix.cli.parsing import parsed_names
from keras_dcmix.cli.printing import show

if TYPE_CHECKING:
    from keras_dcmix.inference.formats import ModelCard

EXAMPLES = (
    ("For a machine without Keras", "keras-dcmix export ranking --format onnx --out model.onnx"),
    (
        "Names for a model of your own",
        "keras-dcmix export own.keras --format keras --channel-names DNA,ER "
        "--classes control,treated --out named.keras",
    ),
)
_MOST_CLASSES = 10  # in a sentence


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
    overwrite: OVERWRITE = False,
) -> None:
    """Export a model; the export is loaded again and compared with the Keras model.

    It takes raw pixels, as the Keras model does, and holds channel names, classes, importance and
    versions. Which backend writes which format: docs/inference.md.
    """
    from keras_dcmix.cli.start import quiet_stderr, start_keras

    start_keras()
    with quiet_stderr():  # converters and runtimes print a lot
        from keras_dcmix.inference.exporting import export_model

        done = export_model(
            model,
            out,
            format=format,
            channel_names=parsed_names(channel_names),
            classes=parsed_names(classes),
            overwrite=overwrite,
        )
    show(
        f"{done.path}: {done.num_bytes / 1e6:.2f} MB, loaded again; over {done.num_samples} sample "
        f"images the largest difference from the Keras model is {done.largest_difference:.1g}"
    )
    show(_interface(done.card))


def _interface(card: ModelCard) -> str:
    steps = None if card.recipe is None else card.recipe.preprocessing
    what = "raw pixels"
    if steps is not None and (steps.corrects or steps.scales):
        done = [f"{n} {v}" for n, v in asdict(steps).items() if v not in (None, "none")]
        what = f"pixels made as in training ({', '.join(done)}; keras-dcmix predict does it)"
    classes = ", ".join(card.classes[:_MOST_CLASSES])
    if len(card.classes) > _MOST_CLASSES:
        classes += f" and {len(card.classes) - _MOST_CLASSES} other classes"
    return f"Takes {what} of {', '.join(card.channel_names)}; predicts {classes}"
