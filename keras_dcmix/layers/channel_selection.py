"""The pull towards few channels, by which DCMIX learns its weights."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from keras_dcmix._common.errors import LayerError

_FEW_CHANNELS = 8
_WEAKER_BELOW = 0.5  # of an even weight


@keras.saving.register_keras_serializable(package="keras_dcmix")
class ChannelSelection(keras.regularizers.Regularizer):
    """Pulls the weights of channels that the network does not use to 0.

    For each plane, with `r = alpha_c / max(alpha)`, it adds to the gradient of `alpha_c`

    `strength * (sqrt(num_channels) - sqrt(8)) * (1 - r + r**2)`

    and nothing with up to eight channels, which the loss alone separates better. Far below the
    largest weight this is the pull of an L1 penalty: what does not lower the loss goes to 0. Near
    the largest weight it is proportional to the weight, so that channels which show the same keep
    their ratio instead of one of them being dropped by chance. The root of the number of channels
    is one over the weight that `EqualBlend` starts from: weights count as multiples of an even one.

    While the largest weight is below half an even one, the pull weakens with it, so that it never
    ends all weights, also where the network has no normalization that makes up for their scale.

    Only the gradient counts: the value is always 0, so `loss` and `val_loss` of a model stay what
    they are without it.

    Args:
        strength: At least 0, in units of the loss per even weight. The default was chosen by
            measuring, see `docs/method.md`.

    Raises:
        ValueError: If `strength` is below 0.

    Example:

    >>> float(ChannelSelection()(ops.ones((40, 1))))
    0.0
    """

    def __init__(self, strength: float = 0.07) -> None:
        if not strength >= 0:
            raise LayerError(f"`strength` must be at least 0. Received: strength={strength!r}")
        self.strength = float(strength)

    def __call__(self, alpha: Any) -> Any:
        alpha = ops.convert_to_tensor(alpha)
        fixed = ops.stop_gradient(alpha)
        largest = ops.max(fixed, axis=0, keepdims=True)
        ratio = fixed / ops.where(largest > 0, largest, ops.ones_like(largest))
        root = alpha.shape[0] ** 0.5
        sharpness = max(root - _FEW_CHANNELS**0.5, 0.0)
        weaker = ops.minimum(largest * root / _WEAKER_BELOW, 1.0)
        pull = self.strength * sharpness * weaker * (1 - ratio + ratio**2)
        return ops.sum(pull * (alpha - fixed))

    def __repr__(self) -> str:
        return f"ChannelSelection(strength={self.strength:g})"

    def get_config(self) -> dict[str, Any]:
        return {"strength": self.strength}
