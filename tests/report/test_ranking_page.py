"""The page of a ranking: the sentences of its verdict, each in its place, and its tables."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from keras_dcmix.evidence.sentences import leaders, ranking, reliability
from keras_dcmix.report.model_section import model_section
from keras_dcmix.report.trust_section import trust_section


def test_sections_come_in_the_order_people_ask(page_of):
    sections = [each.get("id") for each in page_of("plain").document.iter("section")]
    assert sections == ["ranking", "model", "trust", "mix", "weights", "done"]


def test_the_page_contains_the_sentences_of_the_verdict(ranking_of, page_of):
    found, page = ranking_of(), page_of("plain")
    verdict = found.verdict()
    assert page.headline == ranking.headline(verdict)
    assert page.text(".//header/p[@class='lede']") == reliability.quality_sentence(verdict)
    assert leaders.summary(verdict.leaders) in page.section("ranking")
    assert ranking.summary(verdict) in page.section("ranking")
    accuracy = reliability.accuracy_sentence(verdict, found.accuracy.tolist())
    assert accuracy in page.section("model")
    questions = page.document.findall(".//ul[@class='answers']/li")
    assert [page.text_of(each) for each in questions] == [
        f"{answer.question} {answer.short} {answer.text}" for answer in ranking.answers(verdict)
    ]


def test_models_that_are_not_reliable_have_a_warning_and_no_ranking(page_of):
    page = page_of("not reliable")
    assert page.headline.startswith("No reliable ranking")
    assert page.document.find(".//header/p[@class='lede warning']") is not None
    assert reliability.UNRELIABLE_BARS in page.section("ranking")
    assert "leads with" not in page.section("ranking")


@pytest.mark.parametrize("case", ["no check", "weak check"])
def test_without_a_reliable_check_nothing_is_promised(page_of, case):
    page = page_of(case)
    assert "dropping" not in page.headline
    assert "can be dropped" not in page.section("trust")
    assert page.section("trust").count("not known") == 2


def test_answers_are_coloured_but_that_nothing_can_be_dropped_is_no_fault(ranking_of, page):
    shown = page(ranking_of(shares=(0.8, 0.2), gains=(0.3, 0.1)))
    answers = shown.document.findall(".//span")
    styles = [each.get("class") for each in answers]
    assert [shown.text_of(each) for each in answers][-1] == "no"
    assert styles == ["short yes", "short yes", "short yes", "short not-known"]


@pytest.mark.parametrize(("case", "is_there"), [("plain", True), ("no check", False)])
def test_files_of_the_check_are_listed_where_there_was_one(page_of, case, is_there):
    assert ("panels.csv" in page_of(case).facts) == is_there
    assert "run.json" in page_of(case).facts


def test_shares_have_a_spread_where_there_are_several_runs(page_of):
    rows = page_of("plain").table("Share of the mix")
    assert [row[0::2] for row in rows] == [["channel", "rank"], ["GFP", "1"], ["DNA", "2"]]
    assert rows[1][1].startswith("97% ± 0.")
    assert page_of("one run").table("Share of the mix")[1][1] == "97%"


def test_ranks_of_many_channels_stand_in_the_rows_that_can_be_searched(page_of):
    page = page_of("20 channels")
    for caption in ("Share of the mix", "Weights and check for each channel", "Each run"):
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
    bars = page.alts[0]
    assert bars.count("Histone") == 20
    (together,) = re.findall(r"180 other channels: (\d+)% together, none above", bars)
    listed = sum(int(share) for share in re.findall(r"Ser\d+ <?(\d+)%", bars))
    assert int(together) == pytest.approx(100 - listed, abs=10)
    captions = page.section("ranking")
    assert "One bar for each of the 20 channels with the largest shares" in captions
    assert "Dotted line: even share, 1/200 = 0.50%." in captions
    assert "12 channels with the largest shares are shown; the mix contains all 200." in page.html
    assert max(len(alt) for alt in page.alts) < 4000


def test_a_large_set_of_channels_is_counted_in_place_of_a_long_list(page_of):
    _, *rows = page_of("20 channels").table("The best set of each size")
    assert len(rows) == 21
    assert rows[12][0].count(" + ") == 11
    assert rows[13][0] == "13 channels, listed in panels.csv"


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
    assert section_of(ranking).hardest == "Accuracy is about the same for all classes."
    found = ranking.predictions
    predicted = np.where(found.labels == 1, found.predicted, found.labels)
    section = section_of(with_predictions(ranking, probabilities=certain(predicted)))
    assert "The hardest class is positive" in section.hardest
    assert "95%" in section.hardest
    assert list(section.classes.rows) == [
        ("positive", "40", "95% ± 0.0"),
        ("negative", "40", "100% ± 0.0"),
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
        ("W08", "3", "67% ± 0.0"),
        ("W23", "2", "100% ± 0.0"),
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


def trust_of(ranking):
    return trust_section(ranking, ranking.verdict())


def test_each_channel_has_weight_check_and_whether_it_can_be_dropped(ranking_of):
    rows = trust_of(ranking_of()).check.channels.rows
    assert list(rows) == [("GFP", "97%", "100%", "keep"), ("DNA", "3%", "0%", "can be dropped")]


def test_many_channels_are_folded_away(page_of):
    path = ".//section[@id='trust']/details//caption"
    for case, is_folded in (("plain", False), ("20 channels", True)):
        page = page_of(case)
        captions = [page.text_of(caption) for caption in page.document.findall(path)]
        assert ("Weights and check for each channel" in captions) == is_folded


def test_each_set_has_its_cost_and_error(ranking_of):
    table = trust_of(ranking_of(gains=(0.3, 0.1))).check.panel_table
    assert [row[:2] for row in table.rows] == [
        ("no channel", "0.500"),
        ("GFP", "0.800"),
        ("GFP + DNA", "0.900"),
    ]
    assert [row[2][:11] for row in table.rows] == ["0.400 ± 0.0", "0.100 ± 0.0", "0.000 ± 0.0"]
    assert "over wells" in table.note


def test_a_channel_called_none_is_not_the_empty_set(ranking_of):
    table = trust_of(ranking_of(("none", "GFP + DNA"), (0.9, 0.1), (0.3, 0.1))).check.panel_table
    assert [row[0] for row in table.rows] == ["no channel", "none", "none + GFP + DNA"]


def test_the_shares_of_a_run_stand_below_their_channels(ranking_of):
    table = trust_of(ranking_of(("ER", "GFP"), (0.1, 0.9), num_runs=2)).runs
    assert tuple(table.columns) == ("run", "accuracy", "GFP", "ER")
    assert [row[:2] for row in table.rows] == [("seed 0", "95%"), ("seed 1", "95%")]
    assert all(row[2] > "80%" > "20%" > row[3] for row in table.rows)


def test_a_ranking_without_repeats_is_one_run(ranking_of):
    ranking = ranking_of(num_runs=1)
    single = replace(ranking, importance=replace(ranking.importance, repeats=None))
    assert len(trust_of(single).runs.rows) == 1


def test_a_check_of_sampled_sets_does_not_claim_all(page_of):
    assert "measured with all 4 sets of channels" in page_of("plain").section("trust")
    assert "measured with a random sample of" in page_of("20 channels").section("trust")


def test_the_panels_of_a_check_that_is_not_reliable_have_a_title_that_says_so(page_of):
    title = "The check is not reliable"
    drawn = [any(title in each for each in page_of(c).drawings) for c in ("plain", "weak check")]
    assert drawn == [False, True]


def test_the_text_for_the_mix_names_only_the_classes_that_it_shows(ranking_of, page):
    ranking = ranking_of(classes=tuple(f"dose {index}" for index in range(6)), num_runs=1)
    shown = page(replace(ranking, examples=ranking.examples[:4]))
    assert any("each of the classes dose 0, dose 1, dose 2, dose 3: its" in a for a in shown.alts)


def test_channels_that_were_left_out_are_listed(ranking_of, page):
    shown = page(replace(ranking_of(), constant_channels=("Ca", "Fe")))
    assert shown.facts["constant channels"] == "Ca, Fe, left out"


def test_the_first_line_names_no_leader_where_the_weights_separate_nothing(ranking_of, page):
    names = tuple(f"stain {number}" for number in range(40))
    shown = page(ranking_of(names=names, shares=(1 / 40,) * 40, gains=(0.01,) * 40))
    assert shown.headline.startswith("No channel stands out over 5 runs: the largest share")
    assert "stain" not in shown.headline.split(";")[0]
