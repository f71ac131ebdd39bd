"""The page of a comparison."""

from __future__ import annotations

import html5lib
import pytest

from keras_dcmix.report import comparison_report

HOSTILE = "<script>alert(1)</script>"


def parsed(page: str):
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def text_of(element) -> str:
    return " ".join(" ".join(element.itertext()).split())


def section(page: str, name: str) -> str:
    return text_of(parsed(page).find(f".//section[@id='{name}']"))


def test_the_answer_and_the_sections_come_in_order(comparison_of):
    document = parsed(comparison_report(comparison_of(), arguments={"source": "plate.csv"}))
    assert text_of(document.find(".//h1")) == "signal comes first by 2 of 3 methods"
    sections = [each.get("id") for each in document.iter("section")]
    assert sections == ["ranking", "model", "trust", "curves", "done"]
    assert len(list(document.iter("img"))) == 3
    assert "keras-dcmix compare plate.csv" in document.find(".//pre/code").text


def test_a_skipped_method_has_its_reason_and_no_row(comparison_of):
    page = comparison_report(comparison_of(skipped={"soft_attention": "no room"}), arguments={})
    assert "Left out, and why: soft_attention no room" in section(page, "trust")
    assert "soft_attention" not in section(page, "model")


def test_nothing_left_out_is_not_mentioned(comparison_of):
    assert "Left out" not in comparison_report(comparison_of(), arguments={})


def test_two_channels_have_no_heatmap_but_a_page(comparison_of):
    page = comparison_report(comparison_of(names=("DNA", "GFP")), arguments={})
    assert "Too few methods have an order of three channels" in section(page, "trust")
    assert parsed(page).find(".//section[@id='trust']//img") is None


def test_a_known_truth_is_a_table_of_agreement(comparison_of):
    page = comparison_report(comparison_of(truth=(0, 1, 2)), arguments={})
    assert "Agreement with the truth, which is known here" in section(page, "trust")
    assert "dcmix 0.50" in section(page, "trust")


def test_methods_that_guess_lead_to_no_headline_of_a_channel(comparison_of):
    page = comparison_report(comparison_of(accuracy=0.5), arguments={})
    headline = text_of(parsed(page).find(".//h1"))
    assert headline == "No ranking to believe: no model can be told from guessing"
    assert "dcmix 50% ± 1.0 no" in section(page, "model")


@pytest.mark.parametrize("where", ["channel", "method", "reason", "source"])
def test_a_name_is_shown_as_text_wherever_it_comes_from(comparison_of, where):
    given = {
        "channel": {"names": ("noise", "faint", HOSTILE)},
        "method": {"methods": ("dcmix", HOSTILE, "cbam")},
        "reason": {"skipped": {"shapley": HOSTILE}},
        "source": {},
    }
    arguments = {"source": HOSTILE} if where == "source" else {}
    page = comparison_report(comparison_of(**given[where]), arguments=arguments)
    assert HOSTILE not in page
    assert not list(parsed(page).iter("script"))
    assert HOSTILE in text_of(parsed(page).find(".//body"))
