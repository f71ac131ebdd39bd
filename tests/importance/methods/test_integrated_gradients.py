"""Integrated gradients: closed forms, completeness, captum, and what a gradient may not touch."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.importance import integrated_gradients
from keras_dcmix.importance.gradients import output_gradients

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(8, 4, 4, 3)).astype("float32")
LABELS = np.arange(8) % 2
BASELINE = np.array([0.3, -0.2, 0.9])
TORCH = keras.backend.backend() == "torch"


def model_of(*layers) -> keras.Model:
    model = keras.Sequential([keras.Input((4, 4, 3)), *layers])
    for weight in model.trainable_variables:
        weight.assign(np.random.default_rng(2).normal(size=weight.shape))
    return model


def linear_model(outputs: int = 2, activation=None) -> keras.Model:
    return model_of(keras.layers.Flatten(), keras.layers.Dense(outputs, activation=activation))


def curved_model() -> keras.Model:
    return model_of(
        keras.layers.Conv2D(5, 3, activation="tanh"),
        keras.layers.BatchNormalization(),
        keras.layers.Flatten(),
        keras.layers.Dense(2, activation="softmax"),
    )


def scored(model, labels=LABELS, **kwargs):
    given = {"baseline": BASELINE, "num_folds": 8, "verbose": False, **kwargs}
    return integrated_gradients(model, IMAGES, labels, **given)


def by_image(repeats: np.ndarray) -> np.ndarray:
    """Undoes the shuffle of parts that are one image each."""
    return repeats[np.argsort(np.random.default_rng(0).permutation(8))]


@pytest.mark.parametrize("num_steps", [1, 32])
def test_a_linear_model_shares_out_weight_times_difference(num_steps):
    model = linear_model()
    found = scored(model, num_steps=num_steps)
    kernel = model.layers[-1].get_weights()[0].reshape(4, 4, 3, 2)
    parts = np.moveaxis(kernel, -1, 0)[LABELS] * (IMAGES - BASELINE)
    np.testing.assert_allclose(by_image(found.repeats), parts.sum(axis=(1, 2)), atol=1e-4)
    np.testing.assert_allclose(found.scores, parts.sum(axis=(1, 2)).mean(axis=0), atol=1e-4)
    assert found.details["completeness_error"] < 1e-5
    assert found.method == "integrated_gradients"
    assert found.unit == "contribution to the model's output"


def test_scores_are_complete():
    model = curved_model()
    found = scored(model, num_steps=64)
    start = np.broadcast_to(BASELINE, IMAGES.shape).astype("float32")
    change = (model.predict_on_batch(IMAGES) - model.predict_on_batch(start))[range(8), LABELS]
    np.testing.assert_allclose(by_image(found.repeats).sum(axis=1), change, atol=1e-3)
    np.testing.assert_allclose(found.scores.sum(), change.mean(), atol=1e-4)
    assert found.details["completeness_error"] < 1e-2


def test_too_few_steps_are_reported_with_a_warning():
    with pytest.warns(UserWarning, match=r"miss the change .* by \d+%: raise `num_steps`, now 2"):
        found = scored(curved_model(), num_steps=2)
    assert found.details["completeness_error"] > 0.05


def test_errors_of_two_images_do_not_cancel():
    odd = model_of(keras.layers.Flatten(), keras.layers.Dense(2, "tanh", use_bias=False))
    pair = np.concatenate([IMAGES[:1], -IMAGES[:1]])
    with pytest.warns(UserWarning, match="raise `num_steps`"):
        found = integrated_gradients(odd, pair, [0, 0], baseline="zero", num_steps=2, verbose=False)
    np.testing.assert_allclose(found.scores, 0, atol=1e-5)
    assert found.details["completeness_error"] > 0.05


def test_the_warning_points_at_the_callers_line():
    with pytest.warns(UserWarning, match="raise `num_steps`") as caught:
        integrated_gradients(curved_model(), IMAGES, LABELS, num_steps=2, verbose=False)
    (ours,) = [warning for warning in caught if "num_steps" in str(warning.message)]
    assert ours.filename == __file__


def test_a_model_that_ignores_its_input_is_complete():
    model = linear_model()
    model.layers[-1].set_weights([np.zeros((48, 2)), np.ones(2)])
    assert scored(model).details["completeness_error"] == 0


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_one_output_speaks_for_the_second_class_and_against_the_first(activation):
    model = linear_model(1, activation)
    for_second, for_first = (scored(model, np.full(8, label), num_steps=64) for label in (1, 0))
    np.testing.assert_allclose(for_first.repeats, -for_second.repeats, atol=1e-6)
    start = np.broadcast_to(BASELINE, IMAGES.shape).astype("float32")
    change = model.predict_on_batch(IMAGES) - model.predict_on_batch(start)
    assert abs(change.mean()) > 0.05
    np.testing.assert_allclose(for_second.scores.sum(), change.mean(), atol=2e-3)


def test_gradients_are_those_of_each_images_own_label():
    model = linear_model()
    found = output_gradients(model)(IMAGES, LABELS)
    kernel = model.layers[-1].get_weights()[0].reshape(4, 4, 3, 2)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.moveaxis(kernel, -1, 0)[LABELS], rtol=1e-6)


def test_gradients_are_not_compiled_again_for_the_next_batch():
    calls = []

    @keras.saving.register_keras_serializable(package="test_gradients")
    class Counting(keras.layers.Layer):
        def call(self, x):
            calls.append(1)
            return x

    gradients = output_gradients(model_of(Counting(), keras.layers.Flatten()))
    gradients(IMAGES, LABELS)
    traced = len(calls)
    gradients(IMAGES + 1, LABELS)
    assert len(calls) == traced + TORCH  # PyTorch compiles nothing


def test_gradients_see_weights_that_changed_before_they_were_made():
    model = linear_model()
    first = output_gradients(model)(IMAGES, LABELS)
    model.set_weights([2 * weight for weight in model.get_weights()])
    np.testing.assert_allclose(output_gradients(model)(IMAGES, LABELS), 2 * first, rtol=1e-6)


def test_a_model_that_pixels_do_not_reach_has_gradients_of_zero():
    class Blank(keras.layers.Layer):
        def call(self, x):
            return keras.ops.zeros_like(x)

    assert not output_gradients(model_of(Blank(), keras.layers.Flatten()))(IMAGES, LABELS).any()


def test_dropout_sleeps_and_moving_statistics_stay():
    model = model_of(
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.5, seed=1),
        keras.layers.Flatten(),
        keras.layers.Dense(2),
    )
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in model.variables]
    gradients = output_gradients(model)
    np.testing.assert_array_equal(gradients(IMAGES, LABELS), gradients(IMAGES, LABELS))
    for old, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, keras.ops.convert_to_numpy(variable))


def test_a_backend_without_gradients_is_refused(monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "openvino")
    with pytest.raises(ValueError, match=r"tensorflow, jax, torch; .*need none.*'openvino'"):
        output_gradients(linear_model())


@pytest.mark.skipif(not TORCH, reason="what only PyTorch keeps in a model")
def test_gradients_of_weights_modes_and_switches_are_left_alone():
    import torch

    model = curved_model()
    model.train()
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.ones_like(parameter)
    with torch.no_grad():
        assert output_gradients(model)(IMAGES, LABELS).any()
        assert not torch.is_grad_enabled()
    assert all((p.grad == 1).all() for p in model.parameters() if p.requires_grad)
    assert model.training


@pytest.mark.skipif(not TORCH, reason="captum works on PyTorch models")
def test_captum_finds_the_same():
    attr = pytest.importorskip("captum.attr", reason="captum is not installed")
    import torch

    model = curved_model()
    theirs = attr.IntegratedGradients(model).attribute(
        torch.tensor(IMAGES),
        baselines=torch.tensor(np.broadcast_to(BASELINE, (1, 4, 4, 3)).astype("float32")),
        target=torch.tensor(LABELS),
        n_steps=32,
        method="gausslegendre",
    )
    found = scored(model, num_steps=32)
    expected = theirs.detach().cpu().numpy().sum(axis=(1, 2))
    np.testing.assert_allclose(by_image(found.repeats), expected, rtol=1e-4, atol=1e-5)
