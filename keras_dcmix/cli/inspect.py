"""The command `inspect`: what a source holds, before any training."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table
from rich.text import Text

from keras_dcmix._common.errors import InputError
from keras_dcmix.cli.options import READING_HELP, takes
from keras_dcmix.cli.source_options import SourceOptions

if TYPE_CHECKING:
    import pandas as pd

    from keras_dcmix.inspection import Inspection

_console = Console(stderr=True, highlight=False, soft_wrap=True)
_MOST_ROWS = 10
_MOST_VALUES = 6


@takes(source_options=(SourceOptions, "What to read", READING_HELP))
def inspect(
    source: Annotated[
        str,
        typer.Argument(
            help="A plate or screen: a LoadData table, a folder of an instrument, OME-TIFF, "
            "OME-Zarr, or a folder of images."
        ),
    ],
    source_options: SourceOptions,
    fields: Annotated[
        str, typer.Option(help="Fields whose pixels are read, spread over all plates; 0: all.")
    ] = "200",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the tables and a page of thumbnails.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier inspection, the whole folder.")
    ] = False,
) -> None:
    """Inspect a plate or screen: what is there, is it sound, would a ranking learn plates?

    Trains nothing. Without --label it lists the columns that could hold the labels. With --out it
    writes inspection.json, channels.csv, problems.csv, fields.csv and thumbnails.png.
    """
    from keras_dcmix._common.output_folder import INSPECTION, check_output, output_folder
    from keras_dcmix.cli.sources import open_fields
    from keras_dcmix.inspection import inspect_images
    from keras_dcmix.report.inspection_files import save_inspection

    num_fields = parsed_fields(fields)
    if source in ("simulated", "mnist") and not Path(source).exists():
        raise InputError(
            f"inspect needs the path of image files, received '{source}', which is made anew in "
            "each run: write such a screen with keras-dcmix simulate"
        )
    if out is not None:
        check_output(out, overwrite=overwrite, mark=INSPECTION)
    image_set = open_fields(source, source_options, check_files=False)
    with Progress(console=_console, transient=True) as progress:
        task = progress.add_task("reading", total=None)
        inspection = inspect_images(
            image_set,
            num_fields=num_fields,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    if out is not None:
        arguments = {"source": source, **asdict(source_options), "fields": fields}
        with output_folder(out, overwrite=overwrite, mark=INSPECTION) as folder:
            save_inspection(inspection, image_set, folder, arguments=arguments)
    _print(inspection)
    _print_next(inspection, source, source_options, out)


def parsed_fields(text: str) -> int | None:
    """How many fields are read; None for all of them.

    Example:

    >>> parsed_fields("200"), parsed_fields("0"), parsed_fields("all")
    (200, None, None)

    Raises:
        ValueError: If it is neither a number nor "all".
    """
    if text.strip().lower() in ("all", "0"):
        return None
    if not text.strip().isdigit():
        raise InputError(f"--fields must be a number, or 0 for all fields, received '{text}'")
    return int(text)


def _print(inspection: Inspection) -> None:
    words = Console(highlight=False)
    words.print(inspection.describe(), markup=False)
    if len(inspection.plates) > 1:
        _print_table("Plates", inspection.plates)
    _print_channels(inspection.channels)
    if inspection.labels is not None:
        _print_table("Classes", inspection.labels)
    if len(inspection.problems):
        shown = ["where", "channel", "problem", "reason"]
        _print_table("Files with a problem", inspection.problems[shown])
    if not inspection.warnings:
        words.print(inspection.verdict(), markup=False)
        return
    words.print("Beware", style="bold")
    grid = Table.grid(padding=(0, 1))
    for number, text in enumerate(inspection.warnings, 1):
        grid.add_row(f"{number}.", Text(text))
    words.print(grid)


def _print_table(title: str, rows: pd.DataFrame) -> None:
    """The first rows of a table, and how many more there are."""
    columns = [
        # Folded, not cut: the ends of plates' names tell them apart.
        Column(name, justify="right" if rows[name].dtype.kind in "iuf" else "left", overflow="fold")
        for name in rows.columns
    ]
    table = Table(*columns, title=f"{title} ({len(rows):,})", title_justify="left")
    for row in rows.head(_MOST_ROWS).itertuples(index=False):
        table.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    console = Console(highlight=False)
    console.print(table)
    if len(rows) > _MOST_ROWS:
        console.print(f"and {len(rows) - _MOST_ROWS:,} more; --out writes all of them.")


def _print_channels(channels: pd.DataFrame) -> None:
    from keras_dcmix._common.wording import number, precise_percent

    kinds = [f"{row.dtype}, {row.size}" if row.dtype else "" for row in channels.itertuples()]
    is_common = len(set(kinds)) == 1
    headings = ["darkest 1 %", "middle", "brightest 1 %", "maximum", "cut off"]
    columns = [Column(name, justify="right") for name in headings]
    table = Table(
        Column("channel", overflow="fold"),
        *([] if is_common else ["pixels"]),
        *columns,
        *(["remark"] if channels["remark"].any() else []),
        title=f"Channels ({kinds[0]} pixels)" if is_common and kinds[0] else "Channels",
        title_justify="left",
    )
    for row, kind in zip(channels.to_dict("records"), kinds, strict=True):
        numbers = [number(row[name]) for name in ("p1", "p50", "p99", "max")]
        cells = [row["channel"], *([] if is_common else [kind]), *numbers]
        cells += [precise_percent(row["saturated"]), row["remark"]]
        table.add_row(*(Text(cell) for cell in cells[: len(table.columns)]))
    Console().print(table)


def _print_next(
    inspection: Inspection, source: str, options: SourceOptions, out: Path | None
) -> None:
    """Says what to pass as the label, where to look, and which command comes next."""
    words = Console(soft_wrap=True, highlight=False)
    if inspection.labels is None:
        _print_candidates(inspection.candidates)
    if out is None:
        words.print("With --out FOLDER, all tables and a page of thumbnails are written there.")
    else:
        words.print(f"Results are in {out}; look at thumbnails.png first.", markup=False)
    words.print(f"Next: {next_command(inspection, source, options)}", markup=False)


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
        more = len(rows) - _MOST_VALUES
        table.add_row(Text(column), Text(", ".join(shown) + (f" and {more} more" * (more > 0))))
    Console().print(table)


def next_command(inspection: Inspection, source: str, options: SourceOptions) -> str:
    """The command that goes on from here, with the same options.

    Args:
        inspection: What was found.
        source: The path of the source.
        options: How it was read.
    """
    given = {name: value for name, value in asdict(options).items() if value is not None}
    has_label = options.label is not None or not inspection.candidates.empty
    if not has_label:
        given["platemap"] = "TABLE"
    elif options.label is None:
        given["label"] = inspection.candidates["column"].iloc[0]
    if has_label and not inspection.is_readable:
        given["skip_unreadable"] = True
    parts = ["keras-dcmix", "rank" if has_label else "inspect", source]
    for name, value in given.items():
        parts.append(f"--{name.replace('_', '-')}")
        parts += [] if value is True else [str(value)]
    return shlex.join([*parts, *(["--out", "ranking"] if has_label else [])])
