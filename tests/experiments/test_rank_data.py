"""What data can be ranked in folds: plates, groups of two classes, many channels and classes."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.evidence.channel_evidence import ChannelVerdict
from keras_dcmix.experiments import fold_trainings
from keras_dcmix.experiments.masked_runs import masked_name
from keras_dcmix.experiments.rank import rank_channels
from keras_dcmix.importance.subsets.sampling import NUM_ORDERS
from keras_dcmix.models import Training

pytestmark = pytest.mark.slow

BRIEF = Training(epochs=1, check_steps=1)


def planted(groups, labels, *, num_channels: int = 2, seed: int = 0) -> np.ndarray:
    """Noise, but the last channel is brighter the larger the number of the class."""
    rng = np.random.default_rng(seed)
    images = rng.normal(100, 10, (len(labels), 4, 4, num_channels)).astype("float32")
    images[..., -1] += 10 * np.asarray(labels)[:, None, None]
    return images


@pytest.fixture
def ranked(quick_build):
    def rank(labels, groups, *, plates=None, num_channels=2, **options):
        images = planted(groups, labels, num_channels=num_channels)
        build = partial(quick_build, classes=len(set(labels)))
        given = {"training": BRIEF, "build_model": build, "num_folds": 2, "verbose": False}
        dataset = label_images(images, labels, groups=groups, plates=plates)
        return rank_channels(dataset, **{**given, **options})

    return rank


def test_groups_that_hold_both_classes_are_each_tested_once(ranked):
    groups = np.repeat([f"plate {number}" for number in range(8)], 8)
    ranking = ranked(np.arange(64) % 2, groups)
    tested = [group for parts in ranking.split.values() for group in parts["test"]]
    assert sorted(tested) == np.unique(groups).tolist()
    assert ranking.check.block_classes is None
    assert ranking.verdict().evidence.num_groups == 8
    assert ranking.verdict().panels is not None


@pytest.mark.parametrize("num_plates", [1, 2])
def test_plates_are_spread_over_the_folds(ranked, num_plates):
    groups = np.repeat([f"W{number:02}" for number in range(16)], 3)
    plates = np.array([f"P{number // 3 % 4 // 2 % num_plates}" for number in range(48)])
    labels = np.arange(48) // 3 % 2
    ranking = ranked(labels, groups, plates=plates, check=False)
    assert (ranking.predictions.plates is None) == (num_plates == 1)
    plate_of = dict(zip(groups, plates, strict=True))
    for parts in ranking.split.values():
        found = [plate_of[group] for group in parts["test"]]
        assert {found.count(plate) for plate in np.unique(plates)} == {8 // num_plates}


def test_three_classes_have_evidence_of_their_own(ranked):
    groups = np.repeat([f"W{number:02}" for number in range(18)], 3)
    ranking = ranked(np.arange(54) // 3 % 3, groups, retrain=False)
    assert list(ranking.verdict().classes) == ["0", "1", "2"]
    assert ranking.verdict().classes["2"].num_groups == 6
    assert ranking.check.num_groups == 18
    assert ranking.panels["estimate"].between(0, 1).all()


def test_three_classes_in_a_single_fold_have_too_few_groups_for_a_verdict(ranked):
    groups = np.repeat([f"W{number:02}" for number in range(9)], 4)
    ranking = ranked(np.arange(36) // 4 % 3, groups, num_folds=1)
    for evidence in (ranking.verdict().evidence, *ranking.verdict().classes.values()):
        verdicts = {each.verdict for each in evidence.channels}
        assert verdicts <= {ChannelVerdict.UNDECIDED}
        assert evidence.groups_missing > 0


def test_one_group_of_a_class_is_refused_with_its_name(ranked):
    groups = np.repeat([f"W{number:02}" for number in range(7)], 4)
    labels = np.where(groups == "W03", 1, 0)
    with pytest.raises(ValueError, match=r"at least 3 groups.*Received: 1 of class '1' \(W03\)"):
        ranked(labels, groups)


@pytest.fixture(scope="module")
def many(quick_build, tmp_path_factory):
    """A finished ranking of eleven channels in two folds, and its folder."""
    groups = np.repeat([f"W{number:02}" for number in range(12)], 2)
    labels = np.arange(24) // 2 % 2
    folder = tmp_path_factory.mktemp("many")
    given = {"groups": groups, "training": BRIEF, "build_model": quick_build, "num_folds": 2}
    given |= {"checkpoint_dir": folder, "verbose": False, "retrain": False}

    def rank(**changes):
        return rank_channels(planted(groups, labels, num_channels=11), labels, **given, **changes)

    return rank, rank(), folder


def test_more_than_ten_channels_are_measured_by_sampled_orders(many):
    _, ranking, _ = many
    scores = ranking.check.scores
    assert not scores.exact
    assert scores.orders.shape == (NUM_ORDERS, 11)
    evidence = ranking.verdict().evidence
    assert evidence.num_orders == NUM_ORDERS
    assert evidence.order_error > 0
    assert ranking.evidence.notna().all(axis=None)


def test_of_many_channels_the_best_by_shapley_value_are_scored_as_panels(many):
    _, ranking, _ = many
    scores = ranking.check.scores
    order = scores.shapley("log_likelihood").order
    for size in range(12):
        assert 0 <= scores.score_of(order[:size]) <= 1


def test_many_channels_interrupted_while_panels_are_scored_go_on(many, monkeypatch):
    rank, ranking, folder = many
    path = folder / f"{masked_name(1)}.npz"
    with np.load(path) as found:
        arrays = dict(found)
    kept = len(arrays["subsets"]) - 4
    for name in ("subsets", "accuracy", "log_likelihood"):
        arrays[name] = arrays[name][:kept]
    np.savez(path, **arrays)

    def trained(*_):
        raise AssertionError("a finished training was done again")

    monkeypatch.setattr(fold_trainings, "run_masked", trained)
    assert rank().evidence.equals(ranking.evidence)
    with np.load(path) as found:
        assert len(found["subsets"]) == kept + 4
