"""The result type keeps names and scores together, refuses nonsense and ranks rightly."""

import pickle

import numpy as np
import pytest
from scipy.stats import rankdata

from keras_dcmix.importance.channel_importance import ChannelImportance

NAMES = ["DNA", "RNA", "ER", "Golgi"]


def test_the_order_starts_with_the_highest_score():
    importance = ChannelImportance("dcmix", NAMES, [0.1, 0.4, 0.3, 0.2])
    assert importance.order == ("RNA", "ER", "Golgi", "DNA")
    assert importance.ranks.tolist() == [4, 1, 2, 3]


def test_ties_share_their_mean_rank_and_stay_in_the_order_given():
    importance = ChannelImportance("dcmix", NAMES, [0, 5, 5, 9])
    assert importance.ranks.tolist() == [4, 2.5, 2.5, 1]
    assert importance.order == ("Golgi", "RNA", "ER", "DNA")


def test_ranks_agree_with_scipy_on_many_ties():
    scores = np.random.default_rng(0).integers(0, 6, 40).astype(float)
    importance = ChannelImportance("dcmix", [f"c{i}" for i in range(40)], scores)
    np.testing.assert_allclose(importance.ranks, rankdata(-scores))


def test_negative_zero_ties_with_zero():
    assert ChannelImportance("dcmix", ["a", "b"], [0.0, -0.0]).ranks.tolist() == [1.5, 1.5]


def test_scores_from_repeats_are_their_mean_and_std_divides_by_one_less():
    importance = ChannelImportance.from_repeats("dcmix", ["a", "b"], [[1, 2], [3, 2]], "points")
    assert importance.scores.tolist() == [2, 2]
    np.testing.assert_allclose(importance.std, [np.sqrt(2), 0])
    assert importance.unit == "points"


@pytest.mark.parametrize("repeats", [None, [[1.0, 2.0]]])
def test_std_is_nan_with_fewer_than_two_repeats(repeats):
    assert np.isnan(ChannelImportance("dcmix", ["a", "b"], [1, 2], repeats).std).all()


def test_arrays_are_copies_that_nobody_can_change():
    scores = np.array([1, 2], dtype=np.float32)
    importance = ChannelImportance("dcmix", ["a", "b"], scores, [[1, 2]])
    scores[0] = 9
    assert importance.scores.dtype == np.float64
    assert importance.scores[0] == 1
    for values in (importance.scores, importance.repeats):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 7


def test_fields_cannot_be_replaced():
    importance = ChannelImportance("dcmix", ["a"], [1])
    with pytest.raises(AttributeError, match="cannot assign"):
        importance.scores = np.zeros(1)


def test_comparing_two_results_gives_one_truth_value():
    first, second = (ChannelImportance("dcmix", ["a", "b"], [1, 2]) for _ in range(2))
    assert first == first
    assert first != second
    assert len({first, second}) == 2


def test_a_result_survives_pickling_for_parallel_jobs():
    importance = ChannelImportance.from_repeats("dcmix", ["a", "b"], [[1, 2], [3, 4]], "share")
    again = pickle.loads(pickle.dumps(importance))
    assert again.channel_names == ("a", "b")
    np.testing.assert_array_equal(again.repeats, importance.repeats)


def test_details_are_a_copy_that_nobody_can_change_and_that_pickles():
    details = {"completeness_error": 0.01}
    importance = ChannelImportance("ig", ["a", "b"], [1, 2], details=details)
    details["completeness_error"] = 9
    with pytest.raises(TypeError, match="does not support item assignment"):
        importance.details["completeness_error"] = 9
    again = pickle.loads(pickle.dumps(importance))
    assert importance.details == again.details == {"completeness_error": 0.01}
    assert not again.scores.flags.writeable
    assert "completeness" not in f"{importance!r} {importance} {list(importance.to_frame())}"


def test_without_details_there_are_none():
    assert ChannelImportance("dcmix", ["a"], [1]).details == {}


