from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from keras_dcmix.evidence.summary import (
    describe_check,
    describe_comparison,
    describe_comparison_headline,
    describe_doubt,
    describe_headline,
    describe_leaders,
    read_check,
)
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.subsets import SubsetScores

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


def table(gains: dict[str, float], *, redundant: bool = False) -> SubsetScores:
    """Scores of a game: each channel adds its gain; `redundant`: the best one inside counts."""
    subsets = np.array(list(itertools.product([False, True], repeat=len(NAMES))))
    added = subsets * [gains.get(name, 0.0) for name in NAMES]
    score = 0.5 + (added.max(axis=1) if redundant else added.sum(axis=1))
    # Two blocks a hair apart: errors are small, and known.
    blocks = np.stack([score - 1e-6 * subsets.sum(axis=1), score + 1e-6 * subsets.sum(axis=1)])
    return SubsetScores(tuple(NAMES), subsets, {"accuracy": blocks, "log_likelihood": blocks})


def check(shares: list[float], gains: dict[str, float], **kwargs) -> str:
    return describe_check(ChannelImportance("dcmix", NAMES, shares), table(gains, **kwargs))


def test_weights_and_check_that_agree_say_so_and_what_can_be_dropped():
    text = check([0.03, 0.02, 0.95], {"Mito": 0.4})
    assert text.startswith("The check agrees: one model trained on random subsets")
    assert "credits the channels with Mito 100% of what it gains" in text
    assert "Mito alone is enough: accuracy 0.900, 0.900 with all" in text
    assert "so DNA and ER can be dropped" in text


def test_a_channel_that_informs_with_a_low_weight_is_named_with_a_reason():
    text = check([0.01, 0.49, 0.50], {"DNA": 0.2, "ER": 0.1, "Mito": 0.1})
    assert "disagrees in part" in text
    assert "DNA (50%, but 1% of the mix) informs more than the weights say" in text
    assert "contrast is inverted, or classes that differ in which channel lights up" in text


def test_a_missed_channel_that_another_replaces_is_called_replaced():
    text = check([0.01, 0.01, 0.98], {"DNA": 0.4, "Mito": 0.4}, redundant=True)
    assert "most of what it knows the mix has from another channel (DNA by Mito)" in text


def test_a_high_weight_that_adds_nothing_is_named_with_a_reason():
    text = check([0.3, 0.0, 0.7], {"Mito": 0.4})
    assert "disagrees in part" in text
    assert "DNA (30% of the mix) adds next to nothing by it" in text
    assert "landmark" in text


def test_what_accuracy_cannot_do_without_is_never_called_spare():
    text = check([0.3, 0.0, 0.7], {"DNA": 0.01, "Mito": 0.39})
    assert "next to nothing" not in text
    assert "DNA and Mito alone are enough" in text


def test_channels_that_are_all_needed_cannot_be_dropped():
    text = check([0.3, 0.3, 0.4], {"DNA": 0.1, "ER": 0.12, "Mito": 0.18})
    assert "without DNA, which is missed least, accuracy is 0.800, 0.900 with all" in text
    assert "(difference -0.100 ± " in text


def test_a_smaller_panel_that_keeps_most_is_told_beside_the_sufficient_one():
    text = check([0.3, 0.3, 0.4], {"DNA": 0.02, "ER": 0.01, "Mito": 0.37})
    assert "No channel can be dropped without cost" in text
    assert text.endswith("; Mito alone keeps 92% of what all channels gain (0.870).")


def test_channels_that_gain_nothing_together_leave_no_part_of_it_to_tell():
    """Two of three channels are right, all three guess."""
    subsets = np.array(list(itertools.product([False, True], repeat=len(NAMES))))
    score = np.select([subsets.all(axis=1), subsets[:, 2]], [0.5, 0.8 + 0.1 * subsets[:, 1]], 0.5)
    blocks = np.stack([score, score + 1e-9])
    known = np.stack([subsets @ [0.1, 0.1, 0.2]] * 2)
    scores = SubsetScores(tuple(NAMES), subsets, {"accuracy": blocks, "log_likelihood": known})
    text = describe_check(ChannelImportance("dcmix", NAMES, [0.3, 0.3, 0.4]), scores)
    assert "ER and Mito alone are enough: accuracy 0.900, 0.500 with all" in text
    assert "of what all channels gain" not in text


