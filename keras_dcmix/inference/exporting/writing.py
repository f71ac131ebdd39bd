"""Writes an export with Keras' own converters."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import keras

from keras_dcmix._common.errors import ArtefactError, argument
from keras_dcmix._common.wording import short
from keras_dcmix.inference.formats import Format
from keras_dcmix.layers.dcmix import nested_layers


def write(model: keras.Model, path: Path, known: Format) -> None:
    """Writes the export without its card."""
    with warnings.catch_warnings(), _constant_standardizations(model):
        # Converters warn about what they trace and about NumPy 2; the comparison decides.
        warnings.simplefilter("ignore")
        if not known.keras_name:
            model.save(path)
            return
        try:
            model.export(
                str(path), format=known.keras_name, verbose=False, **known.writing_options()
            )
        except Exception as error:  # each converter has errors of its own
            raise ArtefactError(
                f"Model '{model.name}' cannot be written as {known.title} with the backend "
                f"{keras.backend.backend()} ({short(error)}): {alternatives(known)}"
            ) from error


def alternatives(known: Format) -> str:
    """What to try where a format cannot be written, as the end of a sentence."""
    others = [name for name in known.written_from if name != keras.backend.backend()]
    if not others:
        return f"choose another {argument('format')}"
    return (
        f"try KERAS_BACKEND={' or '.join(others)}, since a .keras file loads with every backend, "
        f"or another {argument('format')}"
    )


def standardizations(model: keras.Model) -> Iterator[keras.layers.Normalization]:
    """The standardisation layers of a model that have their statistics, from the outside in."""
    layers = (layer for layer in nested_layers(model) if layer is not model)
    found = (layer for layer in layers if isinstance(layer, keras.layers.Normalization))
    return (layer for layer in found if getattr(layer, "mean", None) is not None)


@contextlib.contextmanager
def _constant_standardizations(model: keras.Model) -> Iterator[None]:
    """Turns mean and variance into NumPy arrays, which become constants of a graph.

    As TensorFlow's tensors they would become further inputs of an ONNX model, without a value.
    """
    kept = [(layer, layer.mean, layer.variance) for layer in standardizations(model)]
    for layer, mean, variance in kept:
        layer.mean = keras.ops.convert_to_numpy(mean)
        layer.variance = keras.ops.convert_to_numpy(variance)
    try:
        yield
    finally:
        for layer, mean, variance in kept:
            layer.mean, layer.variance = mean, variance
