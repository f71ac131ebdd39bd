"""All methods side by side, on images of which one channel is known to tell the classes apart."""

from __future__ import annotations

import dataclasses
import json
import warnings

import numpy as np
import pytest

import keras_dcmix
from keras_dcmix import ChannelImportance, Training, compare_methods
from keras_dcmix.experiments.compare import why_not
from keras_dcmix.importance.registry import COMPARED as METHODS
from keras_dcmix.models.custom import NO_CUSTOM_PARTS
from keras_dcmix.report.comparison_files import save_comparison

TINY = Training(epochs=3, batch_size=16, learning_rate=0.02, check_steps=1)
NAMES = ["noise", "faint", "signal"]


def planted(num_images: int = 96):
    """Class 1 brightens the middle of "signal", a little also of "faint"; "noise" tells nothing."""
    rng = np.random.default_rng(0)
    labels = np.arange(num_images) % 2
    images = rng.normal(100, 10, (num_images, 8, 8, 3)).astype("float32")
    images[:, 2:6, 2:6, 2] += 25 * labels[:, None, None]
    images[:, 2:6, 2:6, 1] += 4 * labels[:, None, None]
    groups = np.array([f"W{index // 2 % 16:02}_{label}" for index, label in enumerate(labels)])
    return images, np.array(["low", "high"])[labels], groups


def compared(**kwargs):
    images, labels, groups = planted()
    given = {"images": images, "labels": labels, "groups": groups, "channel_names": NAMES}
    given |= {"training": TINY, "num_seeds": 1, "verbose": False, **kwargs}
    return compare_methods(given.pop("images"), given.pop("labels"), **given)


@pytest.fixture(scope="module")
def everything():
    return compared(truth=[0, 1, 2])


def test_one_row_a_method_with_the_columns_of_the_paper(everything):
    assert list(everything.table) == [
        *("method", "accuracy", "accuracy_std", "spearman_truth", "spearman_truth_std"),
        *("parameters", "train_seconds", "score_seconds", "note"),
    ]
    assert everything.table["method"].tolist() == list(METHODS)
    assert (everything.table.set_index("method").drop("cbam")["accuracy"] > 0.8).all()
    assert everything.table["spearman_truth"].between(-1, 1).all()
    assert (everything.table["train_seconds"] > 0).all()


def test_methods_that_look_at_the_model_find_the_signal(everything):
    found = {importance.method: importance for importance in everything.importances}
    looking = ("shapley", "permutation", "occlusion", "integrated_gradients", "deletion_insertion")
    for method in (*looking, "single_channel", "leave_one_out"):
        assert found[method].order[0] == "signal", method


def test_names_stay_with_scores_in_every_method(everything):
    assert {importance.channel_names for importance in everything.importances} == {tuple(NAMES)}


def test_methods_on_one_model_share_its_training(everything):
    table = everything.table.set_index("method")
    shared = ["permutation", "occlusion", "integrated_gradients", "deletion_insertion"]
    assert table.loc[shared, "train_seconds"].nunique() == 1
    assert table.loc[["dcmix", "cbam", "permutation"], "train_seconds"].nunique() == 3


def test_dcmix_has_fewer_parameters_than_every_attention_layer(everything):
    parameters = everything.table.set_index("method")["parameters"]
    attention = ["squeeze_excitation", "efficient_channel_attention", "cbam", "soft_attention"]
    assert (parameters[attention] > parameters["dcmix"]).all()


def test_the_correlations_hold_all_methods_and_the_truth(everything):
    assert list(everything.spearman) == [*METHODS, "truth"]
    assert (np.diag(everything.spearman) == 1).all()


def test_the_long_table_has_a_row_for_each_method_seed_and_channel(everything):
    frame = everything.to_frame()
    assert list(frame) == ["method", "seed", "channel", "score", "rank"]
    assert len(frame) == len(METHODS) * 3
    best = frame[(frame["method"] == "shapley") & (frame["rank"] == 1)]
    assert best["channel"].tolist() == ["signal"]


def test_curves_follow_the_order_of_each_method_over_the_same_panels(everything):
    assert list(everything.curves) == list(METHODS)
    for importance in everything.importances:
        curves = everything.curves[importance.method]
        assert curves["order"] == importance.order
        assert curves["deletion"][0] == curves["insertion"][-1]
    ends = {(c["deletion"][0], c["deletion"][-1]) for c in everything.curves.values()}
    assert len(ends) == 1


