"""The command `doctor`: versions, backend, device, extras."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def doctor() -> None:
    """Tell what is installed: versions, backend, device, extras, and what to install.

    Ends with exit code 2 where Keras cannot start; a missing extra is no fault.
    """
    from keras_dcmix import doctor as found
    from keras_dcmix.cli_start import quiet_backend

    with quiet_backend():
        backend = found.backend()
    works = not backend[0].remedy
    lines = [*found.packages(), *backend, *found.extras()]
    if works:
        lines += found.exports(backend[0].state.split()[0])
    table = Table("what", "found", "to get it")
    for line in lines:
        style = "yellow" if line.remedy else ""
        table.add_row(Text(line.name), Text(line.state, style=style), Text(line.remedy))
    Console(soft_wrap=True, highlight=False).print(table)
    if not works:
        raise typer.Exit(2)
