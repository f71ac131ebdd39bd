from .compare import MethodComparison as MethodComparison
from .compare import compare_methods as compare_methods
from .rank import ChannelRanking as ChannelRanking
from .rank import rank_channels as rank_channels
