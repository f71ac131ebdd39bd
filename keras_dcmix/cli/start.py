"""Starting Keras from the command, without TensorFlow's start-up messages."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def start_keras() -> None:
    """Imports Keras without TensorFlow's start-up messages."""
    with quiet_backend():
        try:
            import keras

            keras.ops.zeros(1)  # the backend prints again when it first computes
        except (ImportError, ValueError) as error:  # a name that Keras does not know is the latter
            raise ImportError(
                f"Keras cannot start its backend ({error}): install one, for instance with "
                "pip install 'keras-dcmix[tensorflow]', or choose another with the environment "
                "variable KERAS_BACKEND (tensorflow, jax, torch)"
            ) from error


@contextmanager
def quiet_backend() -> Iterator[None]:
    """Suppresses what TensorFlow prints when it starts, and its warnings of retracing for good."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Each seed is a new model, which TensorFlow reports as needless retracing.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with quiet_stderr():
        yield


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Suppresses what libraries write to standard error, below Python as well."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
