from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.layers import DCMix, find_dcmix


def gradient_of_sum(layer: DCMix, images: np.ndarray) -> np.ndarray:
    """d sum(layer(images)) / d weight, by one step of plain gradient descent with rate 1."""
    inputs = keras.Input(images.shape[1:])
    total = keras.ops.sum(layer(inputs), axis=tuple(range(1, images.ndim)), keepdims=False)
    model = keras.Model(inputs, total)
    model.compile(keras.optimizers.SGD(1.0), loss=lambda y, p: keras.ops.sum(p))
    layer._alpha.constraint = None
    before = layer.get_weights()[0]
    model.fit(images, np.zeros(len(images)), batch_size=len(images), verbose=0)
    return before - layer.get_weights()[0]


@pytest.mark.parametrize("shape", [(5, 3), (5, 7, 3), (5, 7, 6, 3), (5, 2, 7, 6, 3)])
@pytest.mark.parametrize("num_mixes", [1, 2])
def test_output_is_the_equation_for_every_rank(shape, num_mixes):
    rng = np.random.default_rng(0)
    images, alpha = rng.normal(size=shape).astype("float32"), rng.random((3, num_mixes))
    layer = DCMix(num_mixes)
    layer.build(shape)
    layer.set_weights([alpha])
    mixed = keras.ops.convert_to_numpy(layer(images))
    np.testing.assert_allclose(mixed, np.tensordot(images, alpha, axes=1), rtol=1e-5, atol=1e-6)


def test_whole_number_pixels_are_mixed_too():
    layer = DCMix(alpha_initializer="ones")
    images = np.full((2, 4, 4, 3), 200, "uint8")
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(images)), 600.0)


def test_all_channels_start_equal_and_keep_the_variance():
    layer = DCMix(2)
    layer.build((None, 8, 8, 9))
    np.testing.assert_allclose(layer.alpha, np.full((9, 2), 1 / 3), rtol=1e-6)
    np.testing.assert_allclose(layer.shares, np.full((9, 2), 1 / 9), rtol=1e-6)


def test_negative_initial_values_count_as_zero():
    layer = DCMix(alpha_initializer=keras.initializers.Constant(-1.0))
    mixed = layer(np.ones((2, 4, 4, 3), "float32"))
    assert layer.alpha.tolist() == [[0], [0], [0]]
    assert not keras.ops.convert_to_numpy(mixed).any()
    assert not layer.shares.any()


def test_negative_weights_that_were_set_count_as_zero():
    layer = DCMix()
    layer.build((None, 3))
    layer.set_weights([np.array([[-2.0], [1.0], [3.0]])])
    assert layer.alpha.ravel().tolist() == [0, 1, 3]
    assert layer.shares.ravel().tolist() == [0, 0.25, 0.75]
    assert keras.ops.convert_to_numpy(layer(np.ones((1, 3), "float32"))).item() == 4


def test_moving_averages_leave_alpha_non_negative():
    images = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
    inputs = keras.Input((6,))
    layer = DCMix(alpha_initializer=keras.initializers.Constant(0.01))
    model = keras.Model(inputs, layer(inputs))
    model.compile(keras.optimizers.Adam(0.5, use_ema=True, ema_momentum=0.5), "mse")
    model.fit(images, -images.sum(axis=1), epochs=3, batch_size=8, verbose=0)
    model.optimizer.finalize_variable_values(model.trainable_variables)
    assert (layer.alpha >= 0).all()
    mixed = model.predict(np.eye(6, dtype="float32"), verbose=0)
    np.testing.assert_allclose(mixed, layer.alpha, rtol=1e-6)


@pytest.mark.parametrize("start", [0.0, -1.0, 1.0])
def test_gradient_is_the_same_below_at_and_above_zero(start):
    images = np.arange(1, 7, dtype="float32").reshape(2, 3)
    constant = keras.initializers.Constant(start)
    layer = DCMix(alpha_initializer=constant, alpha_regularizer=None)
    np.testing.assert_allclose(gradient_of_sum(layer, images).ravel(), [5, 7, 9], rtol=1e-6)


def test_a_channel_that_fell_to_zero_comes_back():
    images = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    inputs = keras.Input((2,))
    layer = DCMix(alpha_initializer="zeros")
    model = keras.Model(inputs, layer(inputs))
    model.compile(keras.optimizers.Adam(0.05), "mse")
    model.fit(images, images[:, 1], epochs=20, verbose=0)
    assert layer.alpha[1, 0] > 0.5 > 0.1 > layer.alpha[0, 0]


def test_training_keeps_the_weight_itself_non_negative():
    images = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    inputs = keras.Input((3,))
    layer = DCMix()
    model = keras.Model(inputs, layer(inputs))
    model.compile(keras.optimizers.Adam(0.1), "mse")
    model.fit(images, -images.sum(axis=1), epochs=10, verbose=0)
    assert (layer.get_weights()[0] >= 0).all()
    assert layer.alpha.max() < 0.1


def test_regularizer_sees_the_non_negative_weights():
    layer = DCMix(alpha_initializer=keras.initializers.Constant(-3.0), alpha_regularizer="l1")
    layer(np.ones((1, 4), "float32"))
    assert [keras.ops.convert_to_numpy(loss).item() for loss in layer.losses] == [0.0]


def test_channel_names_travel_with_the_saved_model(tmp_path):
    inputs = keras.Input((8, 8, 2))
    model = keras.Model(inputs, DCMix(channel_names=["GFP", "DNA"], name="mix")(inputs))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.get_layer("mix").channel_names == ("GFP", "DNA")


@pytest.mark.parametrize("num_mixes", [0, -1, 1.5, True, "1"])
def test_a_wrong_number_of_planes_is_refused(num_mixes):
    with pytest.raises(ValueError, match=r"positive integer\. Received: num_mixes="):
        DCMix(num_mixes)


def test_a_wrong_number_of_names_is_refused():
    with pytest.raises(ValueError, match=r"3, one for each channel\. Received 2: A, B"):
        DCMix(channel_names=["A", "B"])(np.ones((1, 3), "float32"))


def test_repeated_blank_and_single_string_names_are_refused():
    with pytest.raises(ValueError, match=r"more than once: \['A'\]"):
        DCMix(channel_names=["A", "A"])
    with pytest.raises(ValueError, match=r"non-empty string. Received: ' '"):
        DCMix(channel_names=["A", " "])
    with pytest.raises(TypeError, match="list of names, not one string"):
        DCMix(channel_names="DNA")


def test_an_unknown_number_of_channels_is_refused():
    with pytest.raises(ValueError, match="number of channels must be known"):
        DCMix().build((None, 8, 8, None))


def test_alpha_before_the_first_call_says_what_to_do():
    with pytest.raises(ValueError, match="'mix' has no weights yet"):
        DCMix(name="mix").alpha  # noqa: B018


def test_the_layer_is_found_inside_a_layer_of_ones_own():
    class Wrapped(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.mix = DCMix(name="inner")

        def call(self, x):
            return self.mix(x)

    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, Wrapped()(inputs))
    assert find_dcmix(model).name == "inner"


def test_two_layers_of_the_same_name_are_two():
    inputs, parts = keras.Input((3,)), []
    for name in ("one", "other"):
        inner = keras.Input((3,))
        parts.append(keras.Model(inner, DCMix(name="mix")(inner), name=name))
    model = keras.Model(inputs, [part(inputs) for part in parts])
    with pytest.raises(ValueError, match=r"DCMix layers \['mix', 'mix'\]: name one"):
        find_dcmix(model)
    assert find_dcmix(parts[0]).name == "mix"
