"""Models, callbacks and optimizers of the user's own in `rank_channels` and `compare_methods`."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pytest

from keras_dcmix import Training, compare_methods, rank_channels
from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.experiments.run_store import RunStore, run_settings
from keras_dcmix.layers import DCMix
from keras_dcmix.models.custom import CustomParts

NAMES = ("noise", "signal")

BRIEF = Training(epochs=2, batch_size=16, check_steps=1)


class Counting(keras.callbacks.Callback):
    """Counts the trainings that this very object has seen."""

    def __init__(self) -> None:
        super().__init__()
        self.trainings = 0

    def on_train_begin(self, logs=None) -> None:
        self.trainings += 1


def ranked(planted, **kwargs):
    images, labels, groups = planted
    given = {"groups": groups, "channel_names": NAMES, "training": BRIEF, "num_folds": 1}
    return rank_channels(images, labels, **{**given, "verbose": False, "check": False, **kwargs})


def test_a_model_of_ones_own_is_ranked_and_checked(planted, build):
    training = Training(epochs=8, batch_size=8, check_steps=1)
    ranking = ranked(planted, build_model=build, training=training, check=True, retrain=False)
    assert ranking.model.name == "own"
    assert ranking.importance.channel_names == NAMES
    assert len(ranking.history) == 8 * 2
    assert ranking.check.scores.score_of(["signal"]) > ranking.check.scores.score_of(["noise"])
    assert ranking.plot_mix() is not None


def test_a_masked_model_that_cannot_be_split_is_scored_as_it_is(planted):
    def logits(images):
        inputs = keras.Input(images.shape[1:])
        x = keras.layers.Flatten()(DCMix()(keras.layers.Rescaling(0.1, offset=-10)(inputs)))
        model = keras.Model(inputs, keras.layers.Dense(2)(x))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, run_eagerly=True)
        return model

    ranking = ranked(planted, build_model=logits, check=True, retrain=False)
    assert np.isfinite(ranking.check.scores.scores("log_likelihood")).all()
    assert set(ranking.evidence["channel"]) == set(NAMES)


def test_panels_get_a_model_of_their_channels(planted, quick_build):
    shapes = []

    def build_model(images):
        shapes.append(images.shape[-1])
        return quick_build(images)

    ranked(planted, build_model=build_model, panels=[["signal"]])
    assert shapes == [2, 2, 1]


def test_a_model_without_a_mixing_layer_cannot_be_ranked(planted, build):
    with pytest.raises(ValueError, match=r"one keras_dcmix.layers.DCMix layer.*with 0 such layers"):
        ranked(planted, build_model=partial(build, mixes=False))


@pytest.mark.parametrize("layer", [DCMix(channel_names=("signal", "noise")), None])
def test_the_mixing_layer_must_take_the_channels_in_their_order(planted, layer):
    def build_model(images):
        inputs = keras.Input(images.shape[1:])
        x = layer(inputs) if layer else DCMix()(keras.layers.Conv2D(5, 3)(inputs))
        outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(x))
        model = keras.Model(inputs, outputs)
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    with pytest.raises(ValueError, match="must mix the image channels noise, signal, in this"):
        ranked(planted, build_model=build_model)


def test_callbacks_are_made_for_each_training_by_its_name(planted, quick_build):
    made = {}

    def callbacks(run):
        made[run] = [Counting()]
        return made[run]

    ranked(planted, callbacks=callbacks, check=True, build_model=quick_build)
    panel = next(run for run in made if run.startswith("panel_"))
    names = ["seed_0", "all_channels_0", "masked_0", panel]
    assert {run: each.trainings for run, [each] in made.items()} == dict.fromkeys(names, 1)


def test_a_list_of_callbacks_is_copied_for_each_training(planted, quick_build):
    class Once(Counting):
        def on_train_begin(self, logs=None) -> None:
            super().on_train_begin()
            assert self.trainings == 1

    own = Once()
    ranked(planted, callbacks=[own], num_folds=2, build_model=quick_build)
    assert own.trainings == 0


@pytest.mark.parametrize(
    ("optimizer", "kind", "rate"),
    [
        ("sgd", keras.optimizers.SGD, None),
        (keras.optimizers.RMSprop(0.01), keras.optimizers.RMSprop, 0.01),
        (None, keras.optimizers.Adam, None),
    ],
)
def test_each_training_gets_an_optimizer_of_its_own(optimizer, kind, rate):
    custom = CustomParts(optimizer=optimizer)
    first, second = custom.new_optimizer(0.125), custom.new_optimizer(0.125)
    assert isinstance(first, kind)
    assert first is not second
    assert first is not optimizer
    assert float(first.learning_rate) == pytest.approx(rate or 0.125)


def test_the_optimizer_is_used(planted):
    still = ranked(planted, optimizer=keras.optimizers.SGD(1e-12))
    np.testing.assert_allclose(still.importance.scores, 0.5, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"build_model": "ResNet50"}, "`build_model` must be a function.*'ResNet50'"),
        ({"callbacks": Counting()}, "`callbacks` must be a list .* Received: Counting"),
        ({"callbacks": ["tensorboard"]}, "`callbacks` must be a list .* Received: str"),
        ({"callbacks": lambda run: run}, "`callbacks` must be a list .* Received: str"),
        ({"optimizer": "adamm"}, "`optimizer` must be .* Received: optimizer='adamm'"),
        ({"optimizer": 3}, "`optimizer` must be .* Received: optimizer=3"),
        ({"optimizer": "adam", "build_model": print}, "`optimizer` is for our own model"),
    ],
)
def test_what_is_none_is_refused_in_words(planted, change, words):
    with pytest.raises((TypeError, ValueError), match=words):
        ranked(planted, **change)


@pytest.mark.parametrize("name", ["build_model", "callbacks", "optimizer"])
def test_a_checkpoint_with_other_parts_is_refused(planted, build, tmp_path, name):
    images, labels, groups = planted
    dataset = label_images(images, labels, groups=groups)
    parts = {"build_model": build, "callbacks": [Counting()], "optimizer": "sgd"}
    RunStore(tmp_path, run_settings(dataset, BRIEF, CustomParts(), 0))
    with pytest.raises(ValueError, match=f"other settings .{name} is another"):
        RunStore(tmp_path, run_settings(dataset, BRIEF, CustomParts(**{name: parts[name]}), 0))


def test_an_edited_function_is_another_setting():
    def first(images):
        return 1

    def second(images):
        return 2

    second.__qualname__ = first.__qualname__
    settings = [CustomParts(each).settings() for each in (first, first, second, partial(first, 3))]
    assert settings[0] == settings[1]
    assert settings[0] != settings[2]
    assert settings[0] != settings[3]


def compared(planted, build_model, methods):
    images, labels, groups = planted
    return compare_methods(
        images, labels, groups=groups, channel_names=NAMES, methods=methods, num_seeds=1,
        training=BRIEF, build_model=build_model, verbose=False,
    )  # fmt: skip


def test_a_model_of_ones_own_is_compared_where_a_method_can_look_at_it(planted, build):
    sizes = []

    def build_model(images):
        sizes.append(images.shape[-1])
        return build(images, mixes=False)

    methods = ["dcmix", "shapley", "occlusion", "cbam", "leave_one_out"]
    found = compared(planted, build_model, methods)
    assert set(found.skipped) == {"dcmix", "cbam"}
    assert [each.method for each in found.importances] == ["shapley", "occlusion", "leave_one_out"]
    assert sizes == [2, 2, 2, 1, 1]  # looked at for a mixing layer; masked, all channels, each one


def test_a_mixing_model_of_ones_own_is_compared_by_its_weights(planted, build):
    assert compared(planted, build, ["dcmix"]).importances[0].method == "dcmix"
