"""Every importance method has one entry, and what the entry says is true."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_dcmix
from keras_dcmix import importance
from keras_dcmix.importance.registry import COMPARED, METHODS, Model
from keras_dcmix.layers.attention import ATTENTION_LAYERS
from keras_dcmix.models import build_classifier

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "keras_dcmix/importance/methods").glob("[!_]*.py"))
RESULTS = {"ChannelImportance", "dict[str, ChannelImportance]", "SubsetScores"}

each = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_function_that_scores_channels_has_an_entry(path):
    found = [
        node.name
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and ast.unparse(node.returns) in RESULTS
    ]
    assert found
    assert set(found) <= {method.function for method in METHODS.values()}


@each
def test_an_entry_names_a_public_function_in_a_file_of_the_methods(method):
    function = getattr(importance, method.function)
    assert method.function in importance.__all__
    assert function.__module__.startswith("keras_dcmix.importance.methods.")


@each
def test_an_entry_has_a_page_and_a_row_in_the_list_of_methods(method):
    assert (ROOT / f"docs/importance/{method.page}.md").is_file()
    index = (ROOT / "docs/importance/index.md").read_text("utf-8")
    row = f"| [{method.name}]({method.page}.md) | {method.question} | {method.model.description} |"
    assert row in index.splitlines(), f"add this row to the table:\n{row}"


def test_the_list_of_methods_has_no_other_row():
    index = (ROOT / "docs/importance/index.md").read_text("utf-8")
    assert sum(line.startswith("| [") for line in index.splitlines()) == len(METHODS)


@each
def test_a_question_is_one_sentence_of_its_own(method):
    assert method.question.count("?") == 1
    assert method.question.endswith("?")
    assert [other.question for other in METHODS.values()].count(method.question) == 1


@pytest.mark.parametrize("method", COMPARED.values(), ids=COMPARED.keys())
def test_what_is_compared_scores_a_model_unless_the_training_gives_the_scores(method):
    gives_scores = method.retrains or method.model is Model.MASKED
    assert (method.score is None) == gives_scores


def test_every_attention_layer_is_a_method():
    found = [name for name, method in METHODS.items() if method.model is Model.ATTENTION]
    assert found == list(ATTENTION_LAYERS)


def test_the_registry_imports_neither_keras_nor_a_method():
    script = """
import sys, keras_dcmix.importance.registry
print({"keras", "numpy", "keras_dcmix.importance.methods"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


@pytest.mark.parametrize(
    "method", [m for m in COMPARED.values() if m.score is not None], ids=lambda m: m.name
)
def test_only_what_says_so_needs_gradients(method, monkeypatch):
    model = build_classifier((8, 8, 3), 2, mixer=method.run)
    model.get_layer("standardize").adapt(np.random.default_rng(0).random((4, 8, 8, 3)))
    images = np.random.default_rng(0).random((4, 8, 8, 3)).astype("float32")
    monkeypatch.setattr(keras.config, "backend", lambda: "numpy")
    if method.needs_gradients:
        with pytest.raises(ValueError, match="Gradients need one of the backends"):
            method.score(model, images, np.array([0, 1, 0, 1]))
    else:
        found = method.score(model, images, np.array([0, 1, 0, 1]))
        assert found.method == method.name
        assert isinstance(found, keras_dcmix.ChannelImportance)
