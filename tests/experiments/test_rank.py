from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_dcmix
from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.experiments.check import masked_training
from keras_dcmix.experiments.rank import rank_channels
from keras_dcmix.experiments.run_store import RunStore, run_settings
from keras_dcmix.models import Training
from keras_dcmix.models.custom import CustomParts

TINY = Training(epochs=8, batch_size=8, learning_rate=0.03, check_steps=1)
BRIEF = Training(epochs=1, check_steps=1)


def planted(num_images: int = 96, *, label_noise: bool = False):
    """Class 1 brightens the middle of channel "signal"; "noise" tells nothing."""
    rng = np.random.default_rng(0)
    labels = np.arange(num_images) % 2
    images = rng.normal(100, 10, (num_images, 8, 8, 2)).astype("float32")
    shown = rng.permutation(labels) if label_noise else labels
    images[:, 2:6, 2:6, 1] += 25 * shown[:, None, None]
    # Noise in the same place, stronger than the signal: a mix must turn it down to be of use.
    images[:, 2:6, 2:6, 0] += rng.normal(0, 30, (num_images, 1, 1))
    groups = np.array([f"W{index // 2 % 16:02}_{label}" for index, label in enumerate(labels)])
    return images, np.array(["low", "high"])[labels], groups


def ranked(*args, **kwargs):
    kwargs = {"training": TINY, "num_seeds": 2, "verbose": False, "check": False, **kwargs}
    return rank_channels(*args, **{"channel_names": ["noise", "signal"], **kwargs})


@pytest.fixture(scope="module")
def ranking():
    images, labels, groups = planted()
    return ranked(images, labels, groups=groups, check=True)


def test_the_informative_channel_comes_first_in_every_seed(ranking):
    assert ranking.importance.order == ("signal", "noise")
    assert (np.argmax(ranking.importance.repeats, axis=1) == 1).all()
    np.testing.assert_allclose(ranking.importance.repeats.sum(axis=1), 1, rtol=1e-5)


def test_one_accuracy_and_one_row_for_each_seed(ranking):
    assert ranking.accuracy.shape == (2,)
    assert list(ranking.runs) == ["seed", "accuracy", "epochs", "seconds"]
    assert ranking.runs["seed"].tolist() == [0, 1]
    assert (ranking.accuracy > 0.8).all()


def test_the_predictions_give_the_accuracy_of_each_seed(ranking):
    np.testing.assert_allclose(ranking.predictions.right.mean(axis=1), ranking.accuracy)
    assert ranking.predictions.classes == ranking.classes
    groups = ranking.predictions.by_group()
    assert sorted(groups["group"]) == ranking.split["test"]
    assert groups["images"].sum() == ranking.num_test_images


def test_test_groups_are_seen_by_no_model(ranking):
    test = set(ranking.split["test"])
    for parts in ranking.split["seeds"].values():
        train, validation = set(parts["train"]), set(parts["validation"])
        assert not test & train
        assert not test & validation
        assert not train & validation
        assert len(test | train | validation) == 32


def test_seeds_differ_in_what_they_train_on(ranking):
    first, second = ranking.split["seeds"].values()
    assert first["train"] != second["train"]


def test_history_holds_every_seed_epoch_and_channel(ranking):
    columns = ["seed", "epoch", "step", "channel", "mix", "alpha", "share"]
    assert list(ranking.history) == columns
    assert len(ranking.history) == 2 * TINY.epochs * 2


def test_the_model_takes_raw_pixels_and_knows_its_channels(ranking):
    images, labels, _ = planted()
    predicted = ranking.model.predict(images, verbose=0).argmax(axis=1)
    assert (np.array(ranking.classes)[predicted] == labels).mean() > 0.8
    assert keras_dcmix.importance.mixing_weights(ranking.model).channel_names == ("noise", "signal")


def test_the_summary_names_the_leader_the_runs_and_the_accuracy(ranking):
    text = ranking.summary()
    assert text.startswith("signal leads with ")
    assert "first in 2 of 2 runs" in text
    assert "unseen groups" in text
    assert ranking.verdict().reliability.is_reliable
    assert text.count("The check") == 1


