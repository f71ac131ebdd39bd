"""Whether the ranking can be trusted: runs, the check, and what dropping channels costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_dcmix.evidence.summary import describe_agreement, describe_cost, find_leaders, guesses
from keras_dcmix.report.facts import only_channels
from keras_dcmix.report.figures import Picture, picture
from keras_dcmix.report.page import Table, percent

if TYPE_CHECKING:
    from keras_dcmix.evidence.summary import Verdict
    from keras_dcmix.experiments.rank import ChannelRanking
    from keras_dcmix.importance.subsets import SubsetScores


_DROP = "Can channels be dropped?"


@dataclass(frozen=True)
class Answer:
    """One question on the page.

    Attributes:
        question: The question.
        short: `"yes"`, `"in part"`, `"no"` or `"not known"`.
        text: Why.
    """

    question: str
    short: str
    text: str

    @property
    def style(self) -> str:
        """The name of its colours; dropping nothing is no fault."""
        return "not-known" if self.question == _DROP else self.short.replace(" ", "-")


@dataclass(frozen=True)
class TrustFacts:
    """What the page says of trust.

    Attributes:
        answers: One a question.
        channels: Weights and check, side by side; `None` without a check that says something.
        panels: The figure of the best panels; `None` without a check.
        panel_table: The same as a table.
        runs: Share of each channel in each run.
        check: How the check was done, in words; empty without one.
    """

    answers: list[Answer]
    channels: Table | None
    panels: Picture | None
    panel_table: Table | None
    runs: Table
    check: str


def trust_facts(ranking: ChannelRanking, verdict: Verdict | None) -> TrustFacts:
    """Gathers what the page says of trust in a ranking."""
    return TrustFacts(
        answers=[_better(ranking), _runs_agree(ranking), *_check_answers(ranking, verdict)],
        channels=None if verdict is None else _channels(ranking, verdict),
        panels=None if ranking.check is None else _panels(ranking, verdict),
        panel_table=None if ranking.check is None else _panel_table(ranking),
        runs=_run_table(ranking),
        check="" if ranking.check is None else _about_check(ranking),
    )


def _better(ranking: ChannelRanking) -> Answer:
    accuracy = ranking.accuracy.mean()
    text = (
        f"{percent(accuracy)} are named rightly, {percent(ranking.majority_baseline)} would be "
        "by always naming the commonest class. Weights of a model that guesses mean nothing."
    )
    is_good = not guesses(accuracy, ranking.majority_baseline, ranking.num_test_images)
    return Answer("Is the model better than guessing?", "yes" if is_good else "no", text)


def _runs_agree(ranking: ChannelRanking) -> Answer:
    question = "Do the runs agree?"
    leaders = find_leaders(ranking.importance)
    first, count = leaders.names[0], leaders.num_runs
    how = "Each run is a model of its own, trained on other groups."
    if count == 1:
        text = "There was a single run, so nothing tells how much of the order is chance."
        return Answer(question, "not known", text)
    if not leaders.stand_out:
        return Answer(question, "no", f"No channel is ahead of all others over {count} runs. {how}")
    text = f"{first} has the largest share in {leaders.wins} of {count} runs. {how}"
    if len(leaders.names) > 1:
        level = ", ".join(leaders.names[1:])
        text += f" Level with it, within the spread: {level}."
    sure = leaders.wins == count and len(leaders.names) == 1
    return Answer(question, "yes" if sure else "in part", text)


def _check_answers(ranking: ChannelRanking, verdict: Verdict | None) -> list[Answer]:
    agree = "Does the check agree?"
    if ranking.check is None:
        text = "The check was left out, so nothing but the weights speaks for this order."
        return [
            Answer(agree, "not known", text),
            Answer(_DROP, "not known", "This takes the check."),
        ]
    if verdict is None:
        text = (
            "The check's model, trained on random sets of the channels, does not do better than "
            f"guessing (accuracy {percent(ranking.check.accuracy)}), so it can confirm nothing."
        )
        return [
            Answer(agree, "not known", text),
            Answer(_DROP, "not known", "This takes the check."),
        ]
    scores = ranking.check.scores
    return [
        Answer(agree, "yes" if verdict.agrees else "in part", describe_agreement(verdict, scores)),
        _drop(verdict, scores),
    ]


def _drop(verdict: Verdict, scores: SubsetScores) -> Answer:
    text = describe_cost(verdict, scores)
    if verdict.dropped:
        return Answer(_DROP, "yes", text)
    nearest = [name for name in verdict.kept if name != verdict.least]
    text += (
        " The check is hard on small sets: a model that is trained on one alone may lose less. "
        f"{_measure(nearest)} measures that."
    )
    return Answer(_DROP, "no", text)


def _measure(channels: list[str]) -> str:
    """How to train on some channels alone; one alone is nothing to rank."""
    if len(channels) == 1:
        return "The command compare in place of rank, with --methods single_channel,"
    return f"The same command with {only_channels(channels)}"


def _channels(ranking: ChannelRanking, verdict: Verdict) -> Table:
    rows = [
        (
            name,
            percent(verdict.shares[name]),
            percent(verdict.parts[name]),
            "keep" if name in verdict.kept else "can go",
        )
        for name in ranking.importance.order
    ]
    return Table(
        "Two opinions on each channel",
        ("channel", "the weights: share of the mix", "the check: part of the gain", "for accuracy"),
        rows,
        "A part below 0 says that the channel does more harm than good.",
    )


def _panels(ranking: ChannelRanking, verdict: Verdict | None) -> Picture:
    from keras_dcmix.plotting import plot_panels

    scores = ranking.check.scores
    table = scores.best_panels("accuracy")
    best = "; ".join(f"{row.panel}: {percent(row.score)}" for row in table.itertuples())

    def draw(ax: object) -> object:
        ax = plot_panels(scores, metric="accuracy", ax=ax)
        if verdict is None:
            ax.set_title("The model guesses: its panels say nothing", loc="left")
        return ax

    return picture(
        draw,
        alt=f"Accuracy of the best set of channels of each size, from none to all. {best}.",
        caption=(
            "The check’s model cannot be told from guessing, so do not read an answer into this."
            if verdict is None
            else "The best set of channels of each size and how many images it names rightly. The "
            "orange column is the smallest set that does as well as the best."
        ),
    )


def _panel_table(ranking: ChannelRanking) -> Table:
    rows = [
        (
            row.panel,
            f"{row.score:.3f}",
            f"{row.cost + 0.0:.3f}"
            + (
                ""
                if row.cost_standard_error != row.cost_standard_error
                else f" ± {row.cost_standard_error:.3f}"
            ),
        )
        for row in ranking.check.scores.best_panels("accuracy").itertuples()
    ]
    return Table(
        "The best set of each size",
        ("channels", "accuracy", "lost against all channels"),
        rows,
        "± is the standard error over groups. The best of many sets is best partly by chance: "
        "measure a set that you mean to order on new images.",
    )


def _run_table(ranking: ChannelRanking) -> Table:
    importance = ranking.importance
    columns = [importance.channel_names.index(name) for name in importance.order]
    repeats = importance.scores[None] if importance.repeats is None else importance.repeats
    rows = [
        (f"seed {run.seed}", percent(run.accuracy), *(percent(share) for share in shares[columns]))
        for run, shares in zip(ranking.runs.itertuples(), repeats, strict=True)
    ]
    return Table("Each run", ("run", "named rightly", *importance.order), rows)


def _about_check(ranking: ChannelRanking) -> str:
    check = ranking.check
    subsets = len(check.scores.subsets)
    which = "all" if check.scores.exact else "as many as there was time for,"
    return (
        "The check is one model more. In training it is shown images of which a random set of the "
        "channels is blanked, so that it learns to make do with any of them. Then it is asked how "
        f"well it does with {which} {subsets} sets of channels, on {check.num_images} test images. "
        f"With all channels it names {percent(check.accuracy)} rightly. What a channel adds, on "
        "average over all orders in which channels could come in, is its part of the gain "
        "(its Shapley value)."
    )
