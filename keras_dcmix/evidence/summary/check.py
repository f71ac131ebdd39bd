"""What the check says of a ranking, in plain words."""

from __future__ import annotations

import numpy as np

from keras_dcmix.evidence.summary.verdict import Verdict, read_check
from keras_dcmix.evidence.summary.wording import listed, verb
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.subsets import Panel, SubsetScores

# A panel keeps most of what the channels tell if it has nine tenths of their gain over none.
_MOST = 0.9


def describe_check(importance: ChannelImportance, scores: SubsetScores) -> str:
    """Whether weights and check agree, and what dropping channels costs, in plain words.

    Args:
        importance: Shares of the mix.
        scores: The score of every subset, with the metrics `accuracy` and `log_likelihood`.
    """
    verdict = read_check(importance, scores)
    if verdict is None:
        everything = scores.panels("accuracy")[-1].score
        return (
            "The check, one model trained on random subsets of the channels, does no better with "
            f"channels than without ({everything:.2f}), so it cannot confirm this."
        )
    return f"{describe_agreement(verdict, scores)} {describe_cost(verdict, scores)}"


def describe_agreement(verdict: Verdict, scores: SubsetScores) -> str:
    """Whether weights and check agree, and where they differ, in plain words."""
    credit = ", ".join(f"{name} {verdict.parts[name]:.0%}" for name in verdict.credited[:4])
    check = "one model trained on random subsets of the channels"
    if verdict.agrees:
        return f"The check agrees: {check} credits the channels with {credit} of what it gains."
    text = [f"The check, {check}, disagrees in part: of what it gains it credits {credit}."]
    if verdict.missed:
        text.append(_why_missed(verdict, scores))
    if spare := verdict.spare:
        names = listed([f"{name} ({verdict.shares[name]:.0%} of the mix)" for name in spare])
        text.append(
            f"{names} {verb(spare, 'adds', 'add')} next to nothing by it: the mix may use "
            f"{verb(spare, 'it as a landmark', 'them as landmarks')}, such as the place of the "
            "nucleus, or its weights have not parted yet from where they all started."
        )
    return " ".join(text)


def _why_missed(verdict: Verdict, scores: SubsetScores) -> str:
    """Names channels that inform though their weights are low, and why that can be."""
    missed, shares, parts = verdict.missed, verdict.shares, verdict.parts
    names = listed(
        [f"{name} ({parts[name]:.0%}, but {shares[name]:.0%} of the mix)" for name in missed]
    )
    pairs = scores.interchangeable("log_likelihood")
    pairs = pairs.loc[pairs["interchangeable"]]
    stand_ins = {
        name: sorted(
            {*pairs.loc[pairs["channel_a"] == name, "channel_b"]}
            | {*pairs.loc[pairs["channel_b"] == name, "channel_a"]},
            key=lambda other: -shares[other],
        )
        for name in missed
    }
    replaced = [f"{name} by {others[0]}" for name, others in stand_ins.items() if others]
    why = (
        "one mix cannot show a channel whose contrast is inverted, or classes that differ in which "
        "channel lights up"
    )
    if len(replaced) == len(missed):
        why = f"most of what it knows the mix has from another channel ({listed(replaced)})"
    elif replaced:
        why += f", and most of what a channel knows another may know too ({listed(replaced)})"
    return f"{names} {verb(missed, 'informs', 'inform')} more than the weights say: {why}."


def describe_cost(verdict: Verdict, scores: SubsetScores) -> str:
    """What dropping channels costs: the smallest sufficient panel, and one that keeps most."""
    panels = scores.panels("accuracy")
    best = next(panel for panel in panels if panel.smallest_sufficient)
    nothing, everything = panels[0].score, panels[-1].score
    kept, dropped = verdict.kept, verdict.dropped
    if not dropped:
        nearest = panels[-2]
        text = (
            f"No channel can be dropped without cost: without {listed(nearest.dropped)}, which is "
            f"missed least, accuracy is {nearest.score:.3f}, {everything:.3f} with all "
            f"(difference {_difference(nearest)})"
        )
    else:
        text = (
            f"{listed(kept)} alone {verb(kept, 'is', 'are')} enough: accuracy "
            f"{best.score:.3f}, {everything:.3f} with all (difference {_difference(best)}),"
            f" so {listed(dropped)} can be dropped, as far as these images tell"
        )
    if everything > nothing:
        retained = [(panel.score - nothing) / (everything - nothing) for panel in panels]
        most, share = next(pair for pair in zip(panels, retained, strict=True) if pair[1] >= _MOST)
        if len(most.channels) < len(best.channels):
            names = most.channels
            text += (
                f"; {listed(names)} alone {verb(names, 'keeps', 'keep')} "
                f"{share:.0%} of what all channels gain ({most.score:.3f})"
            )
    return f"{text}."


def _difference(panel: Panel) -> str:
    """What a panel is better by than all channels, with its standard error over the groups."""
    spread = panel.cost_standard_error
    error = "" if np.isnan(spread) else f" ± {spread:.3f}"
    return f"{round(-panel.cost, 3) + 0.0:+.3f}{error}"  # adding 0 takes a zero's minus sign
