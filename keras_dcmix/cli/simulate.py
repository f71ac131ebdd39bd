"""The command `simulate`: a screen of known truth, written as real ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from keras_dcmix._common.command_lines import command_line
from keras_dcmix._common.progress import reporting
from keras_dcmix.cli.parsing import parsed_effects
from keras_dcmix.cli.runs import interruptible

EXAMPLES = (
    (
        "A screen in the layout of RxRx1, with the truth beside it",
        "keras-dcmix simulate --layout rxrx1 --out screen",
    ),
    (
        "Effects of your own, in standard deviations between untreated cells",
        "keras-dcmix simulate --layout loaddata --effects 'drug:Mito=3,Golgi=1.5' --out screen",
    ),
)


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
        typer.Option(
            help="Phenotypes, such as 'siRNA-A:Mito=3,Golgi=1.5;siRNA-B:ER=2'.",
            show_default="siRNA-A, siRNA-B, siRNA-C",
        ),
    ] = None,
    batch_effect: Annotated[
        float, typer.Option(help="How much brightness differs from batch to batch, 0 to 1.")
    ] = 0.15,
    imbalance: Annotated[
        float, typer.Option(help="How unequally controls are spread over the plates, 0 to 1.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    jobs: Annotated[int, typer.Option(help="Fields drawn at the same time; -1: one per core.")] = 1,
) -> None:
    """Simulate a screen in which the channels that carry each phenotype are known.

    Writes Cell Painting fields in the layout of RxRx1, of a CellProfiler LoadData table, or of
    OME-Zarr plates, and the planted effects in truth.csv.
    """
    with interruptible(lambda: "nothing is kept"):
        from keras_dcmix.datasets import simulated_screen, write_screen

        screen = simulated_screen(
            phenotypes=parsed_effects(effects),
            num_experiments=experiments,
            plates_per_experiment=plates,
            wells_per_plate=wells,
            sites_per_well=sites,
            size=size,
            batch_effect=batch_effect,
            imbalance=imbalance,
            seed=seed,
        )
        with reporting("drawing") as progress:
            folder = write_screen(screen, out, layout, n_jobs=jobs, progress=progress)
    typer.echo(
        f"{folder} holds {len(screen.table)} fields of {size} x {size} pixels; its truth.csv "
        f"lists which channels each phenotype affects.\n"
        f"Next: {next_command(out, layout)}"
    )


def next_command(out: Path, layout: str) -> str:
    """The command that inspects a screen, with its labels.

    Example:

    >>> next_command(Path("screen"), "ome-zarr")
    'keras-dcmix inspect screen --label Metadata_Treatment --platemap screen/platemap.csv'
    """
    label = "Metadata_Sirna" if layout == "rxrx1" else "Metadata_Treatment"
    parts = ["keras-dcmix", "inspect", str(out), "--label", label]
    if layout == "ome-zarr":
        parts += ["--platemap", str(out / "platemap.csv")]
    return command_line(parts)
