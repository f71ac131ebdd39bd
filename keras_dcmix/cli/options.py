"""Command-line options made from the dataclasses that the library takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

READING_HELP = {
    "format": "Format of the source, where it is not recognised: see docs/data.md.",
    "label": "Column of the labels. Rows where it is blank are left out and counted.",
    "group": "Column of the wells, plates or experiments that no split tears apart; several joined "
    "with commas. Without it: experiment, plate and well.",
    "platemap": "Table of wells (csv) whose other columns join the metadata.",
    "channels": "Channels to use, joined with commas (a name with a comma in double quotes). "
    "Without it: all.",
    "root": "Folder of the images, where it is not the one that the table or index names.",
    "pattern": "For folders: names in the files' paths, such as '{well}_{channel}.tif'.",
    "z": "max (the maximum over a z stack) or the number of one plane, from 1.",
    "allow_outside": "Follow paths in tables that lead out of the root.",
}
SOURCE_HELP = READING_HELP | {
    "skip_unreadable": "Leave fields with missing or damaged files out, and list them.",
    "crop": "none (the whole field, resized), tiles, or cells (around each nucleus).",
    "size": "Height and width of an image in pixels.",
    "nuclei_channel": "Channel of the nuclei for --crop cells, where its name does not tell.",
    "max_per_field": "Crops from one field at most.",
    "illumination": "none, files (functions named by the table) or estimate (from the plate).",
    "background": "Percentile of each field and channel that is subtracted, such as 1.",
    "clip": "Percentiles at which channels are cut off, such as 0.1,99.9.",
    "normalize": "none, image or plate: whose mean and deviation channels are brought to 0 and 1.",
    "controls": "COLUMN=VALUE: the fields that --normalize plate goes by. Without it: all.",
    "cache": "Folder that keeps the decoded crops for the next run.",
    "scenario": "Planted problem, for the source mnist.",
    "mnist_file": "MNIST as .npz, for the source mnist; without it Keras downloads it.",
    "num_images": "Number of images, for the sources simulated and mnist.",
}
TRAINING_HELP = {
    "epochs": "Passes through the training images.",
    "batch_size": "Images in a batch.",
    "learning_rate": "Learning rate at the start; it decays to 0.",
    "num_mixes": "Planes that the channels are mixed into.",
    "backbone": "convnet, or a name in keras.applications such as ResNet50.",
    "weights": "imagenet, for a backbone from keras.applications.",
    "dropout": "Rate of dropout before the head, 0 to 1.",
    "channel_subsets": "Mask random subsets of channels while training.",
    "augment": "Flip and turn training images at random.",
    "balance": "Weigh images so that every class counts the same.",
    "check_steps": "Training steps of the check's model, at least.",
}


def takes(
    **groups: tuple[type, str, Mapping[str, str]],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a Typer command one option for each field of some dataclasses.

    So commands share options, and a default stands in the dataclass alone.

    Args:
        **groups: For a parameter of the command: the dataclass that it takes, the heading of its
            options, and the help of each field that becomes an option.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(command, include_extras=True)
        own = [
            parameter.replace(annotation=hints[name])
            for name, parameter in inspect.signature(command).parameters.items()
            if name not in groups
        ]
        options = [p for group in groups.values() for p in _parameters(*group)]

        @wraps(command)
        def expanded(**arguments: Any) -> None:
            for name, (kind, _, helps) in groups.items():
                arguments[name] = kind(**{field: arguments.pop(field) for field in helps})
            command(**arguments)

        everything = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in [*own, *options]]
        expanded.__signature__ = inspect.Signature(everything)  # type: ignore[attr-defined]
        expanded.__annotations__ = {p.name: p.annotation for p in everything}
        return expanded

    return decorate


def _parameters(kind: type, heading: str, helps: Mapping[str, str]) -> list[inspect.Parameter]:
    hints = get_type_hints(kind)
    defaults = {field.name: field.default for field in fields(kind)}
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=defaults[name],
            annotation=Annotated[hints[name], typer.Option(help=text, rich_help_panel=heading)],
        )
        for name, text in helps.items()
    ]
