"""A progress bar over seeds and epochs, and one line for each seed that is done."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from keras_dcmix.seed_runs import SeedRun


class SeedProgress:
    """Shows on standard error how far a ranking is; a context manager.

    Args:
        num_seeds: Seeds in all.
        num_epochs: Epochs of each.
        enabled: `False` shows nothing.
    """

    def __init__(self, num_seeds: int, num_epochs: int, *, enabled: bool = True) -> None:
        self.num_epochs = num_epochs
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f}%"),
            TimeElapsedColumn(),
            console=Console(stderr=True, force_jupyter=False),
            transient=True,
            disable=not enabled,
        )
        self._enabled = enabled
        self._task = self._bar.add_task("training", total=num_seeds * num_epochs)
        self._done = 0

    def __enter__(self) -> SeedProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def callback(self, seed: int) -> keras.callbacks.Callback:
        """A Keras callback that moves the bar at the end of each epoch."""
        return keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: self._bar.update(
                self._task,
                completed=self._done * self.num_epochs + epoch + 1,
                description=f"seed {seed}, validation accuracy {logs['val_accuracy']:.2f}",
            )
        )

    def finished(self, run: SeedRun, channel_names: Sequence[str], *, again: bool = False) -> None:
        """Prints a line for a finished seed; `again` if an earlier run had finished it."""
        self._done += 1
        self._bar.update(self._task, completed=self._done * self.num_epochs)
        if not self._enabled:
            return
        pairs = sorted(zip(run.shares, channel_names, strict=True), reverse=True)[:3]
        top = ", ".join(f"{name} {share:.0%}" for share, name in pairs)
        how = "done before" if again else f"{run.epochs} epochs in {run.seconds:.0f} s"
        self._bar.console.print(
            f"seed {run.seed}: accuracy {run.accuracy:.3f}, {how}; {top}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
