"""Damaged models, of strangers and of other versions get one sentence and leave nothing."""

from __future__ import annotations

import dataclasses
import json
import re
import zipfile
from functools import cache
from pathlib import Path
from shutil import copytree

import keras
import numpy as np
import pytest

from keras_dcmix import export_model, load_predictor
from keras_dcmix.inference.card import CARD_NAME
from keras_dcmix.inference.formats import FORMATS, ModelCard, keras_file
from keras_dcmix.inference.formats.archives import read_card
from keras_dcmix.inference.model_cards import card_of_model

from .conftest import CHANNELS, CLASSES, FILES, SIZE, build_model, place, writes_saved_model


def with_card(saved, folder, change, version=None):
    """The model with another card; `change` gets the card's entries."""
    path = folder / "other.keras"
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) if name != CARD_NAME else change(old.read(name)))
    return path


def changed(**entries):
    return lambda text: json.dumps(json.loads(text) | entries)


@pytest.fixture
def refused(command, plate, tmp_path):
    """Predicts and exports with a model that must be refused; returns what was said."""

    def refuse(model) -> str:
        before = set(tmp_path.iterdir())
        said = []
        for arguments in (
            ("predict", model, plate, "--out", tmp_path / "p.csv"),
            ("export", model, "--format", "keras", "--out", tmp_path / "e.keras"),
        ):
            code, printed = command(*arguments)
            assert code == 2, printed
            assert re.fullmatch(r"Error: .*\nMore about this: docs/\w+\.md\n", printed), printed
            assert set(tmp_path.iterdir()) == before
            said.append(printed)
        return said[0]

    return refuse


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 16]) + content[middle + 1 :]


DAMAGE = {
    "empty": lambda content: b"",
    "cut off": lambda content: content[: int(0.6 * len(content))],
    "flipped bit": flipped,
}


@pytest.fixture(scope="module")
def exported(saved, tmp_path_factory):
    """Each format of the model, written once."""

    @cache
    def export(format: str) -> Path:
        return export_model(
            saved, place(tmp_path_factory.mktemp(format), format), format=format
        ).path

    return export


@pytest.mark.parametrize("format", FILES)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_noticed(exported, tmp_path, format, damage):
    path = place(tmp_path, format)
    path.write_bytes(DAMAGE[damage](exported(format).read_bytes()))
    with pytest.raises(ValueError, match=rf"model\{path.suffix} .*damaged"):
        load_predictor(path)


@writes_saved_model
@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("saved_model.pb", "cut off"),
        ("saved_model.pb", "flipped bit"),
        ("assets.extra/keras_dcmix.json", "flipped bit"),
        ("variables/variables.index", "empty"),
    ],
)
def test_a_damaged_savedmodel_is_noticed(exported, tmp_path, name, damage):
    folder = copytree(exported("saved_model"), tmp_path / "m")
    content = DAMAGE[damage]((folder / name).read_bytes())
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=r"is damaged or (was changed|incomplete)"):
        load_predictor(folder)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("table.csv", "must be a file that ends in"),
        ("image.png", "must be a file that ends in"),
        ("folder", "a SavedModel or the folder of a ranking"),
        ("folder.onnx", "a SavedModel or the folder of a ranking"),
        ("empty.keras", "is not a complete .keras file"),
        ("text.keras", "is not a complete .keras file"),
        ("nothing.keras", "no model at"),
    ],
)
def test_what_is_no_model_says_what_is(refused, tmp_path, name, words):
    if name.startswith("folder"):
        (tmp_path / name).mkdir()
    elif not name.startswith("nothing"):
        (tmp_path / name).write_text("" if name.startswith("empty") else "a,b\n1,2\n")
    assert words in refused(tmp_path / name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:-20], "is not readable"),
        (lambda text: "[1, 2]", "is not readable"),
        (lambda text: "[" * 100_000, "is not readable"),
        (changed(card_version=True), "card_version is True"),
        (changed(card_version=0), "card_version is 0"),
        (changed(channel_names=["DNA", "DNA"]), "must be unique"),
        (changed(classes=[]), "classes must be different names"),
        (changed(image_size=[16, "16"]), "image_size must be height and width"),
        (changed(data_format="planes"), "data_format must be"),
        (changed(recipe={"crop": "tiles", "swirl": 3}), "swirl"),
        (changed(card_version=2, versions={"keras-dcmix": "9.9"}), "keras-dcmix 9.9"),
    ],
)
def test_a_card_that_is_damaged_or_of_another_version_is_named(
    refused, saved, tmp_path, change, words
):
    assert words in refused(with_card(saved, tmp_path, change))


def test_entries_of_a_later_package_that_change_no_meaning_are_left_aside(saved, tmp_path):
    path = with_card(saved, tmp_path, changed(licence="CC0"))
    assert read_card(path).channel_names == CHANNELS


def test_an_entry_that_is_missing_is_named(saved, tmp_path):
    def without(text):
        return json.dumps({k: v for k, v in json.loads(text).items() if k != "classes"})

    with pytest.raises(ValueError, match="no entry 'classes'"):
        read_card(with_card(saved, tmp_path, without))


