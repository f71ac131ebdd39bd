"""What a ranking says, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix.results import ChannelImportance
from keras_dcmix.subsets import SubsetScores

if TYPE_CHECKING:
    import pandas as pd


def describe_doubt(accuracy: float, chance: float, num_images: int, test: str) -> str:
    """Why a ranking is not to be believed, as a sentence; empty where the models are good enough.

    Args:
        accuracy: Mean accuracy on the test images, 0 to 1.
        chance: Accuracy of always naming the commonest class, 0 to 1.
        num_images: Number of test images.
        test: The test part in words.
    """
    guessing = f"{chance:.2f} by always naming the commonest class"
    if accuracy <= chance:
        return (
            f"The models do no better than guessing (accuracy {accuracy:.2f} on {test}, "
            f"{guessing}), so their ranking of the channels means nothing."
        )
    if accuracy < chance + 2 * np.sqrt(chance * (1 - chance) / num_images):
        return (
            f"The models cannot be told from guessing (accuracy {accuracy:.2f} on only {test}, "
            f"{guessing}), so their ranking of the channels means nothing yet: add wells or epochs."
        )
    return ""


def describe_leaders(importance: ChannelImportance) -> str:
    """Which channels lead, as the beginning of a sentence.

    A channel is level with the first if the first's lead over it is below two standard errors over
    the repeats; with a single repeat, below a tenth of an even share.
    """
    shares = dict(zip(importance.channel_names, importance.scores, strict=True))
    repeats = importance.scores[None] if importance.repeats is None else importance.repeats
    first, *others = importance.order
    column = list(shares).index(first)
    lead = repeats[:, [column]] - repeats
    needed = 0.1 / len(shares)
    if len(repeats) > 1:
        needed = 2 * lead.std(axis=0, ddof=1) / np.sqrt(len(repeats))
    level = dict(zip(shares, lead.mean(axis=0) <= needed, strict=True))
    leaders = [first, *(name for name in others if level[name])]
    listed = [f"{name} ({shares[name]:.0%})" for name in importance.order]
    runs = f"{len(repeats)} runs" if len(repeats) > 1 else "a single run, which has no spread"
    if len(leaders) == len(shares):
        return f"No channel stands out over {runs}: {', '.join(listed)} of the mix"
    wins = int((np.argmax(repeats, axis=1) == column).sum())
    if len(leaders) == 1:
        text = f"{first} leads with {shares[first]:.0%} of the mix, first in {wins} of {runs}"
        if len(repeats) == 1:
            text = f"{first} leads with {shares[first]:.0%} of the mix in {runs}"
    else:
        *front, last = [f"{first} ({shares[first]:.0%} of the mix)", *listed[1 : len(leaders)]]
        text = f"{', '.join(front)} and {last} lead, level over {runs}"
    rest = listed[len(leaders) :]
    return f"{text}; then {', '.join(rest[:4])}" + (
        f" and {len(rest) - 4} more" if rest[4:] else ""
    )


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
    if best["num_channels"] == 0:
        return (
            "The check, one model trained on random subsets of the channels, does no better with "
            f"channels than without ({panels['score'].iloc[-1]:.2f}), so it cannot confirm this."
        )
    return f"{_agreement(importance, scores)} {_cost(scores, panels)}"


def _agreement(importance: ChannelImportance, scores: SubsetScores) -> str:
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
        if shares[name] > _IN_USE * even and parts[name] < _IDLE * even
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
        names = _listed([f"{name} ({shares[name]:.0%} of the mix)" for name in spare])
        text.append(
            f"{names} {_verb(spare, 'adds', 'add')} next to nothing by it: the mix may use "
            f"{_verb(spare, 'it as a landmark', 'them as landmarks')}, such as the place of the "
            "nucleus, or its weights have not parted yet from where they all started."
        )
    return " ".join(text)


def _why_missed(
    missed: list[str], shares: dict[str, float], parts: dict[str, float], scores: SubsetScores
) -> str:
    """Names channels that inform though their weights are low, and why that can be."""
    names = _listed(
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
        why = f"most of what it knows the mix has from another channel ({_listed(replaced)})"
    elif replaced:
        why += f", and most of what a channel knows another may know too ({_listed(replaced)})"
    return f"{names} {_verb(missed, 'informs', 'inform')} more than the weights say: {why}."


def _cost(scores: SubsetScores, panels: pd.DataFrame) -> str:
    """What dropping channels costs: the smallest sufficient panel, and one that keeps most."""
    best = panels.loc[panels["smallest_sufficient"]].iloc[0]
    nothing, everything = panels["score"].iloc[0], panels["score"].iloc[-1]
    kept, dropped = _parted(scores, best["panel"])
    if not dropped:
        text = (
            "No channel can be dropped without cost: every smaller panel is less accurate by more "
            f"than the doubt ({everything:.3f} with all)"
        )
    else:
        spread = best["cost_standard_error"]
        error = "" if np.isnan(spread) else f" ± {spread:.3f}"
        difference = round(-best["cost"], 3) + 0.0  # without a zero's minus sign
        text = (
            f"{_listed(kept)} alone {_verb(kept, 'is', 'are')} enough: accuracy "
            f"{best['score']:.3f}, {everything:.3f} with all (difference {difference:+.3f}{error}),"
            f" so {_listed(dropped)} can be dropped, as far as these images tell"
        )
    retained = (panels["score"] - nothing) / (everything - nothing)
    most = panels.loc[retained >= _MOST].iloc[0]
    if most["num_channels"] < best["num_channels"]:
        names = _parted(scores, most["panel"])[0]
        text += (
            f"; {_listed(names)} alone {_verb(names, 'keeps', 'keep')} "
            f"{retained[most.name]:.0%} of what all channels gain ({most['score']:.3f})"
        )
    return f"{text}."


def _parted(scores: SubsetScores, panel: str) -> tuple[list[str], list[str]]:
    """The channels inside a panel, and those outside it."""
    row = scores.to_frame()["panel"].tolist().index(panel)
    inside = dict(zip(scores.channel_names, scores.subsets[row], strict=True))
    kept = [name for name, is_in in inside.items() if is_in]
    return kept, [name for name, is_in in inside.items() if not is_in]


def _listed(names: list[str]) -> str:
    if len(names) > 6:
        return f"{', '.join(names[:5])} and {len(names) - 5} more"
    *front, last = names
    return f"{', '.join(front)} and {last}" if front else last


def _verb(names: list[str], one: str, several: str) -> str:
    return one if len(names) == 1 else several


def describe_comparison(table: pd.DataFrame, truth: ChannelImportance | None, chance: float) -> str:
    """Which methods agree with the truth, as a sentence or two.

    Args:
        table: One row a method, as `MethodComparison.table`.
        truth: What they are held against, or `None`.
        chance: Accuracy of always naming the commonest class, 0 to 1.
    """
    best = table["accuracy"].max()
    if not best > chance:
        return (
            f"No model does better than guessing (accuracy {best:.2f}, {chance:.2f} by always "
            "naming the commonest class), so no ranking here means anything."
        )
    text = f"Accuracy on unseen groups is {table['accuracy'].min():.3f} to {best:.3f}."
    if truth is None:
        return f"{text} No truth is known to hold the methods against."
    held = table.dropna(subset="spearman_truth").sort_values("spearman_truth", ascending=False)
    against = "the planted truth" if truth.method == "truth" else f"what {truth.method} finds"
    if held.empty:
        return f"{text} No method has a rank correlation with {against}."
    listed = ", ".join(f"{row.method} {row.spearman_truth:.2f}" for row in held.itertuples())
    return f"{text} Spearman's rank correlation with {against}: {listed}."
