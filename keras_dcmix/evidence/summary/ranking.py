"""What a ranking says, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_dcmix.importance.channel_importance import ChannelImportance


def guesses(accuracy: float, majority_baseline: float, num_images: int) -> bool:
    """Whether an accuracy is less than two binomial standard errors above guessing."""
    variance = majority_baseline * (1 - majority_baseline) / num_images
    return bool(accuracy < majority_baseline + 2 * np.sqrt(variance))


def describe_doubt(accuracy: float, majority_baseline: float, num_images: int, test: str) -> str:
    """Why a ranking is not to be believed, as a sentence; empty where the models are good enough.

    Args:
        accuracy: Mean accuracy on the test images, 0 to 1.
        majority_baseline: Accuracy of always naming the commonest class, 0 to 1.
        num_images: Number of test images.
        test: The test part in words.
    """
    guessing = f"{majority_baseline:.2f} by always naming the commonest class"
    if accuracy <= majority_baseline:
        return (
            f"The models do no better than guessing (accuracy {accuracy:.2f} on {test}, "
            f"{guessing}), so their ranking of the channels means nothing."
        )
    if guesses(accuracy, majority_baseline, num_images):
        return (
            f"The models cannot be told from guessing (accuracy {accuracy:.2f} on only {test}, "
            f"{guessing}), so their ranking of the channels means nothing yet: add wells or epochs."
        )
    return ""


@dataclass(frozen=True)
class Leaders:
    """Which channels lead the mix.

    Attributes:
        names: The first channel, and those level with it, in the order of their shares.
        wins: Runs in which the first channel has the largest share.
        num_runs: Runs.
        stand_out: Whether not all channels are level.
    """

    names: list[str]
    wins: int
    num_runs: int
    stand_out: bool


def find_leaders(importance: ChannelImportance) -> Leaders:
    """Finds the channels that lead.

    A channel is level with the first if the first's lead over it is below two standard errors over
    the repeats; with a single repeat, below a tenth of an even share.
    """
    names = importance.channel_names
    repeats = importance.scores[None] if importance.repeats is None else importance.repeats
    first, *others = importance.order
    column = names.index(first)
    lead = repeats[:, [column]] - repeats
    needed = 0.1 / len(names)
    if len(repeats) > 1:
        needed = 2 * lead.std(axis=0, ddof=1) / np.sqrt(len(repeats))
    level = dict(zip(names, lead.mean(axis=0) <= needed, strict=True))
    leaders = [first, *(name for name in others if level[name])]
    wins = int((np.argmax(repeats, axis=1) == column).sum())
    return Leaders(leaders, wins, len(repeats), len(leaders) < len(names))


def describe_leaders(importance: ChannelImportance) -> str:
    """Which channels lead, as the beginning of a sentence; see `find_leaders`."""
    shares = dict(zip(importance.channel_names, importance.scores, strict=True))
    leaders = find_leaders(importance)
    count = leaders.num_runs
    first = leaders.names[0]
    listed = [f"{name} ({shares[name]:.0%})" for name in importance.order]
    runs = f"{count} runs" if count > 1 else "a single run, which has no spread"
    if not leaders.stand_out:
        return f"No channel stands out over {runs}: {', '.join(listed)} of the mix"
    if len(leaders.names) == 1:
        text = (
            f"{first} leads with {shares[first]:.0%} of the mix, first in {leaders.wins} of {runs}"
        )
        if count == 1:
            text = f"{first} leads with {shares[first]:.0%} of the mix in {runs}"
    else:
        *front, last = [
            f"{first} ({shares[first]:.0%} of the mix)",
            *listed[1 : len(leaders.names)],
        ]
        text = f"{', '.join(front)} and {last} lead, level over {runs}"
    rest = listed[len(leaders.names) :]
    return f"{text}; then {', '.join(rest[:4])}" + (
        f" and {len(rest) - 4} more" if rest[4:] else ""
    )
