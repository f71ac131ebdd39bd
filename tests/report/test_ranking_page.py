"""The page of a ranking: what it says, and that it is safe to mail."""

from __future__ import annotations

import base64
import re
import shlex
from dataclasses import replace

import html5lib
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import typer

from keras_dcmix.report import ranking_report

CASES = [
    *("plain", "guesses", "no check", "weak check", "one run", "20 channels", "12 classes"),
    *("no arguments", "hostile"),
]
HOSTILE = "<script>alert(1)</script>"
QUOTES = "\"><img src=x onerror='alert(2)'>{{ 7*7 }}&amp;"


def parsed(page: str):
    """The document; whatever is not valid is an error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(page)


def text_of(element) -> str:
    return " ".join(" ".join(element.itertext()).split())


def section(page: str, name: str) -> str:
    return text_of(parsed(page).find(f".//section[@id='{name}']"))


def headline(page: str) -> str:
    return text_of(parsed(page).find(".//h1"))


@pytest.mark.parametrize("case", CASES)
def test_a_page_is_valid_html(page_of, case):
    assert parsed(page_of(case)).get("lang") == "en"


@pytest.mark.parametrize("case", CASES)
def test_a_page_stands_alone(page_of, case):
    document = parsed(page_of(case))
    for element in document.iter():
        assert element.tag not in {"script", "link", "iframe", "object", "base"}
        assert not [name for name in element.attrib if name.startswith("on")]
        for name in ("src", "href", "srcset", "action", "data"):
            assert element.get(name, "data:").startswith("data:")
    assert not re.search(r"url\(|@import", text_of(document.find(".//style")))


def test_a_picture_points_to_nothing_outside(page_of):
    sources = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page_of("hostile"))
    assert len(sources) == 3
    for source in sources:
        drawing = base64.b64decode(source).decode()
        assert "<script" not in drawing
        links = re.findall(r'href="([^"]+)"', drawing)
        assert links
        assert all(link.startswith("#") for link in links)


def test_the_page_forbids_scripts_and_network(page_of):
    policy = parsed(page_of("plain")).find(".//meta[@http-equiv='Content-Security-Policy']")
    assert policy.get("content").startswith("default-src 'none'; img-src data:;")


@pytest.mark.parametrize("name", [HOSTILE, QUOTES])
def test_a_name_is_shown_as_text_wherever_it_comes_from(page_of, name):
    page = page_of("hostile")
    document = parsed(page)
    assert HOSTILE not in page
    assert document.find(".//main").findall(".//img[@src='x']") == []
    shown = " ".join(name.split())
    assert shown in headline(page)
    assert shown in text_of(document.find(".//title"))
    for where in ("ranking", "model", "trust", "done"):
        assert shown in section(page, where), where
    for key in ("source", "label"):
        assert f"{key} {HOSTILE} {' '.join(QUOTES.split())}" in text_of(document.find(".//header"))
    assert any(name in image.get("alt") for image in document.iter("img"))


def test_groups_are_shown_as_text(page_of):
    groups = parsed(page_of("hostile")).find(".//section[@id='model']")
    heads = [text_of(head) for head in groups.findall(".//tbody//th")]
    assert HOSTILE in heads
    assert QUOTES in heads


def test_characters_that_no_page_may_hold_are_replaced(ranking_of):
    # File names that are no UTF-8 come as halves of surrogate pairs.
    given = {"source": "plate\udcff.csv"}
    page = ranking_report(ranking_of(("a\x00b\x1b[31m", "DNA")), arguments=given)
    page.encode("utf-8")
    assert parsed(page) is not None
    assert "a\N{REPLACEMENT CHARACTER}b" in headline(page)


def test_sections_come_in_the_order_people_ask(page_of):
    sections = [each.get("id") for each in parsed(page_of("plain")).iter("section")]
    assert sections == ["ranking", "model", "trust", "mix", "weights", "done"]


@pytest.mark.parametrize("case", CASES)
def test_headings_tables_and_pictures_can_be_followed_by_ear(page_of, case):
    document = parsed(page_of(case))
    headings = [each.tag for each in document.iter() if re.fullmatch("h[1-6]", str(each.tag))]
    assert headings == ["h1", *["h2"] * 6]
    assert all(head.get("scope") in {"col", "row"} for head in document.iter("th"))
    assert all(table.find("caption") is not None for table in document.iter("table"))
    assert all(len(image.get("alt")) > 40 for image in document.iter("img"))
    assert not {each for each in document.iter("td") if each.get("scope")}


def luminance(color: str) -> float:
    """Relative luminance by WCAG 2.1."""
    values = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_what_is_behind_it(page_of, mode):
    style = parsed(page_of("plain")).find(".//style").text
    block = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)[mode]
    colors = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))
    for name in ("ink", "quiet", "accent", "yes", "part", "no", "unknown"):
        for behind in ("page", "card"):
            dark, light = sorted([luminance(colors[name]), luminance(colors[behind])])
            assert (light + 0.05) / (dark + 0.05) > 4.5, (name, behind)


def test_the_answer_comes_first_and_whole(page_of):
    assert headline(page_of("plain")) == (
        "GFP, not DNA: 97% of the mix, in 5 of 5 runs; dropping DNA costs nothing"
    )


def test_the_page_says_how_good_the_model_is(page_of):
    page = page_of("plain")
    lede = text_of(parsed(page).find(".//header/p[@class='lede']"))
    assert "right class for 95% of images from groups that they have never seen" in lede
    assert "commonest class would be right for 50%" in lede
    text = section(page, "model")
    assert "95% of 80 test images are named rightly (mean of 5 runs, the same in each)" in text
    assert "3 groups (wells, or what else was kept together)" in text


def test_the_confusion_matrix_shows_what_is_taken_for_what(page_of):
    table = parsed(page_of("plain")).find(".//table[@class='confusion']")
    rows = [[text_of(cell) for cell in row] for row in table.findall(".//tbody/tr")]
    assert rows == [["negative (40)", "95%", "5%"], ["positive (40)", "5%", "95%"]]
    assert [text_of(cell) for cell in table.findall(".//td[@class='right']")] == ["95%", "95%"]


def test_the_hardest_class_is_named_where_one_is_harder(ranking_of):
    ranking = ranking_of()
    found = ranking.predictions
    easy = "All classes are about as easy."
    assert easy in section(ranking_report(ranking, arguments={}), "model")
    named = np.where(found.labels == 1, found.predicted, found.labels)
    ranking = replace(ranking, predictions=replace(found, predicted=named))
    text = section(ranking_report(ranking, arguments={}), "model")
    assert "The hardest class is positive: 95% of its images are named rightly." in text
    assert "named rightly positive 40 95% ± 0.0 negative 40 100% ± 0.0" in text


def test_many_groups_are_cut_to_the_lowest(ranking_of):
    ranking = ranking_of(groups=tuple(f"W{index:02}" for index in range(30)))
    page = ranking_report(ranking, arguments={})
    *_, table = parsed(page).findall(".//section[@id='model']//table")
    rows = table.findall(".//tbody/tr")
    assert len(rows) == 24
    assert [text_of(rows[0]), text_of(rows[-1])] == ["W08 3 67% ± 0.0", "W23 2 100% ± 0.0"]
    assert "The 24 lowest of 30 groups." in section(page, "model")


def test_many_classes_get_their_commonest_mistakes_instead(page_of):
    document = parsed(page_of("12 classes"))
    assert document.find(".//table[@class='confusion']") is None
    text = section(page_of("12 classes"), "model")
    assert "dose 0 dose 1 5%" in text
    assert "The whole table of 12 classes is confusion.csv" in text


def test_mistakes_are_counted_in_images_of_the_true_class(ranking_of):
    ranking = ranking_of(classes=tuple(f"dose {index}" for index in range(9)))
    found = ranking.predictions
    labels = np.where((found.labels == 1) & found.right[0], 0, found.labels)  # 78 of 0, 2 of 1
    ranking = replace(ranking, predictions=replace(found, labels=labels))
    text = section(ranking_report(ranking, arguments={}), "model")
    assert "of its images dose 0 dose 1 51%" in text
    assert "dose 1 dose 2 100%" in text


def test_a_class_without_test_images_has_no_accuracy(ranking_of):
    ranking = ranking_of(num_seeds=1)
    found = ranking.predictions
    ranking = replace(ranking, predictions=replace(found, labels=np.zeros_like(found.labels)))
    page = ranking_report(ranking, arguments={})
    rows = [text_of(row) for row in parsed(page).findall(".//table[@class='confusion']/tbody/tr")]
    assert rows[1] == "positive (0) 0% 0%"
    assert "positive 0 –" in section(page, "model")
    assert "±" not in section(page, "model")


def test_trust_is_four_questions_with_an_answer_each(page_of):
    answers = parsed(page_of("plain")).findall(".//ul[@class='answers']/li/p[@class='question']")
    assert [text_of(answer) for answer in answers] == [
        "Is the model better than guessing? yes",
        "Do the runs agree? yes",
        "Does the check agree? yes",
        "Can channels be dropped? yes",
    ]


def test_runs_that_differ_agree_in_part_or_not_at_all(ranking_of):
    answers = {
        "in part": ranking_of(("A", "B", "C"), (0.46, 0.46, 0.08), (0.3, 0.1, 0.0)),
        "no": ranking_of(("A", "B", "C"), (0.334, 0.333, 0.333), (0.3, 0.1, 0.0)),
    }
    for short, ranking in answers.items():
        text = section(ranking_report(ranking, arguments={}), "trust")
        assert f"Do the runs agree? {short}" in text
    assert "No channel is ahead of all others over 5 runs." in text


def test_each_channel_has_both_opinions_and_whether_it_can_go(page_of):
    table = parsed(page_of("plain")).find(".//section[@id='trust']/div/table")
    rows = [[text_of(cell) for cell in row] for row in table.findall(".//tbody/tr")]
    assert rows == [["GFP", "97%", "100%", "keep"], ["DNA", "3%", "0%", "can go"]]


def test_where_nothing_can_go_the_page_tells_how_to_doubt_the_check(ranking_of):
    page = ranking_report(ranking_of(shares=(0.8, 0.2), gains=(0.3, 0.1)), arguments={})
    assert headline(page).endswith("dropping DNA costs up to 10 points of accuracy")
    text = section(page, "trust")
    assert "Can channels be dropped? no" in text
    assert "compare in place of rank, with --methods single_channel, measures that." in text
    three = ranking_of(("ER", "GFP", "DNA"), (0.3, 0.5, 0.2), (0.2, 0.2, 0.1))
    text = section(ranking_report(three, arguments={}), "trust")
    assert "The same command with --channels ER,GFP --no-check measures that." in text


def test_opinions_on_many_channels_are_folded_away(page_of):
    path = ".//section[@id='trust']/details//caption"
    for case, is_folded in (("plain", False), ("20 channels", True)):
        captions = [text_of(caption) for caption in parsed(page_of(case)).findall(path)]
        assert ("Two opinions on each channel" in captions) == is_folded


def test_a_model_that_guesses_gets_a_warning_and_no_ranking(page_of):
    page = page_of("guesses")
    assert headline(page) == "No ranking to believe: the models cannot be told from guessing"
    assert "do not read an order into these bars" in section(page, "ranking")
    assert "leads with" not in section(page, "ranking")
    assert "better than guessing? no" in section(page, "trust")


@pytest.mark.parametrize("case", ["no check", "weak check"])
def test_without_a_check_that_says_something_nothing_is_promised(page_of, case):
    page = page_of(case)
    assert "dropping" not in headline(page)
    text = section(page, "trust")
    assert "Does the check agree? not known" in text
    assert "Can channels be dropped? not known" in text
    assert "can go" not in text


def test_a_check_left_out_names_no_files_of_it(page_of):
    assert "panels.csv" in section(page_of("plain"), "done")
    assert "panels.csv" not in section(page_of("no check"), "done")


def test_a_single_run_says_that_it_tells_no_spread(page_of):
    page = page_of("one run")
    assert headline(page).startswith("GFP, not DNA: 97% of the mix, in a single run; dropping")
    assert "Do the runs agree? not known" in section(page, "trust")
    shares = parsed(page).find(".//section[@id='ranking']//table")
    assert "±" not in text_of(shares)


@pytest.mark.parametrize("case", CASES)
def test_a_page_is_small(page_of, case):
    assert len(page_of(case).encode()) < 5_000_000 / 2


def test_the_command_on_the_page_gives_the_same_run_again(ranking_of):
    from keras_dcmix.cli.app import app

    given = {
        **{"source": "my plate.csv", "label": "Drug; rm -rf", "size": 48, "clip": "1,99"},
        **{"skip_unreadable": True, "seed": 3, "seeds": 7, "check": False},
    }
    page = ranking_report(ranking_of(check=False), arguments=given)
    command = shlex.split(parsed(page).find(".//pre/code").text)
    assert command[:2] == ["keras-dcmix", "rank"]
    rank = typer.main.get_command(app).commands["rank"]
    found = rank.make_context("rank", command[2:]).params
    assert {key: found[key] for key in given} == given
    assert found["epochs"] == 3
    assert str(found["out"]) == "NEW_FOLDER"


def test_a_call_in_python_has_no_command(page_of):
    assert parsed(page_of("no arguments")).find(".//pre") is None


def test_drawing_neither_follows_nor_changes_the_style_of_the_user(page_of, ranking_of):
    with plt.style.context("dark_background"):
        before = dict(mpl.rcParams)
        page = ranking_report(ranking_of(num_seeds=2), arguments={})
        assert dict(mpl.rcParams) == before
    assert not plt.get_fignums()
    bars = r'src="(data:image/svg[^"]+)"'
    assert re.findall(bars, page) == re.findall(bars, page_of("no arguments"))
