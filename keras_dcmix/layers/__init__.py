"""Keras layers, one a file."""

from keras_dcmix.layers.dcmix import DCMix as DCMix
from keras_dcmix.layers.dcmix import EqualBlend as EqualBlend
from keras_dcmix.layers.dcmix import find_dcmix as find_dcmix
