"""The pull towards few channels: its gradient, that it has no value, and that it selects."""

import keras
import numpy as np
import pytest

from keras_dcmix.layers import ChannelSelection, DCMix


def model_of(num_channels, *, alpha=None, compiled=None, **settings):
    """DCMIX and a small classifier of the mean brightness, without any normalization."""
    inputs = keras.Input((4, 4, num_channels))
    mixed = DCMix(name="mix", **settings)(inputs)
    pooled = keras.layers.GlobalAveragePooling2D()(mixed)
    hidden = keras.layers.Dense(16, activation="relu")(pooled)
    model = keras.Model(inputs, keras.layers.Dense(2, name="classes")(hidden))
    if alpha is not None:
        model.get_layer("mix").set_weights([np.reshape(alpha, (num_channels, -1))])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(compiled or keras.optimizers.SGD(1.0), loss)
    return model


SHARPNESS = 18**0.5 - 8**0.5  # of 18 channels: the root of 2


def test_one_step_without_data_is_the_pull_of_the_docstring():
    alpha = np.r_[0.8, 0.4, 0.04, np.zeros(15)]
    model = model_of(18, alpha=alpha, alpha_regularizer=ChannelSelection(0.01))
    model.fit(np.zeros((8, 4, 4, 18)), np.zeros(8), verbose=0)
    ratio = alpha / 0.8
    expected = np.maximum(alpha - 0.01 * SHARPNESS * (1 - ratio + ratio**2), 0)
    np.testing.assert_allclose(model.get_layer("mix").alpha[:, 0], expected, atol=1e-6)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_the_pull_is_the_same_in_mixed_precision(dtype):
    alpha = np.r_[0.8, 0.4, 0.04, np.full(15, 0.1)]
    moved = []
    for policy in (dtype, "float32"):
        model = model_of(18, alpha=alpha, alpha_regularizer=ChannelSelection(0.01), dtype=policy)
        model.fit(np.zeros((8, 4, 4, 18)), np.zeros(8), verbose=0)
        moved.append(alpha - model.get_layer("mix").alpha[:, 0])
    np.testing.assert_allclose(moved[0], moved[1], rtol=0.02)


def test_a_moving_average_of_the_weights_selects_too():
    rng = np.random.default_rng(0)
    labels = np.arange(256) % 2
    images = rng.normal(size=(256, 4, 4, 40))
    images[..., 3] += 0.5 * labels[:, None, None] - 0.25
    keras.utils.set_random_seed(0)
    adam = keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9)
    model = model_of(40, compiled=adam)
    model.fit(images, labels, batch_size=32, epochs=12, verbose=0)
    model.optimizer.finalize_variable_values(model.trainable_variables)
    layer = model.get_layer("mix")
    assert layer.shares[:, 0].argmax() == 3
    assert (layer.alpha >= 0).all()


def test_planes_do_not_pull_on_each_other():
    alpha = np.full((18, 2), [0.8, 0.6])
    alpha[0] = 0.4, 0.6
    model = model_of(18, alpha=alpha, num_mixes=2, alpha_regularizer=ChannelSelection(0.01))
    model.fit(np.zeros((8, 4, 4, 18)), np.zeros(8), verbose=0)
    pull = np.full((18, 2), 0.01 * SHARPNESS)
    pull[0, 0] *= 0.75
    np.testing.assert_allclose(model.get_layer("mix").alpha, alpha - pull, atol=1e-6)


def test_up_to_eight_channels_are_not_pulled():
    alpha = np.linspace(0, 1, 8)
    model = model_of(8, alpha=alpha, alpha_regularizer=ChannelSelection(10.0))
    model.fit(np.zeros((8, 4, 4, 8)), np.zeros(8), verbose=0)
    np.testing.assert_allclose(model.get_layer("mix").alpha[:, 0], alpha)


