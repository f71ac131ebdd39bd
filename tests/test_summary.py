from __future__ import annotations

import numpy as np
import pytest

from keras_dcmix.results import ChannelImportance
from keras_dcmix.summary import describe_doubt, describe_leaders

NAMES = ["DNA", "ER", "Mito"]


def leaders(*repeats: list[float]) -> str:
    return describe_leaders(ChannelImportance.from_repeats("dcmix", NAMES, np.array(repeats)))


def test_a_channel_ahead_in_every_run_leads():
    text = leaders([0.1, 0.2, 0.7], [0.2, 0.2, 0.6])
    assert text == "Mito leads with 65% of the mix, first in 2 of 2 runs; then ER (20%), DNA (15%)"


def test_channels_that_swap_places_are_level():
    text = leaders([0.1, 0.4, 0.5], [0.1, 0.5, 0.4], [0.1, 0.43, 0.47])
    assert text.startswith("Mito (46% of the mix) and ER (44%) lead, level over 3 runs; then DNA")


def test_no_channel_stands_out_where_all_are_level():
    text = leaders([0.3, 0.33, 0.37], [0.37, 0.33, 0.3])
    assert text.startswith("No channel stands out over 2 runs: ")


def test_a_single_run_says_that_it_has_no_spread():
    assert "a single run, which has no spread" in leaders([0.1, 0.2, 0.7])
    assert "No channel stands out" in leaders([0.33, 0.33, 0.34])


def test_many_channels_are_cut_short():
    names = [f"c{i}" for i in range(9)]
    importance = ChannelImportance("dcmix", names, np.arange(9) / 36)
    assert describe_leaders(importance).endswith("c4 (11%) and 4 more")


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [(0.45, "no better than guessing"), (0.55, "cannot be told from guessing"), (0.9, "")],
)
def test_doubt_depends_on_accuracy_and_chance(accuracy, words):
    text = describe_doubt(accuracy, 0.5, 100, "100 images of 10 unseen groups")
    assert words in text
    assert bool(text) == bool(words)
    assert text.endswith(".") or not words
