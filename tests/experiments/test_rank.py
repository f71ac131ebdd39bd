"""A ranking: its runs, its split and its answers, on images of which one channel informs."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import keras_dcmix
from keras_dcmix.data.folds import deal_folds
from keras_dcmix.evidence.channel_evidence import ChannelVerdict
from keras_dcmix.evidence.panel_verdict import Decision
from keras_dcmix.experiments.rank import rank_channels
from keras_dcmix.models import Training

TINY = Training(epochs=8, batch_size=8, learning_rate=0.03, check_steps=1)
BRIEF = Training(epochs=1, check_steps=1)
NAMES = ("noise", "signal")


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
    """By default a single model of our classifier, without a check."""
    given = {"training": TINY, "num_folds": 1, "verbose": False, "check": False}
    return rank_channels(*args, **{**given, "channel_names": NAMES, **kwargs})


@pytest.fixture(scope="module")
def ranking():
    images, labels, groups = planted()
    return ranked(images, labels, groups=groups, num_folds=2, check=True, margin=0.3)


@pytest.fixture
def quickly(quick_build):
    """Ranks with a model that trains in a moment."""

    def rank(*args, **kwargs):
        return ranked(*args, **{"build_model": quick_build, "training": BRIEF, **kwargs})

    return rank


def test_the_informative_channel_comes_first_in_every_fold(ranking):
    assert ranking.importance.order == ("signal", "noise")
    assert (np.argmax(ranking.importance.repeats, axis=1) == 1).all()
    np.testing.assert_allclose(ranking.importance.repeats.sum(axis=1), 1, rtol=1e-5)


def test_one_accuracy_and_one_row_for_each_fold(ranking):
    assert list(ranking.runs) == ["seed", "repeat", "fold", "accuracy", "epochs", "seconds"]
    assert ranking.runs[["seed", "repeat", "fold"]].to_numpy().tolist() == [[0, 0, 0], [1, 0, 1]]
    assert ranking.accuracy.tolist() == ranking.runs["accuracy"].tolist()
    assert ranking.accuracy.mean() > 0.7


def test_every_image_is_tested_once(ranking):
    assert ranking.num_test_images == 96
    assert ranking.predictions.probabilities.shape == (1, 96, 2)
    right = ranking.predictions.right.mean()
    assert right == pytest.approx(np.average(ranking.accuracy, weights=[48, 48]))
    groups = ranking.predictions.by_group()
    assert sorted(groups["group"]) == np.unique(planted()[2]).tolist()


def test_no_fold_trains_on_the_groups_that_it_tests(ranking):
    for parts in ranking.split.values():
        train, validation, test = (set(parts[name]) for name in ("train", "validation", "test"))
        assert len(train | validation | test) == len(train) + len(validation) + len(test) == 32
    assert set(ranking.split[0]["test"]).isdisjoint(ranking.split[1]["test"])


def test_history_holds_every_run_epoch_and_channel(ranking):
    columns = ["seed", "epoch", "step", "channel", "mix", "alpha", "share"]
    assert list(ranking.history) == columns
    assert len(ranking.history) == 2 * TINY.epochs * 2


def test_the_model_takes_raw_pixels_and_knows_its_channels(ranking):
    images, labels, _ = planted()
    predicted = ranking.model.predict(images, verbose=0).argmax(axis=1)
    assert (np.array(ranking.classes)[predicted] == labels).mean() > 0.8
    assert keras_dcmix.importance.mixing_weights(ranking.model).channel_names == NAMES


def test_the_evidence_finds_the_channel_that_informs(ranking):
    evidence = ranking.evidence.set_index("channel")
    assert evidence["verdict"].to_dict() == {"signal": "needed", "noise": "no evidence"}
    assert evidence.loc["signal", "alone_low"] > 0
    assert ranking.verdict().evidence.named(ChannelVerdict.NEEDED) == ("signal",)


def test_the_check_has_all_subsets_and_a_block_for_each_tested_group(ranking):
    scores = ranking.check.scores
    assert scores.channel_names == NAMES
    assert scores.exact
    assert scores.num_blocks == ranking.check.num_groups == 32
    assert ranking.check.num_images == 96
    assert ranking.check.by_class == {}
    assert np.isfinite(ranking.check.seconds)


def test_the_proposed_panel_is_retrained_and_sufficient(ranking):
    panel = ranking.verdict().panels.of(("signal",))
    assert panel.decision is Decision.SUFFICIENT
    assert not panel.was_asked
    table = ranking.panels.set_index("panel")
    assert table.loc["signal", "retrained"] > 0.8
    assert table.loc["signal", "decision"] == "sufficient"
    assert np.isnan(table.loc["noise", "retrained"])


def test_typical_and_worst_cells_are_kept_with_their_wells(ranking):
    assert [cells.label for cells in ranking.cells.typical] == ["high", "low"]
    for cells in (*ranking.cells.typical, *ranking.cells.worst):
        assert cells.images.shape == (3, 8, 8, 2)
        assert all(
            group.endswith("_1" if cells.label == "high" else "_0") for group in cells.groups
        )


def test_the_ranking_is_reliable_and_has_a_summary(ranking):
    assert ranking.verdict().reliability.is_reliable
    assert ranking.verdict().reliability.num_images == 96
    assert "signal" in ranking.summary()


def test_a_model_that_is_not_reliable_has_no_reliable_ranking(quickly):
    images, labels, groups = planted(label_noise=True)
    ranking = quickly(images, labels, groups=groups)
    assert not ranking.verdict().reliability.is_reliable
    assert "No reliable ranking" in ranking.summary()


@pytest.mark.slow
def test_rescaling_and_shifting_a_raw_channel_changes_no_rank():
    images, labels, groups = planted()
    moved = images * np.float32([1000, 1]) + np.float32([0, 500])
    short = {"groups": groups, "training": Training(epochs=2, batch_size=16)}
    first, again = (ranked(each, labels, **short) for each in (images, moved))
    np.testing.assert_allclose(again.importance.scores, first.importance.scores, atol=0.05)
    difference = again.model.predict(moved, verbose=0) - first.model.predict(images, verbose=0)
    assert np.abs(difference).max() < 0.1


def test_without_a_check_there_is_neither_evidence_nor_a_panel(quickly, trained):
    images, labels, groups = planted()
    ranking = quickly(images, labels, groups=groups)
    assert trained == ["seed_0"]
    assert ranking.check is ranking.evidence is ranking.panels is ranking.retrained is None
    assert ranking.verdict().evidence is ranking.verdict().panels is None


def test_without_retraining_nothing_but_the_masked_models_is_trained(quickly, trained):
    images, labels, groups = planted()
    ranking = quickly(images, labels, groups=groups, num_folds=2, check=True, retrain=False)
    both = ("seed", "all_channels", "masked")
    assert sorted(trained) == sorted(f"{name}_{fold}" for name in both for fold in (0, 1))
    assert ranking.retrained is ranking.verdict().panels is None
    assert (ranking.panels["decision"] == "").all()
    assert ranking.panels["retrained"].isna().all()


@pytest.mark.parametrize("check", [False, True])
def test_a_named_panel_is_trained_even_if_nothing_else_is_retrained(quickly, trained, check):
    images, labels, groups = planted()
    given = {"groups": groups, "check": check, "retrain": False, "panels": [["noise"]]}
    ranking = quickly(images, labels, **given)
    assert "all_channels_0" in trained
    assert len([name for name in trained if name.startswith("panel_")]) == 1
    assert [panel.channels for panel in ranking.retrained.panels] == [("noise",)]
    assert ranking.retrained.panels[0].was_asked
    assert ranking.panels.set_index("panel").loc["noise", "retrained"] >= 0


def test_repeats_test_every_image_again(quickly):
    images, labels, groups = planted()
    ranking = quickly(images, labels, groups=groups, num_folds=2, num_repeats=2)
    assert ranking.runs[["repeat", "fold"]].to_numpy().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert ranking.predictions.probabilities.shape == (2, 96, 2)
    assert ranking.split[0]["test"] != ranking.split[2]["test"]


@pytest.mark.parametrize("num_repeats", [1, 2])
def test_a_single_fold_tests_a_fifth_of_the_groups(quickly, num_repeats):
    images, labels, groups = planted()
    given = {"groups": groups, "num_repeats": num_repeats, "check": True}
    ranking = quickly(images, labels, **given)
    assert ranking.num_test_images == 21  # seven of 32 groups
    assert len(ranking.runs) == num_repeats
    assert ranking.evidence is not None


def test_fewer_groups_than_folds_are_said(quickly, capsys):
    images, labels, groups = planted()
    few = np.isin(groups, [f"W{number:02}_{label}" for number in range(3) for label in (0, 1)])
    ranking = quickly(images[few], labels[few], groups=groups[few], num_folds=5, verbose=True)
    assert len(ranking.runs) == 3
    assert "3 folds instead of 5: the class with the fewest groups has 3" in capsys.readouterr().err


def test_images_without_a_label_are_left_out_and_counted(quickly):
    images, labels, groups = planted()
    labels = labels.astype(object)
    labels[:4] = [None, "", " ", float("nan")]
    ranking = quickly(images, labels, groups=groups, num_folds=2)
    assert ranking.num_unlabelled == 4
    assert ranking.num_test_images == 92
    assert ranking.classes == ("high", "low")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": ["a"] * 96}, r"at least two classes.*Received: a"),
        ({"labels": ["a", "b"]}, r"`labels` .* shape \(96,\).*\(2,\)"),
        ({"labels": None}, "one label for each image"),
        ({"groups": np.zeros(96)}, r"at least 3 groups of each class.*Received: 1 of class"),
        ({"groups": ["x"] * 3}, r"`groups` .* shape \(96,\)"),
        ({"images": np.zeros((96, 8, 8, 1))}, "one channel alone"),
        ({"images": np.zeros((96, 8, 8))}, r"shape=\(96, 8, 8\)"),
        ({"images": np.full((96, 8, 8, 2), "x")}, "`images` must be numbers"),
        ({"num_folds": 0}, "`num_folds` must be a positive integer"),
        ({"num_folds": 2.5}, "`num_folds` must be a positive integer"),
        ({"num_repeats": 0}, "`num_repeats` must be a positive integer"),
        ({"n_jobs": 0}, "`n_jobs` must be a positive integer"),
        ({"training": Training(mixer="none")}, "needs mixer='dcmix'"),
        ({"margin": 0}, "between 0 and 1, such as 0.02. Received: margin=0"),
        ({"margin": 1.0}, "Received: margin=1.0"),
        ({"margin": -0.02}, "Received: margin=-0.02"),
        ({"margin": float("nan")}, "Received: margin=nan"),
        ({"margin": "2 %"}, "Received: margin='2 %'"),
        ({"margin": True}, "Received: margin=True"),
        ({"panels": [["signl"]]}, "Received: 'signl', did you mean 'signal'"),
        ({"panels": [NAMES]}, "all channels are always trained"),
        ({"panels": "signal"}, "must be a list of channels"),
    ],
)
def test_bad_input_is_refused_before_any_training(trained, change, words):
    images, labels, groups = planted()
    given = {"images": images, "labels": labels, "groups": groups, **change}
    with pytest.raises((ValueError, TypeError), match=words):
        ranked(given.pop("images"), given.pop("labels"), **given)
    assert trained == []


def test_a_constant_channel_is_left_out_with_a_warning(quickly):
    images, labels, groups = planted()
    images = np.concatenate([images, np.full_like(images[..., :1], 3.3)], axis=-1)
    names = ["noise", "signal", "empty"]
    with pytest.warns(UserWarning, match="Left out the channel empty: the same value in every"):
        ranking = quickly(images, labels, groups=groups, channel_names=names, check=True)
    assert ranking.importance.channel_names == NAMES
    assert ranking.constant_channels == ("empty",)
    assert ranking.model.input_shape[-1] == 2
    assert sorted(ranking.evidence["channel"]) == sorted(NAMES)


def test_a_channel_that_varies_outside_the_training_part_only_is_kept():
    images, labels, groups = planted()
    images = np.concatenate([images, np.full_like(images[..., :1], 3.3)], axis=-1)
    tested = groups[deal_folds(labels, groups, num_folds=1) == 0][0]
    images[groups == tested, 0, 0, -1] = 4
    names = ["noise", "signal", "odd"]
    ranking = ranked(images, labels, groups=groups, channel_names=names, training=BRIEF)
    assert ranking.importance.channel_names == ("noise", "signal", "odd")
    assert ranking.importance.repeats[:, 2].tolist() == [0]


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


def test_a_training_that_diverges_says_so(monkeypatch, quickly):
    images, labels, groups = planted()
    fit = keras.Model.fit

    def diverged(*args, **kwargs):
        fitted = fit(*args, **kwargs)
        fitted.history["val_loss"] = [float("nan")]
        return fitted

    monkeypatch.setattr(keras.Model, "fit", diverged)
    training = Training(epochs=1, learning_rate=0.03)
    with pytest.raises(ValueError, match=r"diverged at seed 0.*learning_rate=0\.03"):
        quickly(images, labels, groups=groups, training=training)


def test_a_planted_problem_brings_labels_groups_names_and_plates_along(quickly):
    from keras_dcmix.datasets import ChannelDataset

    images, labels, groups = planted()
    plates = np.array([f"P{number % 3}" for number in range(96)])
    dataset = ChannelDataset(images, labels, NAMES, np.array([0, 1]), groups, plates=plates)
    again = quickly(dataset, channel_names=None)
    first = quickly(images, labels, groups=groups)
    assert again.classes == first.classes
    assert again.importance.channel_names == NAMES
    assert set(again.predictions.plates) <= set(plates)
    assert set(again.split[0]["test"]) <= set(groups)


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (0.25, 0.25, 0.25, 0.25), (0.5, 0, 0.5)])
def test_training_wants_three_shares(fractions):
    with pytest.raises(ValueError, match="three shares above 0"):
        Training(fractions=fractions)


def test_a_channel_too_faint_for_float32_is_named():
    images, labels, groups = planted()
    with pytest.raises(ValueError, match="Channel 'noise', 'signal' varies by less than"):
        ranked(images * 1e-9, labels, groups=groups)
