"""What travels with a model, and what it is made of."""

from __future__ import annotations

import json
import zipfile
from types import SimpleNamespace

import keras
import pytest

from keras_dcmix._common.wording import short
from keras_dcmix.data import CropRecipe, Preprocessing
from keras_dcmix.inference.card import CARD_NAME
from keras_dcmix.inference.checksum import checksum_of, verify_checksum
from keras_dcmix.inference.formats import ModelCard, keras_file
from keras_dcmix.inference.formats.archives import add_members, check_archive
from keras_dcmix.inference.model_cards import card_of_model
from keras_dcmix.report.ranking_files import card_of_ranking

RECIPE = CropRecipe("cells", 48, "DNA", Preprocessing(clip=(0.1, 99.9), normalize="plate"), 3)


def plain_model(outputs: int = 2) -> keras.Model:
    inputs = keras.Input((8, 8, 2))
    x = keras.layers.GlobalAveragePooling2D()(inputs)
    return keras.Model(inputs, keras.layers.Dense(outputs)(x), name="mine")


def test_a_card_is_read_as_it_was_written():
    card = ModelCard(("GFP", "DNA"), ("α", "b"), (48, None), {"GFP": 0.7, "DNA": 0.3}, RECIPE)
    assert ModelCard.from_json(card.to_json(), where="here") == card


def test_a_card_of_a_later_version_says_what_wrote_it():
    plain = json.loads(ModelCard(("A",), ("a", "b"), versions={"keras-dcmix": "9.9"}).to_json())
    text = json.dumps(plain | {"card_version": 2})
    with pytest.raises(ValueError, match=r"old\.onnx was written by keras-dcmix 9\.9.*version 2"):
        ModelCard.from_json(text, where="old.onnx")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"card_version": 0}', '{"card_version": 1}', '{"card_version": "x"}']
)
def test_a_damaged_card_is_named(text):
    with pytest.raises(ValueError, match="in here is not readable"):
        ModelCard.from_json(text, where="here")


@pytest.mark.parametrize("classes", [("a", "a"), ("a", " ")])
def test_classes_that_cannot_be_told_apart_are_refused(classes):
    with pytest.raises(ValueError, match="different names"):
        ModelCard(("A",), classes)


def test_the_layer_gives_names_and_importance(model):
    card = card_of_model(model)
    assert card.channel_names == ("DNA", "ER", "Mito")
    assert card.importance == pytest.approx({"DNA": 1 / 1.4, "ER": 0.3 / 1.4, "Mito": 0.1 / 1.4})
    assert card.image_size == (16, 16)
    assert card.versions["keras"] == keras.__version__


def test_classes_without_names_are_numbered(model):
    assert card_of_model(model).classes == ("class_0", "class_1")


def test_a_model_without_names_says_how_to_give_them():
    with pytest.raises(ValueError, match=r"'mine' does not name its 2 channels.*--channel-names"):
        card_of_model(plain_model())


def test_names_can_be_given_to_a_model_without_the_layer():
    card = card_of_model(plain_model(), channel_names=["GFP", "DNA"])
    assert card.channel_names == ("GFP", "DNA")
    assert card.importance is None


def test_names_that_contradict_the_layer_are_refused(model):
    with pytest.raises(ValueError, match=r"DNA, ER, Mito: omit .*Received: ER, DNA, Mito"):
        card_of_model(model, channel_names=["ER", "DNA", "Mito"])


def test_a_wrong_number_of_channels_is_refused():
    with pytest.raises(ValueError, match=r"must be 2, one for each channel.*Received 1: GFP"):
        card_of_model(plain_model(), channel_names=["GFP"])


def test_a_wrong_number_of_classes_is_refused():
    with pytest.raises(ValueError, match=r"must be 3, one for each output.*Received 2: a, b"):
        card_of_model(plain_model(3), channel_names=["GFP", "DNA"], classes=["a", "b"])


def test_a_model_of_something_else_than_images_is_refused():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs), name="rows")
    with pytest.raises(ValueError, match=r"one batch of images.*'rows' from \(None, 4\)"):
        card_of_model(model, channel_names=["A"])


def test_the_card_of_a_ranking_holds_how_its_images_were_made(model):
    recipe = CropRecipe("tiles", 16, z=3)
    card = card_of_ranking(SimpleNamespace(model=model, classes=("a", "b"), recipe=recipe))
    assert card.recipe == recipe
    assert ModelCard.from_json(card.to_json(), where="here") == card


def test_what_the_model_came_with_is_handed_on_unless_it_is_told_anew(model):
    earlier = card_of_model(model, classes=("a", "b"), recipe=RECIPE)
    assert card_of_model(model, earlier=earlier).recipe == RECIPE
    assert card_of_model(model, earlier=earlier).classes == ("a", "b")
    assert card_of_model(model, earlier=earlier, recipe=CropRecipe()).recipe == CropRecipe()


def test_keras_loads_a_file_that_holds_a_card(saved, model, images):
    again = keras.models.load_model(saved)
    assert again.predict(images, verbose=0) == pytest.approx(model.predict(images, verbose=0))
    assert keras_file.read_card(saved).recipe == CropRecipe(size=16)


def test_classes_that_a_model_came_with_are_not_swapped(model):
    earlier = card_of_model(model, classes=("a", "b"))
    with pytest.raises(ValueError, match=r"must be those of the model, a, b: omit.*b, a"):
        card_of_model(model, classes=("b", "a"), earlier=earlier)
    unnamed = card_of_model(model)
    assert card_of_model(model, classes=("b", "a"), earlier=unnamed).classes == ("b", "a")


def test_a_file_of_others_has_no_card(model, tmp_path):
    model.save(tmp_path / "own.keras")
    assert keras_file.read_card(tmp_path / "own.keras") is None
    with zipfile.ZipFile(tmp_path / "own.keras") as archive:
        assert CARD_NAME not in archive.namelist()


def test_an_error_of_a_library_becomes_one_short_harmless_line():
    error = ValueError("\x1b[1mBold\x1b[0m\n  words \x1b]0;title\x07" + "x" * 500)
    assert short(error).startswith("Bold words ]0;title")
    assert len(short(error)) <= 200
    assert short(KeyError()) == "KeyError"


def test_a_bit_that_is_flipped_in_an_archive_is_noticed(tmp_path):
    path = tmp_path / "a.pt2"
    add_members(path, {"weights": "x" * 100})
    check_archive(path)
    path.write_bytes(path.read_bytes().replace(b"xxx", b"xyx", 1))
    with pytest.raises(ValueError, match=r"not a complete \.pt2 file.*checksum of weights"):
        check_archive(path)


def test_a_checksum_covers_what_was_in_the_file_when_it_was_made(tmp_path):
    path = tmp_path / "m.onnx"
    content = bytes(2**20 + 100)  # more than is read at a time
    path.write_bytes(content)
    found = checksum_of(path)
    path.write_bytes(content + b"appended")
    verify_checksum(path, found)
    path.write_bytes(content[:-1] + b"y")
    for wrong in (found, "100", "", "x y"):
        with pytest.raises(ValueError, match="damaged or was changed"):
            verify_checksum(path, wrong)
