"""Progress bars on standard error: over any steps, and over trainings and their epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


def progress_bar(*, enabled: bool) -> Progress:
    """A bar that is gone when it is done; a context manager. Only a terminal shows it."""
    console = Console(stderr=True, force_jupyter=False)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f}%"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not (enabled and console.is_terminal),
    )


@contextmanager
def counting(description: str, total: int, *, enabled: bool = True) -> Iterator[Callable[[], None]]:
    """Shows a bar while the block runs; gives it a function to call after each step.

    Args:
        description: What is being done, in front of the bar.
        total: Number of steps.
        enabled: `False` shows nothing.
    """
    with progress_bar(enabled=enabled) as bar:
        task = bar.add_task(description, total=total)
        yield lambda: bar.advance(task)


class RunProgress:
    """Shows how far several trainings are, and a line for each that is done; a context manager.

    Args:
        num_runs: Trainings in all.
        num_epochs: Epochs of each.
        enabled: `False` shows nothing.
    """

    def __init__(self, num_runs: int, num_epochs: int, *, enabled: bool = True) -> None:
        self.num_epochs = num_epochs
        self._bar = progress_bar(enabled=enabled)
        self._enabled = enabled
        self._task = self._bar.add_task("training", total=num_runs * num_epochs)
        self._done = 0

    def __enter__(self) -> RunProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def callback(self, run: str) -> keras.callbacks.Callback:
        """A Keras callback that moves the bar at the end of each epoch."""

        def advance(logs: dict[str, float]) -> None:
            # A model of the user's own may be compiled without this metric.
            name = "accuracy" if "val_accuracy" in logs else "loss"
            description = f"{run}, validation {name} {logs[f'val_{name}']:.2f}"
            self._bar.update(self._task, advance=1, description=description)

        return keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: advance(logs))

    def finished(self, line: str, *, num_runs: int = 1) -> None:
        """Prints a line for what is finished and moves the bar to the end of its runs."""
        self._done += num_runs
        self._bar.update(self._task, completed=self._done * self.num_epochs)
        if self._enabled:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
