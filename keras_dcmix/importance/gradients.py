"""Gradients of a model's output: the one file that asks which backend runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_dcmix._common.errors import MethodError

Gradients = Callable[[np.ndarray, np.ndarray], np.ndarray]


def output_gradients(model: keras.Model) -> Gradients:
    """Makes the function that gives the gradient of a model's output for the label by the pixels.

    The model runs in inference mode and stays as it is. What is made here is compiled once for
    each shape of a batch and holds the model, so make it once for a job and let it go after.

    Args:
        model: Built Keras model from images to `(batch, outputs)`. One output alone speaks for
            label 1, its negative for label 0.

    Returns:
        A function from images `(batch, height, width, num_channels)` and labels `(batch,)`,
        integers, to gradients of the images' shape, NumPy `float32`.

    Raises:
        ValueError: If the backend has no gradients.
    """
    makers = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
    backend = keras.config.backend()
    if backend not in makers:
        raise MethodError(
            f"Gradients need one of the backends {', '.join(makers)}; permutation and occlusion "
            f"need none. Received: backend {backend!r}"
        )
    return makers[backend](model)


def _for_labels(outputs: Any, labels: Any) -> Any:
    """The sum over the batch of each image's output for its label: images do not interact."""
    if outputs.shape[1] == 1:
        sign = ops.cast(2 * labels - 1, outputs.dtype)
        return ops.sum(sign * outputs[:, 0])
    return ops.sum(ops.one_hot(labels, outputs.shape[1], dtype=outputs.dtype) * outputs)


def _tensorflow(model: keras.Model) -> Gradients:
    import tensorflow as tf

    @tf.function(reduce_retracing=True)
    def gradients(images: Any, labels: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            output = _for_labels(model(images, training=False), labels)
        return tape.gradient(output, images, unconnected_gradients="zero")

    return lambda images, labels: gradients(*_tensors(images, labels)).numpy()


def _jax(model: keras.Model) -> Gradients:
    import jax

    def output(images: Any, labels: Any, values: list[Any]) -> Any:
        # Unlike `stateless_call`, this takes a model whose `call` has no `training`.
        with keras.StatelessScope(zip(model.variables, values, strict=True)):
            return _for_labels(model(images, training=False), labels)

    gradients = jax.jit(jax.grad(output))

    def found(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        # Read anew each time: `predict_on_batch` gives the buffers away and makes others.
        values = [variable.value for variable in model.variables]
        return np.asarray(gradients(*_tensors(images, labels), values))

    return found


def _torch(model: keras.Model) -> Gradients:
    import torch

    def gradients(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        pixels, classes = _tensors(images, labels)
        pixels = pixels.detach().requires_grad_(True)
        with torch.enable_grad():
            output = _for_labels(model(pixels, training=False), classes)
        if not output.requires_grad:  # a model that nothing of the pixels reaches
            return np.zeros_like(images)
        # Unlike `backward`, this leaves the gradients of the weights alone.
        (found,) = torch.autograd.grad(output, pixels, allow_unused=True, materialize_grads=True)
        return ops.convert_to_numpy(found)

    return gradients


def _tensors(images: np.ndarray, labels: np.ndarray) -> tuple[Any, Any]:
    return ops.convert_to_tensor(images, "float32"), ops.convert_to_tensor(labels, "int32")
