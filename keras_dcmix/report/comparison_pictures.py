"""The pictures on the page of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.wording import quantity
from keras_dcmix.plotting.folding import ROWS, folded
from keras_dcmix.report.figures import Picture, picture

if TYPE_CHECKING:
    from keras_dcmix.experiments.compare import MethodComparison


def bars(comparison: MethodComparison, order: Sequence[str]) -> Picture:
    """The scores of each method."""
    from keras_dcmix.plotting import plot_methods

    methods = quantity(len(comparison.importances), "method")
    return picture(
        lambda ax: plot_methods(comparison.importances, truth=comparison.planted_truth, ax=ax),
        alt=(
            f"Bars for {methods}, one panel each, with the same channels from top to bottom. By "
            f"mean rank the channels come in the order {_in_words(order)}."
        ),
        caption=(
            "One panel for each method. Where methods agree, bars become shorter from top to "
            "bottom; a long bar near the bottom is a channel that this method ranks higher than "
            "the others do. Scales differ: compare the ranks beside the bars, not the lengths."
        ),
    )


def _in_words(order: Sequence[str]) -> str:
    """The first channels: a text that is read aloud must not list hundreds."""
    channels = folded(order, ROWS)
    words = ", ".join(channels.shown)
    return f"{words}, then {channels.rows[-1]}" if channels.others else words


def agreement(comparison: MethodComparison) -> Picture | None:
    """The rank correlation of each two methods; `None` where there is none."""
    if comparison.spearman is None:
        return None
    from keras_dcmix.plotting import plot_rank_correlation

    planted = comparison.planted_truth
    both = [*comparison.importances, *([] if planted is None else [planted])]
    matrix = comparison.spearman.to_numpy()
    pairs = matrix[np.triu_indices(len(matrix), 1)]
    names = list(comparison.spearman)
    means = (matrix.sum(axis=1) - 1) / (len(matrix) - 1)
    return picture(
        lambda ax: plot_rank_correlation(both, ax=ax),
        alt=(
            f"A heatmap of the rank correlation of {len(names)} methods, two by two, from "
            f"{pairs.min():.2f} to {pairs.max():.2f}. {names[int(means.argmin())]} agrees least "
            f"with the others, {means.min():.2f} on average."
        ),
        caption=(
            "How far two methods agree on the order of the channels (Spearman’s rank "
            "correlation): 1 is the same order, 0 no agreement, −1 the reverse order. Methods that "
            "agree are next to each other."
        ),
    )


def curves(comparison: MethodComparison) -> Picture | None:
    """Accuracy as channels are added in the order of each method; `None` where it is unknown."""
    if not comparison.curves:
        return None
    from keras_dcmix.plotting import plot_deletion_insertion

    gaps = {
        name: curves["insertion_area"] - curves["deletion_area"]
        for name, curves in comparison.curves.items()
    }
    best = max(gaps, key=lambda name: gaps[name])
    return picture(
        lambda ax: plot_deletion_insertion(comparison.curves, unit="accuracy", ax=ax),
        alt=(
            "Lines of accuracy as channels are added, the best first and the worst first, in the "
            f"order of each method. The distance is largest for {best}, {gaps[best]:.2f}."
        ),
        caption=(
            "Accuracy as channels are added one by one: the solid line starts with the best "
            "channels of a method, the dashed line with its worst. The larger the distance, the "
            "better the order."
        ),
    )
