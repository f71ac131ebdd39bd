"""The command `keras-dcmix`: parses, calls, writes."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from keras_dcmix.cli.doctor import doctor
from keras_dcmix.cli.export import export
from keras_dcmix.cli.help import ANSWER, LOOK, TAKE_AWAY, examples, helping_page
from keras_dcmix.cli.inspect import inspect
from keras_dcmix.cli.options import SOURCE_HELP, TRAINING_HELP, takes
from keras_dcmix.cli.predict import predict
from keras_dcmix.cli.runs import (
    interruptible,
    kept_while_unfinished,
    unfinished_folder,
    what_is_kept,
)
from keras_dcmix.cli.simulate import simulate
from keras_dcmix.cli.source_options import SourceOptions
from keras_dcmix.cli.start import start_keras
from keras_dcmix.cli.tables import print_comparison, print_ranking
from keras_dcmix.models.options import Training

if TYPE_CHECKING:
    from keras_dcmix.data.labelled_images import LabelledImages

app = typer.Typer(
    help="Which image channels carry the phenotype, how sure is that, which can be dropped?",
    epilog="Begin with keras-dcmix rank simulated --out demo, and open demo/report.html. "
    "keras-dcmix COMMAND --help has examples, docs/index.md the whole story.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_console = Console(stderr=True, highlight=False, soft_wrap=True)


def main() -> None:
    """Runs the command; bad input ends with one sentence and exit code 2."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default", UserWarning)
            warnings.showwarning = _show_warning
            app()
    except (ValueError, TypeError, OSError, ImportError) as error:
        if "--debug" in sys.argv:
            raise
        _console.print(f"Error: {_shown(str(error))}", markup=False, style="red")
        if page := helping_page(error):
            _console.print(f"More about this: {page}", markup=False)
        sys.exit(2)


def _show_warning(message: Warning | str, category: type[Warning], *where: object) -> None:
    """Shows our own warnings as sentences; those of others keep their form."""
    if category is UserWarning:
        _console.print(f"Note: {_shown(str(message))}", markup=False, style="yellow")
    else:
        print(warnings.formatwarning(message, category, *where[:2]), file=sys.stderr, end="")


def _shown(message: str) -> str:
    """A message in the words of the command line; no foreign name in it steers the terminal."""
    safe = (c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in message)
    return as_options("".join(safe))


def as_options(message: str) -> str:
    """The message with the library's arguments called as they are on the command line."""
    for name in {*SOURCE_HELP, *TRAINING_HELP}:
        option = "--" + name.replace("_", "-")
        message = message.replace(f"`{name}`", option)
        message = re.sub(rf"\b{name}='([^']*)'", rf"{option} \1", message)
        message = re.sub(rf"\b{name}=(True\b)?(?=[\s,.:;)]|$)", option, message)
        message = re.sub(rf"\b{name}=", f"{option}=", message)
    return message


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


SOURCE = Annotated[
    str,
    typer.Argument(
        help="A plate or screen: a LoadData table, a folder of an instrument, OME-TIFF, OME-Zarr, "
        "or a folder of images; or 'simulated', or 'mnist'."
    ),
]
OUT = Annotated[Path, typer.Option(help="Folder for the results.")]
SEEDS = Annotated[
    int,
    typer.Option(
        min=1, metavar="NUMBER", help="Trainings of each model; their spread is the error."
    ),
]
SEED = Annotated[int, typer.Option(min=0, max=2**31, metavar="NUMBER", help="The first seed.")]
JOBS = Annotated[int, typer.Option(min=1, metavar="NUMBER", help="Trainings at a time.")]
OVERWRITE = Annotated[
    bool, typer.Option("--overwrite", help="Replace an earlier result, the whole folder.")
]
RESUME = Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")]

_GROUPS: dict[str, tuple[type, str, dict[str, str]]] = {
    "source_options": (SourceOptions, "What to read", SOURCE_HELP),
    "training": (Training, "How to train", TRAINING_HELP),
}


@takes(**_GROUPS)
def rank(
    source: SOURCE,
    source_options: SourceOptions,
    training: Training,
    out: OUT,
    seeds: SEEDS = 5,
    seed: SEED = 0,
    check: Annotated[
        bool,
        typer.Option("--check/--no-check", help="Score every subset of the channels as well."),
    ] = True,
    jobs: JOBS = 1,
    overwrite: OVERWRITE = False,
    resume: RESUME = False,
) -> None:
    """Rank the channels: one DCMIX model per seed, tested on groups it has not seen.

    One model more, trained on random subsets of the channels, checks the ranking and tells what
    dropping channels costs. Writes importance.csv, runs.csv, trajectory.csv, subsets.csv,
    panels.csv, confusion.csv, model.keras, four figures, run.json, and report.html, which tells it
    all on one page.
    """
    with _run(source, source_options, training, out, seed, overwrite, resume) as run:
        from keras_dcmix.experiments.rank import rank_channels
        from keras_dcmix.report.ranking_files import save_ranking

        ranking = rank_channels(
            run.dataset,
            num_seeds=seeds,
            seed=seed,
            training=training,
            check=check,
            n_jobs=jobs,
            checkpoint_dir=run.unfinished,
        )
        run.save(save_ranking, ranking, seeds=seeds, check=check)
        print_ranking(ranking)
        run.say_where()


