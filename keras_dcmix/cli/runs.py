"""Runs of the command that may be interrupted: what waits, what is kept, what goes on."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from keras_dcmix._common.errors import InputError


@contextmanager
def interruptible(console: Console, kept: Callable[[], str]) -> Iterator[None]:
    """Ends with a word and exit code 130 where the user or a scheduler stops the command.

    Args:
        console: Where the word goes.
        kept: Tells, when it comes to that, what is kept.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        console.print(f"Interrupted; {kept()}.")
        raise typer.Exit(130) from None


def what_is_kept(out: Path) -> str:
    """What an interrupted run leaves for the next one."""
    if _anything_finished(_waiting_place(out.expanduser().resolve())):
        return "what is finished is kept: the same command with --resume goes on"
    return "no training was finished"


def unfinished_folder(out: Path, *, resume: bool, overwrite: bool) -> Path:
    """Where finished trainings wait until the whole run is done."""
    folder = _waiting_place(out)
    if folder.exists() and not resume and not overwrite:
        raise InputError(
            f"An interrupted run for {out} is there, or one that is still running: go on with "
            "--resume, or discard it with --overwrite"
        )
    return folder


@contextmanager
def kept_while_unfinished(folder: Path, *, resume: bool) -> Iterator[None]:
    """Removes the folder at the end, or keeps it if the run breaks off with trainings in it."""
    if folder.exists() and not resume:
        shutil.rmtree(folder)
    try:
        yield
    except BaseException:
        if not _anything_finished(folder):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder)


def _waiting_place(out: Path) -> Path:
    return out.with_name(f".{out.name}.unfinished")


def _anything_finished(folder: Path) -> bool:
    from keras_dcmix.experiments.run_store import finished_runs

    return bool(finished_runs(folder))
