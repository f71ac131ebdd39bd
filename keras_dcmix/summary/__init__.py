"""Results in plain words."""

from keras_dcmix.summary.check import describe_check
from keras_dcmix.summary.comparison import describe_comparison
from keras_dcmix.summary.ranking import describe_doubt, describe_leaders, guesses

__all__ = ["describe_check", "describe_comparison", "describe_doubt", "describe_leaders", "guesses"]
