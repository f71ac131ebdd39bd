"""Channel attention: each layer is its equation, and `gates` are what it applies."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.layers import (
    ATTENTION_LAYERS,
    CBAM,
    ChannelAttention,
    EfficientChannelAttention,
    SoftAttention,
    SqueezeExcitation,
)
from keras_dcmix.layers.efficient_channel_attention import adaptive_kernel_size

CLOSE = {"rtol": 1e-5, "atol": 1e-6}
SHAPES = [(5, 6), (5, 7, 6), (5, 8, 7, 6), (5, 2, 8, 7, 6)]


@pytest.fixture(params=ATTENTION_LAYERS)
def kind(request):
    return ATTENTION_LAYERS[request.param]


@pytest.fixture
def images():
    return normal((5, 8, 7, 6))


def normal(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def randomised(layer: ChannelAttention, shape: tuple[int, ...]) -> ChannelAttention:
    if not layer.built:
        layer.build((None, *shape[1:]))
    layer.set_weights([normal(w.shape, seed) for seed, w in enumerate(layer.get_weights(), 1)])
    return layer


def array(tensor) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def spatial(images: np.ndarray) -> tuple[int, ...]:
    return tuple(range(1, images.ndim - 1))


def times(images: np.ndarray, gates: np.ndarray) -> np.ndarray:
    return np.einsum("b...c,bc->b...c", images, gates)


def perceptron(z: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """Two dense layers; `weights` with biases or without."""
    first, b1, second, b2 = weights if len(weights) == 4 else (weights[0], 0, weights[1], 0)
    return np.maximum(z @ first + b1, 0) @ second + b2


def neighbours(z: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    middle, num_channels = len(kernel) // 2, z.shape[1]
    summed = np.zeros_like(z)
    for c in range(num_channels):
        for j, weight in enumerate(kernel):
            if 0 <= c + j - middle < num_channels:
                summed[:, c] += weight * z[:, c + j - middle]
    return summed


def convolved(planes: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    before = len(kernel) // 2
    padded = np.pad(planes, [(0, 0), (before, before), (before, before), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[:2], axis=(1, 2))
    return np.einsum("bhwcij,ijco->bhwo", windows, kernel)


def assert_computes(layer: ChannelAttention, images: np.ndarray, expected: np.ndarray) -> None:
    """The layer and its twin for channels first give the expected output."""
    np.testing.assert_allclose(array(layer(images)), expected, **CLOSE)
    twin = type(layer).from_config({**layer.get_config(), "data_format": "channels_first"})
    first = np.ascontiguousarray(np.moveaxis(images, -1, 1))
    twin.build(first.shape)
    twin.set_weights(layer.get_weights())
    np.testing.assert_allclose(array(twin(first)), np.moveaxis(expected, -1, 1), **CLOSE)
    np.testing.assert_allclose(array(twin.gates(first)), array(layer.gates(images)), **CLOSE)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("ratio", "min_units", "units"), [(16, 4, 4), (16, 1, 1), (2, 1, 3), (1, 4, 6), (2, 5, 5)]
)
def test_squeeze_excitation_is_its_equation(shape, ratio, min_units, units):
    images = normal(shape)
    layer = randomised(SqueezeExcitation(ratio, min_units=min_units), shape)
    weights = layer.get_weights()
    assert weights[0].shape == (6, units)
    gates = sigmoid(perceptron(images.mean(spatial(images)), weights))
    np.testing.assert_allclose(array(layer.gates(images)), gates, **CLOSE)
    assert_computes(layer, images, times(images, gates))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kernel_size", [None, 1, 3, 5, 11])
def test_efficient_channel_attention_is_its_equation(shape, kernel_size):
    images = normal(shape)
    layer = randomised(EfficientChannelAttention(kernel_size), shape)
    (kernel,) = layer.get_weights()
    assert kernel.shape == (kernel_size or 1, 1, 1)
    gates = sigmoid(neighbours(images.mean(spatial(images)), kernel[:, 0, 0]))
    np.testing.assert_allclose(array(layer.gates(images)), gates, **CLOSE)
    assert_computes(layer, images, times(images, gates))


@pytest.mark.parametrize("ratio", [1, 2, 16])
@pytest.mark.parametrize("kernel_size", [1, 3, 7])
def test_cbam_is_its_equations(images, ratio, kernel_size):
    layer = randomised(CBAM(ratio, kernel_size=kernel_size), images.shape)
    *weights, kernel = layer.get_weights()
    assert kernel.shape == (kernel_size, kernel_size, 2, 1)
    mean, largest = images.mean((1, 2)), images.max((1, 2))
    gates = sigmoid(perceptron(mean, weights) + perceptron(largest, weights))
    refined = times(images, gates)
    planes = np.stack([refined.mean(-1), refined.max(-1)], axis=-1)
    places = sigmoid(convolved(planes, kernel))
    np.testing.assert_allclose(array(layer.gates(images)), gates, **CLOSE)
    np.testing.assert_allclose(array(layer.spatial_gates(images)), places, **CLOSE)
    assert_computes(layer, images, refined * places)


@pytest.mark.parametrize("shape", SHAPES)
def test_soft_attention_is_its_equation(shape):
    images = normal(shape)
    layer = randomised(SoftAttention(), shape)
    kernel, bias = layer.get_weights()
    exponents = np.exp(images.mean(spatial(images)) @ kernel + bias)
    gates = 6 * exponents / exponents.sum(1, keepdims=True)
    np.testing.assert_allclose(array(layer.gates(images)), gates, **CLOSE)
    np.testing.assert_allclose(array(layer.gates(images)).mean(1), 1, **CLOSE)
    assert_computes(layer, images, times(images, gates))


def test_soft_attention_starts_with_the_images_as_they_are(images):
    np.testing.assert_array_equal(array(SoftAttention()(images)), images)


@pytest.mark.parametrize("kind", [SqueezeExcitation, CBAM])
def test_the_biases_of_the_dense_layers_can_be_left_out(kind, images):
    biased, plain = kind(min_units=5), kind(min_units=5, use_bias=False)
    biased(images), plain(images)
    assert biased.count_params() - plain.count_params() == 5 + 6
    if kind is SqueezeExcitation:
        expected = sigmoid(perceptron(images.mean((1, 2)), plain.get_weights()))
        np.testing.assert_allclose(array(plain.gates(images)), expected, **CLOSE)


def test_call_applies_the_gates(kind, images):
    layer = randomised(kind(), images.shape)
    expected = times(images, array(layer.gates(images)))
    if kind is CBAM:
        expected *= array(layer.spatial_gates(images))
    np.testing.assert_allclose(array(layer(images)), expected, **CLOSE)


def test_gates_differ_between_channels_and_images(kind, images):
    gates = array(randomised(kind(), images.shape).gates(images))
    assert gates.shape == (5, 6)
    assert np.ptp(gates, axis=1).min() > 1e-3
    assert np.ptp(gates, axis=0).max() > 1e-3


def test_gates_of_a_saved_model_are_the_same(kind, images, tmp_path):
    inputs = keras.Input((None, None, 6))
    layer = kind(channel_names=list("ABCDEF"), name="attention")
    model = keras.Model(inputs, layer(inputs))
    randomised(layer, images.shape)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").get_layer("attention")
    np.testing.assert_array_equal(array(again.gates(images)), array(layer.gates(images)))
    assert again.display_names == tuple("ABCDEF")


def test_channels_first_spatial_gates_have_the_channel_axis_first():
    layer = CBAM(data_format="channels_first")
    layer.build((None, 6, 8, 7))
    assert layer.spatial_gates(normal((5, 6, 8, 7))).shape == (5, 1, 8, 7)


@pytest.mark.parametrize(
    ("num_channels", "expected"),
    [
        (1, 1),
        (2, 1),
        (3, 1),
        (6, 1),
        (7, 1),
        (8, 3),
        (16, 3),
        (64, 3),
        (128, 5),
        (256, 5),
        (512, 5),
    ],
)
def test_the_adaptive_kernel_size_is_the_nearest_odd_number(num_channels, expected):
    formula = abs((np.log2(num_channels) + 1) / 2)
    nearest = min(range(1, 99, 2), key=lambda odd: (abs(odd - formula), -odd))
    assert adaptive_kernel_size(num_channels) == nearest == expected
    layer = EfficientChannelAttention()
    layer.build((None, num_channels))
    assert layer.count_params() == expected


def test_gamma_and_b_set_the_adaptive_kernel_size():
    sizes = [(1, 1), (1, 3), (2, 7), (0.5, 1)]
    assert [adaptive_kernel_size(16, gamma, b) for gamma, b in sizes] == [5, 7, 5, 11]
    layer = EfficientChannelAttention(gamma=1, b=3)
    layer.build((None, 16))
    assert layer.count_params() == 7


@pytest.mark.parametrize(("num_channels", "expected"), [(1, 1), (2, 3), (3, 5)])
def test_the_adaptive_kernel_stays_within_the_channels(num_channels, expected):
    layer = EfficientChannelAttention(b=50)
    layer.build((None, num_channels))
    assert layer.count_params() == expected


def test_one_channel_works(kind):
    images = normal((4, 8, 6, 1))
    layer = randomised(kind(), images.shape)
    assert array(layer.gates(images)).shape == (4, 1)
    assert array(layer(images)).shape == (4, 8, 6, 1)
    if kind is SoftAttention:
        np.testing.assert_array_equal(array(layer(images)), images)


@pytest.mark.parametrize("level", [0, 1000])
def test_a_constant_channel_leaves_all_numbers_finite(kind, images, level):
    images[..., 2] = level
    inputs = keras.Input(images.shape[1:])
    layer = kind()
    model = keras.Model(inputs, layer(inputs))
    model.compile("sgd", "mse")
    model.fit(images, np.ones_like(images), verbose=0)
    assert all(np.isfinite(weight).all() for weight in layer.get_weights())
    assert np.isfinite(model.predict(images, verbose=0)).all()
    assert np.isfinite(array(layer.gates(images))).all()


def test_whole_number_pixels_are_gated_too(kind):
    images = np.random.default_rng(0).integers(0, 9, size=(4, 8, 6, 3)).astype("uint8")
    layer = randomised(kind(), images.shape)
    for method in (layer, layer.gates):
        found, expected = array(method(images)), array(method(images.astype("float32")))
        assert found.dtype == "float32"
        np.testing.assert_array_equal(found, expected)


def test_channels_without_names_are_numbered(kind):
    layer = kind(name="gate")
    with pytest.raises(ValueError, match="channels of layer 'gate' are not known yet"):
        layer.display_names  # noqa: B018
    layer.build((None, 8, 8, 2))
    assert layer.display_names == ("channel_0", "channel_1")


def test_gates_before_the_first_call_say_what_to_do(kind, images):
    with pytest.raises(ValueError, match="'gate' has no weights yet: call it"):
        kind(name="gate").gates(images)


def test_gates_of_a_wrong_rank_say_what_they_received(kind, images):
    layer = randomised(kind(), images.shape)
    with pytest.raises(ValueError, match=r"of rank [24].*Received: shape=\(6,\)"):
        layer.gates(np.ones(6, "float32"))


@pytest.mark.parametrize("shape", [(4, 3), (4, 5, 3), (4, 2, 5, 5, 3)])
def test_cbam_takes_images_only(shape):
    with pytest.raises(ValueError, match=rf"rank 4, \(batch, .* Received: shape=\({shape[0]}"):
        CBAM()(np.ones(shape, "float32"))


def test_wrong_names_are_refused(kind, images):
    with pytest.raises(ValueError, match=r"must be 6, one for each channel\. Received 2: A, B"):
        kind(channel_names=["A", "B"])(images)
    with pytest.raises(ValueError, match=r"more than once: \['A'\]"):
        kind(channel_names=["A", "A"])


def test_an_unknown_number_of_channels_is_refused(kind):
    with pytest.raises(ValueError, match="number of channels must be known"):
        kind().build((None, 8, 8, None))


@pytest.mark.parametrize("kind", [SqueezeExcitation, CBAM])
@pytest.mark.parametrize("name", ["ratio", "min_units"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "2"])
def test_a_wrong_bottleneck_is_refused(kind, name, value):
    with pytest.raises(
        ValueError, match=rf"`{name}` must be a positive integer\. Received: {name}="
    ):
        kind(**{name: value})


@pytest.mark.parametrize("kind", [EfficientChannelAttention, CBAM])
@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "positive integer"), (-3, "positive integer"), (3.0, "positive integer"), (4, "odd")],
)
def test_a_wrong_kernel_size_is_refused(kind, value, words):
    with pytest.raises(ValueError, match=rf"`kernel_size` must be .*{words}.*kernel_size={value}"):
        kind(kernel_size=value)


def test_a_kernel_that_reaches_beyond_all_channels_is_refused(images):
    with pytest.raises(ValueError, match=r"at most 11 for 6 channels.*Received: kernel_size=13"):
        EfficientChannelAttention(13)(images)


@pytest.mark.parametrize("wrong", [{"gamma": 0}, {"gamma": -2}, {"b": float("nan")}])
def test_a_wrong_gamma_or_b_is_refused(wrong):
    with pytest.raises(ValueError, match=r"above 0 and `b` a finite number\. Received: gamma="):
        EfficientChannelAttention(**wrong)
    with pytest.raises(ValueError, match=r"Received: gamma="):
        adaptive_kernel_size(16, **wrong)


def test_a_layer_without_gates_says_what_it_lacks(images):
    class Empty(ChannelAttention):
        pass

    with pytest.raises(NotImplementedError, match="Empty must override `gates`"):
        Empty()(images)
