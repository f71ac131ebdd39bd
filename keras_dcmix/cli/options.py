"""Options that several commands share, and those made from the dataclasses of the library."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from keras_dcmix.cli.option_defaults import source_defaults
from keras_dcmix.cli.source_options import SourceOptions
from keras_dcmix.models.options import Training

READING_HELP = {
    "format": "Format of the source, where it is not detected: see docs/data.md.",
    "label": "Column of the labels. Rows where it is blank are skipped and counted.",
    "group": "Column of the wells, plates or experiments that are kept together in every split; "
    "several joined with commas.",
    "platemap": "Table of wells (csv) whose other columns join the metadata.",
    "channels": "Channels to use, joined with commas (a name with a comma in double quotes).",
    "root": "Folder of the images, where it differs from the one in the table or index.",
    "pattern": "For folders: names in the files' paths, such as '{well}_{channel}.tif'.",
    "z": "max (the maximum over a z stack) or the number of one plane, from 1.",
    "allow_outside": "Follow paths in tables that lead out of the root.",
}
SOURCE_HELP = READING_HELP | {
    "skip_unreadable": "Skip fields with missing or damaged files, and list them.",
    "crop": "none (the complete field, resized), tiles, or cells (around each nucleus).",
    "size": "Height and width of an image in pixels.",
    "nuclei_channel": "Channel of the nuclei for --crop cells.",
    "max_per_field": "Maximum number of crops from one field.",
    "illumination": "none, files (functions named by the table) or estimate (from the plate).",
    "background": "Percentile of each field and channel that is subtracted, such as 1.",
    "clip": "Percentiles at which channels are clipped, such as 0.1,99.9.",
    "normalize": "none, image or plate: over which pixels channels are brought to mean 0 and "
    "standard deviation 1.",
    "controls": "COLUMN=VALUE: the fields that --normalize plate uses.",
    "cache": "Folder that keeps the decoded crops for the next run.",
    "scenario": "Planted problem, for the source mnist.",
    "mnist_file": "MNIST as .npz, for the source mnist.",
    "num_images": "Number of images, for the sources simulated and mnist.",
}
TRAINING_HELP = {
    "epochs": "Passes through the training images.",
    "batch_size": "Images in a batch.",
    "learning_rate": "Learning rate at the start; it decays to 0.",
    "num_mixes": "Planes that the channels are mixed into.",
    "backbone": "convnet; a name in keras.applications such as ResNet50; a .keras file; or "
    "module:function, which takes a tensor, or nothing and returns a keras.Model.",
    "weights": "imagenet, for a backbone from keras.applications.",
    "dropout": "Rate of dropout before the head, 0 to 1.",
    "channel_subsets": "Mask random subsets of channels while training.",
    "augment": "Flip and rotate training images at random.",
    "balance": "Weight images so that every class counts the same.",
    "check_steps": "Training steps of the model with masked channels, after those on all channels.",
}
Defaults = Mapping[str, str]
SOURCE_DEFAULTS = source_defaults()
# The groups of options of `rank` and `compare`, for `takes`.
RUN_OPTIONS: dict[str, tuple[type, str, Mapping[str, str]]] = {
    "source_options": (SourceOptions, "What to read", SOURCE_HELP),
    "training": (Training, "How to train", TRAINING_HELP),
}

# Arguments of the library whose option has another name.
OTHER_NAMES = {
    "cache_dir": "cache",
    "folder": "out",
    "n_jobs": "jobs",
    "num_experiments": "experiments",
    "num_folds": "folds",
    "num_repeats": "repeats",
    "panels": "panel",
    "num_fields": "fields",
    "num_seeds": "seeds",
    "path": "out",
    "phenotypes": "effects",
    "plates_per_experiment": "plates",
    "renamed": "map",
    "sites_per_well": "sites",
    "wells_per_plate": "wells",
}

FILES_HELP = (
    "A plate or screen: a LoadData table, a folder of an instrument, OME-TIFF, OME-Zarr, or a "
    "folder of images"
)
FILES = Annotated[str, typer.Argument(help=f"{FILES_HELP}.")]
SOURCE = Annotated[str, typer.Argument(help=f"{FILES_HELP}; or 'simulated', or 'mnist'.")]
OUT = Annotated[Path, typer.Option(help="Folder for the results.")]
SEEDS = Annotated[
    int,
    typer.Option(
        min=1, metavar="NUMBER", help="Trainings of each model; their spread is the error."
    ),
]
SEED = Annotated[int, typer.Option(min=0, max=2**31, metavar="NUMBER", help="The first seed.")]
JOBS = Annotated[
    int, typer.Option(min=1, metavar="NUMBER", help="Trainings that run at the same time.")
]
OVERWRITE = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result.")]
RESUME = Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")]


def adds_to_help(*paragraphs: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Adds paragraphs, such as those made from a registry, to the help of a command."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        command.__doc__ = "\n\n".join([inspect.getdoc(command) or "", *paragraphs])
        return command

    return decorate


def takes(
    **groups: tuple[type, str, Mapping[str, str]] | tuple[type, str, Mapping[str, str], Defaults],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a Typer command one option for each field of some dataclasses.

    So commands share options, and defaults are written in the dataclass alone.

    Args:
        **groups: For a parameter of the command: the dataclass that it takes, the heading of its
            options, the help of each field that becomes an option, and what applies where a
            field is None (by default as in the library).
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
            for name, (kind, _, helps, *_) in groups.items():
                arguments[name] = kind(**{field: arguments.pop(field) for field in helps})
            command(**arguments)

        everything = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in [*own, *options]]
        # Typer reads the options from it.
        vars(expanded)["__signature__"] = inspect.Signature(everything)
        expanded.__annotations__ = {p.name: p.annotation for p in everything}
        return expanded

    return decorate


def _parameters(
    kind: type, heading: str, helps: Mapping[str, str], without: Defaults = SOURCE_DEFAULTS
) -> list[inspect.Parameter]:
    hints = get_type_hints(kind)
    defaults = {field.name: field.default for field in fields(kind)}
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=defaults[name],
            annotation=Annotated[
                hints[name],
                typer.Option(
                    help=text, rich_help_panel=heading, show_default=without.get(name, True)
                ),
            ],
        )
        for name, text in helps.items()
    ]
