"""How good the models are: accuracy, confusion, classes, groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.wording import percent, plural
from keras_dcmix.evidence.sentences import mix, reliability
from keras_dcmix.evidence.verdict import RankingVerdict
from keras_dcmix.report.figures import Picture
from keras_dcmix.report.metric_table import metric_table
from keras_dcmix.report.page import Table, spread
from keras_dcmix.report.result_pictures import predictions

if TYPE_CHECKING:
    import pandas as pd

    from keras_dcmix.experiments.rank import ChannelRanking

_MOST_CLASSES = 8  # that a confusion matrix holds on a page
_MOST_ROWS = 24
_NOTICEABLE = 0.02  # of accuracy, 0 to 1
_MOST_MISTAKES = 10


@dataclass(frozen=True)
class Confusion:
    """The confusion matrix as shares of each class, for colours and text.

    Attributes:
        classes: Names of the classes.
        images: Test images of each class.
        shares: `shares[i][j]`: the share of the images of class i that are predicted as class j.
    """

    classes: list[str]
    images: list[int]
    shares: list[list[float]]


@dataclass(frozen=True)
class ModelSection:
    """What the page says of the models.

    Attributes:
        text: Their kinds and accuracy, and which class is the hardest, in words.
        models: Whose predictions are shown below the metrics.
        metrics: Of images and of groups, for both kinds of models.
        map: The predictions of each group, on plates where groups are wells.
        confusion: The matrix, `None` where there are too many classes for a page.
        mistakes: The most common mistakes, where there is no matrix.
        classes: Accuracy of each class.
        groups: Accuracy of each group; `None` where each image is its own group.
    """

    text: str
    models: str
    metrics: Table
    map: Picture | None
    confusion: Confusion | None
    mistakes: Table | None
    classes: Table
    groups: Table | None


@dataclass(frozen=True)
class _Accuracy:
    """Accuracy of a class or a group; NaN where it is not known."""

    name: str
    images: int
    accuracy: float
    std: float


def model_section(ranking: ChannelRanking, verdict: RankingVerdict) -> ModelSection:
    """Gathers what the page says of the models of a ranking."""
    found = ranking.main_predictions
    names, counts = list(ranking.classes), found.confusion().to_numpy()
    classes = _accuracies(found.by_class(), "label")
    few, unit = len(names) <= _MOST_CLASSES, ranking.group_unit
    return ModelSection(
        text=_text(ranking, verdict, classes),
        models=mix.models(verdict),
        metrics=metric_table(ranking, verdict),
        map=predictions(ranking, verdict),
        confusion=_confusion(names, counts, classes) if few else None,
        mistakes=None if few else _mistakes(names, counts),
        classes=_table(classes, "class"),
        groups=None if unit == "image" else _table(_accuracies(found.by_group(), "group"), unit),
    )


def _accuracies(table: pd.DataFrame, column: str) -> list[_Accuracy]:
    columns = (table[name] for name in (column, "images", "accuracy", "accuracy_std"))
    return [
        _Accuracy(str(name), int(images), float(accuracy), float(std))
        for name, images, accuracy, std in zip(*columns, strict=True)
    ]


def _text(ranking: ChannelRanking, verdict: RankingVerdict, classes: list[_Accuracy]) -> str:
    sentences = (
        reliability.kinds_sentence(verdict),
        reliability.accuracy_sentence(verdict, ranking.accuracy.tolist()),
        _hardest(classes, mix.models(verdict)),
    )
    return " ".join(filter(None, sentences))


def _hardest(classes: list[_Accuracy], models: str) -> str:
    known = [each for each in classes if not np.isnan(each.accuracy)]
    worst = min(known, key=lambda each: each.accuracy)
    if max(each.accuracy for each in known) - worst.accuracy < _NOTICEABLE:
        return f"Accuracy of the {models} is about the same for all classes."
    return (
        f"The hardest class for the {models} is {worst.name}, with an accuracy of "
        f"{percent(worst.accuracy)}."
    )


def _confusion(names: list[str], counts: np.ndarray, classes: list[_Accuracy]) -> Confusion:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    return Confusion(names, [each.images for each in classes], shares.tolist())


def _mistakes(names: list[str], counts: np.ndarray) -> Table:
    """The pairs of classes that are confused most."""
    totals, wrong = counts.sum(axis=1), counts.copy()
    np.fill_diagonal(wrong, 0)
    worst = np.argsort(-wrong, axis=None, kind="stable")[:_MOST_MISTAKES]
    pairs = [divmod(int(place), len(names)) for place in worst]
    rows = [
        (names[true], names[predicted], percent(wrong[true, predicted] / totals[true]))
        for true, predicted in pairs
        if wrong[true, predicted]
    ]
    return Table(
        "The most common mistakes",
        ("true class", "predicted class", "share of its images"),
        rows,
        f"The complete table of {len(names)} classes is confusion.csv.",
    )


def _table(accuracies: list[_Accuracy], unit: str) -> Table:
    """The accuracies, the lowest first and no more than fit on a page."""
    lowest = sorted(accuracies, key=lambda each: (np.isnan(each.accuracy), each.accuracy))
    shown = lowest[:_MOST_ROWS]
    notes = []
    if len(accuracies) > len(shown):
        notes.append(f"The {len(shown)} lowest of {len(accuracies)} {plural(unit)}.")
    if not all(np.isnan(each.std) for each in accuracies):
        notes.append("± is the standard deviation over repeats, in percentage points.")
    return Table(
        f"Accuracy of each {unit}",
        (unit, "images", "accuracy"),
        [
            (each.name, f"{each.images}", percent(each.accuracy) + spread(each.std))
            for each in shown
        ],
        " ".join(notes),
    )
