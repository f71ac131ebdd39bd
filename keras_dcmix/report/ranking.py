"""The page of a ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_dcmix.evidence.summary import (
    describe_doubt,
    describe_headline,
    describe_leaders,
    read_check,
)
from keras_dcmix.report.facts import command_line, given, subject, training_facts, version_facts
from keras_dcmix.report.figures import NARROW, Picture, picture
from keras_dcmix.report.model import model_facts
from keras_dcmix.report.page import Table, percent, render, spread
from keras_dcmix.report.trust import trust_facts

if TYPE_CHECKING:
    from keras_dcmix.evidence.summary import Verdict
    from keras_dcmix.experiments.rank import ChannelRanking

_FILES = (
    ("importance.csv", "share of each channel, with its spread"),
    ("runs.csv", "accuracy of each run"),
    ("confusion.csv", "which class is taken for which"),
    ("trajectory.csv", "the weights after each epoch"),
    ("model.keras", "the best model; takes raw pixels"),
    ("run.json", "all that was done"),
)
_CHECK_FILES = (
    ("subsets.csv", "the score of every set of channels"),
    ("panels.csv", "the best set of each size, and its cost"),
)


def ranking_report(
    ranking: ChannelRanking, *, arguments: Mapping[str, Any], warnings: Sequence[str] = ()
) -> str:
    """Writes a ranking as one HTML page that needs nothing beside it.

    Args:
        ranking: What `rank_channels` returned.
        arguments: What it was called with; `source` and `label` are named on the page where they
            are there.
        warnings: What speaks against a ranking of this source, in sentences; they stand on top.

    Returns:
        HTML without scripts, fonts or links to anything; names are escaped.
    """
    verdict = _verdict(ranking)
    test = f"{ranking.num_test_images} images of {len(ranking.split['test'])} unseen groups"
    doubt = describe_doubt(
        ranking.accuracy.mean(), ranking.majority_baseline, ranking.num_test_images, test
    )
    return render(
        "ranking.html",
        title="Channel ranking",
        subject=subject(arguments),
        warnings=list(warnings),
        headline=describe_headline(ranking.importance, doubt=bool(doubt), check=verdict),
        doubt=doubt,
        summary=ranking.summary(),
        leaders=f"{describe_leaders(ranking.importance)}.",
        bars=_bars(ranking),
        shares=_share_table(ranking),
        model=model_facts(ranking),
        trust=trust_facts(ranking, verdict),
        mix=_mix(ranking),
        paths=_paths(ranking),
        command=command_line("rank", arguments, ranking.training),
        data=_data_facts(ranking, arguments),
        given=given(arguments),
        training=training_facts(ranking.training),
        versions=version_facts(),
        files=[*_FILES, *(_CHECK_FILES if ranking.check is not None else ())],
        percent=percent,
    )


def _verdict(ranking: ChannelRanking) -> Verdict | None:
    if ranking.check is None or ranking.check_guesses:
        return None
    return read_check(ranking.importance, ranking.check.scores)


def _shares_in_words(ranking: ChannelRanking) -> str:
    importance = ranking.importance
    shares = dict(zip(importance.channel_names, importance.scores, strict=True))
    return ", ".join(f"{name} {percent(shares[name])}" for name in importance.order)


def _bars(ranking: ChannelRanking) -> Picture:
    from keras_dcmix.plotting import plot_importance

    importance = ranking.importance
    whiskers = " Each bar has a dot for each run." if len(ranking.runs) > 1 else ""
    caption = "One bar a channel: its share of the mix."
    if len(ranking.runs) > 1:
        caption += (
            f" Dots are the {len(ranking.runs)} runs, the whisker is their spread "
            "(one standard deviation to each side)."
        )
    return picture(
        lambda ax: _untitled(plot_importance(importance, ax=ax)),
        alt=f"Bars of each channel's share of the mix: {_shares_in_words(ranking)}.{whiskers}",
        caption=caption,
        size=(NARROW, 1.1 + 0.3 * importance.num_channels),
    )


def _untitled(ax: Any) -> Any:
    """The page has a heading already, and words for the axis."""
    ax.set_title("", loc="left")
    ax.set_xlabel("share of the mix")
    return ax


def _share_table(ranking: ChannelRanking) -> Table:
    rows = ranking.importance.to_frame().itertuples()
    return Table(
        "Share of the mix",
        ("channel", "share", "rank"),
        [(row.channel, percent(row.score) + spread(row.std), f"{row.rank:g}") for row in rows],
        "± is the standard deviation over the runs, in points of a hundred."
        if len(ranking.runs) > 1
        else "A single run has no spread.",
    )


def _mix(ranking: ChannelRanking) -> Picture:
    shown = ranking.classes[: len(ranking.examples[:4])]
    return picture(
        lambda ax: ranking.plot_mix(ax=ax),
        alt=(
            f"One raw image of each of the classes {', '.join(shown)}: its "
            f"{ranking.importance.num_channels} channels in grey with their shares, and to the "
            "right the single image that they are mixed into."
        ),
        caption=(
            "Left, the channels of a test image as they were read, with their shares; right, the "
            f"one image that the classifier sees. By the model of seed {ranking.best_seed}, the "
            "best one on its validation images."
        ),
        is_photo=True,
    )


def _paths(ranking: ChannelRanking) -> Picture:
    from keras_dcmix.plotting import plot_trajectory

    runs = " Thin lines are single runs, thick ones their mean." if len(ranking.runs) > 1 else ""
    return picture(
        lambda ax: plot_trajectory(ranking.history, ax=ax),
        alt=(
            "Lines of each channel's share of the mix after each pass through the training "
            f"images. The ranking, of the best pass of each run, is {_shares_in_words(ranking)}."
        ),
        caption=(
            "All channels start level, at the dotted line; 0 is after the first pass through the "
            "images. Where lines still part at the right "
            f"end, more epochs would part them further.{runs}"
        ),
        size=(NARROW + 0.5, 3.6),
    )


def _data_facts(ranking: ChannelRanking, arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was read and how it was split, in words."""
    _, height, width, _ = ranking.examples.shape
    parts = list(ranking.split["seeds"].values())
    sizes = {name: _span([len(part[name]) for part in parts]) for name in ("train", "validation")}
    # Runs of a custom loop need not say what they were trained on.
    used = f"{sizes['train']} to train on, {sizes['validation']} to choose the weights, "
    used = "" if sizes["train"] == "0" else used
    facts = [
        ("channels", ", ".join(ranking.importance.channel_names)),
        ("classes", ", ".join(ranking.classes)),
        ("images", f"{width} x {height} pixels"),
        (
            "groups",
            f"{used}{len(ranking.split['test'])} to test on; no group is in two of them",
        ),
        ("tested on", f"{ranking.num_test_images:,} images"),
    ]
    if ranking.group_unit != "image":
        facts.insert(4, ("kept together", f"images of one {ranking.group_unit}"))
    if ranking.num_unlabelled:
        facts.append(("left out", f"{ranking.num_unlabelled} images or rows without a label"))
    if ranking.num_empty_fields:
        facts.append(("empty", f"{ranking.num_empty_fields} fields of view gave no crop"))
    return facts


def _span(numbers: list[int]) -> str:
    low, high = int(np.min(numbers)), int(np.max(numbers))
    return str(low) if low == high else f"{low} to {high}"
