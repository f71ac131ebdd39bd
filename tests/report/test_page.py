"""Every page: valid, self-contained, safe to mail, readable for everyone."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from jinja2 import Environment, PackageLoader

from keras_dcmix.report import figures
from keras_dcmix.report.figures import Picture, picture
from keras_dcmix.report.page import Table

CASES = (
    *("plain", "not reliable", "no check", "no retraining", "one run", "20 channels"),
    *("200 channels", "3 classes", "12 classes", "no arguments", "hostile"),
)
SEARCHABLE = [
    *("Evidence for each channel", "Accuracy with one channel alone, and with all but one"),
    *("Share of the mix", "Each run"),
]
HOSTILE = "<script>alert(1)</script>"
QUOTES = "\"><img src=x onerror='alert(2)'>{{ 7*7 }}&amp;"


@pytest.mark.parametrize("case", CASES)
def test_a_page_is_valid_small_and_stands_alone(page_of, case):
    page = page_of(case)
    assert page.document.get("lang") == "en"
    assert len(page.html.encode()) < 5_000_000 / 2
    for element in page.document.iter():
        assert element.tag not in {"link", "iframe", "object", "base"}
        assert not [name for name in element.attrib if name.startswith("on")]
        for name in ("src", "href", "srcset", "action", "data"):
            assert element.get(name, "data:").startswith("data:")
    assert not re.search(r"url\(|@import", page.text(".//style"))


@pytest.mark.parametrize(("case", "has_search"), [("plain", False), ("20 channels", True)])
def test_only_a_page_with_a_search_field_has_a_script_and_only_that_one_may_run(
    page_of, case, has_search
):
    page = page_of(case)
    policy = page.document.find(".//meta[@http-equiv='Content-Security-Policy']").get("content")
    allowed = re.findall(r"script-src 'sha256-([^']+)'$", policy)
    scripts = ["".join(each.itertext()) for each in page.document.iter("script")]
    hashes = [hashlib.sha256(script.encode()).digest() for script in scripts]
    assert allowed == [base64.b64encode(digest).decode() for digest in hashes]
    assert len(scripts) == has_search
    assert bool(page.document.findall(".//input")) == has_search


def test_a_search_field_is_labelled_hidden_without_script_and_above_its_table(page_of):
    page = page_of("20 channels")
    document = page.document
    parents = {child: parent for parent in document.iter() for child in parent}
    fields = document.findall(".//p[@class='find']")
    captions = []
    for field in fields:
        assert field.get("hidden") is not None
        assert page.text_of(field.find("label")) == "Find a channel:"
        assert field.find("label/input").get("type") == "search"
        siblings = list(parents[field])
        table = siblings[siblings.index(field) + 1].find("table")
        captions.append(page.text_of(table.find("caption")))
        rows = table.findall("tbody/tr")
        assert len(rows) == 20
        assert not [row for row in rows if row.get("hidden")]
    assert captions == SEARCHABLE


@pytest.mark.parametrize(("number", "has_search"), [(12, False), (13, True)])
def test_tables_of_more_than_twelve_channels_can_be_searched(
    comparison_of, page, number, has_search
):
    shown = page(comparison_of(names=tuple(f"channel {index}" for index in range(number))))
    assert len(shown.document.findall(".//p[@class='find']")) == 2 * has_search


def test_a_table_that_has_nothing_to_find_scrolls_where_it_is_very_long():
    def rows(number):
        return [(str(index),) for index in range(number)]

    assert not Table("", ("set",), rows(24)).is_long
    table = Table("", ("set",), rows(25))
    assert table.is_long
    assert not table.is_searchable


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
@pytest.mark.parametrize(
    ("typed", "found"),
    [("", 3), ("h3 SER28", 1), (" dna ", 1), ("cd3", 1), ("s", 1), ("nothing", 0)],
)
def test_rows_are_shown_whose_name_contains_every_word(typed, found, tmp_path):
    script = PackageLoader("keras_dcmix.report").get_source(Environment(), "find.js")[0]
    names = ["DNA", "Histone H3 phospho Ser28", "CD3"]
    (tmp_path / "test.js").write_text(f"""
