from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pytest

from keras_dcmix.data.channel_view import ChannelView
from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.importance import leave_one_out, single_channel
from keras_dcmix.models.options import Training

pytestmark = pytest.mark.slow
NAMES = ["noise", "signal", "copy"]
TINY = Training(epochs=8, batch_size=16)
BRIEF = Training(epochs=1, batch_size=32)


def planted(num_images: int = 96):
    """Signal and its copy, in noise of their own, are bright in class 1."""
    rng = np.random.default_rng(0)
    labels = np.arange(num_images) % 2
    images = rng.normal(100, 10, (num_images, 8, 8, 3)).astype("float32")
    images[..., 1:] += 8 * labels[:, None, None, None]
    groups = np.array([f"W{index // 4:02}_{label}" for index, label in enumerate(labels)])
    return images, np.array(["low", "high"])[labels], groups


def brightness_model(images, *, num_classes=2, compiled=True, num_channels=None):
    """Classifies by the mean of each channel: quick to train and good enough here."""
    inputs = keras.Input((*images.shape[1:3], num_channels or images.shape[-1]))
    scale = keras.layers.Rescaling(0.1, offset=-10.4)(inputs)
    pooled = keras.layers.GlobalAveragePooling2D()(scale)
    outputs = keras.layers.Dense(num_classes, activation="softmax")(pooled)
    model = keras.Model(inputs, outputs, name="brightness")
    if compiled:
        model.compile(keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy")
    return model


def scored(method, build_model=brightness_model, **changes):
    """Scores the planted dataset, or what is changed of it."""
    images, labels, groups = planted()
    settings = {"channel_names": NAMES, "groups": groups, "training": TINY, "verbose": False}
    settings |= {"images": images, "labels": labels, **changes}
    return method(build_model, settings.pop("images"), settings.pop("labels"), **settings)


@pytest.mark.parametrize("build_model", [brightness_model, None])
def test_a_channel_alone_scores_what_it_tells(build_model):
    images, *_ = planted()
    found = scored(single_channel, build_model, images=images[..., :2], channel_names=NAMES[:2])
    assert found.order == ("signal", "noise")
    assert found.scores[1] > 0.9
    assert found.scores[0] < 0.75
    assert (found.method, found.unit) == ("single_channel", "accuracy alone")


def test_channels_that_replace_each_other_can_both_be_left_out():
    found = scored(leave_one_out)
    assert np.abs(found.scores).max() < 0.1
    assert (found.method, found.unit) == ("leave_one_out", "drop in accuracy")


def test_the_only_channel_that_tells_something_is_missed():
    images, *_ = planted()
    found = scored(leave_one_out, images=images[..., :2], channel_names=NAMES[:2])
    assert found.order == ("signal", "noise")
    assert found.scores[1] > 0.3
    assert abs(found.scores[0]) < 0.1


def test_build_model_sees_the_training_images_of_its_channels():
    images, *_ = planted()
    seen = []

    def build(given):
        seen.append(np.asarray(given))
        return brightness_model(given)

    scored(leave_one_out, build, training=BRIEF)
    assert [part.shape[-1] for part in seen] == [3, 2, 2, 2]
    assert {len(part) for part in seen} == {len(seen[0])}
    assert 50 < len(seen[0]) < 65
    rows = [np.flatnonzero((images == image).all(axis=(1, 2, 3)))[0] for image in seen[0]]
    for part, channels in zip(seen, [[0, 1, 2], [1, 2], [0, 2], [0, 1]], strict=True):
        np.testing.assert_array_equal(part, images[rows][..., channels])


def test_a_normalization_layer_adapts_to_what_build_model_gets():
    def build(given):
        inputs = keras.Input(given.shape[1:])
        scale = keras.layers.Normalization()
        scale.adapt(given)
        pooled = keras.layers.GlobalAveragePooling2D()(scale(inputs))
        model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(pooled))
        model.compile(keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy")
        return model

    assert scored(single_channel, build).scores[1:].min() > 0.9


def test_images_read_from_files_stay_lazy():
    images, *_ = planted()

    class Lazy:
        shape, dtype, asked = images.shape, images.dtype, []

        def __getitem__(self, rows):
            self.asked.append(len(rows))
            return images[rows]

    kinds = []

    def build(given):
        kinds.append(type(given))
        assert given[:5].shape == (5, 8, 8, 1)
        return brightness_model(given)

    lazy = Lazy()
    found = scored(single_channel, build, images=lazy)
    assert set(kinds) == {ChannelView}
    assert max(lazy.asked) == TINY.batch_size
    np.testing.assert_allclose(found.scores, scored(single_channel).scores)


def test_repeats_differ_in_their_split_and_their_mean_is_the_score():
    splits = []

    def build(given):
        splits.append(np.asarray(given)[:, 0, 0, 0].tolist())
        return brightness_model(given)

    found = scored(single_channel, build, num_repeats=2, training=BRIEF)
    assert found.repeats.shape == (2, 3)
    np.testing.assert_allclose(found.scores, found.repeats.mean(axis=0))
    assert splits[0] != splits[3]


def test_the_same_seed_gives_the_same_start_and_the_same_scores():
    images, *_ = planted()
    starts = []

    def build(given):
        model = brightness_model(given)
        starts.append(np.array(model.get_weights()[0]))
        return model

    settings = {"images": images[..., :2], "channel_names": NAMES[:2], "training": BRIEF}
    found = [scored(single_channel, build, seed=seed, **settings) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(found[0].scores, found[1].scores)
    np.testing.assert_array_equal(starts[0], starts[2])
    assert (starts[0] != starts[4]).all()


def test_no_test_group_is_trained_on():
    images, _, groups = planted()
    images[..., 0] = np.unique(groups, return_inverse=True)[1][:, None, None]  # names its group
    trained_on = []

    def build(given):
        trained_on.append(set(np.asarray(given)[:, 0, 0, 0].tolist()))
        return brightness_model(given)

    scored(single_channel, build, images=images, num_repeats=3, training=BRIEF)
    seen = set().union(*(trained_on[3 * repeat] for repeat in range(3)))
    num_groups = len(np.unique(groups))
    assert len(seen) <= 0.75 * num_groups


@pytest.mark.parametrize("method", [single_channel, leave_one_out])
def test_all_channels_go_straight_into_the_backbone_whatever_training_says(method):
    images, *_ = planted()
    given = {"images": images[..., :2], "channel_names": NAMES[:2]}
    found, expected = (
        scored(method, None, training=Training(epochs=1, dropout=0.25, **mixing), **given)
        for mixing in ({"num_mixes": 2, "channel_subsets": True}, {"mixer": "none"})
    )
    np.testing.assert_array_equal(found.scores, expected.scores)


def test_one_channel_alone_is_scored_but_cannot_be_left_out():
    images, labels, groups = planted()
    dataset = label_images(images, labels, channel_names=NAMES, groups=groups).keep([1])
    given = {"images": dataset, "labels": None, "channel_names": None, "groups": None}
    found = scored(single_channel, **given)
    assert found.channel_names == ("signal",)
    assert found.scores[0] > 0.9
    with pytest.raises(ValueError, match=r"needs at least two. Received: only 'signal'"):
        scored(leave_one_out, **given)


def test_a_channel_without_enough_spread_is_named_before_anything_is_trained(monkeypatch):
    monkeypatch.setattr(keras.Model, "fit", lambda *args, **kwargs: pytest.fail("trained"))
    images, *_ = planted()
    images = images.astype("float64")
    images[..., 2] *= 1e-9
    with pytest.raises(ValueError, match="Channel 'copy' varies by less than"):
        scored(single_channel, None, images=images)


@pytest.mark.parametrize("build_model", [brightness_model, None])
def test_a_constant_channel_scores_a_guess(build_model):
    images, *_ = planted()
    images[..., 2] = 100
    assert scored(single_channel, build_model, images=images).scores[2] == 0.5


@pytest.mark.parametrize("method", [single_channel, leave_one_out])
@pytest.mark.parametrize(
    ("build_model", "error", "words"),
    [
        ("convnet", TypeError, "must be a function from training images .*build_model='convnet'"),
        (lambda images: None, TypeError, "must return a compiled keras.Model. Received: NoneType"),
        (
            partial(brightness_model, compiled=False),
            ValueError,
            r"call `model.compile\(...\)` in it. Received: 'brightness', not compiled",
        ),
        (
            partial(brightness_model, num_classes=3),
            ValueError,
            r"2 outputs, one for each class \(high, low\). .*output shape \(None, 3\)",
        ),
        (
            partial(brightness_model, num_channels=7),
            ValueError,
            r"of shape \(batch, 8, 8, \d\) for the channel\(s\) noise.*\(None, 8, 8, 7\)",
        ),
    ],
)
def test_a_model_that_does_not_fit_is_refused_in_words(method, build_model, error, words):
    with pytest.raises(error, match=words):
        scored(method, build_model)


@pytest.mark.parametrize("method", [single_channel, leave_one_out])
@pytest.mark.parametrize("number", [0, True, 1.5])
def test_the_number_of_repeats_is_checked(method, number):
    with pytest.raises(ValueError, match="`num_repeats` must be a positive integer"):
        scored(method, num_repeats=number)


def test_a_training_that_diverges_names_its_channel():
    def build(given):
        model = brightness_model(given)
        model.compile(keras.optimizers.SGD(1e30), "sparse_categorical_crossentropy")
        model.layers[-1].kernel.assign(model.layers[-1].kernel * np.nan)
        return model

    with pytest.raises(ValueError, match=r"Training on noise diverged at seed 0 .*lower the learn"):
        scored(single_channel, build)


def test_a_sequential_model_without_an_input_is_built():
    def build(given):
        layers = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
        model = keras.Sequential([keras.layers.Rescaling(0.1, offset=-10.4), *layers])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.1), loss)
        return model

    assert scored(single_channel, build).scores[1:].min() > 0.9
