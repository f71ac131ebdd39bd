from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_dcmix.importance import mixing_weights, per_class
from keras_dcmix.importance.class_mix import fitted_mix, one_against_rest
from keras_dcmix.importance.evaluation import Evaluation
from keras_dcmix.layers import DCMix

pytestmark = pytest.mark.slow
NAMES = ["A", "B", "C"]
CLASSES = ["dead", "round", "treated"]
METHODS = ["occlusion", "permutation", "integrated_gradients", "mixing_weights"]


def labelled(num_images: int = 60):
    """Class k is bright in channel k."""
    labels = np.arange(num_images) % 3
    images = np.random.default_rng(0).normal(0, 0.3, (num_images, 4, 4, 3)).astype("float32")
    images[np.arange(num_images), :, :, labels] += 1
    return images, labels


def own_channel_model(outputs: str = "softmax", sharpness: float = 3.0) -> keras.Model:
    """Logit of class k: the mean of channel k; a mix of three planes that passes all through."""
    inputs = keras.Input((4, 4, 3))
    mix = DCMix(3, name="mix")
    dense = keras.layers.Dense(3, activation=None if outputs == "logits" else outputs)
    pooled = keras.layers.GlobalAveragePooling2D()(mix(inputs))
    model = keras.Model(inputs, dense(pooled))
    mix.set_weights([np.eye(3)])
    dense.set_weights([sharpness * np.eye(3), np.zeros(3)])
    return model


def mixing_model(alpha=(1.0, 1.0), outputs: int = 3) -> keras.Model:
    """One plane; a low value is class 0, a high one class 2, one between them class 1."""
    inputs = keras.Input((4, 4, len(alpha)))
    scale = keras.layers.Normalization(name="standardize")
    mix, norm = DCMix(name="mix"), keras.layers.BatchNormalization()
    dense = keras.layers.Dense(outputs, activation="softmax" if outputs > 1 else "sigmoid")
    mixed = norm(mix(scale(inputs)))
    model = keras.Model(inputs, dense(keras.layers.GlobalAveragePooling2D()(mixed)))
    scale.set_weights([np.full(len(alpha), 10.0), np.full(len(alpha), 4.0), np.zeros(())])
    scale.finalize_state()
    mix.set_weights([np.array(alpha)[:, None]])
    if outputs > 1:
        dense.set_weights([np.array([[-4.0, 0, 4]]), np.array([0, 2.0, 0])])
    else:
        dense.set_weights([np.array([[4.0]]), np.zeros(1)])
    return model


def found_by(method, model=None, data=None, **kwargs):
    images, labels = data or labelled()
    kwargs = {"channel_names": NAMES, "classes": CLASSES, "verbose": False, **kwargs}
    return per_class(model or own_channel_model(), images, labels, method=method, **kwargs)


@pytest.mark.parametrize("method", METHODS[:3])
def test_the_channel_of_its_own_leads_in_every_class(method):
    found = found_by(method)
    assert list(found) == CLASSES
    assert [one.order[0] for one in found.values()] == NAMES
    assert [one.method for one in found.values()] == [f"{method}: {name}" for name in CLASSES]
    assert {one.channel_names for one in found.values()} == {tuple(NAMES)}


def test_occlusion_of_a_class_is_its_drop_in_closed_form():
    images, labels = labelled()
    found = found_by("occlusion", data=(images, labels))
    mean = images.mean(axis=(0, 1, 2))
    for number, name in enumerate(CLASSES):
        pooled = 3 * images[labels == number].mean(axis=(1, 2)).astype("float64")
        for channel in range(3):
            changed = pooled.copy()
            changed[:, channel] = 3 * mean[channel]
            before, after = (
                logits[:, number] - np.log(np.exp(logits).sum(axis=1))
                for logits in (pooled, changed)
            )
            drop = (before - after).mean()
            np.testing.assert_allclose(found[name].scores[channel], drop, rtol=1e-4, atol=1e-6)
    assert found["dead"].unit == "drop in log likelihood"


