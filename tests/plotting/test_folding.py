"""How many channels are drawn one by one, and what is said of the others."""

import numpy as np
import pytest

from keras_dcmix.plotting.folding import are_shares, folded, share_in_percent, shares_together


@pytest.mark.parametrize(
    ("top", "rows"),
    [
        (None, ["a", "b", "c"]),
        (4, ["a", "b", "c"]),
        (3, ["a", "b", "c"]),
        (2, ["a", "b", "1 other channel"]),
        (np.int64(1), ["a", "2 other channels"]),
    ],
)
def test_the_first_channels_have_rows_and_the_others_share_the_last(top, rows):
    assert folded(["a", "b", "c"], top).rows == rows


@pytest.mark.parametrize("top", [0, -1, 2.5, True, "3", float("nan")])
def test_a_top_that_is_no_count_is_refused_in_one_sentence(top):
    words = r"^`top` must be a whole number of at least 1, or None .*\. Received: top="
    with pytest.raises(ValueError, match=words):
        folded(["a", "b"], top)


@pytest.mark.parametrize("largest", [0.0700001, 0.07, 0.0111, 0.00512, 0.123])
def test_no_channel_is_above_the_number_that_none_is_above(largest):
    words = shares_together(np.array([largest, largest / 2]))
    limit = float(words.removesuffix("%").rpartition(" ")[2]) / 100
    assert largest <= limit + 1e-9
    assert limit < 1.1 * largest


def test_a_single_channel_is_not_called_together():
    assert shares_together(np.array([0.03])) == "3.0%"


@pytest.mark.parametrize(("share", "text"), [(1.0, "100%"), (0.0, "0%"), (5e-5, "below 0.01%")])
def test_a_share_is_never_rounded_to_none_at_all(share, text):
    assert share_in_percent(share) == text


@pytest.mark.parametrize(
    ("scores", "expected"), [([0.4, 0.6], True), ([0.4, 0.7], False), ([-0.5, 1.5], False)]
)
def test_shares_are_scores_of_one_total(scores, expected):
    assert are_shares(np.array(scores)) == expected
