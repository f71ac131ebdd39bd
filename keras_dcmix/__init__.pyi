from . import callbacks as callbacks
from . import data as data
from . import datasets as datasets
from . import evidence as evidence
from . import experiments as experiments
from . import importance as importance
from . import inference as inference
from . import layers as layers
from . import models as models
from . import plotting as plotting
from . import report as report
from .evidence import statistics as statistics
from .experiments import ChannelRanking as ChannelRanking
from .experiments import MethodComparison as MethodComparison
from .experiments import compare_methods as compare_methods
from .experiments import rank_channels as rank_channels
from .importance import ChannelImportance as ChannelImportance
from .importance import SubsetScores as SubsetScores
from .inference import Export as Export
from .inference import Predictor as Predictor
from .inference import export_model as export_model
from .inference import load_predictor as load_predictor
from .models import Training as Training

__version__: str
