"""An interrupted ranking continues, and nothing that is finished is done again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.experiments.rank import rank_channels
from keras_dcmix.experiments.run_store import RunStore, run_settings
from keras_dcmix.models import Training
from keras_dcmix.models.custom import CustomParts

pytestmark = pytest.mark.slow

BRIEF = Training(epochs=1, check_steps=1)
EVERY = {f"{name}_{fold}" for name in ("seed", "all_channels", "masked") for fold in range(2)}


@pytest.fixture
def resumed(planted, quick_build, tmp_path):
    """Ranks in the same folder every time it is called."""
    images, labels, groups = planted

    def rank(**changes):
        given = {"groups": groups, "channel_names": ["noise", "signal"], "num_folds": 2}
        given |= {"training": BRIEF, "build_model": quick_build, "images": images}
        given |= {"checkpoint_dir": tmp_path, "verbose": False, **changes}
        return rank_channels(given.pop("images"), labels, **given)

    return rank


def test_nothing_is_done_twice(resumed, trained):
    first = resumed()
    panels = {name for name in trained if name.startswith("panel_")}
    assert len(panels) == 2
    assert set(trained) == EVERY | panels
    assert len(trained) == 8
    trained.clear()
    again = resumed()
    assert trained == []
    assert again.evidence.equals(first.evidence)
    assert again.panels.equals(first.panels)
    np.testing.assert_array_equal(again.importance.repeats, first.importance.repeats)


@pytest.mark.parametrize(
    ("lost", "again"),
    [
        ("masked_0.npz", {"all_channels_0", "masked_0"}),
        ("all_channels_1.json", {"all_channels_1", "masked_1"}),
    ],
)
def test_of_a_lost_file_only_its_fold_is_done_again(resumed, trained, tmp_path, lost, again):
    resumed(retrain=False)
    trained.clear()
    (tmp_path / lost).unlink()
    resumed(retrain=False)
    assert set(trained) == again


@pytest.mark.parametrize("after", [3, 7])
def test_an_interrupted_ranking_continues_where_it_stopped(resumed, trained, monkeypatch, after):
    original = CustomParts.callbacks_of

    def interrupted(self, run):
        if len(trained) == after:
            raise KeyboardInterrupt
        return original(self, run)

    with monkeypatch.context() as patch:
        patch.setattr(CustomParts, "callbacks_of", interrupted)
        with pytest.raises(KeyboardInterrupt):
            resumed()
    finished = list(trained)
    resumed()
    repeated = len(trained) - len(set(trained))
    # The classifier that an interrupted masked model would have started from is not kept.
    assert repeated == (finished[-1].startswith("all_channels"))
    assert len(set(trained)) == 8


def test_a_margin_or_a_panel_more_does_not_repeat_what_is_there(resumed, trained):
    resumed(retrain=False)
    trained.clear()
    resumed(retrain=False, margin=0.3, panels=[["noise"]])
    assert len(trained) == 2
    assert all(name.startswith("panel_") for name in trained)


def test_more_repeats_go_on_from_the_first(resumed, trained):
    first = resumed(check=False)
    trained.clear()
    more = resumed(check=False, num_repeats=2)
    assert set(trained) == {"seed_2", "seed_3"}
    found, expected = more.predictions.probabilities, first.predictions.probabilities
    np.testing.assert_array_equal(found[:1], expected)


def test_other_folds_are_refused_by_name(resumed, trained):
    resumed(check=False, num_folds=3)
    trained.clear()
    with pytest.raises(ValueError, match=r"other settings \(folds was 3, is 2\)"):
        resumed(check=False)
    assert trained == []


def test_other_plates_are_refused_for_they_deal_other_folds(resumed, planted):
    images, labels, groups = planted
    given = {"groups": groups, "channel_names": ["noise", "signal"]}
    plates = np.array([f"P{number // 2 % 2}" for number in range(len(labels))])
    one, other = (
        label_images(images, labels, plates=each, **given) for each in (plates, plates[::-1])
    )
    changed = {"groups": None, "channel_names": None, "check": False}
    resumed(images=one, **changed)
    with pytest.raises(ValueError, match="plates are others"):
        resumed(images=other, **changed)


def test_other_settings_or_images_are_refused(resumed, planted):
    resumed(check=False)
    with pytest.raises(ValueError, match=r"other settings \(epochs was 1, is 2\)"):
        resumed(check=False, training=Training(epochs=2, check_steps=1))
    with pytest.raises(ValueError, match=r"images or labels are others"):
        resumed(check=False, images=planted[0] + 1)


def test_a_run_of_an_earlier_version_without_probabilities_is_trained_again(
    resumed, trained, tmp_path
):
    resumed(check=False)
    path = tmp_path / "seed_0.json"
    facts = json.loads(path.read_text())
    path.write_text(json.dumps(facts | {"predicted": [0] * 24}))
    trained.clear()
    resumed(check=False)
    assert trained == ["seed_0"]
    assert "predicted" not in json.loads(path.read_text())


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"PK")])
def test_a_run_whose_probabilities_are_missing_or_damaged_is_trained_again(
    resumed, trained, damage, tmp_path
):
    first = resumed(check=False)
    damage(tmp_path / "seed_0.npz")
    trained.clear()
    again = resumed(check=False)
    assert trained == ["seed_0"]
    found, expected = again.predictions.probabilities, first.predictions.probabilities
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_run_of_an_earlier_version_without_a_newer_setting_is_resumed(planted, tmp_path):
    images, labels, groups = planted
    dataset = label_images(images, labels, groups=groups)
    settings = run_settings(dataset, Training(), CustomParts(), 0)
    older = dict(Training().__dict__)
    del older["check_steps"]
    RunStore(tmp_path, settings | {"training": older})
    assert RunStore(tmp_path, settings).folder == tmp_path
    shorter = run_settings(dataset, Training(check_steps=9), CustomParts(), 0)
    words = rf"other settings \(check_steps was {Training().check_steps}, is 9\)"
    with pytest.raises(ValueError, match=words):
        RunStore(tmp_path, shorter)


@pytest.mark.slow
def test_two_jobs_at_a_time_give_what_one_gives_and_do_nothing_twice(resumed, tmp_path):
    def written():
        return {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")}

    one = resumed(checkpoint_dir=tmp_path / "one")
    two = resumed(n_jobs=2)
    np.testing.assert_allclose(two.importance.repeats, one.importance.repeats, atol=1e-4)
    np.testing.assert_allclose(two.evidence["unique"], one.evidence["unique"], atol=1e-3)
    before = written()
    resumed(n_jobs=2)
    assert written() == before