def test_a_check_that_learned_nothing_confirms_nothing():
    assert "it cannot confirm this" in check([0.2, 0.3, 0.5], {})


def compared(
    spearman: list[float], *, truth="truth", majority_baseline=0.5, guessing=(), names=NAMES
) -> str:
    """Two methods: dcmix puts the last channel first, cbam the first one."""
    columns = {"method": ["dcmix", "cbam"], "accuracy": [0.9, 0.8], "spearman_truth": spearman}
    order = np.arange(len(names), dtype=float)
    found = [
        ChannelImportance("dcmix", names, order),
        ChannelImportance("cbam", names, order[::-1]),
    ]
    known = ChannelImportance(truth, names, order) if truth else None
    return describe_comparison(pd.DataFrame(columns), found, known, majority_baseline, guessing)


def test_methods_are_listed_by_their_agreement_with_the_truth():
    text = compared([0.5, 1.0])
    assert "0.800 to 0.900 (0.500 by always naming the commonest class)" in text
    assert text.endswith("the planted truth: cbam 1.00, dcmix 0.50.")
    assert "what single_channel finds: " in compared([0.5, 1.0], truth="single_channel")


def test_the_channel_that_most_methods_put_first_is_named():
    assert "Mito comes first by 1 of 2 methods, DNA by 1 (cbam)." in compared([0.5, 1.0])


def test_methods_whose_model_guesses_are_named_and_not_believed():
    text = compared([0.5, 1.0], guessing=["cbam"])
    assert "The model behind cbam cannot be told from guessing: its ranking means nothing" in text
    assert "Mito comes first by 1 of 1 methods." in text
    assert text.endswith("the planted truth: dcmix 0.50.")


def test_without_a_truth_or_without_ranks_the_sentence_says_so():
    assert "No truth is known" in compared([np.nan, np.nan], truth=None)
    assert "Two channels allow no rank" in compared([np.nan, np.nan], names=["GFP", "DNA"])


def test_models_that_all_guess_rank_nothing():
    text = compared([1.0, 1.0], majority_baseline=0.95, guessing=["dcmix", "cbam"])
    assert "no ranking here means anything" in text


def headline(
    shares: list[float], gains: dict[str, float] | None = None, *, spread: float = 0.01, **kwargs
) -> str:
    """The headline of three runs that differ by a little."""
    repeats = np.array(shares) + spread * np.array([[1, -1, 0], [-1, 1, 0], [0, 0, 0]])
    importance = ChannelImportance.from_repeats("dcmix", NAMES, repeats)
    verdict = None if gains is None else read_check(importance, table(gains))
    return describe_headline(importance, check=verdict, **kwargs)


def test_the_headline_names_what_leads_and_what_does_not():
    text = headline([0.02, 0.03, 0.95], {"Mito": 0.4})
    assert (
        text
        == "Mito, not ER or DNA: 95% of the mix, in 3 of 3 runs; dropping DNA and ER costs nothing"
    )


def test_the_headline_calls_nothing_useless_that_the_check_needs():
    text = headline([0.02, 0.03, 0.95], {"Mito": 0.4, "ER": 0.03})
    assert text.startswith("Mito leads with 95% of the mix, first in 3 of 3 runs; dropping DNA")


def test_the_headline_of_level_channels_names_them_together():
    text = headline([0.05, 0.47, 0.48], {"Mito": 0.2, "ER": 0.2}, spread=0.02)
    assert text.startswith(
        "All channels but DNA lead, level over 3 runs; dropping DNA costs nothing"
    )


def test_the_headline_says_when_the_check_disagrees():
    text = headline([0.02, 0.03, 0.95], {"ER": 0.4})
    assert text.endswith("; but the check disagrees: ER alone is enough")


def test_the_headline_does_not_list_many_idle_channels():
    names = ["A", "B", "C", "D"]
    shares = ChannelImportance.from_repeats("dcmix", names, [[0.94, 0.02, 0.02, 0.02]] * 3)
    assert describe_headline(shares) == "A leads with 94% of the mix, first in 3 of 3 runs"


