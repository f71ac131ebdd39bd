"""How far two rankings agree, how sure scores are over repeats and groups, and metrics."""

from keras_dcmix.evidence.statistics.classification import balanced_accuracy, roc_auc, z_prime
from keras_dcmix.evidence.statistics.clustering import Clustering, Metric, cluster_order
from keras_dcmix.evidence.statistics.correlation import (
    RankCorrelation,
    rank_correlation,
    rank_correlation_matrix,
)
from keras_dcmix.evidence.statistics.groups import GroupMean, group_mean
from keras_dcmix.evidence.statistics.permutation import (
    label_permutation_p_value,
    smallest_p_value,
)
from keras_dcmix.evidence.statistics.repeats import (
    bootstrap_interval,
    honestly_significant_difference,
    order_agreement,
)
from keras_dcmix.evidence.statistics.significance import adjusted_p_values, fewest_groups

__all__ = [
    "Clustering",
    "GroupMean",
    "Metric",
    "RankCorrelation",
    "adjusted_p_values",
    "balanced_accuracy",
    "bootstrap_interval",
    "cluster_order",
    "fewest_groups",
    "group_mean",
    "honestly_significant_difference",
    "label_permutation_p_value",
    "order_agreement",
    "rank_correlation",
    "rank_correlation_matrix",
    "roc_auc",
    "smallest_p_value",
    "z_prime",
]
