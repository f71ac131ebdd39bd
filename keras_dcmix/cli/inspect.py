"""The command `inspect`: what a source holds, before any training."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from keras_dcmix._common.command_lines import command_line
from keras_dcmix._common.progress import reporting
from keras_dcmix.cli.options import FILES, OVERWRITE, READING_HELP, takes
from keras_dcmix.cli.parsing import parsed_number_of_fields
from keras_dcmix.cli.printing import harmless, show
from keras_dcmix.cli.source_options import SourceOptions

if TYPE_CHECKING:
    import pandas as pd

    from keras_dcmix.inspection import Inspection

EXAMPLES = (
    (
        "What does the plate hold, and which columns could be the labels?",
        "keras-dcmix inspect plate",
    ),
    (
        "Would a ranking by treatment learn plates instead?",
        "keras-dcmix inspect plate --label Metadata_Treatment --out inspection",
    ),
    (
        "Labels in a table of wells, channels in the files' names",
        "keras-dcmix inspect images --pattern '{well}_{channel}.tif' --platemap wells.csv",
    ),
)
_MOST_ROWS = 10
_MOST_VALUES = 6


@takes(source_options=(SourceOptions, "What to read", READING_HELP))
def inspect(
    source: FILES,
    source_options: SourceOptions,
    fields: Annotated[
        str, typer.Option(help="Fields whose pixels are read, spread over all plates; 0: all.")
    ] = "200",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the tables and a page of thumbnails.")
    ] = None,
    overwrite: OVERWRITE = False,
) -> None:
    """Inspect a plate or screen: its contents, its problems, and whether a ranking is safe.

    Trains nothing. Without --label it lists the columns that could hold the labels. With --out it
    writes inspection.json, channels.csv, problems.csv, fields.csv and thumbnails.png.
    """
    from keras_dcmix._common.files import INSPECTION, check_place, output_folder
    from keras_dcmix.cli.sources import open_fields, refuse_other_than_files
    from keras_dcmix.inspection import inspect_images
    from keras_dcmix.report.inspection_files import save_inspection

    num_fields = parsed_number_of_fields(fields)
    refuse_other_than_files(source, "inspect")
    if out is not None:
        check_place(out, mark=INSPECTION, overwrite=overwrite)
    image_set = open_fields(source, source_options, check_files=False)
    with reporting("reading") as progress:
        inspection = inspect_images(image_set, num_fields=num_fields, progress=progress)
    if out is not None:
        arguments = {"source": source, **asdict(source_options), "fields": fields}
        with output_folder(out, mark=INSPECTION, overwrite=overwrite) as folder:
            save_inspection(inspection, image_set, folder, arguments=arguments)
    _print(inspection)
    _print_next(inspection, source, source_options, out)


def _print(inspection: Inspection) -> None:
    console = Console(highlight=False)
    console.print(inspection.describe(), markup=False)
    if len(inspection.plates) > 1:
        _print_table("Plates", inspection.plates)
    _print_channels(inspection.channels)
    if inspection.labels is not None:
        _print_table("Classes", inspection.labels)
    if len(inspection.problems):
        shown = ["where", "channel", "problem", "reason"]
        _print_table("Files with a problem", inspection.problems[shown])
    if not inspection.warnings:
        console.print(inspection.verdict(), markup=False)
        return
    console.print("Warnings", style="bold")
    grid = Table.grid(padding=(0, 1))
    for number, text in enumerate(inspection.warnings, 1):
        grid.add_row(f"{number}.", Text(text))
    console.print(grid)


def _print_table(title: str, rows: pd.DataFrame) -> None:
    """The first rows of a table, and how many more there are."""
    columns = [
        # Folded, not cut: names of plates often differ at the end.
        Column(
            str(name),
            justify="right" if rows[name].dtype.kind in "iuf" else "left",
            overflow="fold",
        )
        for name in rows.columns
    ]
    table = Table(*columns, title=f"{title} ({len(rows):,})", title_justify="left")
    for row in rows.head(_MOST_ROWS).to_dict("records"):
        cells = (f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row.values())
        table.add_row(*map(Text, cells))
    console = Console(highlight=False)
    console.print(table)
    if len(rows) > _MOST_ROWS:
        console.print(f"and {len(rows) - _MOST_ROWS:,} more; --out writes all of them.")


def _print_channels(channels: pd.DataFrame) -> None:
    from keras_dcmix._common.wording import number, precise_percent

    rows = channels.to_dict("records")
    kinds = [f"{row['dtype']}, {row['size']}" if row["dtype"] else "" for row in rows]
    is_common = len(set(kinds)) == 1
    headings = ["darkest 1 %", "middle", "brightest 1 %", "maximum", "cut off"]
    columns = [Column(name, justify="right") for name in headings]
    table = Table(
        Column("channel", overflow="fold"),
        *([] if is_common else ["pixels"]),
        *columns,
        *(["note"] if channels["note"].any() else []),
        title=f"Channels ({kinds[0]} pixels)" if is_common and kinds[0] else "Channels",
        title_justify="left",
    )
    for row, kind in zip(rows, kinds, strict=True):
        numbers = [number(row[name]) for name in ("p1", "p50", "p99", "max")]
        cells = [row["channel"], *([] if is_common else [kind]), *numbers]
        cells += [precise_percent(row["saturated"]), row["note"]]
        table.add_row(*(Text(cell) for cell in cells[: len(table.columns)]))
    Console().print(table)


def _print_next(
    inspection: Inspection, source: str, options: SourceOptions, out: Path | None
) -> None:
    """Prints the candidates for the label, where the results are, and the next command."""
    if inspection.labels is None:
        _print_candidates(inspection.label_columns)
    if out is None:
        show("With --out FOLDER, all tables and a page of thumbnails are written there.")
    else:
        show(f"Results are in {out}; look at thumbnails.png first.")
    if inspection.cells is not None and inspection.cells.is_many:
        show(
            f"Fields show about {inspection.cells.per_field:.0f} cells (nuclei in the channel "
            f"'{inspection.cells.nuclei_channel}'): the next command makes one image a cell."
        )
    if inspection.has_few_groups:
        show("A ranking needs more wells of some classes: see the last warning. Then:")
    # Not by Rich, which changes tabs and names between colons.
    typer.echo(harmless(f"Next: {next_command(inspection, source, options)}"))


def _print_candidates(candidates: pd.DataFrame) -> None:
    if candidates.empty:
        Console(highlight=False).print(
            "No column can be the label: none has 2 to 50 values that are the same in all fields "
            "of a well and shared by several wells. Join one with --platemap, a table of wells.",
            markup=False,
        )
        return
    table = Table("column", "values, with their numbers of wells", title="Columns for --label")
    table.title_justify = "left"
    for column, rows in candidates.groupby("column", sort=False):
        shown = [f"{row.value} ({row.wells})" for row in rows.head(_MOST_VALUES).itertuples()]
        if len(rows) > _MOST_VALUES:
            shown[-1] += f" and {len(rows) - _MOST_VALUES} more"
        table.add_row(Text(str(column)), Text(", ".join(shown)))
    Console().print(table)


def next_command(inspection: Inspection, source: str, options: SourceOptions) -> str:
    """The command to run next, with the same options and those that the inspection proposes.

    Args:
        inspection: What was found.
        source: The path of the source.
        options: How it was read.
    """
    given = {name: value for name, value in asdict(options).items() if value is not None}
    has_label = options.label is not None or not inspection.label_columns.empty
    if has_label:
        given = {**inspection.proposed, **given}
    if not has_label:
        given["platemap"] = "TABLE"
    elif options.label is None:
        given["label"] = _likely_label(inspection.label_columns)
    if has_label and not inspection.is_readable:
        given["skip_unreadable"] = True
    order = [field.name for field in fields(SourceOptions)]
    words = ["keras-dcmix", "rank" if has_label else "inspect", source]
    for name in sorted(given, key=order.index):
        words += _option(name, given[name])
    return command_line([*words, *(["--out", "ranking"] if has_label else [])])


def _likely_label(candidates: pd.DataFrame) -> str:
    """The first column whose classes all have wells enough for a ranking, or else the first."""
    from keras_dcmix.inspection.groups import FEWEST_GROUPS

    fewest = candidates.groupby("column", sort=False)["wells"].min()
    enough = fewest.index[fewest >= FEWEST_GROUPS]
    return str(enough[0] if len(enough) else fewest.index[0])


def _option(name: str, value: object) -> list[str]:
    """An option and its value as words; a switch has none, and a value may begin with a dash."""
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    text = str(value)
    return [f"--{option}={text}"] if text.startswith("-") else [f"--{option}", text]