def test_permutation_of_a_class_takes_channels_from_all_classes_in_closed_form():
    images, labels = labelled()
    pooled = 3 * images.mean(axis=(1, 2)).astype("float64")
    rng = np.random.default_rng(7)
    donors = [rng.permutation(60) for _ in range(5)]
    found = found_by("permutation", seed=7)
    for number, name in enumerate(CLASSES):
        inside = labels == number

        def score(logits, inside=inside, number=number):
            return (logits[:, number] - np.log(np.exp(logits).sum(axis=1)))[inside].mean()

        for repeat, donor in enumerate(donors):
            changed = [pooled.copy() for _ in range(3)]
            for channel in range(3):
                changed[channel][:, channel] = pooled[donor, channel]
            drops = [score(pooled) - score(one) for one in changed]
            np.testing.assert_allclose(found[name].repeats[repeat], drops, rtol=1e-4, atol=1e-6)
    assert found["dead"].unit == "drop in log likelihood"


@pytest.mark.parametrize("method", METHODS[:3])
def test_a_channel_without_spread_inside_a_class_still_counts_between_classes(method):
    images, labels = labelled()
    images = np.zeros_like(images)
    images[np.arange(60), :, :, labels] = 1  # all images of a class are the same
    for number, one in enumerate(found_by(method, data=(images, labels)).values()):
        assert one.order[0] == NAMES[number]
        assert one.scores[number] > 0.1


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_scores(method):
    one, other = (found_by(method, seed=3) for _ in range(2))
    for name in CLASSES:
        np.testing.assert_array_equal(one[name].scores, other[name].scores)


@pytest.mark.parametrize("method", METHODS)
def test_the_model_is_the_same_afterwards(method):
    model = mixing_model()
    images, labels = labelled()
    before = [weight.copy() for weight in model.get_weights()]
    flags = [layer.trainable for layer in model.layers]
    found_by(method, model, (images[..., :2], labels), channel_names=NAMES[:2])
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert flags == [layer.trainable for layer in model.layers]
    assert len(model.trainable_weights) == 5
    assert not model.compiled


@pytest.mark.parametrize("method", METHODS)
def test_one_channel_is_scored(method):
    images, labels = labelled()
    data = (images[..., :1] * 2 + 10, labels)
    found = found_by(method, mixing_model((1.0,)), data, channel_names=["only"])
    assert [one.order for one in found.values()] == [("only",)] * 3


@pytest.mark.parametrize("method", METHODS)
def test_a_class_of_a_single_image_is_scored(method):
    images, _ = labelled()
    labels = np.array([0, 2] + [1] * 58)
    assert list(found_by(method, data=(images, labels))) == CLASSES


def fainter_copy(num_images: int = 60):
    """Channel "signal" shows a class, low, middle or high; "noise" hides it in the mix."""
    rng = np.random.default_rng(2)
    labels = np.arange(num_images) % 3
    images = rng.normal(10, 0.2, (num_images, 4, 4, 2)).astype("float32")
    images[..., 0] += rng.normal(0, 3, (num_images, 1, 1))
    images[..., 1] += 3 * (labels - 1)[:, None, None]
    return images, labels


def test_the_mix_of_a_class_turns_to_the_channel_that_tells_it():
    names = ["noise", "signal"]
    found = found_by("mixing_weights", mixing_model(), fainter_copy(), channel_names=names)
    for name, one in found.items():
        assert one.method == f"mixing_weights: {name}"
        assert one.unit == "share of the mix"
        assert one.scores[1] > 0.65  # from 0.5
        np.testing.assert_allclose(one.scores.sum(), 1, rtol=1e-5)


def test_the_images_of_a_class_weigh_as_much_as_all_others():
    images, labels = labelled()
    labels = np.where(np.arange(60) < 6, 1, labels % 2 * 2)  # 6 of 60 are of class 1
    evaluation = Evaluation(own_channel_model(), images, labels)
    outputs = evaluation.outputs(images)
    loss = one_against_rest(evaluation, 1)(labels[:, None], outputs.astype("float32"))
    inside = labels == 1
    expected = -np.log(outputs[inside, 1]).mean() - np.log(1 - outputs[~inside, 1]).mean()
    np.testing.assert_allclose(keras.ops.convert_to_numpy(loss).mean(), expected, rtol=1e-5)


