"""Help: examples that are real commands, and a page of the docs beside an error."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest
import typer

import keras_dcmix
from keras_dcmix.cli import app as cli
from keras_dcmix.cli import help as cli_help

ROOT = Path(__file__).parents[2]
COMMANDS = typer.main.get_command(cli.app).commands
LINES = [
    pytest.param(name, line, id=f"{name}-{number}")
    for name, pairs in cli_help.EXAMPLES.items()
    for number, (_, line) in enumerate(pairs)
]


def test_every_command_is_in_the_help_and_has_its_examples_listed():
    assert set(COMMANDS) == set(cli_help.EXAMPLES)


@pytest.mark.parametrize(("name", "line"), LINES)
def test_an_example_is_a_command_that_parses(name, line):
    program, command, *arguments = shlex.split(line)
    assert (program, command) == ("keras-dcmix", name)
    COMMANDS[name].make_context(name, arguments)


@pytest.mark.parametrize(("name", "line"), LINES)
def test_help_prints_each_example_whole(name, line, command):
    code, printed = command(name, "--help")
    assert code == 0
    assert line in printed


def test_help_begins_with_what_is_done_first(command):
    _, printed = command("--help")
    places = [printed.index(f" {name} ") for name in ("inspect", "rank", "predict", "doctor")]
    assert places == sorted(places)


@pytest.mark.parametrize("page", sorted(set(cli_help._PAGES.values())))
def test_each_page_that_helps_is_in_the_docs(page):
    assert (ROOT / "docs" / f"{page}.md").is_file()


@pytest.mark.parametrize("room", sorted(cli_help._PAGES))
def test_each_room_with_a_page_is_in_the_package(room):
    package = Path(keras_dcmix.__file__).parent
    assert (package / room).is_dir() or (package / f"{room}.py").is_file()


def page_of(call, *arguments, **named):
    with pytest.raises((ValueError, TypeError, OSError)) as caught:
        call(*arguments, **named)
    return cli_help.helping_page(caught.value)


def test_an_error_leads_to_the_page_of_the_room_where_it_arose(tmp_path):
    images, labels = np.zeros((8, 8, 8, 2)), [0, 1] * 4
    assert page_of(keras_dcmix.data.from_load_data, tmp_path / "no.csv") == "docs/data.md"
    assert page_of(keras_dcmix.load_predictor, tmp_path / "no.keras") == "docs/inference.md"
    assert page_of(keras_dcmix.Training, epochs=0) == "docs/choosing.md"
    assert (
        page_of(keras_dcmix.compare_methods, images, labels, methods=["no"]) == "docs/comparing.md"
    )


def test_the_innermost_room_decides(tmp_path):
    from keras_dcmix.inference.formats import ModelCard
    from keras_dcmix.inference.prediction import open_crops

    card = ModelCard(("DNA",), ("a", "b"))
    assert page_of(open_crops, str(tmp_path / "no plate"), card) == "docs/data.md"


def test_an_error_from_elsewhere_has_no_page():
    assert page_of(int, "no") is None


def test_the_command_names_the_page_after_the_sentence(tmp_path, command):
    code, printed = command("rank", tmp_path / "no", "--label", "x", "--out", tmp_path / "out")
    *_, sentence, page = printed.strip().splitlines()
    assert code == 2
    assert sentence.startswith("Error: ")
    assert page == "More about this: docs/data.md"


def test_a_name_in_an_error_does_not_steer_the_terminal(tmp_path, command):
    code, printed = command(
        "rank", "\x1b]0;owned\x07\udcff", "--label", "x", "--out", tmp_path / "o"
    )
    assert code == 2
    assert "\x1b" not in printed
    assert "\N{REPLACEMENT CHARACTER}]0;owned\N{REPLACEMENT CHARACTER}" in printed
