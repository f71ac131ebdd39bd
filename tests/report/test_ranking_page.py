"""The page of a ranking: the sentences of its verdict, each in its place, and its tables."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from keras_dcmix.evidence.sentences import leaders, ranking, reliability
from keras_dcmix.report.evidence_section import evidence_section
from keras_dcmix.report.model_section import model_section
from keras_dcmix.report.panel_section import panel_section
from keras_dcmix.report.result_pictures import cells
from keras_dcmix.report.weight_section import weight_section

PANELS = "Panels: the best of each size, and those that were retrained"


def sections(page) -> list[str]:
    return [each.get("id") for each in page.document.iter("section")]


def test_sections_come_in_the_order_people_ask(page_of):
    expected = ["evidence", "panels", "model", "cells", "doubts", "weights", "done"]
    assert sections(page_of("plain")) == expected
    assert sections(page_of("no check")) == expected[2:]


def test_the_page_contains_the_sentences_of_the_verdict(ranking_of, page_of):
    verdict, page = ranking_of().verdict(), page_of("plain")
    assert page.headline == ranking.headline(verdict)
    facts = page.document.findall(".//header/ul[@class='facts']/li")
    assert [page.text_of(each) for each in facts] == ranking.facts(verdict)
    assert leaders.summary(verdict.leaders) in page.section("weights")
    assert ranking.summary(verdict) in page.section("doubts")
    assert reliability.accuracy_sentence(verdict, [0.95] * 5) in page.section("model")
    questions = page.document.findall(".//ul[@class='answers']/li")
    assert [page.text_of(each) for each in questions] == [
        f"{answer.question} {answer.short} {answer.text}" for answer in ranking.answers(verdict)
    ]


def test_every_doubt_is_on_the_page(ranking_of, page_of):
    doubts = ranking.doubts(ranking_of(retrain=False).verdict())
    assert doubts
    assert all(each in page_of("no retraining").section("doubts") for each in doubts)


def test_models_that_are_not_reliable_have_a_warning_and_no_ranking(page_of):
    page = page_of("not reliable")
    assert page.headline.startswith("No reliable ranking")
    assert page.document.find(".//header/ul[@class='facts warning']") is not None
    assert reliability.UNRELIABLE_BARS in page.section("weights")
    assert "leads with" not in page.section("weights")
    assert "The verdict of each channel is therefore 'no evidence'" in page.section("evidence")


@pytest.mark.parametrize("case", ["no check", "no retraining"])
def test_without_retraining_nothing_is_said_about_dropping(page_of, case):
    page = page_of(case)
    assert "can be dropped" not in page.html
    assert "sufficient" not in re.sub("filled: sufficient", "", page.section("doubts"))
    assert not any("is enough" in drawing for drawing in page.drawings)


@pytest.mark.parametrize("case", ["plain", "not reliable", "no check", "one run", "12 classes"])
def test_nothing_on_the_page_is_nan(page_of, case):
    assert not re.search(r"\bnan\b", page_of(case).text(".//body"), flags=re.IGNORECASE)


def test_that_nothing_can_be_dropped_is_no_fault(ranking_of, page):
    shown = page(ranking_of())
    answers = shown.document.findall(".//span")
    drop = [each for each in answers if each.get("class") == "short not-known"]
    assert [shown.text_of(each) for each in drop] == ["yes"]


@pytest.mark.parametrize(("case", "is_there"), [("plain", True), ("no check", False)])
def test_files_of_the_evidence_are_listed_where_there_is_some(page_of, case, is_there):
    assert ("evidence.csv" in page_of(case).facts) == is_there
    assert ("panels.csv" in page_of(case).facts) == is_there
    assert "run.json" in page_of(case).facts


def evidence_of(made):
    return evidence_section(made, made.verdict())


def test_the_table_of_evidence_has_every_channel_with_its_verdict(page_of):
    head, *rows = page_of("plain").table("Evidence for each channel")
    assert head == ["channel", "share", "alone", "unique", "Shapley value", "verdict"]
    assert [(row[0], row[-1]) for row in rows] == [("GFP", "needed"), ("DNA", "no evidence")]
    assert re.fullmatch(r"0\.450 0\.44\d to 0\.45\d p < 0\.001", rows[0][2])


def test_each_channel_stands_in_one_field_of_the_two_by_two(page_of):
    _, *rows = page_of("plain").table("Channels in the four fields of alone and unique")
    assert rows[0][1].startswith("needed (1) GFP")
    assert rows[0][2].startswith("replaceable (0) none")
    assert rows[1][1].startswith("needed in combination (0) none")
    assert rows[1][2].startswith("no evidence (1) DNA")


def test_too_few_groups_have_no_two_by_two(ranking_of):
    made = ranking_of()
    few = replace(made, check=replace(made.check, num_groups=3))
    section = evidence_of(few)
    assert section.fields == []
    assert "needed" in section.text
    assert {row[-1][0] for row in section.table.rows} == {"undecided"}


def test_a_verdict_that_retraining_has_changed_is_named(ranking_of):
    both = ranking_of(gains=(0.3, 0.1))  # GFP alone is sufficient, though DNA is unique
    assert "For DNA the verdict follows the retrained panels" in evidence_of(both).note
    assert evidence_of(ranking_of(gains=(0.3, 0.1), retrain=False)).note == ""


def test_more_than_two_classes_have_evidence_for_each(ranking_of):
    assert evidence_of(ranking_of()).classes is None
    classes = tuple(f"dose {index}" for index in range(12))
    three = evidence_of(ranking_of(classes=classes[:3])).classes
    assert list(three.columns) == ["channel", *classes[:3]]
    assert three.rows[0][:2] == ("GFP", ("0.450", "needed"))
    many = evidence_of(ranking_of(classes=classes)).classes
    assert many.rows[11] == ("dose 11", "GFP (needed)")


def test_evidence_of_models_that_are_not_reliable_says_why_it_is_closed(ranking_of):
    section = evidence_of(ranking_of(accuracy=0.5))
    assert section.text.startswith("No reliable ranking")
    assert (section.fields, section.note) == ([], "")


@pytest.fixture
def two_kinds(ranking_of):
    """Classifiers on all channels that are worse than the models with one mix."""
    return replace(ranking_of(), all_channels=ranking_of(accuracy=0.8).predictions)


def panels_of(made):
    return panel_section(made, made.verdict())


def test_a_panel_has_its_estimate_and_its_retrained_accuracy(page_of):
    _, *rows = page_of("plain").table(
        "Panels: the best of each size, and those that were retrained"
    )
    assert rows == [
        ["no channel", "0", "50%", "–", "–", "–"],
        ["GFP", "1", "95%", "95% 94% to 95%", "0.2 \N{MINUS SIGN}0.3 to 0.7", "sufficient"],
        ["all channels", "2", "95%", "95% 93% to 97%", "–", "–"],
    ]


def test_single_channels_and_leave_one_outs_are_a_table(ranking_of):
    table = panels_of(ranking_of(gains=(0.3, 0.1))).singles
    assert list(table.rows) == [
        ("GFP", "80%", ("95%", "94% to 95%"), "60%", "–"),
        ("DNA", "60%", "–", "80%", ("95%", "94% to 95%")),
    ]


def test_singles_have_no_empty_columns_where_none_was_retrained(ranking_of):
    table = panels_of(ranking_of(gains=(0.3, 0.1), retrain=False)).singles
    assert list(table.columns) == ["channel", "alone, estimated", "all but it, estimated"]
    assert list(table.rows) == [("GFP", "80%", "60%"), ("DNA", "60%", "80%")]


def test_a_channel_called_none_is_not_the_empty_panel(ranking_of):
    table = panels_of(ranking_of(("none", "GFP + DNA"), (0.9, 0.1), (0.3, 0.1))).table
    assert [row[0] for row in table.rows] == ["no channel", "none", "all channels"]


def test_a_large_panel_is_counted_in_place_of_a_long_list(page_of):
    _, *rows = page_of("20 channels").table(PANELS)
    assert rows[-2][0] == "19 channels, listed in panels.csv"
    assert max(row[0].count(" + ") for row in rows) == 11


def test_panels_without_estimates_are_a_table(ranking_of):
    section = panels_of(ranking_of(check=False))
    assert (section.picture, section.singles) == (None, None)
    assert [row[2] for row in section.table.rows] == ["–"] * 3


def test_shares_have_a_spread_where_there_are_several_runs(page_of):
    rows = page_of("plain").table("Share of the mix")
    assert [row[0::2] for row in rows] == [["channel", "rank"], ["GFP", "1"], ["DNA", "2"]]
    assert rows[1][1].startswith("97% ± 0.")
    assert page_of("one run").table("Share of the mix")[1][1] == "97%"


def test_metrics_are_of_images_and_of_groups(page_of):
    head, *rows = page_of("plain").table("Metrics of the predictions")
    assert head == ["models", "accuracy", "balanced accuracy", "AUC", "Z'-factor"]
    assert rows[0] == ["models with one mix, per image", "95%", "95%", "0.95", "–"]
    assert rows[1][:3] == ["models with one mix, per well", "100%", "100%"]
    assert len(rows) == 2


def test_metrics_of_both_kinds_of_models_stand_below_each_other(two_kinds):
    rows = section_of(two_kinds).metrics.rows
    assert [(row[0], row[1][0]) for row in rows] == [
        ("classifiers on all channels, per image", "80%"),
        ("classifiers on all channels, per well", "100%"),
        ("models with one mix, per image", "95%"),
        ("models with one mix, per well", "100%"),
    ]


def test_the_classifiers_on_all_channels_are_shown_where_there_are_some(two_kinds, page):
    section = section_of(two_kinds)
    assert section.confusion.shares == [[0.8, 0.2], [0.2, 0.8]]
    assert "predicted by classifiers on all channels" in section.map.caption
    assert "by the classifiers on all channels" in cells(two_kinds, two_kinds.verdict()).caption
    assert section.text.startswith("Two kinds of models")
    assert "predicted by the classifiers on all channels" in page(two_kinds).section("model")


def test_weights_that_mean_nothing_have_a_warning_beside_evidence_that_does(ranking_of, page):
    failed = ranking_of(accuracy=0.5)
    made = replace(failed, all_channels=ranking_of().predictions)
    assert made.verdict().reliability.is_reliable
    shown = page(made)
    assert reliability.UNRELIABLE_BARS in shown.section("weights")
    assert "so the weights have no meaning" in shown.text(".//section[@id='weights']/p")
    assert shown.document.find(".//section[@id='weights']/p").get("class") == "warning"
    assert "GFP is needed" in shown.section("evidence")


def test_an_undefined_metric_has_a_dash_and_the_reason(ranking_of):
    made = ranking_of()
    ones = np.zeros_like(made.predictions.labels)
    metrics = section_of(with_predictions(made, labels=ones)).metrics
    assert metrics.rows[-1][-1] == ("–", "all wells are negative")
    assert metrics.rows[0][-1] == "–"


@pytest.mark.parametrize(("unit", "words"), [("well", "Plates with"), ("plate", "Dots for")])
def test_wells_are_drawn_on_plates_and_other_groups_as_dots(ranking_of, unit, words):
    section = section_of(replace(ranking_of(), group_unit=unit))
    assert section.map.alt.startswith(words)


def test_images_that_are_their_own_groups_are_not_drawn(ranking_of):
    assert section_of(replace(ranking_of(), group_unit="image")).map is None


def test_a_ranking_without_cells_has_no_section_for_them(ranking_of, page):
    assert "cells" not in sections(page(replace(ranking_of(num_runs=1), cells=None)))


def test_ranks_of_many_channels_stand_in_the_rows_that_can_be_searched(page_of):
    page = page_of("20 channels")
    for caption in ("Share of the mix", "Each run"):
        head, *rows = page.table(caption)
        column = next(index for index, name in enumerate(head) if name.startswith("rank"))
        assert [row[column] for row in rows] == [str(rank) for rank in range(1, 21)], caption


def test_small_shares_of_many_channels_have_enough_digits(page_of):
    _, *rows = page_of("200 channels").table("Share of the mix")
    assert len(rows) == 200
    assert len({row[1] for row in rows}) > 150
    assert re.fullmatch(r"0\.\d\d% ± 0\.\d\d", rows[100][1])


def test_runs_are_columns_where_channels_are_many(page_of):
    head, *rows = page_of("20 channels").table("Each run")
    assert head == ["channel", "rank", "seed 0, accuracy 95%", "seed 1, accuracy 95%"]
    found = [[float(text.rstrip("%").removeprefix("below ")) for text in row[2:]] for row in rows]
    np.testing.assert_allclose(np.sum(found, axis=0), 100, atol=2)
    assert (np.diff(np.mean(found, axis=1)) < 0.5).all()  # in the order of their mean


def test_texts_of_many_channels_name_the_first_and_sum_up_the_others(page_of):
    page = page_of("200 channels")
    bars = next(alt for alt in page.alts if alt.startswith("Bars"))
    assert bars.count("Histone") == 20
    (together,) = re.findall(r"180 other channels: (\d+)% together, none above", bars)
    listed = sum(int(share) for share in re.findall(r"Ser\d+ <?(\d+)%", bars))
    assert int(together) == pytest.approx(100 - listed, abs=10)
    captions = page.section("weights")
    assert "One bar for each of the 20 channels with the largest shares" in captions
    assert "Dotted line: even share, 1/200 = 0.50%." in captions
    assert "12 channels with the largest shares are shown; the mix contains all 200." in page.html
    assert max(len(alt) for alt in page.alts) < 4000


def test_the_confusion_matrix_shows_predicted_classes_by_true_ones(page_of):
    page = page_of("plain")
    _, *rows = page.table("Predicted class by true class")
    assert rows == [["negative (40)", "95%", "5%"], ["positive (40)", "5%", "95%"]]
    outlined = page.document.findall(".//td[@class='correct']")
    assert [page.text_of(cell) for cell in outlined] == ["95%", "95%"]


def section_of(ranking):
    return model_section(ranking, ranking.verdict())


def with_predictions(ranking, **changes):
    return replace(ranking, predictions=replace(ranking.predictions, **changes))


def certain(predicted: np.ndarray, num_classes: int = 2) -> np.ndarray:
    """Probabilities of 0 and 1 by which these classes are predicted."""
    return np.eye(num_classes)[predicted]


def test_the_hardest_class_is_named_where_one_is_harder(ranking_of):
    ranking = ranking_of()
    assert "is about the same for all classes" in section_of(ranking).text
    found = ranking.predictions
    predicted = np.where(found.labels == 1, found.predicted, found.labels)
    section = section_of(with_predictions(ranking, probabilities=certain(predicted)))
    hardest = "The hardest class for the models with one mix is positive, with an accuracy of 95%."
    assert hardest in section.text
    assert list(section.classes.rows) == [
        ("positive", "40", "95%"),
        ("negative", "40", "100%"),
    ]


def test_confusion_is_in_shares_of_the_true_class(ranking_of):
    ranking = ranking_of()
    found = ranking.predictions
    predicted = np.where(found.labels == 1, 1, np.arange(len(found.labels)) % 2)
    confusion = section_of(
        with_predictions(ranking, probabilities=certain(np.tile(predicted, (5, 1))))
    ).confusion
    assert confusion.shares == [[0.5, 0.5], [0.0, 1.0]]


def test_many_groups_are_cut_to_the_lowest(ranking_of):
    table = section_of(ranking_of(groups=tuple(f"W{index:02}" for index in range(30)))).groups
    assert len(table.rows) == 24
    assert [table.rows[0], table.rows[-1]] == [
        ("W07", "3", "67%"),
        ("W23", "3", "100%"),
    ]
    assert "The 24 lowest of 30 wells." in table.note


def test_images_that_are_their_own_groups_have_no_table_of_groups(ranking_of):
    assert section_of(replace(ranking_of(), group_unit="image")).groups is None


def test_many_classes_have_their_most_common_mistakes_in_place_of_a_matrix(page_of):
    page = page_of("12 classes")
    assert page.document.find(".//table[@class='confusion']") is None
    assert ["dose 0", "dose 1", "5%"] in page.table("The most common mistakes")
    assert "The complete table of 12 classes is confusion.csv" in page.section("model")


def test_mistakes_are_counted_in_images_of_the_true_class(ranking_of):
    ranking = ranking_of(classes=tuple(f"dose {index}" for index in range(9)))
    found = ranking.predictions
    labels = np.where((found.labels == 1) & found.right[0], 0, found.labels)  # 78 of 0, 2 of 1
    rows = section_of(with_predictions(ranking, labels=labels)).mistakes.rows
    assert ("dose 0", "dose 1", "51%") in rows
    assert ("dose 1", "dose 2", "100%") in rows


def test_a_class_without_test_images_has_no_accuracy(ranking_of):
    ranking = ranking_of(num_runs=1)
    labels = np.zeros_like(ranking.predictions.labels)
    section = section_of(with_predictions(ranking, labels=labels))
    assert section.confusion.shares[1] == [0, 0]
    assert section.classes.rows[-1] == ("positive", "0", "–")
    assert section.classes.note == ""


def weights_of(made):
    return weight_section(made, made.verdict())


def test_the_shares_of_a_run_stand_below_their_channels(ranking_of):
    table = weights_of(ranking_of(("ER", "GFP"), (0.1, 0.9), num_runs=2)).runs
    assert tuple(table.columns) == ("run", "accuracy", "GFP", "ER")
    assert [row[:2] for row in table.rows] == [("seed 0", "95%"), ("seed 1", "95%")]
    assert all(row[2] > "80%" > "20%" > row[3] for row in table.rows)


def test_a_ranking_without_repeats_is_one_run(ranking_of):
    ranking = ranking_of(num_runs=1)
    single = replace(ranking, importance=replace(ranking.importance, repeats=None))
    assert len(weights_of(single).runs.rows) == 1


def test_the_text_for_the_mix_names_only_the_classes_that_it_shows(ranking_of, page):
    ranking = ranking_of(classes=tuple(f"dose {index}" for index in range(6)), num_runs=1)
    shown = page(replace(ranking, examples=ranking.examples[:4]))
    assert any("each of the classes dose 0, dose 1, dose 2, dose 3: its" in a for a in shown.alts)


def test_channels_that_were_left_out_are_listed(ranking_of, page):
    shown = page(replace(ranking_of(), constant_channels=("Ca", "Fe")))
    assert shown.facts["constant channels"] == "Ca, Fe, left out"