def test_only_alpha_is_fitted_and_on_a_copy_that_predicts_what_the_model_does():
    model, (images, labels) = mixing_model((1.0, 3.0)), fainter_copy()
    evaluation = Evaluation(model, images, labels)
    still = fitted_mix(evaluation, 1, 0, num_steps=10, learning_rate=0.0)
    np.testing.assert_allclose(mixing_weights(still).scores, [0.25, 0.75], rtol=1e-6)
    np.testing.assert_allclose(
        still.predict_on_batch(images), model.predict_on_batch(images), atol=1e-6
    )
    fitted = fitted_mix(evaluation, 1, 0, num_steps=10)
    for old, new in zip(model.weights, fitted.weights, strict=True):
        is_same = np.array_equal(keras.ops.convert_to_numpy(old), keras.ops.convert_to_numpy(new))
        assert is_same == (old.name != "alpha")


def test_the_mix_differs_between_classes_that_need_other_channels():
    rng = np.random.default_rng(4)
    labels = np.arange(90) % 3
    images = rng.normal(10, 0.2, (90, 4, 4, 2)).astype("float32")
    # Low is told by "left" alone, high by "right" alone; the other channel is noise there.
    noise = rng.normal(0, 2, (90, 2))
    left = np.where(labels == 0, -4, np.where(labels == 2, noise[:, 0], 2))
    right = np.where(labels == 2, 4, np.where(labels == 0, noise[:, 1], -2))
    images += np.stack([left, right], axis=1)[:, None, None]
    found = found_by(
        "mixing_weights", mixing_model(), (images, labels), channel_names=["left", "right"]
    )
    assert found["dead"].order[0] == "left"
    assert found["treated"].order[0] == "right"


def test_logits_give_what_probabilities_give():
    for method in ("occlusion", "permutation", "mixing_weights"):
        one, other = (found_by(method, own_channel_model(o)) for o in ("softmax", "logits"))
        for name in CLASSES:
            np.testing.assert_allclose(one[name].scores, other[name].scores, rtol=1e-3, atol=1e-5)


def test_one_output_stands_for_the_second_of_two_classes():
    images, labels = fainter_copy()
    data = (images[labels != 1], labels[labels != 1] // 2)
    names, classes = ["noise", "signal"], ["low", "high"]
    for method in ("occlusion", "permutation", "mixing_weights"):
        found = found_by(
            method, mixing_model(outputs=1), data, channel_names=names, classes=classes
        )
        assert list(found) == classes
        assert [one.order[0] for one in found.values()] == ["signal", "signal"]


def test_classes_are_named_by_labels_numbers_or_the_caller():
    images, labels = labelled()
    text = np.array(["x", "y", "z"])[labels]
    by_number = found_by("occlusion", classes=None)
    by_label = found_by("occlusion", data=(images, text), classes=None)
    assert (list(by_number), list(by_label)) == (["0", "1", "2"], ["x", "y", "z"])
    by_order = found_by("occlusion", data=(images, text), classes=["y", "x", "z"])
    assert list(by_order) == ["y", "x", "z"]
    # The first output speaks for "y" now, so its images are taken for wrongly classified.
    assert by_order["y"].scores[0] < 0 < by_label["x"].scores[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "oclusion"}, "'oclusion', did you mean 'occlusion'. Known: occlusion, perm"),
        ({"classes": ["a", "b"]}, r"`classes` must be 3 different names.*Received: \['a', 'b'\]"),
        ({"classes": ["a", "b", "b"]}, "must be 3 different names"),
        ({"classes": "abc"}, "must be 3 different names.*Received: 'abc'"),
        (
            {"labels": np.repeat(["round", "dead"], 30)},
            "Every class needs an image to be scored. Received: none of class 'treated'",
        ),
        (
            {"labels": np.repeat(["round", "ded"], 30)},
            "Label 'ded' is not one of the `classes`, did you mean 'dead'",
        ),
        ({"labels": np.zeros(60, int)}, "none of class 'round', 'treated'"),
        ({"labels": np.repeat(["a", "b"], 30), "classes": None}, "must name all 3 classes"),
        ({"labels": np.zeros((60, 3))}, r"labels of shape \(60,\)"),
    ],
)
def test_bad_arguments_are_refused_in_words(change, words):
    images, labels = labelled()
    change = dict(change)
    data = (images, change.pop("labels", labels))
    with pytest.raises(ValueError, match=words):
        found_by(change.pop("method", "occlusion"), data=data, **change)


def test_the_mix_needs_a_dcmix_layer():
    inputs = keras.Input((4, 4, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(pooled))
    with pytest.raises(ValueError, match="has no DCMix layer"):
        found_by("mixing_weights", model)
