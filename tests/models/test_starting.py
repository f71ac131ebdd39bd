"""The masked model starts as the classifier that it came from, exactly."""

import keras
import numpy as np
import pytest

from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.layers import ChannelSubsets, DCMix
from keras_dcmix.models import Training
from keras_dcmix.models.custom import NO_CUSTOM_PARTS, CustomParts
from keras_dcmix.models.split import Split
from keras_dcmix.models.starting import start_from
from keras_dcmix.models.training import compiled_model, train_classifier

SPLIT = Split(np.arange(12), np.arange(12, 18), np.arange(18, 24))


@pytest.fixture(scope="module")
def dataset():
    images = np.random.default_rng(0).normal(1, 1, (24, 8, 8, 2)).astype("float32")
    return label_images(images, np.arange(24) % 2)


def flat(images) -> keras.Model:
    inputs = keras.Input(images.shape[1:])
    x = keras.layers.GlobalAveragePooling2D()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, "softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    return model


def mixing(images) -> keras.Model:
    inputs = keras.Input(images.shape[1:])
    x = keras.layers.Flatten()(DCMix()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2, "softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    return model


def nested(images) -> keras.Model:
    inputs = keras.Input(images.shape[1:])
    body = keras.Sequential([keras.Input(images.shape[1:]), keras.layers.Conv2D(2, 3)])
    x = keras.layers.GlobalAveragePooling2D()(body(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2, "softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    return model


def pair(dataset, build, **options) -> tuple[keras.Model, keras.Model]:
    """A classifier and the same behind masks, with other random weights."""
    custom = NO_CUSTOM_PARTS if build is None else CustomParts(build)
    plain = Training(mixer="none", **options)
    masked = Training(mixer="none", channel_subsets=True, **options)
    keras.utils.set_random_seed(0)
    trained = compiled_model(dataset, SPLIT, plain, custom)
    keras.utils.set_random_seed(1)
    return trained, compiled_model(dataset, SPLIT, masked, custom)


@pytest.mark.parametrize("build", [None, flat, mixing, nested])
def test_the_started_model_gives_what_the_classifier_gives(dataset, build):
    trained, masked = pair(dataset, build)
    expected = trained.predict_on_batch(dataset.images)
    assert np.abs(masked.predict_on_batch(dataset.images) - expected).max() > 1e-3
    start_from(masked, trained)
    np.testing.assert_allclose(masked.predict_on_batch(dataset.images), expected, atol=1e-5)
    assert any(isinstance(layer, ChannelSubsets) for layer in masked.layers)


@pytest.mark.parametrize("options", [{"dropout": 0.5}, {"attention": "squeeze_excitation"}])
def test_options_of_our_classifier_do_not_hinder_the_start(dataset, options):
    trained, masked = pair(dataset, None, **options)
    start_from(masked, trained)
    found, expected = (
        [np.asarray(weight) for weight in model.get_weights()] for model in (masked, trained)
    )
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_training_begins_where_it_is_started(dataset):
    trained, _ = pair(dataset, flat)
    still = Training(mixer="none", channel_subsets=True, epochs=1)
    custom = CustomParts(frozen)
    found = train_classifier(dataset, SPLIT, still, seed=5, custom=custom, start=trained)
    np.testing.assert_allclose(
        found.probabilities, trained.predict_on_batch(dataset.images[SPLIT.test]), atol=1e-5
    )


def frozen(images) -> keras.Model:
    model = flat(images)
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.SGD(1e-20), loss, run_eagerly=True)
    return model


def test_a_model_behind_masks_is_compiled_as_its_maker_did(dataset):
    assert all(model.run_eagerly for model in pair(dataset, flat))
