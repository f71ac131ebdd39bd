"""What a classifier gives, as probabilities of the classes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import ModelError


def predicted_probabilities(model: keras.Model, outputs: Any) -> np.ndarray:
    """Turns the outputs of a classifier for all test images into probabilities.

    Args:
        model: Keras classifier: probabilities or logits over classes, or one output for the
            second of two classes.
        outputs: `(num_images, outputs)`, what it gives for the images.

    Returns:
        `(num_images, num_classes)` in `float32`, 0 to 1.

    Raises:
        ValueError: If an output is NaN.
    """
    outputs = np.asarray(outputs, dtype=np.float64)
    if np.isnan(outputs).any():
        raise ModelError(
            f"Model '{model.name}' gives NaN for finite images: its training has probably diverged"
        )
    found = class_probabilities(outputs, are_logits=look_like_logits(model, outputs))
    return found.astype(np.float32)


def class_probabilities(outputs: np.ndarray, *, are_logits: bool) -> np.ndarray:
    """`(batch, num_classes)` probabilities, whether a model gives these or logits.

    Args:
        outputs: `(batch, outputs)`; one output alone is for the second of two classes.
        are_logits: Whether they go through a softmax, or a sigmoid where there is only one.

    Example:
        >>> class_probabilities(np.array([[0.2], [0.9]]), are_logits=False).round(1).tolist()
        [[0.8, 0.2], [0.1, 0.9]]
        >>> class_probabilities(np.log([[1.0, 3.0]]), are_logits=True).tolist()
        [[0.25, 0.75]]
    """
    if outputs.shape[1] == 1:
        if are_logits:
            outputs = np.exp(-np.logaddexp(0, -outputs))
        return np.concatenate([1 - outputs, outputs], axis=1)
    if are_logits:
        outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        outputs /= outputs.sum(axis=1, keepdims=True)
    return outputs


def look_like_logits(model: keras.Model, outputs: np.ndarray) -> bool:
    """Whether outputs must go through a softmax, or a sigmoid where there is only one."""
    if outputs.shape[1] == 1:
        activation = _last_activation(model)
        if activation in (keras.activations.linear, keras.activations.sigmoid):
            return activation is keras.activations.linear
        return bool(((outputs < 0) | (outputs > 1)).any())
    sums_to_one = np.allclose(outputs.sum(axis=1), 1, atol=1e-2)  # float16 keeps three digits
    return not (sums_to_one and (outputs >= -1e-6).all())


def _last_activation(model: keras.Model) -> Any:
    last = model
    while getattr(last, "layers", None):
        last = last.layers[-1]
    return getattr(last, "activation", None)
