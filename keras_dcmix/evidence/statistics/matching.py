"""Results of several methods side by side, matched by the names of their channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.errors import MethodError

if TYPE_CHECKING:
    from keras_dcmix.importance.channel_importance import ChannelImportance


def matched(importances: Sequence[ChannelImportance]) -> list[ChannelImportance]:
    """Returns results with distinct methods over the same channels, or raises."""
    importances = list(importances)
    methods = [importance.method for importance in importances]
    repeated = sorted({method for method in methods if methods.count(method) > 1})
    if repeated:
        raise MethodError(
            f"each method may come once; rename the others. Received more than once: {repeated}"
        )
    for other in importances[1:]:
        differ = set(other.channel_names) ^ set(importances[0].channel_names)
        if differ:
            raise MethodError(
                "all methods must score the same channels; score the missing ones too. Received: "
                f"{sorted(differ)} in only one of {methods[0]!r} and {other.method!r}"
            )
    return importances


def scores_in(names: Sequence[str], importance: ChannelImportance) -> np.ndarray:
    """Returns the scores in the order of `names`."""
    return importance.scores[[importance.channel_names.index(name) for name in names]]