def test_leave_one_out_is_the_drop_from_all_channels(everything, tmp_path):
    found = {importance.method: importance for importance in everything.importances}
    assert found["leave_one_out"].unit == "drop in accuracy"
    assert found["leave_one_out"].scores[0] < 0.1


@pytest.mark.slow
def test_everything_is_written(everything, tmp_path):
    save_comparison(everything, tmp_path, arguments={"source": "here"})
    assert {path.name for path in tmp_path.iterdir()} == {
        *("methods.csv", "importance.csv", "spearman.csv", "deletion_insertion.csv"),
        *("spearman.png", "importance.png", "deletion_insertion.png", "run.json", "report.html"),
    }
    facts = json.loads((tmp_path / "run.json").read_text())
    assert facts["summary"] == everything.summary()
    assert facts["channels"] == NAMES


@pytest.mark.slow
def test_without_a_planted_truth_single_channel_is_the_truth():
    found = compared(methods=["dcmix", "single_channel"])
    assert found.truth.method == "single_channel"
    assert found.planted_truth is None
    notes = found.table.set_index("method")["note"]
    assert notes["single_channel"] == "what the others are held against"
    assert list(found.spearman) == ["dcmix", "single_channel"]


def test_without_any_truth_the_table_says_what_to_add():
    found = compared(methods=["dcmix"])
    assert found.truth is None
    assert "add single_channel" in found.table["note"][0]
    assert found.spearman is None


def test_a_problem_brings_its_truth_along():
    from keras_dcmix.datasets import ChannelDataset

    images, labels, groups = planted()
    dataset = ChannelDataset(images, labels, NAMES, [0, 1, 2], groups)
    found = compare_methods(dataset, methods=["dcmix"], num_seeds=1, training=TINY, verbose=False)
    assert found.truth.scores.tolist() == [0, 1, 2]


def brightness(model, images, labels) -> ChannelImportance:
    return ChannelImportance("brightness", NAMES[::-1], [3.0, 2.0, 1.0], unit="made up")


def flat(model, images, labels) -> ChannelImportance:
    return ChannelImportance("flat", NAMES, [1.0, 1.0, 1.0])


def test_a_method_of_ones_own_is_compared_like_the_others():
    found = compared(methods=["occlusion", brightness], truth=[0, 1, 2])
    mine = found.importances[1]
    assert mine.method == "brightness"
    assert mine.scores.tolist() == [1, 2, 3]
    assert mine.unit == "made up"
    assert found.table["spearman_truth"][1] == pytest.approx(1)


@pytest.mark.slow
def test_constant_scores_are_dropped_from_the_correlations_with_a_word(tmp_path):
    found = compared(methods=["occlusion", "permutation", flat], truth=[0, 1, 2])
    assert found.table["note"][2] == "scores all channels alike"
    assert np.isnan(found.table["spearman_truth"][2])
    assert list(found.spearman) == ["occlusion", "permutation", "truth"]
    save_comparison(found, tmp_path, arguments={})
    assert (tmp_path / "spearman.png").exists()


def warning(model, images, labels) -> ChannelImportance:
    warnings.warn("too few steps", UserWarning, stacklevel=1)
    return ChannelImportance("warning", NAMES, [1.0, 2.0, 3.0])


@pytest.mark.slow
def test_what_a_method_warns_of_stands_in_the_table():
    found = compared(methods=[warning], truth=[0, 1, 2], num_seeds=2)
    assert found.table["note"][0] == "seed 0: too few steps; seed 1: too few steps"


@pytest.mark.slow
def test_two_channels_have_no_correlation_but_a_table(tmp_path):
    images = planted()[0][..., 1:]
    found = compared(images=images, channel_names=NAMES[1:], methods=["dcmix", "occlusion"])
    assert found.spearman is None
    save_comparison(found, tmp_path, arguments={})
    assert not (tmp_path / "spearman.png").exists()
    assert (tmp_path / "importance.png").exists()


