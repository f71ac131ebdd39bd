from .check import ChannelCheck as ChannelCheck
from .compare import compare_methods as compare_methods
from .comparison import MethodComparison as MethodComparison
from .gather_ranking import TrainedRun as TrainedRun
from .gather_ranking import ranking_from_runs as ranking_from_runs
from .rank import rank_channels as rank_channels
from .ranking import ChannelRanking as ChannelRanking
