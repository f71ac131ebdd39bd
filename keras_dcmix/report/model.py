"""Whether the model is any good: accuracy, confusion, classes, groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix.report.page import Table, percent, spread

if TYPE_CHECKING:
    import pandas as pd

    from keras_dcmix.experiments.rank import ChannelRanking

_MOST_CLASSES = 8  # that a confusion matrix holds on a page
_MOST_ROWS = 24


@dataclass(frozen=True)
class Confusion:
    """The confusion matrix as shares of each class, for colours and text.

    Attributes:
        classes: Names of the classes.
        images: Test images of each class.
        shares: `shares[i][j]`: the share of the images of class i that are named class j.
    """

    classes: list[str]
    images: list[int]
    shares: list[list[float]]


@dataclass(frozen=True)
class ModelFacts:
    """What the page says of the models.

    Attributes:
        short: How good they are, in one sentence.
        sentence: The same with its spread.
        hardest: Which class is the hardest, in words; empty where all are as easy.
        confusion: The matrix, `None` where there are too many classes for a page.
        mistakes: The commonest mistakes, where there is no matrix.
        classes: Accuracy of each class.
        groups: Accuracy of each group.
    """

    short: str
    sentence: str
    hardest: str
    confusion: Confusion | None
    mistakes: Table | None
    classes: Table
    groups: Table


def model_facts(ranking: ChannelRanking) -> ModelFacts:
    """Gathers what the page says of the models of a ranking."""
    found = ranking.predictions
    accuracy = ranking.accuracy
    lowest, highest = percent(accuracy.min()), percent(accuracy.max())
    between = "the same in each" if lowest == highest else f"{lowest} to {highest}"
    runs = f" (mean of {len(accuracy)} runs, {between})"
    few = len(ranking.classes) <= _MOST_CLASSES
    return ModelFacts(
        short=(
            f"The models name the right class for {percent(accuracy.mean())} of images from "
            "groups that they have never seen; always naming the commonest class would be right "
            f"for {percent(ranking.majority_baseline)}."
        ),
        sentence=(
            f"{percent(accuracy.mean())} of {ranking.num_test_images:,} test images are named "
            f"rightly{runs if len(accuracy) > 1 else ''}. They come from "
            f"{len(ranking.split['test'])} groups (wells, or what else was kept together) of which "
            "no model has seen an image."
        ),
        hardest=_hardest(found.by_class()),
        confusion=_confusion(found.confusion(), found.by_class()) if few else None,
        mistakes=None if few else _mistakes(found.confusion()),
        classes=_accuracies(found.by_class(), "label", "class"),
        groups=_accuracies(found.by_group(), "group", "group"),
    )


def _hardest(classes: pd.DataFrame) -> str:
    known = classes.dropna(subset="accuracy")
    worst, best = known["accuracy"].min(), known["accuracy"].max()
    if best - worst < 0.01:
        return "All classes are about as easy."
    row = known.loc[known["accuracy"].idxmin()]
    return f"The hardest class is {row['label']}: {percent(worst)} of its images are named rightly."


def _confusion(confusion: pd.DataFrame, classes: pd.DataFrame) -> Confusion:
    counts = confusion.to_numpy()
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    return Confusion(list(confusion), classes["images"].tolist(), shares.tolist())


def _mistakes(confusion: pd.DataFrame) -> Table:
    """The pairs of classes that are confused most."""
    counts = confusion.to_numpy(copy=True)
    totals = counts.sum(axis=1)
    np.fill_diagonal(counts, 0)
    names = list(confusion)
    worst = [divmod(int(k), len(names)) for k in np.argsort(-counts, axis=None, kind="stable")[:10]]
    rows = [
        (names[true], names[named], percent(counts[true, named] / totals[true]))
        for true, named in worst
        if counts[true, named]
    ]
    return Table(
        "The commonest mistakes",
        ("true class", "named", "of its images"),
        rows,
        f"The whole table of {len(names)} classes is confusion.csv.",
    )


def _accuracies(table: pd.DataFrame, column: str, what: str) -> Table:
    """The accuracies, the lowest first and no more than fit on a page."""
    table = table.sort_values("accuracy", kind="stable")
    rows = [
        (
            str(row[column]),
            f"{row['images']}",
            percent(row["accuracy"]) + spread(row["accuracy_std"]),
        )
        for row in table.head(_MOST_ROWS).to_dict("records")
    ]
    note = "± is the standard deviation over the runs, in points of a hundred."
    if len(table) > len(rows):
        plural = {"class": "classes"}.get(what, f"{what}s")
        note = f"The {len(rows)} lowest of {len(table)} {plural}. {note}"
    if not table["accuracy_std"].notna().any():
        note = note.replace(" ± is", "± is").split("± is")[0]
    return Table(f"Accuracy of each {what}", (what, "images", "named rightly"), rows, note)
