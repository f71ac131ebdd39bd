"""Checks of a source before any training: is it sound, would a ranking learn batch effects?"""

from keras_dcmix.inspection.examples import example_fields, read_examples
from keras_dcmix.inspection.inspect_source import inspect_images, layout_warnings
from keras_dcmix.inspection.result import Inspection

__all__ = [
    "Inspection",
    "example_fields",
    "inspect_images",
    "layout_warnings",
    "read_examples",
]
