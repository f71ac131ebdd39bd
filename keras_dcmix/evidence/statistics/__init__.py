"""How far two rankings agree, how sure a score is, and how good predicted classes are."""

from keras_dcmix.evidence.statistics.classification import balanced_accuracy, roc_auc, z_prime
from keras_dcmix.evidence.statistics.clustering import Clustering, Metric, cluster_order
from keras_dcmix.evidence.statistics.correlation import (
    RankCorrelation,
    rank_correlation,
    rank_correlation_matrix,
)
from keras_dcmix.evidence.statistics.repeats import (
    bootstrap_interval,
    honestly_significant_difference,
    order_agreement,
)

__all__ = [
    "Clustering",
    "Metric",
    "RankCorrelation",
    "balanced_accuracy",
    "bootstrap_interval",
    "cluster_order",
    "honestly_significant_difference",
    "order_agreement",
    "rank_correlation",
    "rank_correlation_matrix",
    "roc_auc",
    "z_prime",
]
