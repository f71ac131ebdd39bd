"""The last layer of a classifier, fitted again on the features of one subset of the channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

# Ridge towards the trained layer: of 1e-3, 1e-2 and 1e-1 the best on held-out wells, see
# docs/decisions.md. The bias moves a hundred times as freely as a weight.
_PENALTY = 1e-2
_BIAS_PENALTY = 1e-4
_MOST_STEPS = 100


@dataclass(frozen=True, eq=False)
class LastLayer:
    """A dense layer with softmax.

    Attributes:
        kernel: `(num_features, num_classes)`.
        bias: `(num_classes,)`.
    """

    kernel: np.ndarray
    bias: np.ndarray

    def log_probabilities(self, features: np.ndarray) -> np.ndarray:
        """`(num_images, num_classes)`, in nats."""
        logits = features @ self.kernel + self.bias
        logits -= logits.max(axis=1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    def fitted(
        self, features: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
    ) -> LastLayer:
        """The layer that fits images best, held near this one by a ridge penalty.

        Minimises the mean cross-entropy plus `0.005 * |kernel - self.kernel|**2`: where images are
        few or say nothing, the layer stays as it was trained.

        Args:
            features: `(num_images, num_features)`, the inputs of the layer.
            labels: `(num_images,)` class numbers.
            weights: `(num_images,)`, how much each image counts; all alike by default.
        """
        from scipy.optimize import minimize

        inputs = np.hstack([features, np.ones((len(features), 1))]).astype(np.float64)
        start = np.vstack([self.kernel, self.bias]).astype(np.float64)
        penalty = np.full((len(start), 1), _PENALTY)
        penalty[-1] = _BIAS_PENALTY
        weights = np.ones(len(labels)) if weights is None else weights
        weights = (weights / weights.sum())[:, None]
        rows = np.arange(len(labels))

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            moved = flat.reshape(start.shape) - start
            logits = inputs @ (start + moved)
            logits -= logits.max(axis=1, keepdims=True)
            sums = np.exp(logits).sum(axis=1, keepdims=True)
            errors = np.exp(logits) / sums
            errors[rows, labels] -= 1
            fit = (weights[:, 0] * (np.log(sums[:, 0]) - logits[rows, labels])).sum()
            gradient = inputs.T @ (weights * errors) + penalty * moved
            return fit + 0.5 * (penalty * moved**2).sum(), gradient.ravel()

        found = minimize(
            loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": _MOST_STEPS}
        )
        fitted = found.x.reshape(start.shape)
        return LastLayer(fitted[:-1], fitted[-1])


def split_before_last_layer(model: keras.Model) -> tuple[keras.Model, LastLayer] | None:
    """A classifier as its features and its last layer.

    Returns:
        The model up to the inputs of its last layer, and that layer; `None` where the classifier
        does not end with a dense softmax layer on one row of features an image.
    """
    last: Any = model.layers[-1] if model.layers else None
    is_softmax = (
        isinstance(last, keras.layers.Dense)
        and last.activation is keras.activations.softmax
        and last.use_bias
        and last.units > 1
    )
    # A subclassed model has no graph, or its last layer is not called last.
    outputs = getattr(model, "outputs", None)
    if not is_softmax or not outputs or outputs[0] is not last.output or len(last.input.shape) != 2:
        return None
    kernel, bias = (keras.ops.convert_to_numpy(each) for each in (last.kernel, last.bias))
    # A list of one input would make Keras warn that a single tensor comes.
    features = keras.Model(model.inputs[0], last.input, name=f"features_{model.name}")
    return features, LastLayer(kernel, bias)
