"""Links between README, docs and tutorials lead somewhere."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / "README.md", ROOT / "CHANGELOG.md"),
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("tutorials/*.ipynb")),
]


def text_of(page: Path) -> str:
    text = page.read_text("utf-8")
    if page.suffix != ".ipynb":
        return text
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
    return "\n\n".join("".join(cell["source"]) for cell in cells)


@cache
def tokens_of(page: Path) -> list[Token]:
    return MarkdownIt().enable("table").parse(text_of(page))


def links_of(page: Path) -> list[str]:
    inline = [child for token in tokens_of(page) for child in token.children or ()]
    found = [child.attrGet("href") or child.attrGet("src") for child in inline]
    return [link for link in found if link and not re.match(r"[a-z]+:", link)]


@cache
def anchors_of(page: Path) -> set[str]:
    """What a code host makes of the headings: small letters, hyphens, no punctuation."""
    tokens = tokens_of(page)
    headings = [
        inline.content for opening, inline in pairwise(tokens) if opening.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def problem_of(page: Path, link: str) -> str | None:
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return f"{link}: there is no {path}"
    if anchor and anchor not in anchors_of(target):
        return f"{link}: no heading of {target.name} is called so"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert [found for link in links_of(page) if (found := problem_of(page, link))] == []


def test_links_to_nothing_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Two words!\n\n[a](#two-words) [b](#three) [c](gone.md) ![d](gone.png)\n")
    found = [problem_of(page, link) for link in links_of(page)]
    assert found[0] is None
    assert all(found[1:])


def test_pages_are_reached_from_the_index():
    """A page that no other page leads to is never read."""
    index = ROOT / "docs/index.md"
    reached, waiting = set(), [index]
    while waiting:
        page = waiting.pop()
        if page in reached or page not in PAGES:
            continue
        reached.add(page)
        waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links_of(page)]
    assert {page for page in PAGES if page.is_relative_to(ROOT / "docs")} <= reached
