"""Results in plain words."""

from keras_dcmix.evidence.summary.check import describe_agreement, describe_check, describe_cost
from keras_dcmix.evidence.summary.comparison import (
    describe_comparison,
    describe_comparison_headline,
)
from keras_dcmix.evidence.summary.headline import describe_headline
from keras_dcmix.evidence.summary.ranking import (
    describe_doubt,
    describe_leaders,
    find_leaders,
    guesses,
)
from keras_dcmix.evidence.summary.verdict import Verdict, read_check

__all__ = [
    "Verdict",
    "describe_agreement",
    "describe_check",
    "describe_comparison",
    "describe_comparison_headline",
    "describe_cost",
    "describe_doubt",
    "describe_headline",
    "describe_leaders",
    "find_leaders",
    "guesses",
    "read_check",
]
