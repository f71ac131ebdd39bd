"""How a score changes as channels are deleted, or inserted, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_dcmix._common.errors import MethodError
from keras_dcmix._common.names import checked_channel_names


def curves_along(
    order: Sequence[str], score_of: Callable[[Sequence[str]], float]
) -> dict[str, Any]:
    """Follows a score while channels are deleted, and inserted, in an order.

    Args:
        order: Names of the channels, the most important first.
        score_of: From the names of the channels that are present, none to all, to their score.

    Returns:
        `"order"`; `"deletion"` and `"insertion"`, each `(num_channels + 1,)`, the scores after
        0, 1, ... channels were deleted or inserted; `"deletion_area"` and `"insertion_area"`,
        the mean height of each curve (trapezoid rule over shares of channels from 0 to 1).

    Raises:
        ValueError: If names repeat or there is none, or a score is not finite.

    Example:

    >>> weight = {"DNA": 3, "ER": 1}
    >>> found = curves_along(["DNA", "ER"], lambda panel: sum(weight[name] for name in panel))
    >>> found["deletion"].tolist(), found["insertion"].tolist()
    ([4.0, 1.0, 0.0], [0.0, 3.0, 4.0])
    >>> found["deletion_area"], found["insertion_area"]
    (1.5, 2.5)
    """
    order = checked_channel_names(order)
    deletion = [score_of(order[k:]) for k in range(len(order) + 1)]
    between = [score_of(order[:k]) for k in range(1, len(order))]
    curves = {
        "deletion": np.array(deletion, dtype=np.float64),
        # The ends are those of deletion the other way round: no channel, and all of them.
        "insertion": np.array([deletion[-1], *between, deletion[0]], dtype=np.float64),
    }
    for curve in curves.values():
        if not np.isfinite(curve).all():
            raise MethodError(
                f"Scores of channels must be finite. Received: {curve.tolist()} along "
                f"{', '.join(order)}"
            )
    areas = {f"{name}_area": _mean_height(curve) for name, curve in curves.items()}
    return {"order": order, **curves, **areas}


def _mean_height(curve: np.ndarray) -> float:
    return float((curve[1:] + curve[:-1]).mean() / 2)
