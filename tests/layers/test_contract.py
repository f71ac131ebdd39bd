"""What every layer of the package keeps: one test a promise, over all layers."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest

from keras_dcmix.layers import (
    CBAM,
    ChannelSubsets,
    DCMix,
    EfficientChannelAttention,
    SoftAttention,
    SqueezeExcitation,
)

NAMES = ["DNA", "ER", "Actin"]
LAYERS = {
    "dcmix": lambda **kwargs: DCMix(**kwargs),
    "dcmix_named": lambda **kwargs: DCMix(channel_names=NAMES, **kwargs),
    "dcmix_two_planes": lambda **kwargs: DCMix(2, alpha_regularizer="l2", **kwargs),
    "channel_subsets": lambda **kwargs: ChannelSubsets(seed=3, **kwargs),
    "squeeze_excitation": lambda **kwargs: SqueezeExcitation(channel_names=NAMES, **kwargs),
    "squeeze_excitation_plain": lambda **kwargs: SqueezeExcitation(
        1, min_units=2, use_bias=False, **kwargs
    ),
    "efficient": lambda **kwargs: EfficientChannelAttention(channel_names=NAMES, **kwargs),
    "efficient_wide": lambda **kwargs: EfficientChannelAttention(5, gamma=3, b=2, **kwargs),
    "cbam": lambda **kwargs: CBAM(channel_names=NAMES, **kwargs),
    "cbam_narrow": lambda **kwargs: CBAM(2, min_units=3, kernel_size=3, use_bias=False, **kwargs),
    "soft_attention": lambda **kwargs: SoftAttention(channel_names=NAMES, **kwargs),
}


@pytest.fixture(params=LAYERS)
def make(request):
    return LAYERS[request.param]


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(4, 8, 6, 3)).astype("float32")


def test_config_round_trip_gives_an_equal_layer(make):
    layer = make(name="mix")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()


def test_every_argument_is_an_attribute_and_in_the_config(make):
    layer = make()
    for name, parameter in inspect.signature(type(layer).__init__).parameters.items():
        if name != "self" and parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            assert hasattr(layer, name)
            assert name in layer.get_config()


def test_symbolic_shape_is_eager_shape(make, images):
    layer = make()
    symbolic = layer(keras.Input(images.shape[1:]))
    assert symbolic.shape[1:] == tuple(layer(images).shape)[1:]
    assert layer.compute_output_shape(images.shape) == tuple(layer(images).shape)


def test_height_and_width_may_be_unknown(make, images):
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, make()(inputs))
    assert model(images).shape[1:3] == (8, 6)
    assert model(images[:, :4]).shape[1:3] == (4, 6)


def test_saving_and_loading_keeps_every_output(make, images, tmp_path):
    inputs = keras.Input(images.shape[1:])
    model = keras.Model(inputs, make()(inputs))
    for layer in model.layers:
        layer.set_weights([np.random.default_rng(1).random(w.shape) for w in layer.get_weights()])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        again.predict(images, verbose=0), model.predict(images, verbose=0)
    )
    assert again.layers[-1].get_config() == model.layers[-1].get_config()


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16", "float32"])
def test_mixed_precision_computes_low_and_keeps_weights_in_float32(make, images, dtype):
    policy = keras.DTypePolicy(dtype)
    layer = make(dtype=policy)
    mixed = layer(images)
    assert keras.backend.standardize_dtype(mixed.dtype) == policy.compute_dtype
    assert all(keras.backend.standardize_dtype(w.dtype) == "float32" for w in layer.weights)
    assert layer.weights or isinstance(layer, ChannelSubsets)


def test_both_data_formats_compute_the_same(make, images):
    last, first = make(data_format="channels_last"), make(data_format="channels_first")
    expected = np.moveaxis(keras.ops.convert_to_numpy(last(images)), -1, 1)
    first.build((None, 3, 8, 6))
    first.set_weights(last.get_weights())
    computed = keras.ops.convert_to_numpy(first(np.moveaxis(images, -1, 1)))
    np.testing.assert_allclose(computed, expected, rtol=1e-5, atol=1e-6)


def test_one_fit_step_moves_the_weights(make, images):
    inputs = keras.Input(images.shape[1:])
    layer = make()
    outputs = keras.layers.Dense(1)(keras.layers.Flatten()(layer(inputs)))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "mse")
    # Variables, not weights: a layer that only draws random numbers moves on in them.
    before = [keras.ops.convert_to_numpy(v).copy() for v in layer.variables]
    model.fit(images, np.ones((4, 1)), verbose=0)
    after = [keras.ops.convert_to_numpy(v) for v in layer.variables]
    assert before
    assert all((a != b).any() for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("shape", [(4,), (1, 2, 2, 2, 2, 3)])
def test_a_wrong_rank_says_what_it_received(make, shape):
    with pytest.raises(ValueError, match=r"of rank [24].*Received: shape=\(" + str(shape[0])):
        make()(np.ones(shape, "float32"))


def test_a_wrong_data_format_lists_the_right_ones(make):
    with pytest.raises(ValueError, match=r"'channels_last', 'channels_first'.*'last'"):
        make(data_format="last")
