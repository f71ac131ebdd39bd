from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_dcmix.layers import DCMix
from keras_dcmix.models import build_classifier, fit_standardization

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 60000, size=(6, 8, 8, 3)).astype("float32")


@pytest.fixture
def channels_first():
    if keras.backend.backend() == "tensorflow":
        pytest.skip("TensorFlow has no channels_first convolution on a CPU")
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


def probabilities(model: keras.Model, images: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(images, training=False))


def statistics(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return images.mean(axis=(0, 1, 2), dtype="float64"), images.std(axis=(0, 1, 2), dtype="float64")


def fitted_to(images: np.ndarray, **kwargs) -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_classifier(
        images.shape[1:], 3, normalization=fit_standardization(*statistics(images)), **kwargs
    )


def assert_probabilities(model: keras.Model, images: np.ndarray, num_classes: int) -> None:
    found = probabilities(model, images)
    assert found.shape == (len(images), num_classes)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def small_model(planes: int) -> keras.Model:
    inputs = keras.Input((8, 8, planes))
    return keras.Model(inputs, keras.layers.Conv2D(4, 3)(inputs), name="small")


@pytest.mark.parametrize("mixer", ["dcmix", "none", DCMix(2), keras.layers.Conv2D(2, 1)])
def test_every_mixer_gives_probabilities(images, mixer):
    model = fitted_to(images, mixer=mixer)
    assert_probabilities(model, images, num_classes=3)
    assert any(isinstance(layer, DCMix) for layer in model.layers) == (
        mixer == "dcmix" or isinstance(mixer, DCMix)
    )
    if isinstance(mixer, keras.layers.Layer):
        assert mixer in model.layers


@pytest.mark.parametrize(
    "backbone",
    [
        "convnet",
        small_model(1),
        lambda x: keras.layers.Conv2D(4, 3)(x),
        keras.layers.Flatten(),
    ],
    ids=["convnet", "model", "callable of rank 4", "callable of rank 2"],
)
def test_every_backbone_gives_probabilities(images, backbone):
    model = fitted_to(images, backbone=backbone)
    assert_probabilities(model, images, num_classes=3)
    assert len(model.get_layer("classes").input.shape) == 2


# Keras says so of any other number of planes, as all its pretrained weights take three.
@pytest.mark.filterwarnings("ignore:This model usually expects 1 or 3 input channels")
@pytest.mark.parametrize(
    ("mixer", "num_mixes", "channels", "planes"),
    [("dcmix", 1, 5, 3), ("dcmix", 3, 5, 3), ("none", 1, 5, 5)],
)
def test_a_backbone_of_keras_applications_takes_the_planes(mixer, num_mixes, channels, planes):
    images = np.random.default_rng(0).normal(size=(2, 32, 32, channels)).astype("float32")
    model = build_classifier(
        (32, 32, channels), 3, mixer=mixer, num_mixes=num_mixes, backbone="MobileNet"
    )
    backbone = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    assert backbone.input_shape[-1] == planes
    assert_probabilities(model, images, num_classes=3)


@pytest.mark.parametrize(("num_mixes", "planes"), [(1, "repeated"), (3, "as they are")])
def test_imagenet_weights_are_asked_for(monkeypatch, num_mixes, planes):
    asked = {}
    real = keras.applications.MobileNet

    @functools.wraps(real)
    def no_download(**kwargs):
        asked.update(kwargs)
        return real(**{**kwargs, "weights": None})

    monkeypatch.setattr(keras.applications, "MobileNet", no_download)
    model = build_classifier(
        (32, 32, 5), 3, num_mixes=num_mixes, backbone="MobileNet", weights="imagenet"
    )
    assert asked == {"include_top": False, "weights": "imagenet", "input_shape": (32, 32, 3)}
    repeated = "repeat_plane" in [layer.name for layer in model.layers]
    assert repeated == (planes == "repeated")


def test_a_backbone_does_not_rescale_what_is_standardised_already():
    model = build_classifier((32, 32, 3), 2, backbone="MobileNetV3Small")
    backbone = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    assert not [x for x in backbone.layers if isinstance(x, keras.layers.Rescaling)]


def test_one_plane_is_repeated_for_a_model_that_takes_three(images):
    small = small_model(3)
    model = fitted_to(images, backbone=small)
    inner = keras.Model(model.inputs[0], model.get_layer("repeat_plane").output)
    repeated = keras.ops.convert_to_numpy(inner(images))
    assert repeated.shape == (6, 8, 8, 3)
    np.testing.assert_array_equal(repeated, repeated[..., :1].repeat(3, axis=-1))


def test_the_model_is_plain_functional_keras(images):
    model = fitted_to(images, dropout=0.5)
    assert type(model) is type(keras.Model(model.inputs, model.outputs))
    assert not [layer for layer in model.layers if isinstance(layer, keras.layers.Lambda)]
    assert not model.compiled
    ours = {type(x) for x in model.layers if type(x).__module__.startswith("keras_dcmix")}
    assert ours == {DCMix}


def test_height_and_width_may_be_unknown(images):
    model = build_classifier((None, None, 3), 2)
    assert model.input_shape == (None, None, None, 3)
    assert_probabilities(model, images, num_classes=2)
    assert_probabilities(model, np.ones((1, 5, 11, 3), "float32"), num_classes=2)


@pytest.mark.parametrize("num_classes", [2, 1108])
def test_two_classes_and_many_work(images, num_classes):
    assert_probabilities(build_classifier((8, 8, 3), num_classes), images, num_classes)


def test_channels_first_gives_the_same_predictions(channels_first, images):
    first = np.ascontiguousarray(np.moveaxis(images, -1, 1))
    standardize = fit_standardization(*statistics(images))
    model = build_classifier((3, 8, 8), 3, num_mixes=2, normalization=standardize)
    keras.config.set_image_data_format("channels_last")
    same = fitted_to(images, num_mixes=2)
    same.set_weights(model.get_weights())
    np.testing.assert_allclose(probabilities(model, first), probabilities(same, images), atol=1e-5)


def test_channels_first_wants_the_channels_first(channels_first):
    assert build_classifier((3, None, None), 2).output_shape == (None, 2)
    with pytest.raises(ValueError, match=r"number of channels\. Received: .*\(None, 8, 3\)"):
        build_classifier((None, 8, 3), 2)


def test_raw_pixels_do_not_overflow_in_half_precision(images):
    images[0], images[1] = 65535, 0
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = fitted_to(images)
        assert model.get_layer("dcmix").compute_dtype == "float16"
        assert_probabilities(model, images, num_classes=3)
    finally:
        keras.config.set_dtype_policy(policy)


def test_rescaling_or_shifting_a_raw_channel_changes_no_prediction(images):
    rescaled = images * np.array([0.01, 2, 1], "float32") + np.array([0, 100, 5000], "float32")
    model, again = fitted_to(images), fitted_to(rescaled)
    expected = probabilities(model, images)
    np.testing.assert_allclose(probabilities(again, rescaled), expected, atol=1e-5)
    assert np.abs(probabilities(model, rescaled) - expected).max() > 1e-3


def test_a_channel_without_spread_becomes_zero(images):
    images[..., 1] = 300
    model = fitted_to(images)
    standardized = keras.ops.convert_to_numpy(model.get_layer("standardize")(images))
    assert not standardized[..., 1].any()
    assert_probabilities(model, images, num_classes=3)


def test_a_channel_without_spread_becomes_zero_whatever_it_holds_later():
    layer = fit_standardization([300.0001], [0], ndim=2)
    later = np.array([[300], [0], [65535]], "float32")
    assert not keras.ops.convert_to_numpy(layer(later)).any()


def test_the_standardisation_can_be_adapted(images):
    model = build_classifier((8, 8, 3), 2)
    model.get_layer("standardize").adapt(images)
    inner = keras.Model(model.inputs[0], model.get_layer("standardize").output)
    mean, std = statistics(keras.ops.convert_to_numpy(inner(images)))
    np.testing.assert_allclose(mean, 0, atol=1e-5)
    np.testing.assert_allclose(std, 1, atol=1e-4)


@pytest.mark.parametrize("shape", [(40, 3), (40, 7, 3), (10, 4, 4, 3), (10, 2, 3, 4, 3)])
def test_fitted_statistics_standardise_like_adapt(shape):
    images = np.random.default_rng(0).normal(100, 5, size=shape).astype("float32")
    adapted = keras.layers.Normalization()
    adapted.adapt(images)
    axes = tuple(range(len(shape) - 1))
    fitted = fit_standardization(images.mean(axes), images.std(axes), ndim=len(shape))
    expected, found = (keras.ops.convert_to_numpy(x(images)) for x in (adapted, fitted))
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert abs(found.std() - 1) < 0.01


def test_without_normalization_pixels_go_straight_to_the_mixer():
    model = build_classifier((8, 8, 3), 2, normalization=False)
    assert [layer.name for layer in model.layers[:2]] == ["images", "dcmix"]


def test_dropout_acts_in_training_only(images):
    model = fitted_to(images, dropout=0.9)
    assert model.get_layer("dropout").rate == 0.9
    expected = probabilities(model, images)
    np.testing.assert_array_equal(probabilities(model, images), expected)
    trained = keras.ops.convert_to_numpy(model.get_layer("dropout")(expected, training=True))
    assert not trained.all()


def test_channel_names_are_kept_in_the_mixing_layer():
    model = build_classifier((8, 8, 2), 2, channel_names=["GFP", "DNA"])
    assert model.get_layer("dcmix").channel_names == ("GFP", "DNA")


@pytest.mark.parametrize("order", ["keras, keras_dcmix", "keras_dcmix, keras"])
def test_a_saved_model_predicts_the_same_in_a_fresh_process(images, tmp_path, order):
    model = fitted_to(images, dropout=0.5)
    files = [str(tmp_path / name) for name in ("model.keras", "images.npy", "found.npy")]
    model.save(files[0])
    np.save(files[1], images)
    script = f"""
import {order}
import numpy as np
model = keras.models.load_model({files[0]!r})
found = model(np.load({files[1]!r}), training=False)
np.save({files[2]!r}, keras.ops.convert_to_numpy(found))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = np.load(files[2])
    np.testing.assert_allclose(found, probabilities(model, images), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mixer": "dcmx"}, r"`mixer` 'dcmx', did you mean 'dcmix'\? Known: dcmix, none, squ"),
        ({"mixer": "None"}, r"`mixer` 'None', did you mean 'none'\?"),
        ({"backbone": "resnet50"}, r"`backbone` 'resnet50', did you mean 'ResNet50'\? Known: conv"),
        ({"backbone": "convnext"}, r"did you mean 'convnet'\?"),
        ({"backbone": 3}, r"name, a keras\.Model or a callable on tensors\. Received: backbone=3"),
        ({"backbone": lambda x: None}, r"must return one tensor\. Received: None"),
        ({"backbone": lambda x: [x, x]}, r"must return one tensor\. Received: \["),
        ({"backbone": small_model(3), "num_mixes": 2}, r"'small' takes 3 .* gives 2: set num_mix"),
        ({"normalization": "yes"}, r"True, False or a keras\.layers.*normalization='yes'"),
        ({"num_mixes": 2, "mixer": "none"}, r"goes with mixer='dcmix'.*num_mixes=2"),
        ({"num_mixes": 0}, r"positive integer\. Received: num_mixes=0"),
        ({"dropout": 1}, r"`dropout` must be at least 0 and below 1\. Received: dropout=1"),
        ({"dropout": -0.1}, r"Received: dropout=-0\.1"),
        ({"dropout": float("nan")}, r"Received: dropout=nan"),
        ({"weights": "imagenet"}, r"`weights` goes with .* weights='imagenet', backbone='convnet'"),
        ({"weights": "imagenet", "backbone": small_model(1)}, r"`weights` goes with a backbone"),
        (
            {"weights": "imagenet", "backbone": "ResNet50", "mixer": "none"},
            r"weights='imagenet' needs one or three planes, the mixer gives 5: set num_mixes=3",
        ),
        (
            {"channel_names": ["A", "B"], "mixer": "none"},
            r"must be 5, one for each channel\. Received 2: A, B",
        ),
    ],
)
def test_an_argument_that_does_not_fit_is_refused_in_words(arguments, words):
    with pytest.raises(ValueError, match=words):
        build_classifier((8, 8, 5), 3, **arguments)


@pytest.mark.parametrize(
    "shape", [(0, 8, 3), (8, -1, 3), (8, 8, 0), (8, 8, None), (8, 8), (2, 8, 8, 3), (8.5, 8, 3)]
)
def test_a_shape_that_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match=r"\(height, width, num_channels\).* input_shape=\("):
        build_classifier(shape, 3)


@pytest.mark.parametrize("num_classes", [1, 0, -2, 2.5, True, "3"])
def test_fewer_than_two_classes_are_refused(num_classes):
    with pytest.raises(ValueError, match=r"at least 2.*Received: num_classes="):
        build_classifier((8, 8, 3), num_classes)


@pytest.mark.parametrize(
    ("mean", "std"),
    [
        ([1, 2], [1, 2, 3]),
        ([1, 2], [1, -1]),
        ([1, 2], [1, np.nan]),
        ([1, 2], [1, np.inf]),
        ([1, np.nan], [1, 1]),
        (1, 1),
    ],
)
def test_statistics_that_cannot_be_are_refused(mean, std):
    with pytest.raises(ValueError, match=r"finite mean .* >= 0 for each channel\. Received: mean="):
        fit_standardization(mean, std)
