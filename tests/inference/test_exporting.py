"""Every export is loaded again and compared before it is there."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

from keras_dcmix import export_model, load_predictor
from keras_dcmix.inference.exporting import exports, obstacle
from keras_dcmix.inference.exporting.comparing import (
    compared,
    least_sure,
    outputs_of,
    sample_images,
    tolerance_of,
)
from keras_dcmix.inference.formats import FORMATS
from keras_dcmix.inference.model_cards import card_of_model

from .conftest import BACKEND, CHANNELS, CLASSES, WRITABLE, build_model, place, writes_saved_model

WRITES = [name for name, known in FORMATS.items() if BACKEND in known.written_from]


@pytest.mark.parametrize("format", WRITABLE)
def test_an_export_gives_what_the_model_gives_with_batches_of_any_size(
    saved, model, images, tmp_path, format
):
    done = export_model(saved, place(tmp_path, format), format=format)
    assert done.largest_difference <= 1e-5
    expected = keras.ops.convert_to_numpy(model(images))
    predictor = load_predictor(done.path)
    for rows in (slice(1), slice(3), slice(7)):
        np.testing.assert_allclose(predictor.predict(images[rows]), expected[rows], atol=1e-5)


@pytest.mark.parametrize("format", WRITABLE)
def test_channels_classes_importance_and_versions_travel_inside(saved, tmp_path, format):
    done = export_model(saved, place(tmp_path, format), format=format)
    card = load_predictor(done.path).card
    assert card == done.card
    assert (card.channel_names, card.classes) == (CHANNELS, CLASSES)
    assert card.importance["DNA"] > card.importance["ER"] > card.importance["Mito"]
    assert card.versions["keras"] == keras.__version__


@pytest.mark.parametrize("format", [name for name in FORMATS if name not in WRITES])
def test_a_format_that_the_backend_cannot_write_names_the_way_round(model, tmp_path, format):
    with pytest.raises(ValueError, match=f"backend {BACKEND}: .* KERAS_BACKEND="):
        export_model(model, place(tmp_path, format), format=format)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format", [n for n in WRITES if FORMATS[n].written_from[BACKEND]])
def test_a_missing_package_is_named_with_the_way_to_install_it(
    model, tmp_path, format, monkeypatch
):
    monkeypatch.setattr(exports, "is_installed", lambda name: False)
    with pytest.raises(ImportError, match="which is not installed: pip install '"):
        export_model(model, place(tmp_path, format), format=format)


def test_all_that_is_tested_here_can_be_written_here():
    assert {name: obstacle(name) for name in WRITABLE} == dict.fromkeys(WRITABLE)


def replaced(monkeypatch, format, **parts):
    """Another format under the name of a known one."""
    monkeypatch.setitem(FORMATS, format, dataclasses.replace(FORMATS[format], **parts))


@pytest.mark.parametrize("format", WRITABLE)
@pytest.mark.parametrize(
    ("change", "received"), [(lambda x: x + 2e-5, "2e-05"), (lambda x: x * np.nan, "inf")]
)
def test_an_export_with_other_outputs_is_refused_and_leaves_nothing(
    saved, tmp_path, format, monkeypatch, change, received
):
    load = FORMATS[format].load

    def wrong(path):
        run, card = load(path)
        return (lambda images: change(np.asarray(run(images)))), card

    replaced(monkeypatch, format, load=wrong)
    with pytest.raises(ValueError, match=f"difference of 1e-05, received {received}"):
        export_model(saved, place(tmp_path, format), format=format)
    assert not list(tmp_path.iterdir())


def test_a_lost_card_is_noticed(saved, tmp_path, monkeypatch):
    replaced(monkeypatch, "keras", add_card=lambda path, card: None)
    with pytest.raises(ValueError, match="differs after it is read back"):
        export_model(saved, tmp_path / "m.keras", format="keras")


def test_images_are_compared_of_which_a_sure_model_is_least_sure():
    model = build_model()
    head = model.get_layer("classes")
    # As sure as a trained model: most of what is drawn gives 0 or 1.
    head.set_weights([100 * weights for weights in head.get_weights()])
    drawn = outputs_of(model, sample_images(model, card_of_model(model)))
    chosen = drawn[least_sure(drawn)]
    assert len(chosen) == 5
    assert chosen.max(axis=1).mean() < drawn.max(axis=1).mean()
    assert ((chosen > 1e-3) & (chosen < 0.999)).any(axis=1).sum() >= 2
    assert chosen.std(axis=0).min() > 1e-3


def test_least_sure_is_farthest_from_zero_and_one():
    outputs = np.array([[0.0, 1.0], [0.45, 0.55], [0.9, 0.1]])
    assert list(least_sure(outputs, 2)) == [1, 2]
    assert list(least_sure(outputs[:, :1], 1)) == [1]


def test_samples_of_ones_own_must_be_several(model, images, tmp_path):
    with pytest.raises(ValueError, match=r"must be two or more.*Received: 1"):
        export_model(model, tmp_path / "m.keras", format="keras", images=images[:1])


def test_a_model_that_gives_nan_is_refused(tmp_path):
    model = build_model()
    head = model.get_layer("classes")
    head.set_weights([weights * np.nan for weights in head.get_weights()])
    with pytest.raises(ValueError, match="not finite for the sample images"):
        export_model(model, tmp_path / "m.keras", format="keras")


# PyTorch traces a side that is not known as one pixel.
@pytest.mark.parametrize("format", ["keras", *(["onnx"] if BACKEND == "tensorflow" else [])])
def test_a_model_of_any_image_size_stays_one(tmp_path, format):
    inputs = keras.Input((None, None, 2))
    x = keras.layers.Conv2D(4, 3)(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))
    done = export_model(model, place(tmp_path, format), format=format, channel_names=["A", "B"])
    assert done.card.image_size == (None, None)
    pixels = np.random.default_rng(0).random((3, 20, 28, 2), dtype="float32")
    expected = keras.ops.convert_to_numpy(model(pixels))
    np.testing.assert_allclose(load_predictor(done.path).predict(pixels), expected, atol=1e-5)


def test_the_model_is_the_same_after_an_export(images, tmp_path):
    model = build_model()
    kept = model.get_layer("standardize").mean
    before = model.predict(images, verbose=0)
    export_model(model, tmp_path / "m.keras", format="keras")
    assert model.get_layer("standardize").mean is kept
    np.testing.assert_array_equal(model.predict(images, verbose=0), before)


def test_names_are_added_to_a_model_by_the_format_keras(images, tmp_path):
    model = build_model(channel_names=None)
    done = export_model(
        model, tmp_path / "m.keras", format="keras", channel_names=CHANNELS, classes=CLASSES
    )
    card = load_predictor(done.path).card
    assert (card.channel_names, card.classes) == (CHANNELS, CLASSES)


def test_an_earlier_file_is_replaced_only_when_asked(model, tmp_path):
    path = tmp_path / "m.keras"
    path.write_text("precious")
    with pytest.raises(ValueError, match="overwrite=True"):
        export_model(model, path, format="keras")
    assert path.read_text() == "precious"
    export_model(model, path, format="keras", overwrite=True)
    assert path.stat().st_size > 10_000
    assert [found.name for found in tmp_path.iterdir()] == ["m.keras"]


@writes_saved_model
def test_a_folder_that_is_no_savedmodel_is_never_overwritten(model, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").touch()
    with pytest.raises(ValueError, match="never overwritten"):
        export_model(model, tmp_path / "mine", format="saved_model", overwrite=True)
    assert (tmp_path / "mine" / "thesis.docx").exists()


@pytest.mark.parametrize("format", ["onxx", "tflite"])
def test_an_unknown_format_lists_the_known(model, tmp_path, format):
    with pytest.raises(ValueError, match=f"Unknown `format` '{format}'.*saved_model, onnx, litert"):
        export_model(model, tmp_path / "m", format=format)


def test_a_wrong_ending_says_the_right_one(model, tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.keras, such as m\.keras"):
        export_model(model, tmp_path / "m.h5", format="keras")


def test_something_else_than_a_keras_model_is_refused(saved, tmp_path):
    other = tmp_path / "m.onnx"
    other.touch()
    with pytest.raises(ValueError, match="Only a Keras model can be exported"):
        export_model(other, tmp_path / "n.keras", format="keras")


@pytest.mark.skipif(BACKEND != "jax", reason="the other backends write ONNX that runs")
def test_jax_does_not_leave_an_onnx_that_does_not_run(model, tmp_path):
    with pytest.raises((ValueError, ImportError), match="KERAS_BACKEND=tensorflow or torch"):
        export_model(model, tmp_path / "m.onnx", format="onnx")
    assert not list(tmp_path.iterdir())


def fake(run):
    """A format of which only the inference matters."""
    return dataclasses.replace(FORMATS["keras"], load=lambda path: (run, "card"))


def test_large_outputs_are_compared_by_their_size(images, tmp_path):
    expected = np.full((len(images), 2), 1000.0)
    close = fake(lambda some: expected[: len(some)] + 0.005)
    assert compared(tmp_path, close, "card", images, expected, 1e-5) == pytest.approx(
        5e-6, rel=0.01
    )


def test_an_artefact_that_takes_no_single_image_is_refused(images, tmp_path):
    expected = np.zeros((len(images), 2))
    several = fake(lambda some: expected if len(some) > 1 else 1 / 0)
    with pytest.raises(ValueError, match=r"does not run \(division by zero\)"):
        compared(tmp_path, several, "card", images, expected, 1e-5)


def test_a_model_of_mixed_precision_may_differ_by_its_rounding():
    inputs = keras.Input((8, 8, 2))
    x = keras.layers.GlobalAveragePooling2D()(inputs)
    mixed = keras.layers.Dense(2, dtype="mixed_float16")(x)
    assert tolerance_of(keras.Model(inputs, mixed)) == 1e-2
    assert tolerance_of(keras.Model(inputs, keras.layers.Dense(2)(x))) == 1e-5


def test_sample_images_have_the_axes_that_the_model_takes(model):
    card = dataclasses.replace(card_of_model(model), image_size=(16, 20))
    assert sample_images(model, card).shape == (20, 16, 20, 3)
    first = dataclasses.replace(card, data_format="channels_first")
    assert sample_images(model, first).shape == (20, 3, 16, 20)


@pytest.mark.parametrize("format", WRITABLE)
def test_the_size_is_that_of_all_files(saved, tmp_path, format):
    done = export_model(saved, place(tmp_path, format), format=format)
    files = [done.path, *done.path.rglob("*")]
    assert done.num_bytes == sum(file.stat().st_size for file in files if file.is_file())
    assert done.num_bytes > 90_000


def test_samples_that_the_model_cannot_take_are_refused_in_one_sentence(model, tmp_path):
    with pytest.raises(ValueError, match=r"cannot take sample images of shape \(3, 16, 16, 2\)"):
        export_model(model, tmp_path / "m.keras", format="keras", images=np.zeros((3, 16, 16, 2)))
