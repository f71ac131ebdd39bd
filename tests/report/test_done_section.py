"""What the page of a ranking says of what was done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keras_dcmix import Training
from keras_dcmix.report import comparison_report, ranking_report
from keras_dcmix.report.facts import command_line


@pytest.mark.parametrize(("value", "option"), [(True, ["--skip-unreadable"]), (False, [])])
def test_a_switch_is_typed_where_it_was_on(value, option):
    line = command_line("rank", {"source": "p", "skip_unreadable": value}, Training())
    assert line.split()[3:-2] == option


def test_what_was_left_out_or_empty_is_counted_where_there_was_some(ranking_of, facts_of):
    ranking = ranking_of(num_seeds=2)
    facts = facts_of(ranking_report(ranking, arguments={}))
    assert facts["left out"] == "4 images or rows without a label"
    assert "empty" not in facts
    other = replace(ranking, num_unlabelled=0, num_empty_fields=3)
    facts = facts_of(ranking_report(other, arguments={}))
    assert facts["empty"] == "3 fields of view gave no crop"
    assert "left out" not in facts


def test_sizes_and_groups_are_told_in_words(ranking_of, facts_of):
    ranking = ranking_of(num_seeds=2)
    seeds = {0: {"train": ["C1"], "validation": ["D1"]}}
    seeds[1] = {"train": ["C1", "C2", "C3"], "validation": ["D1"]}
    ranking = replace(
        ranking,
        examples=ranking.examples[:, :, :8],
        split={"test": ["A01", "A02", "B01"], "seeds": seeds},
    )
    facts = facts_of(ranking_report(ranking, arguments={}))
    assert facts["images"] == "8 x 12 pixels"
    assert facts["groups"].startswith("1 to 3 to train on, 1 to choose the weights, 3 to test on")


def test_what_was_kept_together_is_told_of_a_source(ranking_of, facts_of):
    ranking = ranking_of(num_seeds=2)
    given = {"source": "plate", "group": "Metadata_Plate", "pattern": None}
    facts = facts_of(ranking_report(ranking, arguments=given))
    assert facts["kept together"] == "Metadata_Plate"
    assert "pattern" not in facts
    facts = facts_of(ranking_report(ranking, arguments={"source": "plate"}))
    assert facts["kept together"] == "each well by itself, as the source names them"
    assert "kept together" not in facts_of(ranking_report(ranking, arguments={}))


def test_what_speaks_against_the_ranking_stands_on_top(ranking_of, comparison_of):
    warning = "Each class is on plates of its own <b>"
    for report, found in ((ranking_report, ranking_of()), (comparison_report, comparison_of())):
        page = report(found, arguments={}, warnings=[warning])
        header = page.split("<main>")[0]
        assert '<p class="warning">Beware: Each class is on plates of its own &lt;b&gt;' in header
        assert "Beware" not in report(found, arguments={})


def test_the_words_of_the_mix_name_only_the_classes_that_it_shows(ranking_of):
    ranking = ranking_of(classes=tuple(f"dose {index}" for index in range(6)), num_seeds=1)
    page = ranking_report(replace(ranking, examples=ranking.examples[:4]), arguments={})
    assert "each of the classes dose 0, dose 1, dose 2, dose 3: its" in page
