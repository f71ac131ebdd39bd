"""From facts to HTML: templates in which every value is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

# What no HTML page may hold, from names in foreign tables: control characters, halves of surrogate
# pairs (file names that are no UTF-8), and what Unicode reserves for itself.
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


def render(template: str, **facts: Any) -> str:
    """Fills a template of this package; text is escaped, whatever it holds.

    Args:
        template: File name in `templates`.
        **facts: What the template names.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_dcmix.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    return environment.get_template(template).render(**facts)


def _printable(value: Any) -> Any:
    # Markup is text that a macro of ours has rendered, and so been here already.
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", value) if type(value) is str else value


def percent(share: float) -> str:
    """A share as text that never rounds something to nothing, or nearly all to all.

    Example:
        >>> percent(0.971), percent(0.002), percent(0.0), percent(0.998), percent(1.0)
        ('97%', '<1%', '0%', '>99%', '100%')
    """
    if share != share:
        return "–"
    if 0 < share < 0.005:
        return "<1%"
    if 0.995 <= share < 1:
        return ">99%"
    return f"{share:.0%}".replace("-0%", "0%").replace("-", "\N{MINUS SIGN}")


def spread(std: float) -> str:
    """A spread beside a share, in points of a hundred; empty where it is not known.

    Example:
        >>> spread(0.0123), spread(float("nan"))
        (' ± 1.2', '')
    """
    return "" if std != std else f" ± {100 * std:.1f}"