@takes(**_GROUPS)
def compare(
    source: SOURCE,
    source_options: SourceOptions,
    training: Training,
    out: OUT,
    methods: Annotated[
        str | None,
        typer.Option(help="Methods, joined with commas. Without it: all that are known."),
    ] = None,
    seeds: SEEDS = 3,
    seed: SEED = 0,
    jobs: JOBS = 1,
    overwrite: OVERWRITE = False,
    resume: RESUME = False,
) -> None:
    """Compare methods: each scores the channels, one table and one heatmap tell who agrees.

    The methods: dcmix, shapley (of all subsets), permutation, occlusion, integrated_gradients,
    deletion_insertion, squeeze_excitation, efficient_channel_attention, cbam, soft_attention, and
    single_channel and leave_one_out, which train a model for each channel. Writes methods.csv,
    importance.csv, spearman.csv, deletion_insertion.csv, three figures, run.json, and report.html,
    which tells it all on one page.
    """
    names = None if methods is None else [name.strip() for name in methods.split(",")]

    def refuse_methods() -> None:
        from keras_dcmix.experiments.compare import chosen_methods

        chosen_methods(names)

    with _run(
        source, source_options, training, out, seed, overwrite, resume, refuse_methods
    ) as run:
        from keras_dcmix.experiments.compare import compare_methods
        from keras_dcmix.report.comparison_files import save_comparison

        comparison = compare_methods(
            run.dataset,
            methods=names,
            num_seeds=seeds,
            seed=seed,
            training=training,
            n_jobs=jobs,
            checkpoint_dir=run.unfinished,
        )
        run.save(save_comparison, comparison, seeds=seeds, methods=methods)
        print_comparison(comparison)
        run.say_where()


@dataclass(frozen=True)
class _Run:
    """A run of a command: what it reads, where its trainings wait and its results go."""

    dataset: LabelledImages
    out: Path
    unfinished: Path
    overwrite: bool
    arguments: dict[str, object]
    warnings: list[str]

    def save(self, write: Callable[..., None], result: object, **arguments: object) -> None:
        from keras_dcmix._common.output_folder import output_folder

        with output_folder(self.out, overwrite=self.overwrite) as folder:
            write(result, folder, arguments=self.arguments | arguments, warnings=self.warnings)
            if self.dataset.skipped is not None and len(self.dataset.skipped):
                self.dataset.skipped.to_csv(folder / "skipped.csv", index=False)

    def say_where(self) -> None:
        from keras_dcmix._common.output_folder import REPORT

        _console.print(f"Results are in {self.out}", markup=False)
        _console.print(f"Open {self.out / REPORT} in a browser to see them", markup=False)


@contextmanager
def _run(
    source: str,
    options: SourceOptions,
    training: Training,
    out: Path,
    seed: int,
    overwrite: bool,
    resume: bool,
    refuse: Callable[[], None] = lambda: None,
) -> Iterator[_Run]:
    """Starts Keras, refuses what cannot work, reads the source, and keeps what is finished."""
    with interruptible(_console, partial(what_is_kept, out)):
        start_keras()
        from keras_dcmix._common.output_folder import check_output
        from keras_dcmix.models import check_backbone

        out = check_output(out, overwrite=overwrite)
        check_backbone(training.backbone)
        refuse()
        unfinished = unfinished_folder(out, resume=resume, overwrite=overwrite)
        dataset = _open(source, options, seed)
        warnings = _warn_of_layout(dataset)
        arguments = {"source": source, **asdict(options), "seed": seed}
        with kept_while_unfinished(unfinished, resume=resume):
            yield _Run(dataset, out, unfinished, overwrite, arguments, warnings)


def _open(source: str, options: SourceOptions, seed: int) -> LabelledImages:
    from keras_dcmix.cli.sources import open_source

    with Progress(console=_console, transient=True) as progress:
        task = progress.add_task("reading", total=None)
        dataset = open_source(
            source,
            options,
            seed=seed,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    _console.print(dataset.describe(), markup=False)
    return dataset


def _warn_of_layout(dataset: LabelledImages) -> list[str]:
    """Prints what speaks against a ranking, and returns it for the page."""
    from keras_dcmix.data import Crops
    from keras_dcmix.inspection import layout_warnings

    if not isinstance(dataset.images, Crops):
        return []
    found = layout_warnings(dataset.images.image_set)
    for warning in found:
        _console.print(f"Beware: {_shown(warning)}", markup=False, style="yellow")
    return found


# In the order in which they are met; help shows them under these headings.
for _heading, _commands in {
    LOOK: (inspect, simulate),
    ANSWER: (rank, compare),
    TAKE_AWAY: (predict, export),
    "Help": (doctor,),
}.items():
    for _command in _commands:
        _name = _command.__name__
        app.command(rich_help_panel=_heading, epilog=examples(_name))(_command)
