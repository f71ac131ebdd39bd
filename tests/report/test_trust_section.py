"""What the page of a ranking says of trust: the check, the panels, the runs."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import numpy as np

from keras_dcmix.report import ranking_report
from keras_dcmix.report.trust import Answer, trust_facts


def test_a_check_that_disagrees_is_an_answer_in_part(ranking_of):
    facts = trust_facts_of(ranking_of(shares=(0.97, 0.03), gains=(0.1, 0.3)))
    assert facts.answers[2].short == "in part"
    assert "DNA (75%, but 3% of the mix) informs more than the weights say" in facts.answers[2].text


def trust_facts_of(ranking):
    from keras_dcmix.evidence.summary import read_check

    return trust_facts(ranking, read_check(ranking.importance, ranking.check.scores))


def test_to_drop_nothing_is_not_painted_as_a_fault():
    assert Answer("Can channels be dropped?", "no", "").style == "not-known"
    assert Answer("Do the runs agree?", "no", "").style == "no"
    assert Answer("Do the runs agree?", "in part", "").style == "in-part"


def test_each_set_has_its_cost_and_error(ranking_of, table_of):
    page = ranking_report(ranking_of(gains=(0.3, 0.1)), arguments={})
    head, *rows = table_of(page, "The best set of each size")
    assert head == ["channels", "accuracy", "lost against all channels"]
    assert [row[:2] for row in rows] == [
        ["none", "0.500"],
        ["GFP", "0.800"],
        ["GFP + DNA", "0.900"],
    ]
    assert re.fullmatch(r"0\.400 ± 0\.00\d", rows[0][2])
    assert re.fullmatch(r"0\.100 ± 0\.00\d", rows[1][2])
    assert rows[2][2].startswith("0.000")


def test_the_shares_of_a_run_stand_below_their_channels(ranking_of, table_of):
    ranking = ranking_of(("ER", "GFP"), (0.1, 0.9), num_seeds=2)
    head, first, _ = table_of(ranking_report(ranking, arguments={}), "Each run")
    assert head == ["run", "named rightly", "GFP", "ER"]
    assert int(first[2].rstrip("%")) > 80 > 20 > int(first[3].rstrip("%"))


def test_a_check_of_sampled_sets_does_not_claim_all(page_of):
    assert "does with all 4 sets of channels" in page_of("plain")
    assert re.search(r"does with as many as there was time for, \d+ sets", page_of("20 channels"))


def test_the_panels_of_a_model_that_guesses_have_no_title_that_answers(ranking_of):
    def drawing(ranking) -> str:
        page = ranking_report(ranking, arguments={})
        tall = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)[1]
        return base64.b64decode(tall).decode()

    ranking = ranking_of()
    weak = replace(ranking, check=replace(ranking.check, accuracy=0.5))
    titles = [
        re.findall(r"<!-- (.*channels.*|The model.*) -->", drawing(r)) for r in (ranking, weak)
    ]
    assert "The model guesses: its panels say nothing" not in titles[0]
    assert "The model guesses: its panels say nothing" in titles[1]


def test_letters_of_figures_are_outlines_that_need_no_font(page_of):
    sources = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page_of("plain"))
    assert all("<text" not in base64.b64decode(source).decode() for source in sources)


def test_runs_without_repeats_are_one_run(ranking_of, table_of):
    ranking = ranking_of(num_seeds=1)
    rows = table_of(ranking_report(ranking, arguments={}), "Each run")[1:]
    assert len(rows) == 1
    assert rows[0][0] == "seed 0"
    assert np.isclose(float(rows[0][1].rstrip("%")), 95)