@pytest.mark.slow
def test_finished_trainings_are_not_done_again(tmp_path):
    def written():
        return {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.keras")}

    first = compared(methods=["dcmix", "occlusion"], checkpoint_dir=tmp_path)
    before = written()
    assert set(before) == {"seed_0_dcmix.keras", "seed_0_none.keras"}
    again = compared(methods=["dcmix", "occlusion"], checkpoint_dir=tmp_path)
    assert again.table.equals(first.table)
    assert written() == before
    compared(methods=["dcmix", "permutation"], checkpoint_dir=tmp_path)
    assert {name for name, time in written().items() if time != before[name]} == {
        "seed_0_none.keras"
    }


@pytest.mark.slow
def test_the_same_seed_gives_the_same_scores(everything):
    again = compared(methods=["shapley", "occlusion"], truth=[0, 1, 2])
    found = {importance.method: importance for importance in everything.importances}
    for importance in again.importances:
        np.testing.assert_allclose(importance.scores, found[importance.method].scores, atol=1e-4)


@pytest.mark.parametrize(
    ("method", "planes", "reason"),
    [("dcmix", 6, ""), ("shapley", 6, ""), ("cbam", 6, "hand on 6"), ("cbam", 3, ""),
     ("leave_one_out", 4, ""), ("leave_one_out", 6, "hand on 5"), ("single_channel", 6, "")],
)  # fmt: skip
def test_weights_from_imagenet_take_one_or_three_planes(method, planes, reason):
    from keras_dcmix.data.labelled_images import label_images

    dataset = label_images(np.zeros((4, 8, 8, planes)), [0, 1, 0, 1])
    training = Training(backbone="ResNet50", weights="imagenet")
    said = why_not(METHODS[method], dataset, training, NO_CUSTOM_PARTS)
    assert reason in said
    assert bool(said) == bool(reason)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"methods": ["oclusion"]}, "Unknown method 'oclusion', did you mean 'occlusion'"),
        ({"methods": "dcmix"}, "must be a list, not one string"),
        ({"methods": []}, "at least one method"),
        ({"methods": ["dcmix", "dcmix"]}, "may be given once.*'dcmix'"),
        ({"num_seeds": 0}, "`num_seeds` must be a positive integer"),
        ({"truth": [1, 2]}, r"`truth` must hold one number for each of the 3 channels.*\(2,\)"),
        ({"methods": ["dcmix", " "]}, "name is blank"),
        ({"n_jobs": 0}, "`n_jobs` must be a positive integer, or -1.*n_jobs=0"),
        ({"checkpoint_dir": __file__}, "must be a folder. Received: the file"),
        ({"labels": ["a"] * 96}, "at least two classes"),
    ],
)
def test_bad_input_is_refused_in_words(change, words):
    with pytest.raises((ValueError, TypeError), match=words):
        compared(**change)


def test_a_method_that_returns_something_else_is_named():
    def wrong(model, images, labels):
        return np.zeros(3)

    with pytest.raises(TypeError, match=r"'wrong' must return .*ChannelImportance.*ndarray"):
        compared(methods=[wrong])


def test_a_method_whose_model_is_not_reliable_is_not_believed():
    found = compared(methods=["dcmix"])
    assert found.verdict().unreliable == ()
    poor = dataclasses.replace(found, majority_baseline=1.0)
    assert poor.verdict().unreliable == ("dcmix",)
    assert "No reliable ranking" in poor.summary()


def test_a_method_that_scores_other_channels_is_refused():
    def wrong(model, images, labels):
        return ChannelImportance("wrong", ["A", "B", "C"], [1, 2, 3])

    with pytest.raises(ValueError, match=r"must score the channels noise, faint, signal.*A, B, C"):
        compared(methods=[wrong])


def test_it_is_public():
    assert keras_dcmix.compare_methods is compare_methods


def test_a_constant_channel_is_left_out_of_the_comparison_and_of_the_truth():
    images, labels, groups = planted()
    images = np.concatenate([images, np.full_like(images[..., :1], 7)], axis=-1)
    names = [*(f"c{number}" for number in range(images.shape[-1] - 1)), "empty"]
    with pytest.warns(UserWarning, match="Left out the channel empty"):
        found = compare_methods(
            images,
            labels,
            groups=groups,
            channel_names=names,
            truth=range(len(names)),
            methods=["dcmix"],
            num_seeds=1,
            training=TINY,
            verbose=False,
        )
    assert found.constant_channels == ("empty",)
    assert found.truth.channel_names == tuple(names[:-1])
    assert found.importances[0].channel_names == tuple(names[:-1])
