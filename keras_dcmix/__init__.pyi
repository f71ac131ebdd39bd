from . import callbacks as callbacks
from . import data as data
from . import datasets as datasets
from . import importance as importance
from . import layers as layers
from . import models as models
from . import plotting as plotting
from . import report as report
from . import statistics as statistics
from .comparison import MethodComparison as MethodComparison
from .comparison import compare_methods as compare_methods
from .exporting import Export as Export
from .exporting import export_model as export_model
from .options import Training as Training
from .prediction import Predictor as Predictor
from .prediction import load_predictor as load_predictor
from .ranking import ChannelRanking as ChannelRanking
from .ranking import rank_channels as rank_channels
from .results import ChannelImportance as ChannelImportance
from .subsets import SubsetScores as SubsetScores

__version__: str
