"""The directive `command`: what a command of keras-dcmix takes, read off the command itself."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import typer.main
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from keras_dcmix.cli.app import EXAMPLES
from keras_dcmix.cli.app import app as command_line


class CommandDirective(SphinxDirective):
    """Help and options of one command, such as `rank`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        commands = typer.main.get_command(command_line).commands
        name = self.arguments[0]
        if name not in commands:
            raise self.error(f"keras-dcmix has no command {name!r}, only {', '.join(commands)}")
        return self.parse_text_to_nodes(described(commands[name]))


def described(command: Any) -> str:
    """Help of a command in Markdown, its options under the headings that `--help` has."""
    parts = command.help.split("\n\n")
    for what, line in EXAMPLES[command.name]:
        parts.append(f"{what}:\n\n```shell\n{line}\n```")
    context = command.make_context(command.name, [], resilient_parsing=True)
    shown = [
        one for one in command.params if one.name != "help" and not getattr(one, "hidden", False)
    ]
    for panel, parameters in groupby(shown, key=_panel):
        parts.append(f"**{panel}**")
        parts += [_definition(*one.get_help_record(context)) for one in parameters]
    return "\n\n".join(parts)


def _panel(parameter: Any) -> str:
    return getattr(parameter, "rich_help_panel", None) or "Options"


def _definition(names: str, text: str) -> str:
    escaped = "".join(f"\\{letter}" if letter in "[]<>{}*_`" else letter for letter in text)
    return f"`{names}`\n: {escaped}"


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("command", CommandDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
