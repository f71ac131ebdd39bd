from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.importance import mixing_weights
from keras_dcmix.layers import DCMix


def model_with(alpha, name: str = "mix", **kwargs) -> keras.Model:
    """A model that only mixes, with `alpha` set by hand: (num_channels, num_mixes)."""
    alpha = np.array(alpha, "float32")
    inputs = keras.Input((4, 4, len(alpha)))
    layer = DCMix(alpha.shape[1], name=name, **kwargs)
    model = keras.Model(inputs, layer(inputs))
    layer.set_weights([alpha])
    return model


def test_the_score_is_exactly_the_share_of_alpha():
    found = mixing_weights(model_with([[1], [0], [5], [2]]))
    assert found.scores.tolist() == [0.125, 0, 0.625, 0.25]
    assert found.method == "dcmix"
    assert found.unit == "share of the mix"
    assert found.repeats is None


def test_scaling_alpha_changes_no_score():
    small, large = ([[factor], [3 * factor]] for factor in (2.0**-20, 2.0**20))
    assert mixing_weights(model_with(small)).scores.tolist() == [0.25, 0.75]
    assert mixing_weights(model_with(large)).scores.tolist() == [0.25, 0.75]


def test_all_planes_weigh_equally_whatever_their_scale():
    found = mixing_weights(model_with([[1, 0], [1, 100], [2, 300]]))
    assert found.scores.tolist() == [0.125, 0.25, 0.625]


def test_channel_names_stay_with_their_scores():
    found = mixing_weights(model_with([[1], [4], [3]], channel_names=["ER", "DNA", "AGP"]))
    assert found.channel_names == ("ER", "DNA", "AGP")
    assert found.order == ("DNA", "AGP", "ER")


def test_channels_without_names_are_numbered():
    assert mixing_weights(model_with([[1], [3]])).channel_names == ("channel_0", "channel_1")


def test_one_channel_has_the_whole_mix():
    assert mixing_weights(model_with([[0.3]])).scores.tolist() == [1]


def test_weights_that_are_all_zero_score_zero():
    assert mixing_weights(model_with([[0], [0]])).scores.tolist() == [0, 0]


def test_a_plane_that_is_all_zero_gives_no_share():
    assert mixing_weights(model_with([[0, 1], [0, 3]])).scores.tolist() == [0.125, 0.375]


def test_negative_weights_count_as_zero():
    assert mixing_weights(model_with([[-5], [1], [3]])).scores.tolist() == [0, 0.25, 0.75]


def test_weights_lost_to_nan_are_not_taken_for_a_ranking():
    with pytest.raises(ValueError, match=r"must be finite.*NaN or infinity for \['A', 'B'\]"):
        mixing_weights(model_with([[np.nan], [1]], channel_names=["A", "B"]))


def test_the_layer_is_found_inside_a_model_inside_a_model():
    inner = model_with([[1], [3]])
    inputs = keras.Input((4, 4, 2))
    outer = keras.Sequential([inputs, keras.Model(inputs, inner(inputs)), keras.layers.Flatten()])
    assert mixing_weights(outer).scores.tolist() == [0.25, 0.75]


def test_one_of_several_layers_is_chosen_by_name():
    first, second = model_with([[1], [3]], "first"), model_with([[4], [0]], "second")
    inputs = keras.Input((4, 4, 2))
    both = keras.Model(inputs, keras.layers.Add()([first(inputs), second(inputs)]))
    assert mixing_weights(both, layer_name="second").scores.tolist() == [1, 0]
    with pytest.raises(ValueError, match=r"layers \['first', 'second'\]: name one .*=None"):
        mixing_weights(both)
    with pytest.raises(ValueError, match=r"name one .*layer_name='third'"):
        mixing_weights(both, layer_name="third")


def test_a_model_without_the_layer_is_refused():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs), name="plain")
    with pytest.raises(ValueError, match=r"'plain' has no DCMix layer.*put .*DCMix in front"):
        mixing_weights(model)