def test_a_model_that_is_not_reliable_has_no_reliable_ranking():
    images, labels, groups = planted(label_noise=True)
    ranking = ranked(images, labels, groups=groups, num_seeds=1)
    assert not ranking.verdict().reliability.is_reliable
    assert "No reliable ranking" in ranking.summary()


def test_rescaling_and_shifting_a_raw_channel_changes_no_rank(ranking):
    images, labels, groups = planted()
    moved = images * np.float32([1000, 1]) + np.float32([0, 500])
    again = ranked(moved, labels, groups=groups)
    assert again.importance.order == ranking.importance.order
    np.testing.assert_allclose(again.importance.scores, ranking.importance.scores, atol=0.05)
    difference = again.model.predict(moved, verbose=0) - ranking.model.predict(images, verbose=0)
    assert np.abs(difference).max() < 0.1


def test_the_check_finds_the_channel_that_informs_and_what_can_be_dropped(ranking):
    scores = ranking.check.scores
    assert scores.channel_names == ("noise", "signal")
    assert scores.exact
    assert scores.shapley("log_likelihood").order == ("signal", "noise")
    panels = scores.best_panels("accuracy").set_index("num_channels")
    assert panels.loc[1, "panel"] == "signal"
    assert ranking.check.accuracy > 0.8
    assert ranking.check.num_images == ranking.num_test_images
    assert "The check" in ranking.summary()


def test_the_blocks_of_the_check_are_the_test_groups(ranking):
    assert len(ranking.check.scores.block_sizes) == len(ranking.split["test"])


def test_without_a_check_the_summary_says_nothing_of_it():
    images, labels, groups = planted()
    ranking = ranked(images, labels, groups=groups, num_seeds=1)
    assert ranking.check is None
    assert "check" not in ranking.summary()


def test_a_check_that_is_not_reliable_confirms_nothing(ranking):
    import dataclasses

    from keras_dcmix.evidence.verdict import UnreliableCheck

    weak = dataclasses.replace(ranking.check, accuracy=0.5)
    doubtful = dataclasses.replace(ranking, check=weak)
    assert isinstance(doubtful.verdict().check, UnreliableCheck)
    assert not isinstance(ranking.verdict().check, UnreliableCheck)
    assert "The check cannot confirm this" in doubtful.summary()


def test_a_finished_check_is_not_done_again(tmp_path):
    images, labels, groups = planted()
    given = {"groups": groups, "num_seeds": 1, "check": True, "checkpoint_dir": tmp_path}
    first = ranked(images, labels, training=BRIEF, **given)
    before = (tmp_path / "check.keras").stat().st_mtime_ns
    again = ranked(images, labels, training=BRIEF, **given)
    assert (tmp_path / "check.keras").stat().st_mtime_ns == before
    assert again.check.scores.to_frame().equals(first.check.scores.to_frame())


def test_the_check_of_weights_from_imagenet_mixes_into_three_planes():
    training = Training(backbone="ResNet50", weights="imagenet")
    assert masked_training(training, 6, 100).num_mixes == 3
    assert masked_training(training, 3, 100).mixer == "none"
    assert masked_training(Training(num_mixes=2), 6, 100).mixer == "none"
    assert masked_training(Training(num_mixes=2), 6, 100).channel_subsets


def test_the_check_of_few_images_takes_more_epochs():
    training = Training(epochs=4, batch_size=32, check_steps=750)
    assert masked_training(training, 6, 32 * 200).epochs == 4
    assert masked_training(training, 6, 32 * 10).epochs == 75
    assert masked_training(training, 6, 32 * 10 + 1).epochs == 69


