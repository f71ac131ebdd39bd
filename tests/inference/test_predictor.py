"""A model finds its channels by name, whatever it is kept in, and bad models are named."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from keras_dcmix import export_model, load_predictor
from keras_dcmix.inference.card import ModelCard
from keras_dcmix.inference.prediction.channels import source_channels
from keras_dcmix.inference.prediction.predictor import Predictor

from .conftest import CHANNELS, WRITABLE


@pytest.fixture(scope="module")
def predictor(saved):
    return load_predictor(saved)


def brightest(images: np.ndarray) -> np.ndarray:
    """A model of two channels whose outputs are their means."""
    return images.mean(axis=(1, 2))


PLAIN = Predictor("here", "onnx", ModelCard(("A", "B"), ("a", "b")), brightest)


def test_channels_in_another_order_give_identical_predictions(predictor, images):
    expected = predictor.predict(images, channel_names=CHANNELS)
    found = predictor.predict(images[..., ::-1], channel_names=CHANNELS[::-1])
    np.testing.assert_array_equal(found, expected)
    assert np.abs(predictor.predict(images[..., ::-1]) - expected).max() > 1e-3  # order matters


def test_channels_that_the_model_does_not_know_are_left_aside():
    images = np.ones((1, 2, 2, 3)) * [1, 2, 3]
    assert PLAIN.predict(images, channel_names=["B", "C", "A"]).tolist() == [[3, 1]]


def test_a_set_that_lacks_a_channel_is_refused(predictor, images):
    words = r"needs the channels DNA, ER, Mito, the images lack Mito.*'Mito': 'Mitos'"
    with pytest.raises(ValueError, match=words):
        predictor.predict(images, channel_names=["Mitos", "DNA", "ER"])


def test_channels_first_models_get_their_channels_first():
    card = ModelCard(("A", "B"), ("a", "b"), data_format="channels_first")
    taken = Predictor("here", "onnx", card, lambda images: images.mean(axis=(2, 3)))
    assert taken.predict(np.ones((1, 4, 5, 2)) * [1, 2]).tolist() == [[1, 2]]


@pytest.mark.parametrize("width", [12, 20])
def test_another_size_is_refused(predictor, width):
    with pytest.raises(ValueError, match=rf"images of 16 x 16 pixels\. Received: 16 x {width}"):
        predictor.predict(np.ones((1, 16, width, 3)))


def test_something_else_than_images_is_refused():
    with pytest.raises(ValueError, match=r"Received: shape=\(16, 20, 2\)"):
        PLAIN.predict(np.ones((16, 20, 2)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_pixels_that_are_no_numbers_are_named(bad):
    images = np.ones((4, 2, 2, 2))
    images[2, 1, 1, 1] = bad
    with pytest.raises(ValueError, match=r"infinity in image 2, channel 'B'"):
        PLAIN.predict(images)


def test_batches_are_bounded_in_memory_and_lose_no_image(monkeypatch):
    monkeypatch.setattr("keras_dcmix.inference.prediction.predictor._BATCH_BYTES", 3 * 4 * 8)
    sizes = []
    images = np.random.default_rng(0).random((8, 2, 2, 2)).astype("float32")
    counting = Predictor(
        "here", "onnx", PLAIN.card, lambda some: (sizes.append(len(some)), brightest(some))[1]
    )
    np.testing.assert_array_equal(counting.predict(images), brightest(images))
    assert sizes == [3, 3, 2]


def test_many_small_images_are_classified_256_at_a_time():
    done = []
    images = np.zeros((300, 1, 1, 2), "float32")
    PLAIN.predict(images, progress=lambda *counts: done.append(counts))
    assert done == [(256, 300), (300, 300)]


def test_an_image_of_a_later_batch_is_named_by_its_number(monkeypatch):
    monkeypatch.setattr("keras_dcmix.inference.prediction.predictor._LARGEST_BATCH", 2)
    images = np.ones((4, 2, 2, 2))
    images[3] = 7
    broken = dataclasses.replace(PLAIN, run=lambda some: np.where(some == 7, np.nan, 0)[:, 0, 0])
    with pytest.raises(ValueError, match="gives NaN or infinity for image 3"):
        broken.predict(images)
    images[3, 0, 0, 1] = np.inf
    with pytest.raises(ValueError, match="in image 3, channel 'B'"):
        PLAIN.predict(images)


def test_a_list_of_images_will_do():
    assert PLAIN.predict([[[[1, 2]]]]).tolist() == [[1, 2]]


def test_no_images_give_no_predictions():
    assert PLAIN.predict(np.ones((0, 2, 2, 2))).shape == (0, 2)


def test_a_model_is_found_in_the_folder_of_its_ranking(saved):
    assert load_predictor(saved.parent).path == saved


def test_a_keras_file_of_others_tells_by_its_layer_what_it_takes(model, tmp_path):
    model.save(tmp_path / "own.keras")
    card = load_predictor(tmp_path / "own.keras").card
    assert card.channel_names == CHANNELS
    assert card.classes == ("class_0", "class_1")


def test_a_place_without_a_model_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"no model at .*nothing\.keras"):
        load_predictor(tmp_path / "nothing.keras")


def test_a_file_that_is_no_model_says_what_is(tmp_path):
    (tmp_path / "model.h5").touch()
    with pytest.raises(ValueError, match=r"ends in \.onnx, \.tflite, \.pt2, \.keras.*model\.h5"):
        load_predictor(tmp_path / "model.h5")


@pytest.mark.skipif("onnx" not in WRITABLE, reason="JAX writes no ONNX that runs")
def test_an_onnx_model_of_others_says_what_to_do(saved, tmp_path):
    import onnx

    export_model(saved, tmp_path / "m.onnx", format="onnx")
    plain = onnx.load(str(tmp_path / "m.onnx"))
    del plain.metadata_props[:]
    onnx.save(plain, str(tmp_path / "m.onnx"))
    with pytest.raises(ValueError, match=r"not written by keras-dcmix.*export the Keras model"):
        load_predictor(tmp_path / "m.onnx")


def test_two_channels_cannot_be_the_same():
    with pytest.raises(ValueError, match="Received 'X' for A and X"):
        source_channels(["A", "X"], ["X", "B"], {"A": "X"})


@pytest.mark.parametrize(
    ("renamed", "words"),
    [
        ({"DNAA": "B"}, "the model has no channel 'DNAA', did you mean 'DNA'"),
        ({"DNA": "Hoechts"}, "the images have no channel 'Hoechts', did you mean 'Hoechst'"),
    ],
)
def test_a_misspelt_channel_of_the_map_gets_the_nearest(renamed, words):
    with pytest.raises(ValueError, match=words):
        source_channels(["DNA"], ["Hoechst", "B"], renamed)