@pytest.mark.parametrize(
    "text", ["\x1b[31mDNA", "DNA\x1b]0;owned\x07", "D\x08NA", "DNA\x9b2J", "x" * 1001]
)
def test_texts_that_steer_a_terminal_or_flood_it_are_refused_and_not_shown(
    refused, saved, tmp_path, text
):
    said = refused(with_card(saved, tmp_path, changed(channel_names=[text, "ER", "Mito"])))
    assert "not safe to print" in said
    assert len(said) < 500
    assert not set(said) & {"\x1b", "\x07", "\x08", "\x9b"}


def test_markup_in_a_card_is_shown_as_it_is(command, saved, tmp_path):
    path = with_card(saved, tmp_path, changed(classes=["[red]a[/red]", "[link=x]b"]))
    code, printed = command("export", path, "--format", "keras", "--out", tmp_path / "e.keras")
    assert code == 0, printed
    assert "predicts [red]a[/red], [link=x]b" in printed


def test_a_card_that_unpacks_to_gigabytes_is_not_unpacked(saved, tmp_path, monkeypatch):
    monkeypatch.setattr("keras_dcmix.inference.formats.archives._LARGEST_MEMBER", 100)
    with pytest.raises(ValueError, match="larger than 100 bytes"):
        read_card(saved)


def test_a_damaged_card_in_a_keras_file_is_not_taken_for_none(saved, tmp_path):
    path = tmp_path / "m.keras"
    whole = bytearray(saved.read_bytes())
    whole[whole.rindex(b'"channel_names"') + 3] ^= 1
    path.write_bytes(whole)
    with pytest.raises(ValueError, match=r"checksum|CRC"):
        load_predictor(path)


def test_code_in_a_keras_file_is_never_run(refused, tmp_path):
    inputs = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Lambda(lambda x: x * 2)(inputs)
    outputs = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x))
    keras.Model(inputs, outputs).save(tmp_path / "l.keras")
    said = refused(tmp_path / "l.keras")
    assert "cannot load" in said
    assert "layers or code of its own" in said


def fake(card, outputs):
    """An artefact of a format, as far as `load_predictor` sees it."""
    return dataclasses.replace(FORMATS["onnx"], load=lambda path: (outputs, card))


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        (lambda x: np.ones((len(x), 3)), r"2 by its card\. Received: shape=\(2, 3\)"),
        (lambda x: np.ones(2), r"2 by its card\. Received: shape=\(2,\)"),
        (lambda x: x[:, 0, 0, 9], "does not run on images of shape .*16, 16, 3"),
        (lambda x: np.full((len(x), 2), np.nan), "gives NaN or infinity for image 0"),
        (lambda x: np.full((len(x), 1), 1.5), "end the model with a sigmoid"),
        (lambda x: np.full((len(x), 1), -0.5), "end the model with a sigmoid"),
    ],
)
def test_a_model_that_is_not_what_its_card_says_is_refused(
    monkeypatch, tmp_path, images, outputs, words
):
    (tmp_path / "m.onnx").touch()
    monkeypatch.setitem(FORMATS, "onnx", fake(ModelCard(CHANNELS, CLASSES), outputs))
    with pytest.raises(ValueError, match=words):
        load_predictor(tmp_path / "m.onnx").predict(images[:2])


def test_channels_of_the_card_that_the_model_does_not_take_are_named(saved, tmp_path, images):
    path = with_card(saved, tmp_path, changed(channel_names=["DNA", "ER"]))
    with pytest.raises(
        ValueError, match=r"does not run on images of shape .*export the model again"
    ):
        load_predictor(path).predict(images[..., :2])


def test_a_model_without_the_layer_says_how_to_name_its_channels(refused, tmp_path):
    build_model(mixer="none", channel_names=None).save(tmp_path / "plain.keras")
    assert "--channel-names A,B" in refused(tmp_path / "plain.keras")


def test_a_subclass_of_model_is_told_to_be_wrapped(tmp_path):
    class Own(keras.Model):
        def call(self, images):
            return keras.ops.mean(images, axis=(1, 2))[:, :2]

    model = Own()
    model(np.ones((1, SIZE, SIZE, 3), "float32"))
    with pytest.raises(ValueError, match=r"must be wrapped: keras\.Model\(inputs"):
        export_model(model, tmp_path / "m.keras", format="keras", channel_names=CHANNELS)
    inputs = keras.Input((SIZE, SIZE, 3))
    card = card_of_model(keras.Model(inputs, model(inputs)), channel_names=CHANNELS)
    assert card.image_size == (SIZE, SIZE)


def test_one_output_is_the_probability_of_the_second_class(tmp_path, images):
    inputs = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.GlobalAveragePooling2D()(inputs)
    x = keras.layers.Rescaling(1 / 500)(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    path = tmp_path / "binary.keras"
    done = export_model(model, path, format="keras", channel_names=CHANNELS, classes=["off", "on"])
    assert done.card.classes == ("off", "on")
    found = load_predictor(path).predict(images)
    np.testing.assert_allclose(found[:, 1:], model.predict(images, verbose=0), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    with pytest.raises(ValueError, match="`classes` must be 2, for the one output"):
        card_of_model(model, channel_names=CHANNELS, classes=["on"])


@pytest.mark.parametrize("name", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_is_predicted_and_exported(tmp_path, images, name):
    kept = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        model = build_model()
    finally:
        keras.config.set_dtype_policy(kept)
    done = export_model(model, tmp_path / "m.keras", format="keras")
    found = load_predictor(done.path).predict(images)
    np.testing.assert_allclose(found, model.predict(images, verbose=0), atol=1e-2)
    assert keras_file.read_card(done.path).channel_names == CHANNELS
