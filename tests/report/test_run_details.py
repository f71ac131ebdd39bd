"""How to repeat a run: data, command, settings."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
import typer

from keras_dcmix import Training
from keras_dcmix.report.run_details import argument_rows, command_line, training_rows


@pytest.mark.parametrize(("value", "option"), [(True, ["--skip-unreadable"]), (False, [])])
def test_a_switch_is_typed_where_it_was_on(value, option):
    line = command_line("rank", {"source": "p", "skip_unreadable": value}, Training())
    assert line.split()[3:-2] == option


def test_the_command_on_the_page_gives_the_same_run_again():
    from keras_dcmix.cli.app import app

    given = {
        **{"source": "my plate.csv", "label": "Drug; rm -rf", "size": 48, "clip": "1,99"},
        **{"skip_unreadable": True, "seed": 3, "seeds": 7, "check": False},
    }
    command = shlex.split(command_line("rank", given, Training(epochs=3)))
    assert command[:2] == ["keras-dcmix", "rank"]
    rank = typer.main.get_command(app).commands["rank"]
    found = rank.make_context("rank", command[2:]).params
    assert {key: found[key] for key in given} == given
    assert found["epochs"] == 3
    assert str(found["out"]) == "NEW_FOLDER"


def test_the_page_shows_the_command_unless_it_was_a_call_in_python(page_of):
    assert page_of("no arguments").document.find(".//pre") is None
    command = page_of("plain").text(".//pre/code")
    assert command.startswith("keras-dcmix rank plate.csv --label Metadata_Drug")


def test_arguments_at_their_default_are_left_out(page_of):
    assert page_of("plain").facts["label"] == "Metadata_Drug"
    assert "group" not in page_of("plain").facts


def test_arguments_are_words_and_empty_lists_are_left_out():
    rows = argument_rows({"check": True, "retrain": False, "panel": [], "label": None, "size": 48})
    assert rows == [("check", "yes"), ("retrain", "no"), ("size", "48")]
    assert argument_rows({"panel": ["GFP", "GFP,DNA"]}) == [("panel", "GFP, GFP,DNA")]


def test_settings_that_are_not_known_are_left_out():
    assert training_rows(None) == [("training", "in a custom loop")]
    rows = dict(training_rows(Training(epochs=3)))
    assert rows["epochs"] == "3"
    assert rows["images in a batch"] == "32"
    assert "batch size" not in rows


def test_images_without_label_or_crop_are_counted_where_there_are_some(ranking_of, page):
    ranking = ranking_of(num_runs=2)
    facts = page(ranking).facts
    assert facts["left out"] == "4 images or rows without a label"
    assert "empty" not in facts
    facts = page(replace(ranking, num_unlabelled=0, num_empty_fields=3)).facts
    assert facts["empty"] == "3 fields of view without a crop"
    assert "left out" not in facts


def test_sizes_and_parts_of_the_split_are_in_words(ranking_of, page):
    ranking = ranking_of(num_runs=2)
    split = {0: {"train": ["C1"], "validation": ["D1"], "test": ["A01", "A02", "B01"]}}
    split[1] = {"train": ["C1", "C2", "C3"], "validation": ["D1"], "test": ["A01", "A02", "B01"]}
    facts = page(replace(ranking, examples=ranking.examples[:, :, :8], split=split)).facts
    assert facts["image size"] == "8 x 12 pixels"
    assert facts["wells"] == (
        "in each of 2 runs 1 to 3 for training, 1 for validation, 3 for testing; "
        "no well is in more than one part of a run"
    )


@pytest.mark.parametrize(
    ("unit", "name", "in_header"),
    [
        ("cell line", "cell lines", "12 unseen cell lines"),
        ("field of view", "fields of view", "12 unseen fields of view"),
        ("image", "images", "80 unseen images"),
    ],
)
def test_groups_are_called_what_they_are(ranking_of, page, unit, name, in_header):
    shown = page(replace(ranking_of(num_runs=1), group_unit=unit))
    assert f"no {unit} is in more than one part" in shown.facts[name]
    assert in_header in shown.text(".//header")
    assert "well" not in shown.text(".//main").replace("wells.csv", "")
