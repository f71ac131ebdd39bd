"""What a comparison shows: reliable methods, first channels, agreement with a truth."""

from __future__ import annotations

import pandas as pd
import pytest

from keras_dcmix import ChannelImportance
from keras_dcmix.evidence.comparison_verdict import First, read_comparison
from keras_dcmix.evidence.verdict import HeldOut

NAMES = ("DNA", "ER", "Mito")
SCORES = {
    "dcmix": (0, 1, 2),
    "occlusion": (0, 2, 1),
    "cbam": (2, 1, 0),
    "permutation": (0, 1, 3),
    "flat": (1, 1, 1),
}


@pytest.fixture
def compared():
    def make(methods=("dcmix", "cbam"), *, accuracy=(0.9, 0.8), spearman=(0.5, 1.0), truth="truth"):
        columns = {"method": methods, "accuracy": accuracy, "spearman_truth": spearman}
        found = [ChannelImportance(method, NAMES, SCORES[method]) for method in methods[:4]]
        known = ChannelImportance(truth, NAMES, (0, 1, 2)) if truth else None
        table = pd.DataFrame(columns)
        return read_comparison(table, found, known, 0.5, HeldOut(100, 10, "well"))

    return make


def test_truth_correlations_come_highest_first_without_those_that_have_none(compared):
    assert list(compared().truth_correlations.items()) == [("cbam", 1.0), ("dcmix", 0.5)]
    assert compared().truth == "truth"
    nan = float("nan")
    assert compared(spearman=(nan, 1.0)).truth_correlations == {"cbam": 1.0}
    assert compared(spearman=(nan, nan), truth=None).truth is None


def test_first_channels_come_with_their_methods_the_most_common_first(compared):
    methods = ("cbam", "dcmix", "occlusion", "flat")
    same = {"accuracy": [0.9] * 4, "spearman": [0.5] * 4}
    found = compared(methods, **same)
    assert found.firsts == (
        First("DNA", ("cbam",)),
        First("Mito", ("dcmix",)),
        First("ER", ("occlusion",)),
    )
    assert found.num_ordered == 3
    agreeing = compared(("cbam", "dcmix", "permutation"), accuracy=[0.9] * 3, spearman=[0.5] * 3)
    assert agreeing.firsts[0] == First("Mito", ("dcmix", "permutation"))


def test_methods_whose_model_is_not_reliable_do_not_count(compared):
    found = compared(accuracy=(0.9, 0.55))
    assert found.unreliable == ("cbam",)
    assert found.is_reliable
    assert found.firsts == (First("Mito", ("dcmix",)),)
    assert found.truth_correlations == {"dcmix": 0.5}
    assert found.accuracies == (0.55, 0.9)


def test_without_a_reliable_model_nothing_is_ranked(compared):
    found = compared(accuracy=(0.5, 0.45))
    assert not found.is_reliable
    assert found.firsts == ()
    assert found.majority_baseline == 0.5


def test_a_skipped_method_has_no_model(compared):
    nan = float("nan")
    methods = ("dcmix", "cbam", "occlusion", "flat", "skipped")
    found = compared(methods, accuracy=(0.9, 0.8, 0.9, 0.9, nan), spearman=(0.5,) * 4 + (nan,))
    assert list(found.models) == ["dcmix", "cbam", "occlusion", "flat"]
    assert found.accuracies == (0.8, 0.9)