def test_finished_seeds_are_not_trained_again(tmp_path):
    images, labels, groups = planted()
    first = ranked(images, labels, groups=groups, num_seeds=1, checkpoint_dir=tmp_path)
    before = (tmp_path / "seed_0.keras").stat().st_mtime_ns
    second = ranked(images, labels, groups=groups, checkpoint_dir=tmp_path)
    assert (tmp_path / "seed_0.keras").stat().st_mtime_ns == before
    assert second.accuracy[0] == first.accuracy[0]
    found, expected = second.predictions.probabilities, first.predictions.probabilities
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(second.importance.repeats[0], first.importance.repeats[0])


def test_a_seed_of_an_earlier_version_without_probabilities_is_trained_again(tmp_path):
    images, labels, groups = planted()
    given = {"groups": groups, "num_seeds": 1, "checkpoint_dir": tmp_path}
    ranked(images, labels, training=BRIEF, **given)
    path = tmp_path / "seed_0.json"
    facts = json.loads(path.read_text())
    path.write_text(json.dumps(facts | {"predicted": [0] * 24}))
    again = ranked(images, labels, training=BRIEF, **given)
    assert again.predictions.predicted.shape == (1, again.num_test_images)
    assert "predicted" not in json.loads(path.read_text())


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"PK")])
def test_a_seed_whose_probabilities_are_missing_or_damaged_is_trained_again(damage, tmp_path):
    images, labels, groups = planted()
    given = {"groups": groups, "num_seeds": 1, "checkpoint_dir": tmp_path, "check": False}
    first = ranked(images, labels, training=BRIEF, **given)
    damage(tmp_path / "seed_0.npz")
    again = ranked(images, labels, training=BRIEF, **given)
    assert (tmp_path / "seed_0.npz").stat().st_size > 100
    found, expected = again.predictions.probabilities, first.predictions.probabilities
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_run_of_an_earlier_version_without_a_newer_setting_is_resumed(tmp_path):
    images, labels, groups = planted()
    dataset = label_images(images, labels, groups=groups)
    settings = run_settings(dataset, Training(), CustomParts(), 0)
    older = dict(Training().__dict__)
    del older["check_steps"]
    RunStore(tmp_path, settings | {"training": older})
    assert RunStore(tmp_path, settings).folder == tmp_path
    shorter = run_settings(dataset, Training(check_steps=9), CustomParts(), 0)
    with pytest.raises(ValueError, match=r"other settings \(check_steps was 750, is 9\)"):
        RunStore(tmp_path, shorter)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    images, labels, groups = planted()
    settings = {"groups": groups, "num_seeds": 1, "checkpoint_dir": tmp_path}
    ranked(images, labels, training=Training(epochs=1), **settings)
    with pytest.raises(ValueError, match=r"other settings \(epochs was 1, is 2\)"):
        ranked(images, labels, training=Training(epochs=2), **settings)
    with pytest.raises(ValueError, match=r"images or labels are others"):
        ranked(images + 1, labels, training=Training(epochs=1), **settings)


@pytest.mark.slow
def test_two_jobs_at_a_time_give_what_one_gives(ranking):
    images, labels, groups = planted()
    parallel = ranked(images, labels, groups=groups, n_jobs=2)
    np.testing.assert_allclose(parallel.importance.repeats, ranking.importance.repeats, atol=1e-4)


def test_images_without_a_label_are_left_out_and_counted():
    images, labels, groups = planted()
    labels = labels.astype(object)
    labels[:4] = [None, "", " ", float("nan")]
    ranking = ranked(images, labels, groups=groups, num_seeds=1)
    assert ranking.num_unlabelled == 4
    assert ranking.classes == ("high", "low")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": ["a"] * 96}, r"at least two classes.*Received: a"),
        ({"labels": ["a", "b"]}, r"`labels` .* shape \(96,\).*\(2,\)"),
        ({"labels": None}, "one label for each image"),
        ({"groups": np.zeros(96)}, r"group"),
        ({"groups": ["x"] * 3}, r"`groups` .* shape \(96,\)"),
        ({"images": np.zeros((96, 8, 8, 1))}, "one channel alone"),
        ({"images": np.zeros((96, 8, 8))}, r"shape=\(96, 8, 8\)"),
        ({"images": np.full((96, 8, 8, 2), "x")}, "`images` must be numbers"),
        ({"num_seeds": 0}, "`num_seeds` must be a positive integer"),
        ({"n_jobs": 0}, "`n_jobs` must be a positive integer"),
        ({"training": Training(mixer="none")}, "needs mixer='dcmix'"),
    ],
)
def test_bad_input_is_refused_in_words(change, words):
    images, labels, groups = planted()
    given = {"images": images, "labels": labels, "groups": groups, **change}
    with pytest.raises((ValueError, TypeError), match=words):
        ranked(given.pop("images"), given.pop("labels"), **given)


