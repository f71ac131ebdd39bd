"""A backbone of one's own, named by a file or a function."""

from __future__ import annotations

import sys

import keras
import pytest

from keras_dcmix.models import build_classifier, check_backbone
from keras_dcmix.models.own_backbone import fingerprint

SOURCE = """
import keras
def on_tensors(x, filters=4):
    return keras.layers.Conv2D(filters, 3, name="own")(x)
def model(planes=1):
    inputs = keras.Input((None, None, planes))
    return keras.Model(inputs, on_tensors(inputs), name="own")
def nothing():
    return None
def fails():
    raise RuntimeError("out of order")
one = model()
"""


@pytest.fixture(autouse=True)
def _module(tmp_path, monkeypatch):
    (tmp_path / "some_backbones.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("some_backbones", None)


@pytest.mark.parametrize("name", ["on_tensors", "model", "file"])
def test_it_is_built_into_the_classifier_with_weights_of_its_own(tmp_path, name):
    backbone = f"some_backbones:{name}"
    if name == "file":
        inputs = keras.Input((None, None, 1))
        outputs = keras.layers.Conv2D(4, 3)(inputs)
        backbone = str(tmp_path / "own.keras")
        keras.Model(inputs, outputs, name="own").save(backbone)
    check_backbone(backbone)
    models = [build_classifier((8, 8, 2), 2, backbone=backbone) for _ in range(2)]
    first, second = (model.get_layer("own") for model in models)
    assert first is not second
    assert first.count_params() == second.count_params() == 40


@pytest.mark.parametrize(
    ("backbone", "words"),
    [
        ("nowhere.keras", "cannot be loaded"),
        ("no_such_module:model", "No module named 'no_such_module'"),
        ("some_backbones:no_such_function", "no_such_function"),
        ("some_backbones:fails", "out of order"),
        ("some_backbones:nothing", "must return a keras.Model"),
        ("some_backbones:one", "must be a function"),
    ],
)
def test_what_cannot_be_loaded_is_refused_and_named(backbone, words):
    with pytest.raises(ValueError, match=words) as caught:
        check_backbone(backbone)
    assert f"backbone='{backbone}'" in str(caught.value)


def test_a_changed_file_has_another_fingerprint(tmp_path):
    path = tmp_path / "own.keras"
    path.write_bytes(b"a")
    first = fingerprint(str(path))
    path.write_bytes(b"b")
    assert first is not None
    assert fingerprint(str(path)) not in (first, None)
    assert fingerprint("convnet") is fingerprint("some_backbones:model") is None
