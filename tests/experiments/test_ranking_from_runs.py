"""A ranking, its figures and its page from models of a custom training loop."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import keras_dcmix
from keras_dcmix.callbacks import ChannelWeightHistory
from keras_dcmix.experiments import TrainedRun, ranking_from_runs
from keras_dcmix.report import ranking_report
from keras_dcmix.report.ranking_files import save_ranking

NAMES = ("noise", "signal")


@pytest.fixture(scope="module")
def runs(planted, build):
    """Two tiny models, trained in a custom loop on half of the wells."""
    images, labels, groups = planted
    train = ~np.isin(groups, np.unique(groups)[:8])
    found = []
    for seed in range(2):
        keras.utils.set_random_seed(seed)
        model, history = build(images), ChannelWeightHistory()
        numbers = (labels == "low").astype(int)
        fitted = model.fit(
            images[train], numbers[train], epochs=12, batch_size=8, callbacks=[history], verbose=0
        )
        loss = fitted.history["loss"][-1] + seed
        wells = np.unique(groups[train]).tolist()
        found.append(TrainedRun(model, history.to_frame(), loss, train_groups=wells))
    return found


def ranked(planted, runs, **kwargs):
    images, labels, groups = planted
    test = np.isin(groups, np.unique(groups)[:8])
    given = {"groups": groups[test], "channel_names": NAMES, **kwargs}
    return ranking_from_runs(runs, images[test], labels[test], **given)


def test_the_numbers_are_those_of_the_models(planted, runs):
    ranking = ranked(planted, runs)
    images, labels, groups = planted
    test = np.isin(groups, np.unique(groups)[:8])
    for run, accuracy, shares in zip(
        runs, ranking.accuracy, ranking.importance.repeats, strict=True
    ):
        predicted = np.array(["high", "low"])[run.model.predict(images[test], verbose=0).argmax(1)]
        assert accuracy == (predicted == labels[test]).mean()
        np.testing.assert_array_equal(
            shares, keras_dcmix.importance.mixing_weights(run.model).scores
        )
    assert ranking.model is runs[0].model
    assert ranking.runs["epochs"].tolist() == [12, 12]
    assert ranking.runs["repeat"].tolist() == [0, 1]
    assert [parts["test"] for parts in ranking.split.values()] == [
        sorted(np.unique(groups)[:8])
    ] * 2
    assert len(ranking.history) == 2 * 12 * 2
    assert set(ranking.history["channel"]) == set(NAMES)


def test_summary_files_and_page_are_those_of_a_ranking(planted, runs, tmp_path):
    ranking = ranked(planted, runs)
    assert "signal leads with" in ranking.summary()
    save_ranking(ranking, tmp_path, arguments={})
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "in a custom loop" in page
    assert {"importance.csv", "runs.csv", "model.keras", "mix.png"} <= {
        path.name for path in tmp_path.iterdir()
    }


def test_runs_that_say_little_are_enough(planted, runs):
    short = [TrainedRun(run.model, run.history) for run in runs]
    ranking = ranked(planted, short)
    assert ranking.best_seed == 0
    assert "to train on" not in ranking_report(ranking, arguments={})


def test_runs_that_do_not_fit_are_refused(planted, runs):
    images, labels, _ = planted
    with pytest.raises(ValueError, match="at least one run"):
        ranked(planted, [])
    with pytest.raises(ValueError, match="A history must record the channels noise, signal"):
        ranked(planted, [TrainedRun(runs[0].model, runs[0].history.head(1))])
    with pytest.raises(ValueError, match=r"channels channel_0, channel_1, channel_2"):
        ranking_from_runs(runs, images[..., [0, 1, 1]], labels)
    three = np.array(["a", "b", "c"])[np.arange(len(images)) % 3]
    with pytest.raises(ValueError, match=r"one output for each class \(a, b, c\)"):
        ranking_from_runs(runs, images, three, channel_names=NAMES)
