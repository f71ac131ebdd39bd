"""The command `keras-dcmix`: parses, calls, writes."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from keras_dcmix.cli_options import SOURCE_HELP, TRAINING_HELP, takes
from keras_dcmix.options import SourceOptions, Training

if TYPE_CHECKING:
    from keras_dcmix.data.labelled_images import LabelledImages
    from keras_dcmix.ranking import ChannelRanking

app = typer.Typer(
    help="Which image channels carry the phenotype, how sure is that, which can be dropped?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_console = Console(stderr=True, highlight=False, soft_wrap=True)


def main() -> None:
    """Runs the command; bad input ends with one sentence and exit code 2."""
    try:
        app()
    except (ValueError, TypeError, OSError, ImportError) as error:
        if "--debug" in sys.argv:
            raise
        _console.print(f"Error: {as_options(str(error))}", markup=False, style="red")
        sys.exit(2)


def as_options(message: str) -> str:
    """The message with the library's arguments called as they are on the command line."""
    for name in {*SOURCE_HELP, *TRAINING_HELP}:
        option = "--" + name.replace("_", "-")
        message = message.replace(f"`{name}`", option).replace(f"{name}=", f"{option}=")
    return message.replace("check --root=", "check --root")


def _print_version(wanted: bool) -> None:
    if wanted:
        from keras_dcmix import __version__

        typer.echo(f"keras-dcmix {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options of all commands."""


@app.command()
@takes(
    source_options=(SourceOptions, "What to read", SOURCE_HELP),
    training=(Training, "How to train", TRAINING_HELP),
)
def rank(
    source: Annotated[
        str, typer.Argument(help="A CellProfiler LoadData CSV, or 'simulated', or 'mnist'.")
    ],
    source_options: SourceOptions,
    training: Training,
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    seeds: Annotated[
        int, typer.Option(min=1, help="Models to train; their spread is the error.")
    ] = 5,
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="The first seed.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Trainings at a time.")] = 1,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier result, the whole folder.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run.")
    ] = False,
) -> None:
    """Rank the channels: one DCMIX model per seed, tested on groups it has not seen.

    keras-dcmix rank plate.csv --label Metadata_Treatment --crop cells --out ranking

    Writes importance.csv, runs.csv, trajectory.csv, model.keras, three figures and run.json.
    """
    with _interruptible(out):
        _start_keras()
        from keras_dcmix.models import check_backbone
        from keras_dcmix.outputs import check_output, output_folder, save_ranking
        from keras_dcmix.ranking import rank_channels

        out = check_output(out, overwrite=overwrite)
        check_backbone(training.backbone)
        unfinished = _unfinished_folder(out, resume=resume, overwrite=overwrite)
        problem = _open(source, source_options, seed)
        with _kept_while_unfinished(unfinished, resume=resume):
            ranking = rank_channels(
                problem,
                num_seeds=seeds,
                seed=seed,
                training=training,
                n_jobs=jobs,
                checkpoint_dir=unfinished,
            )
            arguments = {"source": source, **asdict(source_options), "seeds": seeds, "seed": seed}
            with output_folder(out, overwrite=overwrite) as folder:
                save_ranking(ranking, folder, arguments=arguments)
        _print_ranking(ranking)
        _console.print(f"Results are in {out}", markup=False)


@contextmanager
def _interruptible(out: Path) -> Iterator[None]:
    """Ends with a word and exit code 130 where the user or a scheduler stops the run."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        kept = "nothing is kept"
        if _seeds_in(out.expanduser().resolve()):
            kept = "finished seeds are kept: the same command with --resume goes on"
        _console.print(f"Interrupted; {kept}.")
        raise typer.Exit(130) from None


def _seeds_in(out: Path) -> list[Path]:
    return sorted(out.with_name(f".{out.name}.unfinished").glob("seed_*.json"))


def _unfinished_folder(out: Path, *, resume: bool, overwrite: bool) -> Path:
    """Where finished seeds wait until the whole run is done."""
    folder = out.with_name(f".{out.name}.unfinished")
    if folder.exists() and not resume and not overwrite:
        raise ValueError(
            f"An interrupted run for {out} is there, or one that is still running: go on with "
            "--resume, or discard it with --overwrite"
        )
    return folder


@contextmanager
def _kept_while_unfinished(folder: Path, *, resume: bool) -> Iterator[None]:
    """Removes the folder at the end, or keeps it if the run breaks off with seeds in it."""
    if folder.exists() and not resume:
        shutil.rmtree(folder)
    try:
        yield
    except BaseException:
        if not any(folder.glob("seed_*.json")):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder)


def _open(source: str, options: SourceOptions, seed: int) -> LabelledImages:
    from keras_dcmix.sources import open_source

    with Progress(console=_console, transient=True) as progress:
        task = progress.add_task("reading", total=None)
        problem = open_source(
            source,
            options,
            seed=seed,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    _console.print(problem.describe(), markup=False)
    return problem


def _print_ranking(ranking: ChannelRanking) -> None:
    importance = ranking.importance
    table = Table("rank", "channel", importance.unit, "std over runs")
    for row in importance.to_frame().itertuples():
        table.add_row(f"{row.rank:g}", row.channel, f"{row.score:.3f}", _number(row.std))
    Console().print(table, markup=False)
    Console(soft_wrap=True, highlight=False).print(ranking.summary(), markup=False)


def _number(value: float) -> str:
    return f"{value:.3f}" if value == value else "one run only"


def _start_keras() -> None:
    """Imports Keras without TensorFlow's start-up messages."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Each seed is a model of its own, which TensorFlow takes for needless retracing.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with _quiet_stderr():
        try:
            import keras

            keras.ops.zeros(1)  # the backend speaks once more when it first computes
        except ImportError as error:
            raise ImportError(
                f"Keras cannot start its backend ({error}): install one, for instance with "
                "pip install 'keras-dcmix[tensorflow]', or choose another with the environment "
                "variable KERAS_BACKEND (tensorflow, jax, torch)"
            ) from error


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Holds back what libraries write to standard error, below Python as well."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