def test_a_constant_channel_is_left_out_with_a_warning():
    images, labels, groups = planted()
    images = np.concatenate([images, np.full_like(images[..., :1], 3.3)], axis=-1)
    names = ["noise", "signal", "empty"]
    with pytest.warns(UserWarning, match="Left out the channel empty: the same value in every"):
        ranking = ranked(images, labels, groups=groups, channel_names=names)
    assert ranking.importance.channel_names == ("noise", "signal")
    assert ranking.constant_channels == ("empty",)
    assert ranking.model.input_shape[-1] == 2


def test_a_channel_that_varies_outside_the_training_part_only_is_kept():
    images, labels, groups = planted()
    images = np.concatenate([images, np.full_like(images[..., :1], 3.3)], axis=-1)
    ranking = ranked(images[..., :2], labels, groups=groups)
    tested = np.flatnonzero(groups == ranking.split["test"][0])[0]
    images[tested, 0, 0, -1] = 4
    ranking = ranked(images, labels, groups=groups, channel_names=["noise", "signal", "odd"])
    assert ranking.importance.channel_names == ("noise", "signal", "odd")
    assert ranking.importance.repeats[:, 2].tolist() == [0, 0]


def test_at_least_two_channels_must_vary():
    images, labels, groups = planted()
    images[..., 1:] = 3.3
    with pytest.raises(ValueError, match=r"at least two channels that vary.*leaves 1 of"):
        ranked(images, labels, groups=groups)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_pixels_that_are_not_finite_name_image_and_channel(value):
    images, labels, groups = planted()
    images[7, 0, 0, 1] = value
    with pytest.raises(ValueError, match=r"image 7, channel\(s\) \[1\]"):
        ranked(images, labels, groups=groups)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("batch_size", -1),
        ("num_mixes", 1.5),
        ("learning_rate", 0),
        ("check_steps", 0),
    ],
)
def test_training_refuses_numbers_out_of_range(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        Training(**{name: value})


def test_a_training_that_diverges_says_so(monkeypatch):
    images, labels, groups = planted()
    fit = keras.Model.fit

    def diverged(*args, **kwargs):
        fitted = fit(*args, **kwargs)
        fitted.history["val_loss"] = [float("nan")]
        return fitted

    monkeypatch.setattr(keras.Model, "fit", diverged)
    with pytest.raises(ValueError, match=r"diverged at seed 0.*learning_rate=0\.03"):
        ranked(images, labels, groups=groups, training=Training(epochs=1, learning_rate=0.03))


def test_a_planted_problem_brings_labels_groups_and_names_along(ranking):
    from keras_dcmix.datasets import ChannelDataset

    images, labels, groups = planted()
    dataset = ChannelDataset(images, labels, ("noise", "signal"), np.array([0, 1]), groups)
    again = rank_channels(dataset, training=TINY, num_seeds=1, check=False, verbose=False)
    np.testing.assert_allclose(
        again.importance.repeats[0], ranking.importance.repeats[0], atol=1e-4
    )


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (0.25, 0.25, 0.25, 0.25), (0.5, 0, 0.5)])
def test_training_wants_three_shares(fractions):
    with pytest.raises(ValueError, match="three shares above 0"):
        Training(fractions=fractions)


def test_a_channel_too_faint_for_float32_is_named():
    images, labels, groups = planted()
    with pytest.raises(ValueError, match="Channel 'noise', 'signal' varies by less than"):
        ranked(images * 1e-9, labels, groups=groups)
