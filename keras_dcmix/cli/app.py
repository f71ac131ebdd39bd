"""The command `keras-dcmix`: its commands under their headings, and how errors end it."""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, TextIO

import typer
import typer.main

from keras_dcmix._common.errors import InputWarning, on_command_line
from keras_dcmix._common.progress import say
from keras_dcmix.cli import compare, doctor, export, inspect, predict, rank, simulate
from keras_dcmix.cli.options import OTHER_NAMES
from keras_dcmix.cli.printing import harmless

app = typer.Typer(
    help="Which image channels carry the phenotype, how sure is that, which can be dropped?",
    epilog="Begin with keras-dcmix rank simulated --out demo, and open demo/report.html. "
    "keras-dcmix COMMAND --help has examples; the documentation begins in docs/index.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# In the order in which they are used; help shows them under these headings.
_COMMANDS = {
    "Look first": {"inspect": inspect, "simulate": simulate},
    "Answer the question": {"rank": rank, "compare": compare},
    "Use the model elsewhere": {"predict": predict, "export": export},
    "Help": {"doctor": doctor},
}
# For each command: what an example does, and its command line.
EXAMPLES = {
    name: module.EXAMPLES for modules in _COMMANDS.values() for name, module in modules.items()
}


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
        say(f"Error: {_shown(error)}", style="red")
        if page := getattr(error, "page", None):
            say(f"More about this: docs/{page}.md")
        sys.exit(2)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Shows our own warnings as sentences; those of other packages keep their form."""
    if category in (UserWarning, InputWarning):
        say(f"Note: {_shown(message)}", style="yellow")
    else:
        text = warnings.formatwarning(message, category, filename, lineno, line)
        (file or sys.stderr).write(text)


def _shown(message: object) -> str:
    """A message with options in place of arguments; no foreign name in it controls the terminal."""
    commands = typer.main.get_group(app).commands.values()
    options = {
        parameter.name: parameter.opts[0]
        for command in commands
        for parameter in command.params
        if parameter.name and parameter.opts[0].startswith("--")
    }
    named = {argument: f"--{option}" for argument, option in OTHER_NAMES.items()}
    return harmless(on_command_line(message, options | named))


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


def _epilog(examples: tuple[tuple[str, str], ...]) -> str | None:
    """Examples as the last part of a command's help; Typer starts a line at each blank one."""
    shown = [f"{what}:\n\n  {line}" for what, line in examples]
    return "\n\n".join(["Examples", *shown]) if shown else None


for _heading, _modules in _COMMANDS.items():
    for _name, _module in _modules.items():
        app.command(rich_help_panel=_heading, epilog=_epilog(EXAMPLES[_name]))(
            getattr(_module, _name)
        )
