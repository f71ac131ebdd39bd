"""Models for inference elsewhere: written, loaded again, compared."""

from keras_dcmix.exporting.exports import Export as Export
from keras_dcmix.exporting.exports import export_model as export_model
from keras_dcmix.exporting.exports import obstacle as obstacle
