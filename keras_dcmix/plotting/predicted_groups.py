"""What is drawn of the predictions for groups: a probability, a class and whether it is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.names import suggestion
from keras_dcmix.plotting.style import background, blend, text_color
from keras_dcmix.plotting.verdict_style import is_dark

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_PREFIX = "p:"


@dataclass(frozen=True)
class PredictedGroups:
    """Predictions, a row a group and true class.

    Attributes:
        table: As `Predictions.group_table` returns it, with the column `plate` where it is known.
        classes: All classes.
        values: `(num_rows,)` what is drawn, 0 to 1.
        title: What it is.
        is_of_true_class: Whether it is the probability of the true class of each group.
    """

    table: pd.DataFrame
    classes: list[str]
    values: np.ndarray
    title: str
    is_of_true_class: bool = False

    @property
    def are_wrong(self) -> np.ndarray:
        """`(num_rows,)` whether another class is predicted."""
        return (self.table["predicted"] != self.table["label"]).to_numpy()


def predicted_groups(table: pd.DataFrame, of: str | None) -> PredictedGroups:
    """Reads a table of groups.

    Args:
        table: As `Predictions.group_table` returns it.
        of: A class, whose probability is drawn. By default the second of two classes; with more
            classes the true class of each group.

    Raises:
        ValueError: If a column is missing, there is no row, or the class is unknown.
    """
    names = [str(each) for each in table.columns]
    classes = [each.removeprefix(_PREFIX) for each in names if each.startswith(_PREFIX)]
    missing = [each for each in ("group", "label", "predicted") if each not in names]
    if missing or not classes or not len(table):
        raise DataError(
            "`table` must have at least one row, the columns group, label and predicted and one "
            "of each class, such as p:control, as in wells.csv. "
            f"Received: {len(table)} rows with {', '.join(names)}"
        )
    if of is None and len(classes) == 2:
        of = classes[1]
    if of is None:
        own = [table[_PREFIX + str(each)].iloc[row] for row, each in enumerate(table["label"])]
        return PredictedGroups(table, classes, np.array(own), "probability of the true class", True)
    if of not in classes:
        raise DataError(
            f"{argument('of')} must be a class. Received: {argument('of', of)}"
            f"{suggestion(of, classes)} Classes are: {', '.join(classes)}"
        )
    values = table[_PREFIX + of].to_numpy(dtype=float)
    return PredictedGroups(table, classes, values, f"probability of {of}")


def probability_colors(ax: Axes, found: PredictedGroups) -> LinearSegmentedColormap:
    """From blue over a colour near that of the paper to orange; orange is what stands out.

    Of two classes orange is the second one, of the true class a low probability.
    """
    low, high = ("#56B4E9", "#E69F00") if is_dark(ax) else ("#0072B2", "#D55E00")
    middle = blend(text_color(), background(ax), 0.1)
    ends = [high, middle, low] if found.is_of_true_class else [low, middle, high]
    return LinearSegmentedColormap.from_list("probability", ends)
