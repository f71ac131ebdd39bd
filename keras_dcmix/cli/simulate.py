"""The command `simulate`: a screen of known truth, written as real ones are."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from keras_dcmix.cli.runs import interruptible

_console = Console(stderr=True, highlight=False, soft_wrap=True)

# What the library's arguments are called on the command line.
OPTIONS = {
    "phenotypes": "effects",
    "num_experiments": "experiments",
    "plates_per_experiment": "plates",
    "wells_per_plate": "wells",
    "sites_per_well": "sites",
    "size": "size",
    "batch_effect": "batch-effect",
    "imbalance": "imbalance",
    "seed": "seed",
    "layout": "layout",
    "folder": "out",
    "n_jobs": "jobs",
}


def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the screen; new or empty.")],
    layout: Annotated[str, typer.Option(help="rxrx1, loaddata (CellProfiler) or ome-zarr.")],
    experiments: Annotated[int, typer.Option(help="Experiments.")] = 4,
    plates: Annotated[int, typer.Option(help="Plates in each experiment.")] = 1,
    wells: Annotated[int, typer.Option(help="Wells on each plate, at most 384.")] = 24,
    sites: Annotated[int, typer.Option(help="Fields of view in each well.")] = 2,
    size: Annotated[int, typer.Option(help="Height and width of a field in pixels.")] = 512,
    effects: Annotated[
        str | None,
        typer.Option(help="Phenotypes, such as 'siRNA-A:Mito=3,Golgi=1.5;siRNA-B:ER=2'."),
    ] = None,
    batch_effect: Annotated[
        float, typer.Option(help="How much brightness differs from batch to batch, 0 to 1.")
    ] = 0.15,
    imbalance: Annotated[
        float, typer.Option(help="How far controls gather on every other plate, 0 to 1.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of everything drawn.")] = 0,
    jobs: Annotated[int, typer.Option(help="Fields drawn at a time; -1 for all cores.")] = 1,
) -> None:
    """Simulate a screen in which the channels that carry each phenotype are known.

    Cell Painting fields in the files of RxRx1, of a CellProfiler LoadData table, or of OME-Zarr
    plates, with the planted effects in truth.csv: to try an analysis where the answer is known.
    """
    with _errors_name_options(), interruptible(_console, lambda: "nothing is kept"):
        from keras_dcmix.datasets import simulated_screen, write_screen

        screen = simulated_screen(
            phenotypes=None if effects is None else parsed_effects(effects),
            num_experiments=experiments,
            plates_per_experiment=plates,
            wells_per_plate=wells,
            sites_per_well=sites,
            size=size,
            batch_effect=batch_effect,
            imbalance=imbalance,
            seed=seed,
        )
        with Progress(console=_console, transient=True) as progress:
            task = progress.add_task("drawing", total=len(screen.table))
            folder = write_screen(
                screen,
                out,
                layout,
                n_jobs=jobs,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
    typer.echo(
        f"{folder} holds {len(screen.table)} fields of {size} x {size} pixels; truth.csv there "
        f"tells which channels each phenotype affects.\n"
        f"Next: {next_command(out, layout)}"
    )


def next_command(out: Path, layout: str) -> str:
    """The command that looks at a screen, with its labels.

    Example:

    >>> next_command(Path("screen"), "ome-zarr")
    'keras-dcmix inspect screen --label Metadata_Treatment --platemap screen/platemap.csv'
    """
    label = "Metadata_Sirna" if layout == "rxrx1" else "Metadata_Treatment"
    parts = ["keras-dcmix", "inspect", str(out), "--label", label]
    if layout == "ome-zarr":
        parts += ["--platemap", str(out / "platemap.csv")]
    return shlex.join(parts)


def parsed_effects(text: str) -> dict[str, dict[str, float]]:
    """Reads phenotypes from text.

    Args:
        text: Such as `"siRNA-A:Mito=3,Golgi=1.5;siRNA-B:ER=2"`; after the colon there may be
            nothing, for a phenotype that changes nothing.

    Returns:
        For each phenotype the effect on each channel.

    Raises:
        ValueError: If the text does not read like that, or a name stands there twice.

    Example:

    >>> parsed_effects("siRNA-A:Mito=3,Golgi=1.5;siRNA-B:")
    {'siRNA-A': {'Mito': 3.0, 'Golgi': 1.5}, 'siRNA-B': {}}
    """
    phenotypes: dict[str, dict[str, float]] = {}
    for part in filter(str.strip, text.split(";")):
        name, colon, pairs = (word.strip() for word in part.rpartition(":"))
        if not colon:
            raise _unreadable(part, "no colon after the phenotype's name")
        if name in phenotypes:
            raise _unreadable(part, f"a second phenotype {name}")
        phenotypes[name] = {}
        for pair in filter(str.strip, pairs.split(",")):
            channel, _, effect = (word.strip() for word in pair.partition("="))
            if channel in phenotypes[name]:
                raise _unreadable(part, f"a second effect on {channel}")
            try:
                phenotypes[name][channel] = float(effect)
            except ValueError:
                raise _unreadable(part, f"no number after {channel}=") from None
    return phenotypes


def _unreadable(part: str, reason: str) -> ValueError:
    return ValueError(
        "--effects must read like 'siRNA-A:Mito=3,Golgi=1.5;siRNA-B:ER=2', but received "
        f"'{part.strip()}' with {reason}; write it in that form."
    )


@contextmanager
def _errors_name_options() -> Iterator[None]:
    """Calls the library's arguments in its errors as they are called on the command line."""
    try:
        yield
    except (ValueError, TypeError) as error:
        message = str(error)
        for name, option in OPTIONS.items():
            message = message.replace(f"`{name}`", f"--{option}")
            message = message.replace(f"`{name}[", f"`--{option}[")
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(message) from error
