"""How Sphinx builds the pages. The source folder is the repository's root, so that a link from a
page to a tutorial or a file holds on a code host and here alike.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / "_ext"), str(Path(__file__).parents[1])]

import keras_dcmix  # noqa: E402
from keras_dcmix.cli.start import start_keras  # noqa: E402

start_keras()  # here, so that the backend says nothing while docstrings are read

project = "keras_dcmix"
author = "The keras_dcmix developers"
copyright = f"2026, {author}"
release = version = keras_dcmix.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "command_line",
    "importance_functions",
    "mathml",
]
root_doc = "docs/index"
include_patterns = ["docs/**", "tutorials/*.ipynb", "CHANGELOG.md"]
exclude_patterns = ["docs/_build", "docs/_root", "**/.ipynb_checkpoints"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# Tutorials are stored with what they printed; the tests run them.
nb_execution_mode = "off"
nb_merge_streams = True

# Docstrings are written as in Keras: single backticks are code, sections have names of their own.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True}
autodoc_inherit_docstrings = False  # what is said of Keras' own methods stands in Keras
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [
    ("Call arguments", "params_style"),
    ("Input shape", "notes_style"),
    ("Output shape", "notes_style"),
    ("Reference", "notes_style"),
]
# Objects of others, which a build without a network cannot look up, and what our results hold but
# nobody makes by hand.
nitpick_ignore_regex = [
    ("py:.*", r"(keras|np|numpy|pd|pandas|pathlib|collections)\..*"),
    (
        "py:class",
        r"(Predictions|ChannelCheck|ExampleCells|keras_dcmix\.inference\.card\.ModelCard)",
    ),
]


def _fences_as_blocks(app, what, name, obj, options, lines: list[str]) -> None:
    """Examples in docstrings are fenced, as Keras has them; autodoc knows reStructuredText only."""
    inside, found = False, []
    for line in lines:
        if line.strip() in ("```python", "```"):
            found += [] if inside else [".. code-block:: python", ""]
            inside = not inside
        else:
            found.append("    " + line if inside else line)
    lines[:] = found


def _own_signature(app, what, name, obj, options, signature, returns):
    """Keras wraps the making of a layer, which hides what `__init__` takes."""
    if what == "class" and signature == "(*args, **kwargs)":
        parameters = list(inspect.signature(obj.__init__).parameters.values())[1:]
        plain = [one.replace(annotation=one.empty) for one in parameters]
        return str(inspect.Signature(plain)), returns
    return None


def setup(app) -> None:
    app.connect("autodoc-process-signature", _own_signature)
    # Before napoleon (priority 500), so that the section which holds the example stays whole.
    app.connect("autodoc-process-docstring", _fences_as_blocks, priority=400)


html_theme = "furo"
html_title = "keras_dcmix"
html_static_path = ["_static"]
html_css_files = ["own.css"]
html_extra_path = ["_root"]  # the index of the site leads to docs/index
html_math_renderer = "mathml"
html_show_sphinx = False
html_copy_source = False