@pytest.mark.parametrize("value", [0.0, 0.3])
def test_the_loss_stays_what_it_is_without_it(value):
    images = np.random.default_rng(0).normal(size=(16, 4, 4, 12))
    labels = np.arange(16) % 2
    losses = []
    for regularizer in (None, ChannelSelection(10.0)):
        keras.utils.set_random_seed(0)
        model = model_of(12, alpha=np.full(12, value), alpha_regularizer=regularizer)
        losses.append(model.evaluate(images, labels, verbose=0))
    assert losses[0] == losses[1]
    assert np.isfinite(losses[0])


@pytest.mark.parametrize("num_channels", [12, 40])
def test_one_channel_that_informs_stands_out_of_noise(num_channels):
    rng = np.random.default_rng(0)
    labels = np.arange(256) % 2
    images = rng.normal(size=(256, 4, 4, num_channels))
    images[..., 3] += 0.5 * labels[:, None, None] - 0.25
    shares = {}
    for name, regularizer in (("with", ChannelSelection()), ("without", None)):
        keras.utils.set_random_seed(0)
        model = model_of(
            num_channels, compiled=keras.optimizers.Adam(0.01), alpha_regularizer=regularizer
        )
        model.fit(images, labels, batch_size=32, epochs=12, verbose=0)
        shares[name] = model.get_layer("mix").shares[:, 0]
    assert shares["with"].argmax() == 3
    assert shares["with"][3] > 0.6
    assert shares["with"][3] > shares["without"][3]


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_mix_is_never_lost_without_normalization_behind_it(optimizer):
    # With a signal this weak, a pull of full strength would end all weights.
    rng = np.random.default_rng(0)
    labels = np.arange(256) % 2
    images = rng.normal(size=(256, 4, 4, 40))
    images[..., 3] += 0.3 * labels[:, None, None] - 0.15
    keras.utils.set_random_seed(0)
    made = {"adam": keras.optimizers.Adam(0.01), "sgd": keras.optimizers.SGD(0.05, momentum=0.9)}
    model = model_of(40, compiled=made[optimizer])
    model.fit(images, labels, batch_size=32, epochs=12, verbose=0)
    layer = model.get_layer("mix")
    assert layer.shares[:, 0].argmax() == 3
    assert layer.alpha.max() > 0


def test_copies_keep_their_ratio():
    rng = np.random.default_rng(0)
    labels = np.arange(256) % 2
    images = rng.normal(size=(256, 4, 4, 40))
    images[..., 3] += 0.5 * labels[:, None, None] - 0.25
    images[..., 4] = images[..., 3]
    keras.utils.set_random_seed(0)
    model = model_of(40, compiled=keras.optimizers.Adam(0.01))
    model.fit(images, labels, batch_size=32, epochs=12, verbose=0)
    shares = model.get_layer("mix").shares[:, 0]
    assert shares[3] == pytest.approx(shares[4], rel=0.01)
    assert shares[[3, 4]].sum() > 0.6


def test_it_is_the_default_and_travels_with_the_saved_model(tmp_path):
    model = model_of(3)
    model.get_layer("mix").alpha_regularizer.strength = 0.5
    assert DCMix().alpha_regularizer.strength != 0.5  # each layer has one of its own
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").get_layer("mix")
    assert isinstance(again.alpha_regularizer, ChannelSelection)
    assert again.alpha_regularizer.strength == 0.5


def test_a_layer_saved_before_there_was_a_default_is_loaded_without_it():
    layer = DCMix.from_config({"num_mixes": 1, "alpha_regularizer": None})
    assert layer.alpha_regularizer is None


def test_its_name_shows_the_strength():
    assert repr(ChannelSelection(0.5)) == "ChannelSelection(strength=0.5)"


@pytest.mark.parametrize("strength", [-0.1, float("nan"), float("inf"), None, "a", True])
def test_a_strength_that_is_no_number_from_0_is_refused(strength):
    with pytest.raises(ValueError, match=r"finite number of at least 0. Received: strength="):
        ChannelSelection(strength)
