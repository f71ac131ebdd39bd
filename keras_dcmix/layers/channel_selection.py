"""The pull towards few channels, by which DCMIX learns its weights."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from keras_dcmix._common.errors import LayerError

_FEW_CHANNELS = 8
_FADES_BELOW = 0.5  # of an even weight


@keras.saving.register_keras_serializable(package="keras_dcmix")
class ChannelSelection(keras.regularizers.Regularizer):
    """Pulls the weights of channels that the network does not use to 0.

    For each plane, with `r = alpha_c / max(alpha)`, it adds to the gradient of `alpha_c`

    `strength * (sqrt(num_channels) - sqrt(8)) * fade * (1 - r + r**2)`

    and nothing with up to eight channels, which the loss alone separates better. Far below the
    largest weight this is the pull of an L1 penalty: what does not lower the loss goes to 0. Near
    the largest weight it is proportional to the weight, so that channels with the same information
    keep their ratio instead of one of them being dropped by chance. The root of the number of
    channels is one over the weight that `EqualBlend` starts from: weights count as multiples of an
    even one.

    `fade = min(1, max(alpha) * sqrt(num_channels) / 0.5)`: while the largest weight is below half
    an even one, the pull weakens with it, so that it cannot reduce all weights to 0 where the
    network has no normalization that makes up for their scale.

    It changes the gradient, but adds 0 to the loss, so `loss` and `val_loss` of a model stay what
    they are without it.

    Args:
        strength: At least 0, in units of the loss per even weight. The default was chosen by
            measuring, see `docs/method.md`.

    Raises:
        ValueError: If `strength` is no finite number of at least 0.

    Example:

    >>> float(ChannelSelection()(ops.ones((40, 1))))
    0.0
    """

    def __init__(self, strength: float = 0.07) -> None:
        is_number = isinstance(strength, int | float) and not isinstance(strength, bool)
        if not is_number or not 0 <= strength < float("inf"):
            raise LayerError(
                f"`strength` must be a finite number of at least 0. Received: strength={strength!r}"
            )
        self.strength = float(strength)

    def __call__(self, alpha: Any) -> Any:
        alpha = ops.convert_to_tensor(alpha)
        fixed = ops.stop_gradient(alpha)
        largest = ops.max(fixed, axis=0, keepdims=True)
        ratio = fixed / ops.where(largest > 0, largest, ops.ones_like(largest))
        root = alpha.shape[0] ** 0.5
        fade = ops.minimum(largest * root / _FADES_BELOW, 1.0)
        factor = self.strength * max(root - _FEW_CHANNELS**0.5, 0.0)
        pull = factor * fade * (1 - ratio + ratio**2)
        return ops.sum(pull * (alpha - fixed))

    def __repr__(self) -> str:
        return f"ChannelSelection(strength={self.strength:g})"

    def get_config(self) -> dict[str, Any]:
        return {"strength": self.strength}
