"""What the check says of a ranking, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix.results import ChannelImportance
from keras_dcmix.subsets import SubsetScores
from keras_dcmix.summary.wording import listed, verb

if TYPE_CHECKING:
    import pandas as pd

# Below a quarter of an even share the weights call a channel idle, above half of one in use; the
# check does so with its share of the gain. Between the two neither word is used.
_IDLE, _IN_USE = 0.25, 0.5

# A panel keeps most of what the channels tell if it has nine tenths of their gain over none.
_MOST = 0.9


def describe_check(importance: ChannelImportance, scores: SubsetScores) -> str:
    """Whether weights and check agree, and what dropping channels costs, in plain words.

    Args:
        importance: Shares of the mix.
        scores: The score of every subset, with the metrics `accuracy` and `log_likelihood`.
    """
    panels = scores.best_panels("accuracy")
    best = panels.loc[panels["smallest_sufficient"]].iloc[0]
    gain = scores.shapley("log_likelihood").scores.sum()
    if best["num_channels"] == 0 or gain <= 0:
        return (
            "The check, one model trained on random subsets of the channels, does no better with "
            f"channels than without ({panels['score'].iloc[-1]:.2f}), so it cannot confirm this."
        )
    kept, _ = _parted(scores, best["panel"])
    return f"{_agreement(importance, scores, kept)} {_cost(scores, panels)}"


def _agreement(importance: ChannelImportance, scores: SubsetScores, kept: list[str]) -> str:
    """Where weights and check differ; what accuracy cannot do without is never called spare."""
    shares = dict(zip(importance.channel_names, importance.scores, strict=True))
    shapley = scores.shapley("log_likelihood")
    gain = shapley.scores.sum()
    parts = dict(zip(shapley.channel_names, shapley.scores / gain, strict=True))
    error = np.nan_to_num(shapley.std) / gain
    sure = dict(zip(shapley.channel_names, shapley.scores / gain > 2 * error, strict=True))
    even = 1 / len(shares)
    missed = [
        name
        for name in shapley.order
        if shares[name] < _IDLE * even and parts[name] > _IN_USE * even and sure[name]
    ]
    spare = [
        name
        for name in importance.order
        if shares[name] > _IN_USE * even and parts[name] < _IDLE * even and name not in kept
    ]
    leaders = [name for name in shapley.order if parts[name] > _IN_USE * even][:4]
    credit = ", ".join(f"{name} {parts[name]:.0%}" for name in leaders)
    check = "one model trained on random subsets of the channels"
    if not missed and not spare:
        return f"The check agrees: {check} credits the channels with {credit} of what it gains."
    text = [f"The check, {check}, disagrees in part: of what it gains it credits {credit}."]
    if missed:
        text.append(_why_missed(missed, shares, parts, scores))
    if spare:
        names = listed([f"{name} ({shares[name]:.0%} of the mix)" for name in spare])
        text.append(
            f"{names} {verb(spare, 'adds', 'add')} next to nothing by it: the mix may use "
            f"{verb(spare, 'it as a landmark', 'them as landmarks')}, such as the place of the "
            "nucleus, or its weights have not parted yet from where they all started."
        )
    return " ".join(text)


def _why_missed(
    missed: list[str], shares: dict[str, float], parts: dict[str, float], scores: SubsetScores
) -> str:
    """Names channels that inform though their weights are low, and why that can be."""
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


def _cost(scores: SubsetScores, panels: pd.DataFrame) -> str:
    """What dropping channels costs: the smallest sufficient panel, and one that keeps most."""
    best = panels.loc[panels["smallest_sufficient"]].iloc[0]
    nothing, everything = panels["score"].iloc[0], panels["score"].iloc[-1]
    kept, dropped = _parted(scores, best["panel"])
    if not dropped:
        nearest = panels.iloc[-2]
        gone = listed(_parted(scores, nearest["panel"])[1])
        text = (
            f"No channel can be dropped without cost: without {gone}, which is missed least, "
            f"accuracy is {nearest['score']:.3f}, {everything:.3f} with all "
            f"(difference {_difference(nearest)})"
        )
    else:
        text = (
            f"{listed(kept)} alone {verb(kept, 'is', 'are')} enough: accuracy "
            f"{best['score']:.3f}, {everything:.3f} with all (difference {_difference(best)}),"
            f" so {listed(dropped)} can be dropped, as far as these images tell"
        )
    retained = (panels["score"] - nothing) / (everything - nothing)
    most = panels.loc[retained >= _MOST].iloc[0]
    if most["num_channels"] < best["num_channels"]:
        names = _parted(scores, most["panel"])[0]
        text += (
            f"; {listed(names)} alone {verb(names, 'keeps', 'keep')} "
            f"{retained[most.name]:.0%} of what all channels gain ({most['score']:.3f})"
        )
    return f"{text}."


def _difference(panel: pd.Series) -> str:
    """What a panel is better by than all channels, with its standard error over the groups."""
    spread = panel["cost_standard_error"]
    error = "" if np.isnan(spread) else f" ± {spread:.3f}"
    return f"{round(-panel['cost'], 3) + 0.0:+.3f}{error}"  # adding 0 takes a zero's minus sign


def _parted(scores: SubsetScores, panel: str) -> tuple[list[str], list[str]]:
    """The channels inside a panel, and those outside it."""
    row = scores.to_frame()["panel"].tolist().index(panel)
    inside = dict(zip(scores.channel_names, scores.subsets[row], strict=True))
    kept = [name for name, is_in in inside.items() if is_in]
    return kept, [name for name, is_in in inside.items() if not is_in]
