"""From values to HTML: templates in which every value is escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np

from keras_dcmix.plotting.folding import FEW, share_in_percent

# What no HTML page may hold, but names in tables may: control characters, halves of surrogate pairs
# (file names that are no UTF-8), and what Unicode reserves for itself.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)


_MOST_ROWS = 24  # a table of more rows would fill more than a screen


# Text, or text and the lines that stand below it in small letters.
Cell = str | tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        caption: What it shows.
        columns: Heads of the columns; the first column heads the rows.
        rows: A row a list of cells; the first cell is text.
        note: A sentence below.
        find: What the rows are, such as `"channel"`, where a long table has a search field.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    find: str = ""

    @property
    def is_searchable(self) -> bool:
        """Whether it has a search field."""
        return bool(self.find) and len(self.rows) > FEW

    @property
    def is_long(self) -> bool:
        """Whether it scrolls in a frame of its own."""
        return self.is_searchable or len(self.rows) > _MOST_ROWS


def render(template: str, **values: Any) -> str:
    """Fills a template of this package; text is escaped, whatever it holds.

    A page with a search field has one script, that of `find.js`. Its policy allows only that
    script, by its hash.

    Args:
        template: File name in `templates`.
        **values: What the template names.
    """
    loader = jinja2.PackageLoader("keras_dcmix.report")
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    script, _, _ = loader.get_source(environment, "find.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    values |= {"script": script, "script_hash": f"sha256-{digest}"}
    return environment.get_template(template).render(**values)


def _printable(value: Any) -> Any:
    # Markup is text that a macro of ours has rendered, and so been here already.
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", value) if type(value) is str else value


def fine_percent(share: float) -> str:
    """A share of 0 to 1 in percent, with as many digits as separate the shares of many channels.

    Example:

    >>> fine_percent(0.0512), fine_percent(0.00514)
    ('5.1%', '0.51%')
    """
    return share_in_percent(share)


def spread(std: float, digits: int = 1) -> str:
    """A spread beside a share, in percentage points; empty where it is not known.

    Example:

    >>> spread(0.0123), spread(float("nan"))
    (' ± 1.2', '')
    """
    return "" if np.isnan(std) else f" ± {100 * std:.{digits}f}"
