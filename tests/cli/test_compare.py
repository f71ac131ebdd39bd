"""`keras-dcmix compare`: what it writes and prints, how it goes on, what it refuses."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from keras_dcmix.importance.registry import COMPARED

from .conftest import FAST

QUICK = (*FAST, "--seeds", "2")


@pytest.fixture
def compare(command, plate, tmp_path):
    def run(*arguments: object) -> tuple[int, str]:
        return command("compare", plate, "--out", tmp_path / "C", *QUICK, *arguments)

    return run


def test_tables_and_figures_are_written_and_the_table_printed(compare, tmp_path):
    methods = "dcmix,shapley,occlusion"
    code, printed = compare("--methods", methods)
    assert code == 0, printed
    assert {path.name for path in (tmp_path / "C").iterdir()} == {
        *("methods.csv", "importance.csv", "deletion_insertion.csv", "run.json", "report.html"),
        *("importance.png", "deletion_insertion.png"),
    }
    table = pd.read_csv(tmp_path / "C" / "methods.csv")
    assert table["method"].tolist() == methods.split(",")
    facts = json.loads((tmp_path / "C" / "run.json").read_text())
    assert facts["arguments"]["methods"] == methods
    assert facts["channels"] == ["GFP", "DNA"]
    assert all(name in printed for name in methods.split(","))
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_an_interrupted_comparison_goes_on(compare, tmp_path, trainings):
    trainings.stop_after = 1
    code, printed = compare("--methods", "dcmix,occlusion")
    assert code == 130
    assert "--resume" in printed
    assert not (tmp_path / "C").exists()
    assert (tmp_path / ".C.unfinished" / "seed_0_dcmix.json").exists()
    trainings.stop_after = None
    code, printed = compare("--methods", "dcmix,occlusion", "--resume")
    assert code == 0, printed
    assert trainings.count == 4  # two seeds of two models, none of them twice


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--methods", "dcmx"], "did you mean 'dcmix'"),
        (["--methods", "dcmix,dcmix"], "once"),
        (["--backbone", "Resnet50"], "did you mean 'ResNet50'"),
    ],
)
def test_bad_options_are_refused(refused, plate, tmp_path, arguments, words):
    assert words in refused("compare", plate, "--out", tmp_path / "C", *QUICK, *arguments)


def test_help_lists_every_method_with_its_question(command):
    _, printed = command("compare", "--help")
    for method in COMPARED.values():
        assert f"{method.name}: {method.question}" in printed
