"""Results as one self-contained HTML page, to read, print and mail."""

from keras_dcmix.report.comparison import comparison_report
from keras_dcmix.report.ranking import ranking_report

__all__ = ["comparison_report", "ranking_report"]
