"""What all commands share: help, examples, errors, warnings, the start of Keras."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import pandas as pd
import pytest
import typer

import keras_dcmix
from keras_dcmix._common import errors
from keras_dcmix._common.errors import InputError
from keras_dcmix.cli.app import EXAMPLES, app
from keras_dcmix.cli.option_defaults import defaults_of
from keras_dcmix.cli.options import OTHER_NAMES
from keras_dcmix.data import crop_fields
from keras_dcmix.data.cells.recipe import CropRecipe
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.datasets import simulated_screen, write_screen
from keras_dcmix.datasets.simulated_screen import DEFAULT_PHENOTYPES
from keras_dcmix.experiments.compare import compare_methods
from keras_dcmix.experiments.rank import rank_channels
from keras_dcmix.inference.formats import FORMATS
from keras_dcmix.inspection import inspect_images

ROOT = Path(__file__).parents[2]
COMMANDS = typer.main.get_command(app).commands
LINES = [
    pytest.param(name, line, id=f"{name}-{number}")
    for name, pairs in EXAMPLES.items()
    for number, (_, line) in enumerate(pairs)
]


def in_fresh_process(script: str, *arguments: object, **environment: str):
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, "COLUMNS": "100", **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(("name", "line"), LINES)
def test_an_example_is_a_command_that_parses_and_help_prints_it(name, line, command):
    program, called, *arguments = shlex.split(line)
    assert (program, called) == ("keras-dcmix", name)
    COMMANDS[name].make_context(name, arguments)
    code, printed = command(name, "--help")
    assert code == 0
    assert line in printed


def test_help_begins_with_what_is_done_first(command):
    _, printed = command("--help")
    places = [printed.index(f" {name} ") for name in ("inspect", "rank", "predict", "doctor")]
    assert places == sorted(places)


def test_help_of_export_names_every_format(command):
    _, printed = command("export", "--help")
    assert all(name in printed for name in FORMATS)


def test_help_shows_what_applies_where_an_option_is_omitted(command):
    shown = {
        "crop": "none",
        "size": "64",
        "z": "max",
        "illumination": "none",
        "normalize": "none",
        "scenario": "graded",
        "num_images": "960 for simulated, 10000 for mnist",
        "controls": "all fields",
    }
    for name in ("rank", "compare"):
        options = {parameter.name: parameter for parameter in COMMANDS[name].params}
        assert {option: options[option].show_default for option in shown} == shown
        assert "[default: (64)]" in command(name, "--help")[1]


def test_every_option_that_is_no_switch_shows_a_default_or_needs_none():
    needs_none = {"out", "label", "platemap", "root", "pattern", "cache", "weights", "wells", "map"}
    needs_none |= {"channel_names", "classes"}  # "where the model has none"
    needs_none |= {"panel"}
    for name, one in COMMANDS.items():
        silent = {
            parameter.name
            for parameter in one.params
            if parameter.name != "help" and not parameter.required and not parameter.hidden
            if parameter.default is None and not isinstance(parameter.show_default, str)
        }
        assert silent <= needs_none, name


def test_predict_makes_images_as_in_training_by_default():
    options = {parameter.name: parameter for parameter in COMMANDS["predict"].params}
    for name in ("z", "crop", "size", "nuclei_channel", "normalize", "controls", "clip"):
        assert options[name].show_default == "as in training"


@pytest.mark.parametrize(
    ("name", "functions"),
    [
        ("simulate", (simulated_screen, write_screen)),
        ("inspect", (inspect_images,)),
        ("compare", (compare_methods,)),
        ("rank", (rank_channels,)),
    ],
)
def test_the_defaults_of_a_command_are_those_of_its_functions(name, functions):
    known = {}
    for function in functions:
        known |= defaults_of(function)
    own = {parameter.name: parameter.default for parameter in COMMANDS[name].params}
    shared = {OTHER_NAMES.get(argument, argument): argument for argument in known}
    compared = {option for option in shared if own.get(option) is not None} - {"path", "layout"}
    assert compared
    for option in compared:
        assert str(own[option]) == str(known[shared[option]]), option


def test_the_phenotypes_of_simulate_are_those_of_the_library():
    effects = next(each for each in COMMANDS["simulate"].params if each.name == "effects")
    assert effects.show_default == ", ".join(DEFAULT_PHENOTYPES)


def test_the_defaults_of_crops_are_those_of_their_recipe():
    known = defaults_of(crop_fields)
    assert (known["crop"], known["size"]) == (CropRecipe.crop, CropRecipe.size)
    assert not known["skip_unreadable"]
    assert not Reading.allow_outside


def test_the_version_is_printed(command):
    assert command("--version") == (0, f"keras-dcmix {keras_dcmix.__version__}\n")


def test_help_names_every_option_without_importing_keras():
    script = (
        "import sys; from keras_dcmix.cli.app import main\n"
        "try: main()\nfinally: print(*sys.modules)"
    )
    done = in_fresh_process(script, "rank", "--help")
    assert done.returncode == 0, done.stderr
    for parameter in COMMANDS["rank"].params:
        assert (parameter.opts[0] in done.stdout) is not parameter.hidden
    assert not {"keras", "pandas", "scipy"} & set(done.stdout.splitlines()[-1].split())


def test_without_a_backend_the_command_says_what_to_install(tmp_path):
    script = "import sys; sys.modules['jax'] = None; from keras_dcmix.cli.app import main; main()"
    arguments = ("rank", "simulated", "--out", tmp_path / "R")
    done = in_fresh_process(script, *arguments, KERAS_BACKEND="jax")
    assert done.returncode == 2
    assert "pip install 'keras-dcmix[tensorflow]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_page_that_an_error_names_is_in_the_docs():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    pages = {kind.page for kind in kinds if issubclass(kind, InputError) and kind.page}
    assert len(pages) > 4
    assert {page for page in pages if not (ROOT / "docs" / f"{page}.md").is_file()} == set()


@pytest.mark.parametrize(
    ("arguments", "page"),
    [
        (["rank", "no", "--label", "x"], "data"),
        (["rank", "simulated", "--epochs", "0"], "choosing"),
        (["rank", "simulated", "--margin", "2"], "evidence"),
        (["compare", "simulated", "--methods", "no"], "comparing"),
        (["predict", "no.keras", "plate"], "inference"),
        (["export", "no.keras", "--format", "keras"], "inference"),
        (["rank", "simulated", "--out", "no/R"], "files"),
    ],
)
def test_the_page_that_helps_follows_the_sentence(command, tmp_path, monkeypatch, arguments, page):
    monkeypatch.chdir(tmp_path)
    out = [] if "--out" in arguments else ["--out", tmp_path / "R.keras"]
    code, printed = command(*arguments, *out)
    *_, sentence, last = printed.strip().splitlines()
    assert code == 2
    assert sentence.startswith("Error: ")
    assert last == f"More about this: docs/{page}.md"


@pytest.mark.parametrize("kind", [ValueError, TypeError, OSError, ImportError])
def test_an_error_from_elsewhere_is_a_sentence_without_a_page(command, monkeypatch, kind):
    def fails(*_, **__):
        raise kind("it fails")

    monkeypatch.setattr("keras_dcmix.cli.sources.open_fields", fails)
    assert command("inspect", "plate") == (2, "Error: it fails\n")


def test_debug_shows_the_traceback(command, tmp_path):
    with pytest.raises(ValueError, match=r"no\.csv"):
        command("--debug", "rank", tmp_path / "no.csv", "--label", "x", "--out", tmp_path / "R")


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07", "\udcff", "a\x9b2J"])
def test_a_name_in_an_error_does_not_control_the_terminal(tmp_path, command, name):
    code, printed = command("rank", name, "--label", "x", "--out", tmp_path / "o")
    assert code == 2
    assert not set(printed) & {"\x1b", "\x07", "\x9b", "\udcff"}
    assert "\N{REPLACEMENT CHARACTER}" in printed


def test_an_argument_is_shown_as_the_option_of_the_command_line(refused, plate, tmp_path):
    out = ("--out", tmp_path / "S")
    assert "--wells" in refused("simulate", "--layout", "rxrx1", *out, "--wells", "2")
    said = refused("export", plate, "--format", "onnx", "--out", tmp_path / "m.h5")
    assert "--out must end in .onnx" in said


def test_our_warnings_are_sentences_and_others_keep_their_form(command, plate, tmp_path):
    wells = pd.DataFrame({"well": ["A05", "A06", "H12"], "drug": ["a", "b", "a"]})
    wells.to_csv(tmp_path / "map.csv", index=False)
    arguments = ("--platemap", tmp_path / "map.csv", "--label", "Metadata_Drug")
    _, printed = command("inspect", plate, *arguments)
    assert "Note: 22 wells of the images are not in the platemap" in printed
    assert "UserWarning" not in printed


def test_warnings_of_other_packages_keep_their_form(command, monkeypatch):
    def warns(*_, **__):
        warnings.simplefilter("always")
        warnings.warn("numbers overflow", RuntimeWarning, stacklevel=1)
        raise ValueError("enough")

    monkeypatch.setattr("keras_dcmix.cli.sources.open_fields", warns)
    _, printed = command("inspect", "plate")
    assert "RuntimeWarning: numbers overflow" in printed


@pytest.mark.parametrize("layout", ["rxrx1", "loaddata", "ome-zarr"])
def test_the_command_that_simulate_names_next_works(command, tmp_path, layout):
    small = ("--experiments", 1, "--wells", 8, "--sites", 1, "--size", 64)
    code, printed = command("simulate", "--layout", layout, "--out", tmp_path / "a screen", *small)
    assert code == 0, printed
    following = printed.split("Next: keras-dcmix ")[1].strip()
    code, printed = command(*shlex.split(following))
    assert code == 0, printed
    assert "EMPTY" in printed
