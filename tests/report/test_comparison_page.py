"""The page of a comparison: the sentences of its verdict, its tables and its pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keras_dcmix import ChannelImportance
from keras_dcmix.evidence.sentences import comparison as sentences
from keras_dcmix.report import comparison_tables


def with_column(comparison, column, values):
    return replace(comparison, table=comparison.table.assign(**{column: values}))


def test_the_page_contains_the_sentences_of_the_verdict_and_its_sections_in_order(
    comparison_of, page
):
    comparison = comparison_of()
    shown, verdict = page(comparison, {"source": "plate.csv"}), comparison.verdict()
    assert shown.headline == sentences.headline(verdict)
    assert shown.text(".//header/p[@class='lede']") == sentences.lede(verdict, is_planted=False)
    assert sentences.summary(verdict) in shown.section("ranking")
    sections = [each.get("id") for each in shown.document.iter("section")]
    assert sections == ["ranking", "model", "trust", "curves", "done"]
    assert len(shown.alts) == 3
    assert "keras-dcmix compare plate.csv" in shown.text(".//pre/code")
    assert shown.facts["test plates"] == "2"


def test_skipped_methods_have_their_reason_and_no_row_and_no_note(comparison_of, page):
    shown = page(comparison_of(skipped={"soft_attention": "no room"}))
    assert "Skipped methods, and why: soft_attention no room" in shown.section("trust")
    assert "soft_attention" not in shown.section("model")
    notes = shown.html.split("Notes on methods")[1].split("</details>")[0]
    assert "no truth is known" in notes
    assert "soft_attention" not in notes
    assert "Skipped" not in page(comparison_of()).html


def test_two_channels_have_no_heatmap_but_a_page(comparison_of, page):
    shown = page(comparison_of(names=("DNA", "GFP")))
    assert shown.document.find(".//section[@id='trust']//img") is None
    assert "spearman.csv" not in shown.facts
    assert "three or more channels" in shown.section("trust")


def test_methods_that_are_not_reliable_lead_to_no_headline_of_a_channel(comparison_of, page):
    shown = page(comparison_of(accuracy=0.5))
    assert shown.headline.startswith("No reliable ranking")
    assert shown.table("The model behind each method")[1] == ["dcmix", "50% ± 1.0", "no", "12 s"]


def places_of(comparison):
    verdict = comparison.verdict()
    means = comparison_tables.mean_ranks(comparison.importances, verdict)
    return comparison_tables.places(verdict, means)


def test_ranks_are_means_over_reliable_methods_the_best_first(comparison_of):
    # dcmix and occlusion: signal, faint, noise; cbam: noise, signal, faint.
    table = places_of(comparison_of())
    assert list(table.rows) == [
        ("signal", "1.3", "2 of 3"),
        ("noise", "2.3", "1 of 3"),
        ("faint", "2.3", "0 of 3"),
    ]
    assert not table.note
    table = places_of(with_column(comparison_of(), "accuracy", [0.95, 0.95, 0.5]))
    assert list(table.rows) == [
        ("signal", "1.0", "2 of 2"),
        ("faint", "2.0", "0 of 2"),
        ("noise", "3.0", "0 of 2"),
    ]
    assert table.note
    assert [row[1] for row in places_of(comparison_of(accuracy=0.5)).rows] == ["1.3", "2.3", "2.3"]


def test_a_method_that_scores_all_alike_ranks_none_first(comparison_of):
    comparison = comparison_of()
    flat = ChannelImportance("cbam", ["noise", "faint", "signal"], [1.0, 1.0, 1.0])
    comparison = replace(comparison, importances=(*comparison.importances[:2], flat))
    assert [row[2] for row in places_of(comparison).rows] == ["2 of 2", "0 of 2", "0 of 2"]


def test_each_method_has_its_rank_of_each_channel(comparison_of):
    order = ["signal", "noise", "faint"]
    table = comparison_tables.ranks(comparison_of().importances, order)
    assert [tuple(table.columns), *table.rows] == [
        ("method", "signal", "noise", "faint"),
        ("dcmix", "1", "3", "2"),
        ("occlusion", "1", "3", "2"),
        ("cbam", "2", "1", "3"),
    ]


def test_many_channels_are_rows_of_the_table_of_ranks(comparison_of):
    names = tuple(f"channel {index}" for index in range(13))
    table = comparison_tables.ranks(comparison_of(names=names).importances, names[::-1])
    assert tuple(table.columns) == ("channel", "dcmix", "occlusion", "cbam")
    assert table.rows[0] == ("channel 12", "1", "1", "2")
    assert len(table.rows) == 13


def test_a_text_for_the_bars_names_twenty_channels_and_counts_the_others(comparison_of, page):
    names = tuple(f"channel {index}" for index in range(30))
    alt = page(comparison_of(names=names)).alts[0]
    assert "in the order channel 29, channel" in alt
    assert alt.endswith(", then 10 other channels.")
    assert alt.count("channel ") == 20


def test_agreement_with_a_planted_truth_comes_highest_first(comparison_of, page):
    comparison = with_column(comparison_of(truth=(0, 1, 2)), "spearman_truth", [0.5, 1.0, -0.5])
    comparison = with_column(comparison, "spearman_truth_std", [0.1, float("nan"), 0.2])
    shown = page(comparison)
    assert "occlusion agrees best with the planted truth" in shown.text(".//header")
    _, *rows = shown.table("Agreement with the planted truth")
    assert rows == [["occlusion", "1.00"], ["dcmix", "0.50 ± 0.10"], ["cbam", "-0.50 ± 0.20"]]
    assert not comparison_tables.truth(comparison).note


def test_agreement_with_a_method_is_called_a_convention(comparison_of):
    comparison = comparison_of(truth=(0, 1, 2))
    comparison = replace(comparison, truth=comparison.importances[0])
    table = comparison_tables.truth(comparison)
    assert table.caption == "Agreement with dcmix"
    assert "convention" in table.note
    assert comparison_tables.truth(comparison_of()) is None


def test_texts_for_the_pictures_name_what_stands_apart(comparison_of, page):
    comparison = comparison_of()
    wide = comparison.curves["occlusion"] | {"insertion_area": 0.9}
    comparison = replace(comparison, curves=comparison.curves | {"occlusion": wide})
    bars, heatmap, curves = page(comparison).alts
    assert "in the order signal, noise, faint" in bars
    assert "cbam agrees least with the others, -0.50 on average" in heatmap
    assert "largest for occlusion, 0.30" in curves


@pytest.mark.parametrize(("runs", "is_told"), [(2, True), (1, False)])
def test_the_spread_is_explained_where_there_are_several_runs(comparison_of, runs, is_told):
    comparison = replace(comparison_of(), seeds=tuple(range(runs)))
    note = comparison_tables.models(comparison, comparison.verdict()).note
    assert ("±" in note) == is_told


def test_channels_that_were_left_out_are_listed(comparison_of, page):
    shown = page(replace(comparison_of(), constant_channels=("Ca",)))
    assert shown.facts["constant channels"] == "Ca, left out"
