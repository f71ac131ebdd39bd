"""Every page: valid, self-contained, safe to mail, readable for everyone."""

from __future__ import annotations

import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from keras_dcmix.report.figures import Picture, picture

CASES = (
    *("plain", "not reliable", "no check", "weak check", "one run", "20 channels", "12 classes"),
    *("no arguments", "hostile"),
)
HOSTILE = "<script>alert(1)</script>"
QUOTES = "\"><img src=x onerror='alert(2)'>{{ 7*7 }}&amp;"


@pytest.mark.parametrize("case", CASES)
def test_a_page_is_valid_small_and_stands_alone(page_of, case):
    page = page_of(case)
    assert page.document.get("lang") == "en"
    assert len(page.html.encode()) < 5_000_000 / 2
    for element in page.document.iter():
        assert element.tag not in {"script", "link", "iframe", "object", "base"}
        assert not [name for name in element.attrib if name.startswith("on")]
        for name in ("src", "href", "srcset", "action", "data"):
            assert element.get(name, "data:").startswith("data:")
    assert not re.search(r"url\(|@import", page.text(".//style"))


@pytest.mark.parametrize("case", CASES)
def test_headings_tables_and_pictures_can_be_followed_by_ear(page_of, case):
    document = page_of(case).document
    headings = [each.tag for each in document.iter() if re.fullmatch("h[1-6]", str(each.tag))]
    assert headings == ["h1", *["h2"] * 6]
    assert all(head.get("scope") in {"col", "row"} for head in document.iter("th"))
    assert all(table.find("caption") is not None for table in document.iter("table"))
    assert all(len(alt) > 40 for alt in page_of(case).alts)
    assert not {each for each in document.iter("td") if each.get("scope")}


def test_the_page_forbids_scripts_and_network(page_of):
    policy = page_of("plain").document.find(".//meta[@http-equiv='Content-Security-Policy']")
    assert policy.get("content").startswith("default-src 'none'; img-src data:;")


def test_a_picture_points_to_nothing_outside_and_needs_no_font(page_of):
    drawings = page_of("hostile").drawings
    assert len(drawings) == 3
    for drawing in drawings:
        assert "<script" not in drawing
        assert "<text" not in drawing
        links = re.findall(r'href="([^"]+)"', drawing)
        assert links
        assert all(link.startswith("#") for link in links)


@pytest.mark.parametrize("name", [HOSTILE, QUOTES])
def test_a_name_is_shown_as_text_wherever_it_comes_from(page_of, name):
    page = page_of("hostile")
    assert HOSTILE not in page.html
    assert page.document.find(".//main").findall(".//img[@src='x']") == []
    shown = " ".join(name.split())
    assert shown in page.headline
    assert shown in page.text(".//title")
    for where in ("ranking", "model", "trust", "done"):
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
    for result in (ranking_of(num_seeds=2), comparison_of()):
        header = page(result, warnings=[warning]).html.split("<main>")[0]
        assert '<p class="warning">Warning: Each class is on plates of its own &lt;b&gt;' in header
        assert "Warning" not in page(result).html


def test_drawing_neither_follows_nor_changes_the_style_of_the_user(page_of, page, ranking_of):
    with plt.style.context("dark_background"):
        before = dict(mpl.rcParams)
        drawings = page(ranking_of(num_seeds=2)).drawings
        assert dict(mpl.rcParams) == before
    assert not plt.get_fignums()
    assert drawings == page_of("no arguments").drawings


@pytest.mark.parametrize(("width", "scrolls"), [(400, False), (900, True)])
def test_a_picture_that_would_be_too_small_on_a_phone_scrolls_there(width, scrolls):
    assert Picture("data:,", "", "", width, 300).is_wide == scrolls


def test_a_picture_has_the_size_that_it_was_drawn_in():
    drawn = picture(lambda ax: ax, alt="", caption="", size=(5.0, 2.0))
    assert drawn.width / drawn.height == pytest.approx(5 / 2, rel=0.15)
