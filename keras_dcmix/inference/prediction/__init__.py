"""Predictions of a trained model for new images; Keras is imported only for Keras models."""

from keras_dcmix.inference.prediction.predictor import Predictor as Predictor
from keras_dcmix.inference.prediction.predictor import load_predictor as load_predictor
from keras_dcmix.inference.prediction.source import open_crops as open_crops
from keras_dcmix.inference.prediction.source import trained_plane as trained_plane
from keras_dcmix.inference.prediction.tables import CropPredictions as CropPredictions
from keras_dcmix.inference.prediction.tables import predict_crops as predict_crops
