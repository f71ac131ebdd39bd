"""Attention layers in classifiers: at the input, and in the blocks of the small network."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.layers import ATTENTION_LAYERS, ChannelAttention, ChannelSubsets
from keras_dcmix.models import MIXERS, build_classifier, convnet


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(6, 8, 8, 5)).astype("float32")


def built(**kwargs) -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_classifier((8, 8, 5), 3, **kwargs)


def attention_layers(model: keras.Model) -> dict[str, type]:
    return {x.name: type(x) for x in model.layers if isinstance(x, ChannelAttention)}


def assert_trains_and_comes_back(model: keras.Model, images: np.ndarray, folder) -> None:
    """One step moves every weight that the attention layers have; the saved model is the same."""
    before = {name: model.get_layer(name).get_weights() for name in attention_layers(model)}
    model.compile("adam", "sparse_categorical_crossentropy")
    loss = model.fit(images, np.arange(6) % 3, verbose=0).history["loss"]
    assert np.isfinite(loss).all()
    for name, weights in before.items():
        after = model.get_layer(name).get_weights()
        assert all((a != b).any() for a, b in zip(weights, after, strict=True))
    model.save(folder / "model.keras")
    again = keras.models.load_model(folder / "model.keras")
    expected = model.predict(images, verbose=0)
    np.testing.assert_array_equal(again.predict(images, verbose=0), expected)
    np.testing.assert_allclose(expected.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("mixer", MIXERS)
def test_every_mixer_trains_and_comes_back(mixer, images, tmp_path):
    model = built(mixer=mixer)
    known = {mixer: ATTENTION_LAYERS[mixer]} if mixer in ATTENTION_LAYERS else {}
    assert attention_layers(model) == known
    assert_trains_and_comes_back(model, images, tmp_path)


@pytest.mark.parametrize("attention", ATTENTION_LAYERS)
def test_every_attention_stands_in_each_block(attention, images, tmp_path):
    model = built(attention=attention)
    expected = {f"{attention}_block_{i}": ATTENTION_LAYERS[attention] for i in range(3)}
    assert attention_layers(model) == expected
    for name in expected:
        before = model.layers[model.layers.index(model.get_layer(name)) - 1]
        assert isinstance(before, keras.layers.ReLU)
    assert_trains_and_comes_back(model, images, tmp_path)


def test_one_kind_can_stand_at_the_input_and_in_the_blocks(images, tmp_path):
    model = built(mixer="cbam", attention="cbam", channel_subsets=True)
    assert list(attention_layers(model)) == ["cbam", *(f"cbam_block_{i}" for i in range(3))]
    assert_trains_and_comes_back(model, images, tmp_path)


@pytest.mark.parametrize("mixer", ATTENTION_LAYERS)
def test_the_names_are_kept_in_the_attention_layer(mixer):
    model = built(mixer=mixer, channel_names=list("ABCDE"))
    assert model.get_layer(mixer).display_names == tuple("ABCDE")


@pytest.mark.parametrize("mixer", ATTENTION_LAYERS)
def test_attention_has_more_parameters_than_mixing_and_than_nothing(mixer):
    mixing, plain, attention = (
        built(mixer=name).count_params() for name in ("dcmix", "none", mixer)
    )
    assert attention > plain > mixing


@pytest.mark.parametrize("attention", ATTENTION_LAYERS)
def test_attention_in_the_blocks_adds_parameters(attention):
    assert built(attention=attention).count_params() > built().count_params()


@pytest.mark.parametrize("name", ATTENTION_LAYERS)
def test_raw_pixels_do_not_overflow_in_half_precision(name, images):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = built(mixer=name, attention=name)
    finally:
        keras.config.set_dtype_policy(policy)
    pixels = np.abs(images) * 20000
    model.get_layer("standardize").adapt(pixels)
    assert model.get_layer(name).compute_dtype == "float16"
    assert np.isfinite(model.predict(pixels, verbose=0)).all()


@pytest.mark.parametrize("name", ATTENTION_LAYERS)
def test_channels_first_gives_the_same_predictions(name, images):
    if keras.backend.backend() == "tensorflow":
        pytest.skip("TensorFlow has no channels_first convolution on a CPU")
    last = built(mixer=name, attention=name)
    keras.config.set_image_data_format("channels_first")
    try:
        first = build_classifier((5, 8, 8), 3, mixer=name, attention=name, normalization=False)
    finally:
        keras.config.set_image_data_format("channels_last")
    first.set_weights(last.get_weights()[3:])  # all but the standardisation's
    moved = np.ascontiguousarray(np.moveaxis(images, -1, 1))
    found, expected = first.predict(moved, verbose=0), last.predict(images, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_subsets_are_masked_between_standardisation_and_mixer():
    names = [layer.name for layer in built(channel_subsets=True).layers]
    assert names[:4] == ["images", "standardize", "channel_subsets", "dcmix"]
    assert isinstance(built(channel_subsets=True).get_layer("channel_subsets"), ChannelSubsets)
    assert "channel_subsets" not in [layer.name for layer in built().layers]


def test_masking_acts_in_training_only(images):
    model = built(channel_subsets=True, mixer="none")
    inner = keras.Model(model.inputs[0], model.get_layer("channel_subsets").output)
    whole = keras.ops.convert_to_numpy(inner(images, training=False))
    masked = keras.ops.convert_to_numpy(inner(images, training=True))
    np.testing.assert_allclose(whole, images, rtol=1e-5)
    gone = (masked == 0).all(axis=(1, 2))
    assert 0 < gone.sum() < gone.size
    plain = built(mixer="none")
    plain.set_weights(model.get_weights())
    expected = plain.predict(images, verbose=0)
    np.testing.assert_array_equal(model.predict(images, verbose=0), expected)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mixer": "cbm"}, r"`mixer` 'cbm', did you mean 'cbam'\? Known: .*soft_attention, or a K"),
        ({"mixer": "Soft_Attention"}, r"did you mean 'soft_attention'\?"),
        ({"mixer": ["cbam"]}, r"Unknown `mixer` \['cbam'\]"),
        ({"attention": "squeeze"}, r"`attention` 'squeeze', did you mean 'squeeze_excitation'\?"),
        ({"attention": "dcmix"}, r"Unknown `attention` 'dcmix'.* Known: squeeze_excitation, eff"),
        ({"attention": ["cbam"]}, r"Unknown `attention` \['cbam'\]"),
        (
            {"attention": "cbam", "backbone": "ResNet50"},
            r"goes with backbone='convnet'.* attention='cbam', backbone='ResNet50'",
        ),
        (
            {"attention": "cbam", "backbone": keras.layers.Flatten()},
            r"goes with backbone='convnet'",
        ),
        ({"mixer": "cbam", "num_mixes": 2}, r"goes with mixer='dcmix'.*num_mixes=2, mixer='cbam'"),
    ],
)
def test_an_argument_that_does_not_fit_is_refused_in_words(arguments, words):
    with pytest.raises(ValueError, match=words):
        built(**arguments)


def test_the_small_network_alone_takes_attention():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, convnet(inputs, widths=(4, 8), attention="soft_attention"))
    assert list(attention_layers(model)) == ["soft_attention_block_0", "soft_attention_block_1"]
