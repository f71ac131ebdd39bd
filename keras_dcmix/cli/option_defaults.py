"""What applies where an option is omitted, read off the library; `--help` shows it."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from keras_dcmix.data.cells.preprocessing import Preprocessing
from keras_dcmix.data.cells.recipe import CropRecipe
from keras_dcmix.data.formats.reading import Reading
from keras_dcmix.datasets import mnist_channels, simulated_cells

# What the library does where its own default is None, or False.
_IN_WORDS = {
    "format": "detected",
    "group": "experiment, plate and well",
    "channels": "all",
    "allow_outside": "no-allow-outside",
    "skip_unreadable": "no-skip-unreadable",
    "nuclei_channel": "found by its name",
    "max_per_field": "all",
    "background": "none",
    "clip": "none",
    "controls": "all fields",
    "mnist_file": "downloaded by Keras",
}


def defaults_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The defaults in the signature of a function."""
    parameters = signature(function).parameters.values()
    return {each.name: each.default for each in parameters if each.default is not each.empty}


def source_defaults() -> dict[str, str]:
    """For each field of `SourceOptions` that has a default in the library, its text."""
    cells, digits = defaults_of(simulated_cells), defaults_of(mnist_channels)
    sizes = {cells["size"]: " for simulated"} | {CropRecipe.size: ""}
    return _IN_WORDS | {
        "z": str(Reading.z),
        "crop": CropRecipe.crop,
        "size": ", ".join(f"{size}{source}" for size, source in sizes.items()),
        "illumination": Preprocessing.illumination,
        "normalize": Preprocessing.normalize,
        "scenario": digits["scenario"],
        "num_images": f"{cells['num_images']} for simulated, {digits['num_images']} for mnist",
    }
