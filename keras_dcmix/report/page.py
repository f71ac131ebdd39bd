"""From values to HTML: templates in which every value is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np

# What no HTML page may hold, but names in tables may: control characters, halves of surrogate pairs
# (file names that are no UTF-8), and what Unicode reserves for itself.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        caption: What it shows.
        columns: Heads of the columns; the first column heads the rows.
        rows: Text, a row a list.
        note: A sentence below.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def render(template: str, **values: Any) -> str:
    """Fills a template of this package; text is escaped, whatever it holds.

    Args:
        template: File name in `templates`.
        **values: What the template names.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_dcmix.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    return environment.get_template(template).render(**values)


def _printable(value: Any) -> Any:
    # Markup is text that a macro of ours has rendered, and so been here already.
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", value) if type(value) is str else value


def spread(std: float) -> str:
    """A spread beside a share, in percentage points; empty where it is not known.

    Example:

    >>> spread(0.0123), spread(float("nan"))
    (' ± 1.2', '')
    """
    return "" if np.isnan(std) else f" ± {100 * std:.1f}"
