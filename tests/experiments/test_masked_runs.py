"""How the masked model is trained, and how many images its subsets are scored on."""

import keras
import numpy as np
import pytest

from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.experiments.masked_runs import (
    fold_scores,
    images_to_score,
    masked_training,
    run_masked,
    score_more,
)
from keras_dcmix.experiments.panel_runs import plain_training
from keras_dcmix.experiments.run_store import RunStore
from keras_dcmix.importance.subsets.sampling import choose_subsets
from keras_dcmix.models import Training
from keras_dcmix.models.custom import CustomParts
from keras_dcmix.models.split import Split

IMAGENET = Training(backbone="ResNet50", weights="imagenet")


@pytest.mark.parametrize(
    ("channels", "mixer", "mixes"),
    [(1, "none", 1), (2, "dcmix", 3), (3, "none", 1), (6, "dcmix", 3)],
)
def test_weights_from_imagenet_take_one_or_three_planes(channels, mixer, mixes):
    for found in (plain_training(IMAGENET, channels), masked_training(IMAGENET, channels, 100)):
        assert (found.mixer, found.num_mixes) == (mixer, mixes)


def test_panels_and_masked_models_of_our_own_backbone_have_no_mix():
    training = Training(num_mixes=2)
    assert plain_training(training, 6).mixer == "none"
    assert not plain_training(training, 6).channel_subsets
    masked = masked_training(training, 6, 100)
    assert (masked.mixer, masked.num_mixes, masked.channel_subsets) == ("none", 1, True)


def test_the_masked_model_takes_its_steps_in_complete_epochs():
    training = Training(epochs=4, batch_size=32, check_steps=450)
    assert masked_training(training, 6, 32 * 200).epochs == 3
    assert masked_training(training, 6, 32 * 10).epochs == 45
    assert masked_training(training, 6, 32 * 10 + 1).epochs == 41


def test_from_nothing_it_takes_the_epochs_of_the_classifier_too():
    training = Training(epochs=4, batch_size=32, check_steps=450)
    assert masked_training(training, 6, 32 * 10, from_scratch=True).epochs == 49


def split_of(num_train: int) -> Split:
    return Split(np.arange(num_train), np.arange(0), np.arange(0))


def test_many_subsets_are_scored_on_fewer_images():
    masked = Training(epochs=10)
    assert images_to_score(split_of(4000), masked, 16) == 2 * 10 * 4000 // 16
    assert images_to_score(split_of(4000), masked, 1024) == 128
    assert images_to_score(split_of(40), masked, 64) == 48_000 // 64


@pytest.fixture(scope="module")
def scored(planted, quick_build, tmp_path_factory):
    """A masked model of one fold, its store, and the classifier that it started from."""
    images, labels, groups = planted
    dataset = label_images(images, labels, groups=groups)
    split = Split(np.arange(32), np.arange(32, 48), np.arange(48, 64))
    store = RunStore(tmp_path_factory.mktemp("masked"), {})
    start = quick_build(images)
    subsets = choose_subsets(2, np.random.default_rng(0)).subsets[[0, 3]]
    training = Training(epochs=1, check_steps=1)
    custom = CustomParts(quick_build)
    run_masked(dataset, split, training, store, 5, subsets, start, custom)
    return dataset, split, training, store, subsets


def test_the_scores_of_all_subsets_are_saved(scored):
    *_, store, subsets = scored
    found = fold_scores(store, 5)
    assert found.rows.tolist() == list(range(16))
    np.testing.assert_array_equal(found.subsets, subsets)
    assert set(np.unique(found.scores[0])) <= {0, 1}
    assert (found.scores[1] < 0).all()


def test_more_subsets_are_added_and_known_ones_not_scored_again(scored):
    dataset, split, training, store, subsets = scored
    before = fold_scores(store, 5).scores
    more = np.array([[False, True], [True, True]])
    score_more(dataset, split, training, store, 5, more)
    found = fold_scores(store, 5)
    np.testing.assert_array_equal(found.subsets, [*subsets, more[0]])
    np.testing.assert_array_equal(found.scores[:, :2], before)


def test_where_all_subsets_are_known_the_model_is_not_even_read(scored, monkeypatch):
    dataset, split, training, store, subsets = scored

    def read(*_):
        raise AssertionError("the model was read")

    monkeypatch.setattr(keras.models, "load_model", read)
    score_more(dataset, split, training, store, 5, subsets)
