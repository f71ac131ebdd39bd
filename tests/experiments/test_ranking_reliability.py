"""Of which models the verdict speaks: classifiers on all channels, and models with one mix."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from keras_dcmix.experiments.predictions import Predictions
from keras_dcmix.experiments.rank import rank_channels
from keras_dcmix.experiments.reliability import read_reliability
from keras_dcmix.layers import DCMix
from keras_dcmix.models import Training

pytestmark = pytest.mark.slow

NAMES = ("noise", "signal")


def predictions(accuracy: float, wells=("A01", "A02", "A03", "B01", "B02", "B03")) -> Predictions:
    """Twenty images a well; the wells of the second half are of the second class."""
    labels = np.repeat(np.arange(len(wells)) * 2 // len(wells), 20)
    right = np.tile(np.arange(20) < round(20 * accuracy), len(wells))
    probabilities = np.eye(2)[np.where(right, labels, 1 - labels)]
    return Predictions(("low", "high"), labels, np.repeat(wells, 20), probabilities[None])


def quick(images) -> keras.Model:
    """A model that is trained in a moment."""
    inputs = keras.Input(images.shape[1:])
    x = DCMix()(keras.layers.Rescaling(0.1, offset=-10)(inputs))
    x = keras.layers.Dense(2, activation="softmax")(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, x, name="quick")
    model.compile(keras.optimizers.Adam(0.03), "sparse_categorical_crossentropy", run_eagerly=True)
    return model


def faster(name: str) -> list[keras.callbacks.Callback]:
    """Lets the classifiers on all channels, which are models of the same kind, end elsewhere."""
    rate = 0.5 if name.startswith("all_channels") else 0.03
    return [keras.callbacks.LearningRateScheduler(lambda epoch: rate)]


def ranked(planted, **options):
    images, labels, groups = planted
    return rank_channels(
        images,
        labels,
        groups=groups,
        channel_names=NAMES,
        num_folds=3,
        training=Training(epochs=1, batch_size=32),
        build_model=quick,
        callbacks=faster,
        check=False,
        verbose=False,
        **options,
    )


@pytest.fixture(scope="module")
def ranking(planted):
    return ranked(planted, panels=[["signal"]])


def test_classifiers_on_all_channels_are_those_that_panels_are_compared_with(ranking):
    found = ranking.all_channels
    assert found.probabilities.shape == ranking.predictions.probabilities.shape
    assert not np.array_equal(found.probabilities, ranking.predictions.probabilities)
    table = ranking.panels.set_index("num_channels")
    assert table.loc[2, "retrained"] == pytest.approx(found.by_class()["accuracy"].mean())


def test_reliability_is_of_all_channels_and_that_of_the_mix_stands_beside_it(ranking):
    found = replace(ranking, predictions=predictions(0.5), all_channels=predictions(0.9)).verdict()
    assert found.reliability.accuracy == pytest.approx(0.9)
    assert found.mix.accuracy == pytest.approx(0.5)
    assert found.reliability.is_reliable
    assert not found.weights_are_reliable
    assert found.num_mixes == 1


def test_without_classifiers_on_all_channels_reliability_is_of_the_mix(planted):
    ranking = ranked(planted)
    assert ranking.all_channels is None
    assert ranking.verdict().mix is None
    right = ranking.predictions.right.mean()
    assert ranking.verdict().reliability.accuracy == pytest.approx(right)


def test_panels_of_models_that_show_nothing_are_not_decided_in_the_table(ranking):
    poor = replace(ranking, all_channels=predictions(0.5))
    assert set(poor.panels["decision"]) == {"", "undecided"}


def test_groups_of_several_classes_and_repeats_are_counted(ranking):
    assert ranking.verdict().held_out.num_mixed_groups == 0
    assert ranking.verdict().held_out.num_repeats == 1
    mixed = predictions(0.9, ("A01", "A02", "A01", "A03"))
    twice = replace(mixed, probabilities=np.repeat(mixed.probabilities, 2, axis=0))
    found = replace(ranking, predictions=twice, all_channels=None).verdict().held_out
    assert (found.num_groups, found.num_mixed_groups, found.num_repeats) == (3, 1, 2)


def test_repeats_of_a_custom_loop_are_not_known(ranking):
    assert replace(ranking, training=None).verdict().held_out.num_repeats is None


@pytest.mark.parametrize(
    ("wells", "missing"),
    [
        (("A01", "A02", "A03", "B01", "B02", "B03"), 0),  # 1 of 20 assignments
        (("A01", "A02", "B01", "B02"), 2),
        (("A01", "B01"), 4),
        (("A01", "A02", "A01", "A02"), 4),  # two wells of both classes: 1 of 4, with 4 more 24
    ],
)
def test_how_many_more_groups_the_test_of_reliability_needs(wells, missing):
    found = read_reliability(predictions(1.0, wells))
    assert found.groups_missing == missing
    assert found.is_decidable == (missing == 0)


def test_the_interval_of_a_single_group_is_not_known():
    found = read_reliability(predictions(0.9, ("A01", "A01")))
    assert np.isnan([found.low, found.high]).all()


def test_an_interval_ends_at_all_images():
    assert read_reliability(predictions(0.95)).high <= 1
