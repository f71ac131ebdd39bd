"""The tables and the words for pictures on the page of a comparison."""

from __future__ import annotations

from dataclasses import replace

import html5lib
import pytest

from keras_dcmix import ChannelImportance
from keras_dcmix.report import comparison_report
from keras_dcmix.report.figures import Picture


def alts(page: str) -> list[str]:
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    return [image.get("alt") for image in document.iter("img")]


def with_column(comparison, column, values):
    return replace(comparison, table=comparison.table.assign(**{column: values}))


def test_places_are_means_over_methods_that_do_not_guess_the_best_first(comparison_of, table_of):
    # dcmix and occlusion: signal, faint, noise; cbam: noise, signal, faint.
    page = comparison_report(comparison_of(), arguments={})
    assert table_of(page, "Place of each channel over all methods")[1:] == [
        ["signal", "1.3", "2 of 3"],
        ["noise", "2.3", "1 of 3"],
        ["faint", "2.3", "0 of 3"],
    ]
    guessing = with_column(comparison_of(), "accuracy", [0.95, 0.95, 0.5])
    rows = table_of(
        comparison_report(guessing, arguments={}), "Place of each channel over all methods"
    )
    assert [row[:2] for row in rows[1:]] == [["signal", "1.0"], ["faint", "2.0"], ["noise", "3.0"]]


def test_a_method_that_scores_all_alike_puts_none_first(comparison_of, table_of):
    comparison = comparison_of()
    flat = ChannelImportance("cbam", ["noise", "faint", "signal"], [1.0, 1.0, 1.0])
    comparison = replace(comparison, importances=(*comparison.importances[:2], flat))
    rows = table_of(
        comparison_report(comparison, arguments={}), "Place of each channel over all methods"
    )
    assert [row[2] for row in rows[1:]] == ["2 of 2", "0 of 2", "0 of 2"]


def test_each_method_has_its_rank_of_each_channel(comparison_of, table_of):
    page = comparison_report(comparison_of(), arguments={})
    assert table_of(page, "Rank of each channel by each method") == [
        ["method", "signal", "noise", "faint"],
        ["dcmix", "1", "3", "2"],
        ["occlusion", "1", "3", "2"],
        ["cbam", "2", "1", "3"],
    ]


def test_the_best_agreement_with_a_truth_is_told_first(comparison_of, table_of):
    comparison = with_column(comparison_of(truth=(0, 1, 2)), "spearman_truth", [0.5, 1.0, -0.5])
    page = comparison_report(comparison, arguments={})
    assert "occlusion agrees best with the known truth: its rank correlation is 1.00" in page
    rows = table_of(page, "Agreement with the truth, which is known here")
    assert [row[0] for row in rows[1:]] == ["occlusion", "dcmix", "cbam"]


def test_words_for_the_pictures_name_what_stands_apart(comparison_of):
    comparison = comparison_of()
    wide = comparison.curves["occlusion"] | {"insertion_area": 0.9}
    comparison = replace(comparison, curves=comparison.curves | {"occlusion": wide})
    bars, heatmap, curves = alts(comparison_report(comparison, arguments={}))
    assert "in the order signal, noise, faint" in bars
    assert "cbam agrees least with the others, -0.50 on average" in heatmap
    assert "furthest apart for occlusion, by 0.30" in curves


def test_remarks_are_those_of_methods_that_were_used(comparison_of):
    comparison = comparison_of(skipped={"soft_attention": "no room"})
    page = comparison_report(comparison, arguments={})
    remarks = page.split("Remarks on single methods")[1].split("</details>")[0]
    assert "no truth is known" in remarks
    assert "soft_attention" not in remarks


@pytest.mark.parametrize(("width", "scrolls"), [(400, False), (900, True)])
def test_a_picture_that_would_be_too_small_on_a_phone_scrolls_there(width, scrolls):
    assert Picture("data:,", "", "", width, 300).is_wide == scrolls


def test_a_picture_has_the_size_that_it_was_drawn_in():
    from keras_dcmix.report.figures import picture

    drawn = picture(lambda ax: ax, alt="", caption="", size=(5.0, 2.0))
    assert drawn.width / drawn.height == pytest.approx(5 / 2, rel=0.15)