def test_the_table_is_sorted_by_rank_and_keeps_names_with_scores():
    importance = ChannelImportance.from_repeats("dcmix", NAMES, [[1, 4, 3, 2], [1, 6, 3, 2]], "u")
    frame = importance.to_frame()
    assert list(frame.columns) == ["method", "channel", "score", "std", "rank", "unit"]
    assert frame["channel"].tolist() == ["RNA", "ER", "Golgi", "DNA"]
    assert frame["score"].tolist() == [5, 3, 2, 1]
    assert frame["rank"].tolist() == [1, 2, 3, 4]
    assert frame["std"].round(3).tolist() == [1.414, 0, 0, 0]
    assert set(frame["method"]) == {"dcmix"}
    assert set(frame["unit"]) == {"u"}
    assert frame.index.tolist() == [0, 1, 2, 3]


def test_one_line_names_the_best_channels_and_counts_the_rest():
    names = [f"c{i}" for i in range(30)]
    line = repr(ChannelImportance("dcmix", names, range(30), unit="share"))
    assert line == (
        "ChannelImportance('dcmix', c29 29 > c28 28 > c27 27 > c26 26 > 26 more, unit='share')"
    )


def test_printed_the_result_is_a_small_table():
    text = str(ChannelImportance.from_repeats("dcmix", ["a", "bb"], [[1, 2], [1, 4]], "points"))
    lines = text.splitlines()
    assert lines[0] == "dcmix: importance of 2 channels, 2 repeats, in points"
    assert lines[1].split() == ["1", "bb", "3", "±", "1.4"]
    assert lines[2].split() == ["2", "a", "1", "±", "0"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dcmix", [], []), "at least one channel"),
        (("dcmix", ["a", "a", "b"], [1, 2, 3]), r"unique.*\['a'\]"),
        (("dcmix", ["a", ""], [1, 2]), r"channel_names\[1\] must be a non-empty string"),
        (("dcmix", ["a", "b"], [1, 2, 3]), r"scores must have shape.*\(3,\)"),
        (("dcmix", ["a", "b"], [[1, 2]]), r"scores must have shape.*\(1, 2\)"),
        (("dcmix", ["a", "b"], [1, np.nan]), r"scores must be finite.*\['b'\]"),
        (("dcmix", ["a", "b"], [np.inf, 1]), r"scores must be finite.*\['a'\]"),
        (("dcmix", ["a", "b"], [1, 2], [[1, 2, 3]]), r"repeats must have shape.*\(1, 3\)"),
        (("dcmix", ["a", "b"], [1, 2], [1, 2]), r"repeats must have shape.*\(2,\)"),
        (("dcmix", ["a", "b"], [1, 2], np.empty((0, 2))), r"repeats must have shape.*\(0, 2\)"),
        (("dcmix", ["a", "b"], [1, 2], [[1, 2], [np.nan, 2]]), r"repeats must be finite.*\['a'\]"),
        (("", ["a"], [1]), "method must be a non-empty string"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(arguments, words):
    with pytest.raises(ValueError, match=words):
        ChannelImportance(*arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dcmix", "DNA", [1, 2, 3]), "list of names.*'DNA'"),
        (("dcmix", ["a", 7], [1, 2]), r"channel_names\[1\].*7"),
        ((None, ["a"], [1]), "method.*None"),
        (("dcmix", ["a"], [1], None, 3), "unit must be a string.*3"),
        (("dcmix", ["a"], [1], None, "", [7]), r"details must be a mapping.*\[7\]"),
    ],
)
def test_what_is_no_string_is_refused(arguments, words):
    with pytest.raises(TypeError, match=words):
        ChannelImportance(*arguments)


def test_some_channels_are_kept_with_their_repeats():
    importance = ChannelImportance.from_repeats("dcmix", ["a", "b", "c"], [[1, 2, 3], [3, 2, 5]])
    kept = importance.keep(["c", "a"])
    assert kept.channel_names == ("c", "a")
    assert kept.scores.tolist() == [4, 2]
    assert kept.repeats.tolist() == [[3, 1], [5, 3]]
    with pytest.raises(ValueError, match=r"\['a', 'b', 'c'\]. Received: \['d'\]"):
        importance.keep(["a", "d"])
