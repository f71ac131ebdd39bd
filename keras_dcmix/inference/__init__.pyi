from .card import ModelCard as ModelCard
from .exporting import Export as Export
from .exporting import export_model as export_model
from .prediction import Predictor as Predictor
from .prediction import load_predictor as load_predictor
