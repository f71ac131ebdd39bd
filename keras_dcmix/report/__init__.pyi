from .comparison import comparison_report as comparison_report
from .ranking import ranking_report as ranking_report
