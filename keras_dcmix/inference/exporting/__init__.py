"""Models for inference elsewhere: written, loaded again, compared."""

from keras_dcmix.inference.exporting.exports import Export as Export
from keras_dcmix.inference.exporting.exports import export_model as export_model
from keras_dcmix.inference.exporting.exports import obstacle as obstacle
