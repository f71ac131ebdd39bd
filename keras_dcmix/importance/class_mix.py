"""The mix that would separate one class from the rest, behind a model that stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_dcmix.data.batches import ImageBatches
from keras_dcmix.importance.evaluation import Evaluation
from keras_dcmix.layers.dcmix import find_dcmix, nested_layers

_FEWEST_EPOCHS = 5


def fitted_mix(
    evaluation: Evaluation,
    number: int,
    seed: int,
    *,
    batch_size: int = 32,
    num_steps: int = 200,
    learning_rate: float = 0.02,
) -> keras.Model:
    """A copy of the model with the mix that separates one class from the rest, all else frozen.

    Args:
        evaluation: A model with one `DCMix` layer, its images and labels.
        number: The class.
        seed: Seed of the batches.
        batch_size: Images in a training step, at most.
        num_steps: Training steps, at least; there are 5 epochs or more.
        learning_rate: Rate at the start, of a cosine decay to 0. A handful of weights bears a high
            one, and moves by about that much a step, so few steps would leave it at its start.

    Returns:
        The copy; the model itself stays as it is.
    """
    clone = _copy(evaluation.model)
    for variable in clone.variables:
        variable.trainable = False
    for variable in find_dcmix(clone).variables:
        variable.trainable = True
    inputs = keras.Input(evaluation.model.input_shape[1:])
    frozen = keras.Model(inputs, _InUse(clone)(inputs))
    batches = ImageBatches(
        evaluation.images,
        evaluation.labels,
        batch_size=min(evaluation.batch_size, batch_size),
        shuffle=True,
        seed=seed,
    )
    epochs = max(_FEWEST_EPOCHS, -(-num_steps // len(batches)))
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * len(batches))
    frozen.compile(keras.optimizers.Adam(rate), one_against_rest(evaluation, number))
    frozen.fit(batches, epochs=epochs, shuffle=False, verbose=0)
    return clone


class _InUse(keras.layers.Layer):
    """A model as it predicts, also while `fit` runs: no dropout, no masks, statistics at rest.

    `model(inputs, training=False)` in a Functional model would not do: `fit` overrides it.
    """

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self.model = model

    def call(self, images: Any) -> Any:
        return self.model(images, training=False)


def _copy(model: keras.Model) -> keras.Model:
    """A copy with weights of its own, all of them free to train."""
    clone = keras.models.clone_model(model)
    clone.trainable = True
    clone.set_weights(model.get_weights())
    for layer in nested_layers(clone):
        # What this layer computes with is derived from its weights, and setting these is no sign.
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    return clone


def one_against_rest(evaluation: Evaluation, number: int) -> Callable[[Any, Any], Any]:
    """Binary cross-entropy of one class's probability, both sides weighing the same."""
    share = float((evaluation.labels == number).mean())

    def loss(labels: Any, outputs: Any) -> Any:
        inside = ops.cast(ops.reshape(labels, (-1,)) == number, "float32")
        chosen = _probability(ops.cast(outputs, "float32"), number, evaluation.are_logits)
        chosen = ops.clip(chosen, 1e-7, 1 - 1e-7)
        weighed = inside / share * ops.log(chosen)
        return -weighed - (1 - inside) / (1 - share) * ops.log(1 - chosen)

    return loss


def _probability(outputs: Any, number: int, are_logits: bool) -> Any:
    if outputs.shape[-1] == 1:
        second = ops.sigmoid(outputs[:, 0]) if are_logits else outputs[:, 0]
        return second if number == 1 else 1 - second
    return (ops.softmax(outputs) if are_logits else outputs)[:, number]