const rows = {names}.map((name) => ({{cells: [{{textContent: name}}], hidden: false}}));
const input = {{value: "", addEventListener: (event, act) => {{ input.act = act; }}}};
const output = {{}};
const field = {{
  hidden: true,
  nextElementSibling: {{querySelectorAll: () => rows}},
  querySelector: (name) => ({{input, output}})[name],
}};
globalThis.document = {{querySelectorAll: () => [field]}};
{script}
input.value = "{typed}";
input.act();
const shown = rows.filter((row) => !row.hidden).length;
console.log([field.hidden, shown, output.textContent].join(";"));
""")
    ran = subprocess.run(["node", tmp_path / "test.js"], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == f"false;{found};{found} of 3"


@pytest.mark.parametrize("case", CASES)
def test_headings_tables_and_pictures_can_be_followed_by_ear(page_of, case):
    document = page_of(case).document
    headings = [each.tag for each in document.iter() if re.fullmatch("h[1-6]", str(each.tag))]
    assert headings == ["h1", *["h2"] * (7 if case != "no check" else 5)]
    assert all(head.get("scope") in {"col", "row"} for head in document.iter("th"))
    assert all(table.find("caption") is not None for table in document.iter("table"))
    assert all(len(alt) > 40 for alt in page_of(case).alts)
    assert not {each for each in document.iter("td") if each.get("scope")}


def test_the_page_forbids_scripts_and_network(page_of):
    policy = page_of("plain").document.find(".//meta[@http-equiv='Content-Security-Policy']")
    assert policy.get("content").startswith("default-src 'none'; img-src data:;")


def test_a_picture_points_to_nothing_outside_and_needs_no_font(page_of):
    drawings = page_of("hostile").drawings
    assert len(drawings) == 5
    for drawing in drawings:
        assert "<script" not in drawing
        assert "<text" not in drawing
        links = re.findall(r'href="([^"]+)"', drawing)
        assert links
        assert all(re.match("#|data:image/png;base64,", link) for link in links)


@pytest.mark.parametrize("name", [HOSTILE, QUOTES])
def test_a_name_is_shown_as_text_wherever_it_comes_from(page_of, name):
    page = page_of("hostile")
    assert HOSTILE not in page.html
    assert page.document.find(".//main").findall(".//img[@src='x']") == []
    shown = " ".join(name.split())
    assert HOSTILE in page.headline  # which names the first channel alone
    assert HOSTILE in page.text(".//title")
    for where in ("evidence", "panels", "model", "weights", "done"):
        assert shown in page.section(where), where
    for key in ("source", "label"):
        assert f"{key} {HOSTILE} {' '.join(QUOTES.split())}" in page.text(".//header")
    assert any(name in alt for alt in page.alts)
    assert shown in [row[0] for row in page.table("Accuracy of each well")]


@pytest.mark.parametrize("where", ["channel", "method", "reason", "source"])
def test_a_name_of_a_comparison_is_shown_as_text_wherever_it_comes_from(comparison_of, page, where):
    given = {
        "channel": {"names": ("noise", "faint", HOSTILE)},
        "method": {"methods": ("dcmix", HOSTILE, "cbam")},
        "reason": {"skipped": {"shapley": HOSTILE}},
        "source": {},
    }
    shown = page(comparison_of(**given[where]), {"source": HOSTILE} if where == "source" else {})
    assert HOSTILE not in shown.html
    assert not list(shown.document.iter("script"))
    assert HOSTILE in shown.text(".//body")


def test_characters_that_no_page_may_hold_are_replaced(ranking_of, page):
    # File names that are no UTF-8 come as halves of surrogate pairs.
    shown = page(ranking_of(("a\x00b\x1b[31m", "DNA")), {"source": "plate\udcff.csv"})
    shown.html.encode("utf-8")
    assert "a\N{REPLACEMENT CHARACTER}b" in shown.headline


def luminance(color: str) -> float:
    """Relative luminance by WCAG 2.1."""
    values = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_what_is_behind_it(page_of, mode):
    style = page_of("plain").document.find(".//style").text
    block = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)[mode]
    colors = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))
    for name in ("ink", "quiet", "accent", "yes", "part", "no", "unknown"):
        for behind in ("page", "card"):
            dark, light = sorted([luminance(colors[name]), luminance(colors[behind])])
            assert (light + 0.05) / (dark + 0.05) > 4.5, (name, behind)


def test_warnings_are_shown_at_the_top(ranking_of, comparison_of, page):
    warning = "Each class is on plates of its own <b>"
    for result in (ranking_of(num_runs=2), comparison_of()):
        header = page(result, warnings=[warning]).html.split("<main>")[0]
        assert '<p class="warning">Warning: Each class is on plates of its own &lt;b&gt;' in header
        assert "Warning" not in page(result).html


def test_drawing_neither_follows_nor_changes_the_style_of_the_user(page_of, page, ranking_of):
    with plt.style.context("dark_background"):
        before = dict(mpl.rcParams)
        drawings = page(ranking_of(num_runs=2)).drawings
        assert dict(mpl.rcParams) == before
    assert not plt.get_fignums()
    assert drawings == page_of("no arguments").drawings


@pytest.mark.parametrize(("width", "scrolls"), [(400, False), (900, True)])
def test_a_picture_that_would_be_too_small_on_a_phone_scrolls_there(width, scrolls):
    assert Picture("data:,", "data:,", "", "", width, 300).is_wide == scrolls


def test_a_picture_has_the_size_that_it_was_drawn_in():
    drawn = picture(lambda ax: ax, alt="", caption="", size=(5.0, 2.0))
    assert drawn.width / drawn.height == pytest.approx(5 / 2, rel=0.15)


def test_a_dark_page_has_dark_figures_and_paper_light_ones(page_of):
    pictures = page_of("plain").document.findall(".//picture")
    assert len(pictures) == len(page_of("plain").alts)
    for each in pictures:
        source = each.find("source")
        assert source.get("media") == "screen and (prefers-color-scheme: dark)"
        assert source.get("srcset") != each.find("img").get("src")


def test_dark_figures_have_the_colours_of_a_dark_page(page_of):
    style = page_of("plain").document.find(".//style").text
    block = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)[1]
    colors = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))
    assert (colors["card"], colors["ink"]) == (figures.CARD, figures.INK)
    dark = page_of("plain").document.find(".//picture/source").get("srcset").rpartition(",")[2]
    assert colors["ink"] in base64.b64decode(dark).decode()
