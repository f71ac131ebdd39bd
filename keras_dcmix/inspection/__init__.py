"""Checks of a source before any training: is it sound, would a ranking learn batch effects?"""

from keras_dcmix.inspection.examples import example_fields, read_examples
from keras_dcmix.inspection.groups import refuse_few_groups
from keras_dcmix.inspection.inspect_source import inspect_images, source_warnings
from keras_dcmix.inspection.result import Inspection

__all__ = [
    "Inspection",
    "example_fields",
    "inspect_images",
    "read_examples",
    "refuse_few_groups",
    "source_warnings",
]
