"""Importance methods, one a file; each returns a `ChannelImportance`."""

from keras_dcmix.importance.mixing_weights import mixing_weights as mixing_weights
