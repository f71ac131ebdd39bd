"""Tables of subset scores from games whose answer is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from keras_dcmix import SubsetScores

NAMES = ("DNA", "ER", "Mito")


def game(gains, *, names=NAMES, redundant=False, by_block=((1e-6, -1e-6),)) -> SubsetScores:
    """Each channel adds its gain to 0.5; `redundant`: only the best channel inside counts.

    Args:
        gains: From names of channels to gains; others gain nothing.
        names: All channels.
        redundant: Whether only the largest gain counts.
        by_block: What each of two blocks gains more, for each channel or for all alike.
    """
    subsets = np.array(list(itertools.product([False, True], repeat=len(names))))
    added = subsets * [gains.get(name, 0.0) for name in names]
    score = 0.5 + (added.max(axis=1) if redundant else added.sum(axis=1))
    spread = np.broadcast_to(by_block, (len(names), 2))
    blocks = np.stack([score + subsets @ spread[:, 0], score + subsets @ spread[:, 1]])
    return SubsetScores(tuple(names), subsets, {"accuracy": blocks, "log_likelihood": blocks})


@pytest.fixture(name="game")
def _game():
    return game
