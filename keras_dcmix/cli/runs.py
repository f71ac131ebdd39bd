"""Runs of `rank` and `compare`: what they read and write, and how they are interrupted."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from keras_dcmix._common.errors import ResultError, argument
from keras_dcmix._common.progress import reporting, say
from keras_dcmix.cli.printing import harmless

if TYPE_CHECKING:
    from keras_dcmix.cli.source_options import SourceOptions
    from keras_dcmix.data.image_set import ImageSet
    from keras_dcmix.data.labelled_images import LabelledImages
    from keras_dcmix.models.options import Training


@dataclass(frozen=True)
class Run:
    """A run of a command.

    Args:
        dataset: What it reads.
        out: Where its results go.
        unfinished: Where finished trainings are kept until all are done.
        overwrite: Whether an earlier result is replaced.
        arguments: What the command was called with.
        warnings: Why a ranking of this source may be unreliable, in sentences.
    """

    dataset: LabelledImages
    out: Path
    unfinished: Path
    overwrite: bool
    arguments: dict[str, object]
    warnings: list[str]

    def save(self, write: Callable[..., None], result: object, **arguments: object) -> None:
        """Writes the result, and the table of the fields that were skipped, into the folder."""
        from keras_dcmix._common.files import output_folder

        with output_folder(self.out, overwrite=self.overwrite) as folder:
            write(result, folder, arguments=self.arguments | arguments, warnings=self.warnings)
            if self.dataset.skipped is not None and len(self.dataset.skipped):
                self.dataset.skipped.to_csv(folder / "skipped.csv", index=False)

    def say_where(self) -> None:
        """Prints where the results are."""
        from keras_dcmix._common.files import REPORT

        say(f"Results are in {self.out}")
        say(f"Open {self.out / REPORT} in a browser to see them")


@contextmanager
def opened_run(
    source: str,
    options: SourceOptions,
    training: Training,
    out: Path,
    seed: int,
    overwrite: bool,
    resume: bool,
    refuse: Callable[[], None] = lambda: None,
    refuse_channels: Callable[[tuple[str, ...]], object] = lambda names: None,
) -> Iterator[Run]:
    """Starts Keras, refuses what cannot work, reads the source, and keeps what is finished.

    Args:
        source: What the user named as the source.
        options: What to read of it.
        training: How to train.
        out: Folder for the results.
        seed: The first seed.
        overwrite: Whether an earlier result may be replaced.
        resume: Whether an interrupted run is continued.
        refuse: Raises where the command cannot work, before anything is read.
        refuse_channels: Raises where it cannot work with these channels, before pixels are read.
    """
    from keras_dcmix.cli.start import start_keras

    with interruptible(partial(_what_is_kept, out)):
        start_keras()
        from keras_dcmix._common.files import RUN, check_place
        from keras_dcmix.cli.backbone import refuse_backbone

        out = check_place(out, mark=RUN, overwrite=overwrite)
        refuse_backbone(training.backbone)
        refuse()
        unfinished = _unfinished_folder(out, resume=resume, overwrite=overwrite)
        dataset, warnings = _open(source, options, seed, refuse_channels)
        arguments = {"source": source, **asdict(options), "seed": seed}
        with _kept_while_unfinished(unfinished, resume=resume):
            yield Run(dataset, out, unfinished, overwrite, arguments, warnings)


@contextmanager
def interruptible(kept: Callable[[], str]) -> Iterator[None]:
    """Ends with a sentence and exit code 130 where the user or a scheduler stops the command.

    Args:
        kept: Returns what is kept, as the end of the sentence.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        say(f"Interrupted; {kept()}.")
        raise typer.Exit(130) from None


def _open(
    source: str,
    options: SourceOptions,
    seed: int,
    refuse_channels: Callable[[tuple[str, ...]], object],
) -> tuple[LabelledImages, list[str]]:
    """Opens the source, and returns why a ranking of it may be unreliable, which it prints."""
    from keras_dcmix.cli.sources import open_source
    from keras_dcmix.data import Preprocessing
    from keras_dcmix.inspection import source_warnings

    found: list[str] = []

    def warn(fields: ImageSet) -> None:
        refuse_channels(fields.channel_names)
        found.extend(
            source_warnings(fields, normalize=options.normalize or Preprocessing.normalize)
        )
        for warning in found:
            say(f"Warning: {harmless(warning)}", style="yellow")

    with reporting("reading") as progress:
        dataset = open_source(source, options, seed=seed, progress=progress, look=warn)
    say(harmless(dataset.describe()))
    return dataset, found


def _what_is_kept(out: Path) -> str:
    if _anything_finished(_unfinished_place(out.expanduser().resolve())):
        return "finished trainings are kept: the same command with --resume continues"
    return "no training was finished"


def _unfinished_folder(out: Path, *, resume: bool, overwrite: bool) -> Path:
    folder = _unfinished_place(out)
    if folder.exists() and not resume and not overwrite:
        raise ResultError(
            f"An interrupted run for {out} exists, or one that is still running: continue it with "
            f"--resume, or discard it with {argument('overwrite', True)}"
        )
    return folder


@contextmanager
def _kept_while_unfinished(folder: Path, *, resume: bool) -> Iterator[None]:
    """Removes the folder at the end; keeps it if the run is interrupted with trainings in it."""
    if folder.exists() and not resume:
        shutil.rmtree(folder)
    try:
        yield
    except BaseException:
        if not _anything_finished(folder):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder)


def _unfinished_place(out: Path) -> Path:
    return out.with_name(f".{out.name}.unfinished")


def _anything_finished(folder: Path) -> bool:
    from keras_dcmix.experiments.run_store import finished_runs

    return bool(finished_runs(folder))
