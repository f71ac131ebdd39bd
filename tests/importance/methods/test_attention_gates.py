"""Attention gates are read at the model's input, and nowhere else."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.importance import attention_gates
from keras_dcmix.layers import ATTENTION_LAYERS, ChannelAttention, ChannelSubsets, SoftAttention
from keras_dcmix.models import build_classifier

IMAGES = np.random.default_rng(0).normal(20, 4, (10, 8, 8, 3)).astype("float32")


@keras.saving.register_keras_serializable(package="test_attention_gates")
class OwnKindOfAttention(ChannelAttention):
    """The gate of a channel is its mean."""

    def gates(self, images):
        return self._pooled(images, keras.ops.mean)


def own_model(*before, after=(), name: str = "model") -> keras.Model:
    inputs = keras.Input((8, 8, 3))
    x = inputs
    for layer in (*before, OwnKindOfAttention(name="own"), *after):
        x = layer(x)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x), name=name)


def gates(model, images=IMAGES, **kwargs):
    return attention_gates(model, images, **{"verbose": False, **kwargs})


def test_the_score_is_the_mean_of_the_gates():
    found = gates(own_model())
    np.testing.assert_allclose(found.scores, IMAGES.mean(axis=(0, 1, 2)), rtol=1e-5)
    assert found.method == "own_kind_of_attention"
    assert found.unit == "mean gate"


def test_repeats_are_the_means_of_disjoint_parts():
    found = gates(own_model(), num_folds=10)
    order = np.random.default_rng(0).permutation(10)
    np.testing.assert_allclose(found.repeats, IMAGES.mean(axis=(1, 2))[order], rtol=1e-5)
    assert gates(own_model(), num_folds=1).repeats is None


@pytest.mark.parametrize("batch_size", [1, 4, 10, 64])
def test_the_batch_size_changes_no_gate(batch_size):
    found = gates(own_model(), batch_size=batch_size)
    np.testing.assert_allclose(found.scores, gates(own_model()).scores, rtol=1e-6)


def test_the_layer_sees_what_comes_out_of_the_layers_before_it():
    scaled = keras.layers.Rescaling(0.5)
    normalized = keras.layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 4.0, 1.0])
    found = gates(own_model(scaled, normalized, ChannelSubsets()))
    expected = (IMAGES.mean(axis=(0, 1, 2)) / 2 - [1, 2, 3]) / [2, 2, 1]
    np.testing.assert_allclose(found.scores, expected, rtol=1e-5)


@pytest.mark.parametrize("mixer", ATTENTION_LAYERS)
def test_each_attention_layer_of_the_builder_is_read(mixer):
    names = ["DNA", "ER", "AGP"]
    model = build_classifier(
        (8, 8, 3), 2, mixer=mixer, attention=mixer, channel_names=names, channel_subsets=True
    )
    model.get_layer("standardize").adapt(IMAGES)
    for weight in model.get_layer(mixer).weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    before = model.predict_on_batch(IMAGES)
    found = gates(model)
    standardized = (IMAGES - IMAGES.mean(axis=(0, 1, 2))) / IMAGES.std(axis=(0, 1, 2))
    expected = keras.ops.convert_to_numpy(model.get_layer(mixer).gates(standardized))
    np.testing.assert_allclose(found.scores, expected.mean(axis=0), atol=1e-4)
    assert found.method == mixer
    assert found.channel_names == tuple(names)
    np.testing.assert_array_equal(model.predict_on_batch(IMAGES), before)


def test_a_sequential_model_is_read_too():
    layers = [keras.Input((8, 8, 3)), SoftAttention(), keras.layers.GlobalAveragePooling2D()]
    assert gates(keras.Sequential(layers)).scores.tolist() == [1, 1, 1]


def test_names_given_stay_with_their_gates():
    assert gates(own_model(), channel_names=["a", "b", "c"]).channel_names == ("a", "b", "c")


def test_the_same_seed_gives_the_same_result():
    first, second = (gates(own_model(), seed=4) for _ in range(2))
    np.testing.assert_array_equal(first.repeats, second.repeats)
    assert (gates(own_model(), seed=5).repeats != first.repeats).any()


def test_of_several_layers_at_the_input_one_is_named():
    inputs = keras.Input((8, 8, 3))
    both = [OwnKindOfAttention(name="own")(inputs), SoftAttention(name="soft")(inputs)]
    model = keras.Model(inputs, keras.layers.Flatten()(keras.layers.Add()(both)))
    assert gates(model, layer_name="soft").method == "soft_attention"
    with pytest.raises(ValueError, match=r"layers \['own', 'soft'\] .*name one .*=None"):
        gates(model)
    with pytest.raises(ValueError, match=r"name one of .*layer_name='sofd'"):
        gates(model, layer_name="sofd")


def test_a_model_without_attention_is_refused():
    with pytest.raises(ValueError, match=r"no channel-attention layer.*mixer='squeeze_excitation'"):
        gates(build_classifier((8, 8, 3), 2))


def test_a_layer_deeper_in_the_model_is_refused():
    deeper = "gates weigh features, not image channels"
    with pytest.raises(ValueError, match=f"squeeze_excitation_block_0.*{deeper}"):
        gates(build_classifier((8, 8, 3), 2, attention="squeeze_excitation"))
    with pytest.raises(ValueError, match=f"'own'.*{deeper}"):
        gates(own_model(keras.layers.Conv2D(3, 3)))
    with pytest.raises(ValueError, match=f"'second'.*{deeper}"):
        gates(own_model(after=[SoftAttention(name="second")]), layer_name="second")


def test_a_layer_inside_a_model_inside_a_model_is_refused():
    outer = keras.Sequential([keras.Input((8, 8, 3)), own_model()])
    with pytest.raises(ValueError, match="gates weigh features, not image channels"):
        gates(outer)


def test_images_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="takes 3 channels, the images have 2"):
        gates(own_model(), IMAGES[..., :2])
    with pytest.raises(ValueError, match="`num_folds` must be a positive integer"):
        gates(own_model(), num_folds=0)
    with pytest.raises(TypeError, match=r"must be a keras.Model"):
        gates("model.keras")


def test_pixels_that_are_no_numbers_are_refused_with_their_image():
    images = IMAGES.copy()
    images[7, 0, 0, 2] = np.nan
    with pytest.raises(ValueError, match="image 7, channel 2"):
        gates(own_model(), images, batch_size=3)


def test_text_is_snake_cased_like_the_builder_does():
    names = {gates_name(layer) for layer in ATTENTION_LAYERS.values()}
    assert names == set(ATTENTION_LAYERS)


def gates_name(kind: type[ChannelAttention]) -> str:
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.GlobalAveragePooling2D()(kind()(inputs))
    return gates(keras.Model(inputs, outputs)).method
