"""Which channels can be dropped, and what that costs: every sentence about it is in this file."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Sequence

import numpy as np

from keras_dcmix._common.wording import listed, verb
from keras_dcmix.evidence.sentences.answer import Answer
from keras_dcmix.evidence.verdict import CheckVerdict, Dropping, UnreliableCheck
from keras_dcmix.importance.subsets import Panel

_QUESTION = "Can channels be dropped?"
_NONE = "no channel can be dropped without losing accuracy"
_FEW = 2  # channels; with more, the headline says "even"
_POINT = 0.01  # of accuracy
_UNSURE = 2 * _POINT  # a standard error that is named beside a cost of nothing

PANEL_CAPTION = (
    "The best set of channels of each size and its accuracy. The orange column is the smallest set "
    "that is as good as the best, within one standard error."
)
UNRELIABLE_TITLE = "The check is not reliable: these panels have no meaning"
UNRELIABLE_CAPTION = "The check is not reliable, so this figure does not answer the question."


def headline(found: Dropping) -> str:
    """What dropping costs, as the last clause of the headline."""
    if found.dropped:
        names, panel = found.dropped, found.sufficient
    elif found.nearest.cost >= _POINT / 2:
        names, panel = found.nearest.dropped, found.nearest
    else:
        return _NONE
    even = "even " if not found.dropped and len(found.kept) > _FEW else ""
    error = float(np.nan_to_num(panel.cost_standard_error))
    return f"{even}dropping {listed(names)} costs {points(panel.cost, error)}"


def headline_in_spite_of_weights(found: Dropping) -> str:
    """The last clause of the headline where check and weights disagree."""
    return f"but the check disagrees: {_enough(found.kept) if found.dropped else _NONE}"


def _enough(names: Sequence[str]) -> str:
    return f"{listed(names)} {verb(names, 'alone is', 'together are')} enough"


def points(cost: float, error: float) -> str:
    """A cost in percentage points of accuracy.

    Example:

    >>> points(0.084, 0.018), points(0.011, 0.0)
    ('up to 8 ± 2 percentage points of accuracy', 'up to 1 percentage point of accuracy')
    >>> points(0.001, 0.0), points(0.001, 0.03)
    ('no accuracy', 'no accuracy (± 3 percentage points)')
    """
    about = f" ± {100 * error:.0f}" if error >= _POINT / 2 else ""
    if cost < _POINT / 2:
        unsure = f" (± {100 * error:.0f} percentage points)" if error > _UNSURE else ""
        return f"no accuracy{unsure}"
    # One model for all sets is hard on small ones: training on the set alone may lose less.
    number = f"{100 * cost:.0f}{about}"
    return f"up to {number} percentage {'point' if number == '1' else 'points'} of accuracy"


def summary(found: Dropping) -> str:
    """The smallest sufficient panel, and one that keeps most of the information."""
    if found.dropped:
        text = (
            f"{_enough(found.kept)} on this test set: {_compared(found.sufficient, found)}, so "
            f"{listed(found.dropped)} can be dropped"
        )
    else:
        text = (
            f"{_NONE[0].upper()}{_NONE[1:]}: without {found.least}, which costs least, "
            f"{_compared(found.nearest, found)}"
        )
    if found.most is not None:
        names = found.most.channels
        text += (
            f"; {listed(names)} {verb(names, 'alone keeps', 'together keep')} "
            f"{found.retained(found.most):.0%} of the gain of all channels "
            f"(accuracy {found.most.score:.3f})"
        )
    return f"{text}."


def _compared(panel: Panel, found: Dropping) -> str:
    """Accuracy of a panel beside that of all channels, with the standard error over the groups."""
    spread = panel.cost_standard_error
    error = "" if np.isnan(spread) else f" ± {spread:.3f}"
    difference = f"{round(-panel.cost, 3) + 0.0:+.3f}{error}"  # adding 0 takes a zero's minus sign
    return (
        f"accuracy is {panel.score:.3f}, with all channels {found.all_channels:.3f} "
        f"(difference {difference})"
    )


def answer(check: CheckVerdict | UnreliableCheck | None) -> Answer:
    """Whether channels can be dropped; "no" does not count against the ranking."""
    if check is None:
        text = "Run without --no-check to answer this."
        return Answer(_QUESTION, "not known", text, is_judgement=False)
    if isinstance(check, UnreliableCheck):
        text = "The check is not reliable, so its costs have no meaning."
        return Answer(_QUESTION, "not known", text, is_judgement=False)
    found = check.dropping
    if found.dropped:
        return Answer(_QUESTION, "yes", summary(found), is_judgement=False)
    text = (
        f"{summary(found)} The check underestimates small sets: a model that is trained on one of "
        f"them alone may lose less. {_how_to_measure(found.nearest.channels)}"
    )
    return Answer(_QUESTION, "no", text, is_judgement=False)


def _how_to_measure(channels: Sequence[str]) -> str:
    """How to train on some channels alone; a single one cannot be ranked."""
    if len(channels) == 1:
        return "To measure this, run compare instead of rank, with --methods single_channel."
    return f"To measure this, run the same command with {only_channels(channels)}."


def only_channels(names: Sequence[str]) -> str:
    """The options that rank some channels alone, as they are typed.

    Example:

    >>> print(only_channels(["DNA", "GFP, long pass"]))
    --channels 'DNA,"GFP, long pass"' --no-check
    """
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(names)
    return shlex.join(["--channels", row.getvalue(), "--no-check"])


def panel_name(panel: Panel) -> str:
    """The channels of a panel, as tables show them."""
    return " + ".join(panel.channels) or "no channel"


def mark(name: str, found: Dropping) -> str:
    """What the table says of a channel."""
    return "keep" if name in found.kept else "can be dropped"
