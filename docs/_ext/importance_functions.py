"""The directive `importance-functions`: docstrings of all methods in the registry."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from keras_dcmix.importance.registry import METHODS


class ImportanceFunctionsDirective(SphinxDirective):
    """The docstrings of all functions that are importance methods."""

    def run(self) -> list[nodes.Node]:
        functions = dict.fromkeys(method.function for method in METHODS.values())
        lines = [f".. autofunction:: keras_dcmix.importance.{name}" for name in functions]
        return self.parse_text_to_nodes("\n".join(["```{eval-rst}", *lines, "```"]))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("importance-functions", ImportanceFunctionsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
