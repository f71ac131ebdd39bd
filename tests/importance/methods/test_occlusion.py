"""Occlusion against a model that can be reckoned by hand, and against captum."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.importance import occlusion

WEIGHTS = np.array([[1.0, 0.0], [0.0, 3.0], [-2.0, 0.5]])
RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(8, 4, 4, 3)).astype("float32")
LABELS = np.arange(8) % 2


def linear_model() -> keras.Model:
    layer = keras.layers.Dense(2)
    pooling = keras.layers.GlobalAveragePooling2D()
    model = keras.Sequential([keras.Input((4, 4, 3)), pooling, layer])
    layer.set_weights([WEIGHTS, np.array([0.1, 0.2])])
    return model


def own_output(labels, outputs):
    return outputs[np.arange(len(labels)), labels]


def scored(images=IMAGES, labels=LABELS, **kwargs):
    return occlusion(
        linear_model(), images, labels, **{"metric": own_output, "verbose": False, **kwargs}
    )


@pytest.mark.parametrize("baseline", [[0.5, -1.0, 2.0], IMAGES[3]])
def test_a_linear_model_loses_the_weight_times_the_difference(baseline):
    found = scored(baseline=baseline)
    lost = WEIGHTS.T[LABELS] * (IMAGES - np.array(baseline)).mean(axis=(1, 2))
    np.testing.assert_allclose(found.scores, lost.mean(axis=0), atol=1e-6)
    assert found.method == "occlusion"
    assert found.unit == "drop in own output"


def test_the_baseline_is_the_mean_unless_said_otherwise():
    mean = IMAGES.mean(axis=(0, 1, 2))
    np.testing.assert_allclose(scored().scores, scored(baseline=mean).scores, atol=1e-6)
    np.testing.assert_array_equal(scored(baseline="zero").scores, scored(baseline=[0] * 3).scores)


def test_repeats_are_the_means_of_disjoint_parts():
    found = scored(baseline="zero", num_folds=8)
    lost = WEIGHTS.T[LABELS] * IMAGES.mean(axis=(1, 2))
    order = np.random.default_rng(0).permutation(8)
    np.testing.assert_allclose(found.repeats, lost[order], atol=1e-6)


def test_one_fold_is_no_repeat():
    assert scored(num_folds=1).repeats is None


def test_the_default_metric_is_the_log_likelihood():
    found = occlusion(linear_model(), IMAGES, LABELS, verbose=False)
    assert found.unit == "drop in log likelihood"


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="captum works on PyTorch models")
def test_captum_finds_the_same():
    attr = pytest.importorskip("captum.attr", reason="captum is not installed")
    import torch

    model = keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            keras.layers.Conv2D(5, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    for weight in model.weights:
        weight.assign(RNG.normal(size=weight.shape))
    baseline = np.array([0.3, -0.2, 0.9])
    found = occlusion(
        model, IMAGES, LABELS, baseline=baseline, metric=own_output, num_folds=8, verbose=False
    )
    given = {
        "inputs": torch.tensor(IMAGES),
        "target": torch.tensor(LABELS),
        "baselines": torch.tensor(np.broadcast_to(baseline, (1, 4, 4, 3)).astype("float32")),
    }
    masked = attr.FeatureAblation(model).attribute(
        **given, feature_mask=torch.arange(3).expand(1, 4, 4, 3)
    )
    slid = attr.Occlusion(model).attribute(**given, sliding_window_shapes=(4, 4, 1))
    order = np.random.default_rng(0).permutation(8)
    for theirs in (masked, slid):
        theirs = theirs.detach().cpu().numpy()[:, 0, 0]
        np.testing.assert_allclose(found.repeats, theirs[order], rtol=1e-4, atol=1e-5)