def test_the_headline_doubts_a_cost_of_nothing_that_is_not_sure():
    subsets = np.array(list(itertools.product([False, True], repeat=len(NAMES))))
    # Without DNA and ER one well loses and the other gains.
    blocks = np.stack([0.5 + subsets @ [0.0, 0.1, 0.3], 0.5 + subsets @ [0.0, -0.1, 0.3]])
    scores = SubsetScores(tuple(NAMES), subsets, {"accuracy": blocks, "log_likelihood": blocks})
    shares = ChannelImportance.from_repeats("dcmix", NAMES, [[0.02, 0.03, 0.95]] * 3)
    text = describe_headline(shares, check=read_check(shares, scores))
    assert text.endswith("; dropping DNA and ER costs nothing (± 10 points of accuracy)")


def test_the_headline_says_that_nothing_can_go_where_the_check_disagrees():
    text = headline([0.02, 0.28, 0.70], {"DNA": 0.1, "ER": 0.1, "Mito": 0.2})
    assert text.endswith("; but the check disagrees: no channel can be dropped without cost")


def test_the_headline_doubts_a_leader_that_the_check_does_not_need():
    text = headline([0.1, 0.2, 0.7], {"DNA": 0.2, "ER": 0.2})
    assert text.endswith("; but the check disagrees: DNA and ER alone are enough")


def test_the_headline_does_not_put_a_number_on_what_costs_next_to_nothing():
    text = headline([0.2, 0.3, 0.5], {"Mito": 0.2, "ER": 0.1, "DNA": 0.003})
    assert text.endswith("; no channel can be dropped without cost")


def test_a_check_whose_model_gets_less_sure_confirms_nothing():
    subsets = np.array(list(itertools.product([False, True], repeat=len(NAMES))))
    accuracy, sureness = 0.5 + subsets @ [0.0, 0.0, 0.4], -(subsets @ [0.0, 0.0, 0.4])
    named = {"accuracy": np.stack([accuracy] * 2), "log_likelihood": np.stack([sureness] * 2)}
    scores = SubsetScores(tuple(NAMES), subsets, named)
    assert read_check(ChannelImportance("dcmix", NAMES, [0.2, 0.3, 0.5]), scores) is None


def test_a_part_within_its_error_is_not_called_missed():
    subsets = np.array(list(itertools.product([False, True], repeat=len(NAMES))))
    # DNA seems to add in one well and to take away in the other.
    blocks = np.stack([0.5 + subsets @ [0.6, 0.1, 0.3], 0.5 + subsets @ [-0.3, 0.1, 0.3]])
    scores = SubsetScores(tuple(NAMES), subsets, {"accuracy": blocks, "log_likelihood": blocks})
    found = read_check(ChannelImportance("dcmix", NAMES, [0.01, 0.3, 0.69]), scores)
    assert found.parts["DNA"] > 0.25
    assert found.missed == []


def test_the_headline_counts_what_dropping_costs_where_all_are_needed():
    text = headline([0.2, 0.3, 0.5], {"Mito": 0.2, "ER": 0.1, "DNA": 0.03})
    assert text.endswith("first in 3 of 3 runs; even dropping DNA costs up to 3 points of accuracy")


def test_the_headline_without_a_check_promises_nothing():
    assert headline([0.2, 0.3, 0.5]) == "Mito leads with 50% of the mix, first in 3 of 3 runs"


def test_the_headline_of_guessing_models_names_no_channel():
    text = headline([0.2, 0.3, 0.5], doubt=True)
    assert text == "No ranking to believe: the models cannot be told from guessing"


def test_the_headline_of_a_tie_names_no_channel():
    assert headline([0.33, 0.33, 0.34], spread=0.05) == "No channel stands out over 3 runs"


def test_the_headline_of_a_comparison_counts_methods():
    first = ChannelImportance("dcmix", NAMES, [0, 1, 2])
    second = ChannelImportance("occlusion", NAMES, [0, 2, 1])
    third = ChannelImportance("flat", NAMES, [1, 1, 1])
    found = [first, second, third]
    assert (
        describe_comparison_headline(found, []) == "Mito and ER come first by 1 of 2 methods each"
    )
    assert describe_comparison_headline(found, ["dcmix"]) == "ER comes first by 1 of 1 method"
    assert describe_comparison_headline([third], []) == "All methods score all channels alike"
    assert describe_comparison_headline([first], ["dcmix"]).startswith("No ranking to believe")
