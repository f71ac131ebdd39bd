"""The command `simulate`: what it writes, prints and refuses."""

import inspect
import subprocess
import sys

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from keras_dcmix.cli.options import OTHER_NAMES
from keras_dcmix.cli.simulate import simulate
from keras_dcmix.datasets import LAYOUTS, simulated_screen, write_screen

app = typer.Typer()
app.command()(simulate)
FAST = ("--experiments", "2", "--wells", "4", "--sites", "1", "--size", "64")


def option(name):
    return f"--{OTHER_NAMES.get(name, name)}".replace("_", "-")


def shared_with(function):
    """The arguments of the library that the command has, each with its default."""
    options = inspect.signature(simulate).parameters
    for name, parameter in inspect.signature(function).parameters.items():
        if OTHER_NAMES.get(name, name) in options:
            yield name, parameter.default


@pytest.fixture
def run(tmp_path):
    def run(*arguments):
        return CliRunner().invoke(app, ["--out", str(tmp_path / "S 1"), *arguments])

    return run


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_written(run, tmp_path, layout):
    done = run("--layout", layout, *FAST)
    assert done.exit_code == 0, done.output
    table = {"rxrx1": "metadata", "loaddata": "load_data", "ome-zarr": "platemap"}[layout]
    assert len(pd.read_csv(tmp_path / "S 1" / f"{table}.csv")) == 8


def test_the_end_says_what_is_there_and_what_to_run_next(run, tmp_path):
    printed = run("--layout", "rxrx1", *FAST).stdout
    assert f"{tmp_path / 'S 1'} holds 8 fields of 64 x 64 pixels" in printed
    command = f"keras-dcmix inspect '{tmp_path / 'S 1'}' --label Metadata_Sirna"
    assert printed.endswith(f"Next: {command}\n")


def test_effects_are_planted(run, tmp_path):
    done = run("--layout", "ome-zarr", *FAST, "--effects", "x:Mito=3,Golgi=1.5;y:ER=2")
    assert done.exit_code == 0, done.output
    truth = pd.read_csv(tmp_path / "S 1" / "truth.csv")
    found = truth[truth["effect"] > 0].to_numpy().tolist()
    assert found == [["x", "Mito", 3], ["x", "Golgi", 1.5], ["y", "ER", 2]]


def test_options_reach_the_screen(run, tmp_path, monkeypatch):
    received = {}

    def record(**arguments):
        received.update(arguments)
        raise ValueError("enough")

    monkeypatch.setattr("keras_dcmix.datasets.simulated_screen", record)
    names = [name for name, _ in shared_with(simulated_screen) if name != "phenotypes"]
    values = {name: number for number, name in enumerate(names, start=1)}
    typed = (word for name, value in values.items() for word in (option(name), str(value)))
    run("--layout", "rxrx1", "--effects", "x:", *typed)
    assert received == values | {"phenotypes": {"x": {}}}
    assert len(names) == 8


def test_defaults_are_those_of_the_library():
    options = inspect.signature(simulate).parameters
    for function in (simulated_screen, write_screen):
        for name, default in shared_with(function):
            assert options[OTHER_NAMES.get(name, name)].default == default, name


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--layout", "rxrx2"), "--layout must be one of rxrx1, loaddata, ome-zarr"),
        (("--layout", "rxrx1", "--wells", "2"), "--wells must be 4 to 384"),
        (("--layout", "rxrx1", "--imbalance", "2"), "--imbalance must be 0 to 1"),
        (("--layout", "rxrx1", "--jobs", "0"), "--jobs must be a positive integer"),
        (("--layout", "rxrx1", "--effects", "a:er=1"), "did you mean 'ER'"),
    ],
)
def test_errors_name_options(refused, tmp_path, arguments, words):
    assert words in refused("simulate", "--out", tmp_path / "S", *arguments)


def test_an_interruption_leaves_nothing_and_says_so(run, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_dcmix.datasets.SimulatedScreen.field", interrupted)
    done = run("--layout", "rxrx1", *FAST)
    assert done.exit_code == 130
    assert list(tmp_path.iterdir()) == []


def test_keras_is_not_imported(tmp_path):
    script = f"""
import sys
from pathlib import Path
from keras_dcmix.cli.simulate import simulate
assert not {{"numpy", "pandas", "scipy"}} & set(sys.modules)
simulate(Path({str(tmp_path / "S")!r}), "rxrx1", experiments=1, wells=4, sites=1, size=64)
print("keras" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"
