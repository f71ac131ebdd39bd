"""The files of a result: their names and what they hold, for the page, the help and the docs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from keras_dcmix._common.files import REPORT, RUN
from keras_dcmix._common.wording import listed


class Condition(StrEnum):
    """When a file is written that is not always written."""

    CHECK = "without --no-check"
    PANELS = "without --no-check, or where panels were retrained"
    WELLS = "where groups are wells"
    RANKS = "with three channels or more"
    CURVES = "where a method has a trained model"
    SKIPPED = "with --skip-unreadable"


@dataclass(frozen=True)
class ResultFile:
    """A file in the folder of a result.

    Attributes:
        name: Its name.
        contents: What it holds, in a few words.
        condition: When it is written; `None` where always.
    """

    name: str
    contents: str
    condition: Condition | None = None


_LAST = (
    ResultFile("skipped.csv", "fields that could not be read", Condition.SKIPPED),
    ResultFile(RUN, "summary, arguments, settings, groups in each part, versions"),
    ResultFile(REPORT, "the results on one page"),
)
RANKING = (
    ResultFile("importance.csv", "share of each channel, with its spread"),
    ResultFile("runs.csv", "accuracy of each run"),
    ResultFile("trajectory.csv", "weights after each epoch"),
    ResultFile("evidence.csv", "what each channel adds, and its verdict", Condition.CHECK),
    ResultFile("subsets.csv", "score of every set of channels", Condition.CHECK),
    ResultFile("panels.csv", "accuracy of panels, estimated and retrained", Condition.PANELS),
    ResultFile("wells.csv", "mean predictions for each group"),
    ResultFile("confusion.csv", "predicted class by true class"),
    ResultFile("model.keras", "model with the lowest validation loss; takes raw pixels"),
    ResultFile("importance.png", "share of each channel, as bars"),
    ResultFile("trajectory.png", "weights during training, as lines"),
    ResultFile("mix.png", "example images and the mix of their channels"),
    ResultFile("evidence.png", "what each channel adds, with its verdict", Condition.CHECK),
    ResultFile("panels.png", "accuracy of panels, estimated and retrained", Condition.CHECK),
    ResultFile("plate.png", "predictions on the plate", Condition.WELLS),
    *_LAST,
)
COMPARISON = (
    ResultFile("methods.csv", "accuracy, agreement and cost of each method"),
    ResultFile("importance.csv", "score of each channel by each method and seed"),
    ResultFile("spearman.csv", "rank correlation of the methods", Condition.RANKS),
    ResultFile("deletion_insertion.csv", "accuracy as channels are removed and added"),
    ResultFile("importance.png", "scores of each method, as bars"),
    ResultFile("spearman.png", "rank correlation of the methods, as a heatmap", Condition.RANKS),
    ResultFile(
        "deletion_insertion.png",
        "accuracy as channels are removed and added, as lines",
        Condition.CURVES,
    ),
    *_LAST,
)


def selected(files: Iterable[ResultFile], **conditions: bool) -> list[ResultFile]:
    """The files that are written.

    Args:
        files: `RANKING` or `COMPARISON`.
        **conditions: Which conditions hold, by their names in lower case; others do not.

    Example:

    >>> [file.name for file in selected(COMPARISON[1:4], ranks=False)]
    ['importance.csv', 'deletion_insertion.csv']
    """
    met = {Condition[name.upper()] for name, holds in conditions.items() if holds}
    return [file for file in files if file.condition is None or file.condition in met]


def in_words(files: Iterable[ResultFile]) -> str:
    """The names of all files but `skipped.csv`, for a help text.

    Example:

    >>> in_words(RANKING[:3])
    'importance.csv, runs.csv and trajectory.csv'
    """
    names = [file.name for file in files if file.condition is not Condition.SKIPPED]
    return listed(names, most=len(names))
