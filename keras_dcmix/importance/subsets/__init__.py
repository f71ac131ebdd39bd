"""The table of a classifier's scores per subset of its channels, and what follows from it.

The Shapley value of each channel, the best panel of each size and the channels that replace each
other all come from one table, by plain arithmetic.
"""

from keras_dcmix.importance.subsets.panels import Panel
from keras_dcmix.importance.subsets.scores import SubsetScores

__all__ = ["Panel", "SubsetScores"]
