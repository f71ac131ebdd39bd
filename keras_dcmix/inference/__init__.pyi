from . import formats as formats
from . import prediction as prediction
from .card import ModelCard as ModelCard
from .exporting import Export as Export
from .exporting import export_model as export_model
from .prediction import Predictor as Predictor
from .prediction import load_predictor as load_predictor
from .prediction import open_crops as open_crops
