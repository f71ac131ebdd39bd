"""The command `doctor`: versions, backend, device, extras."""

from __future__ import annotations

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from keras_dcmix.cli.printing import show

EXAMPLES: tuple[tuple[str, str], ...] = ()


def doctor() -> None:
    """List what is installed: versions, backend, device, extras, and what to install.

    Ends with exit code 2 where Keras cannot start, but not for a missing extra.
    """
    from keras_dcmix.cli import installation as found
    from keras_dcmix.cli.start import quiet_backend

    with quiet_backend():
        backend = found.backend()
    broken = backend[0].reason
    lines = [*found.packages(), *backend, *found.extras()]
    lines += found.runtimes(keras_starts=not broken)
    if not broken:
        lines += found.exports(backend[0].state.split()[0])
    # A command on two lines cannot be copied.
    table = Table(
        Column("what", no_wrap=True),
        Column("found", overflow="fold"),
        Column("to get it", no_wrap=True),
        box=SIMPLE,
    )
    for line in lines:
        style = "yellow" if line.remedy else ""
        table.add_row(Text(line.name), Text(line.state, style=style), Text(line.remedy))
    Console(highlight=False).print(table)
    if broken:
        show(f"Keras does not start: {broken}")
        raise typer.Exit(2)
