"""How far two rankings agree, and how sure a score is."""

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
    "bootstrap_interval",
    "cluster_order",
    "honestly_significant_difference",
    "order_agreement",
    "rank_correlation",
    "rank_correlation_matrix",
]
