"""The answer in one sentence, to stand above everything else."""

from __future__ import annotations

import numpy as np

from keras_dcmix.evidence.summary.ranking import Leaders, find_leaders
from keras_dcmix.evidence.summary.verdict import IDLE, Verdict
from keras_dcmix.evidence.summary.wording import listed, verb
from keras_dcmix.importance.channel_importance import ChannelImportance

_FEW = 2  # channels that a headline may call useless by name
_POINT = 0.01  # of accuracy
_UNSURE = 2 * _POINT  # a standard error above which a cost of nothing is not the whole truth


def describe_headline(
    importance: ChannelImportance,
    *,
    doubt: bool = False,
    check: Verdict | None = None,
) -> str:
    """The answer in one sentence: what leads, how sure that is, and what can be dropped.

    Args:
        importance: Shares of the mix.
        doubt: Whether the models cannot be told from guessing.
        check: What the check says, `None` where it was not done or says nothing.

    Example:
        >>> shares = ChannelImportance.from_repeats("dcmix", ["DNA", "GFP"], [[0.02, 0.98]] * 5)
        >>> describe_headline(shares)
        'GFP, not DNA: 98% of the mix, in 5 of 5 runs'
    """
    if doubt:
        return "No ranking to believe: the models cannot be told from guessing"
    leaders = find_leaders(importance)
    text = _leading(importance, leaders, check)
    if check is None:
        return text
    if check.missed or set(leaders.names) & set(check.spare):
        enough = f"{listed(check.kept)} alone {verb(check.kept, 'is', 'are')} enough"
        if not check.dropped:
            enough = "no channel can be dropped without cost"
        return f"{text}; but the check disagrees: {enough}"
    return f"{text}; {_dropping(check)}"


def _leading(importance: ChannelImportance, leaders: Leaders, check: Verdict | None) -> str:
    shares = dict(zip(importance.channel_names, importance.scores, strict=True))
    runs = f"{leaders.num_runs} runs" if leaders.num_runs > 1 else "a single run"
    if not leaders.stand_out:
        return f"No channel stands out over {runs}"
    names = leaders.names
    if len(names) == len(shares) - 1 > 1:
        last = importance.order[-1]
        return f"All channels but {last} lead, level over {runs}"
    if len(names) > 1:
        together = sum(shares[name] for name in names)
        return f"{listed(names)} lead, level over {runs}: {together:.0%} of the mix"
    first = names[0]
    wins = f"in {leaders.wins} of {runs}" if leaders.num_runs > 1 else f"in {runs}"
    others = importance.order[1:]
    idle = [name for name in others if shares[name] < IDLE / len(shares)]
    informing = check is not None and set(others) & {*check.kept, *check.missed}
    if len(idle) == len(others) <= _FEW and not informing:
        return f"{first}, not {' or '.join(others)}: {shares[first]:.0%} of the mix, {wins}"
    first_in = f"first {wins}" if leaders.num_runs > 1 else wins
    return f"{first} leads with {shares[first]:.0%} of the mix, {first_in}"


def _dropping(check: Verdict) -> str:
    """What dropping costs, in points of accuracy where it is not nothing."""
    if check.dropped:
        names, cost, error = check.dropped, check.cost, check.cost_error
    elif check.least_cost >= _POINT / 2:
        names, cost, error = [check.least], check.least_cost, check.least_cost_error
    else:
        return "no channel can be dropped without cost"
    even = "even " if not check.dropped and len(check.kept) > _FEW else ""
    return f"{even}dropping {listed(names)} costs {_points(cost, float(np.nan_to_num(error)))}"


def _points(cost: float, error: float) -> str:
    """A cost in points of accuracy.

    Example:
        >>> _points(0.084, 0.018), _points(0.011, 0.0)
        ('up to 8 ± 2 points of accuracy', 'up to 1 point of accuracy')
        >>> _points(0.001, 0.03)
        'nothing (± 3 points of accuracy)'
    """
    about = f" ± {100 * error:.0f}" if error >= _POINT / 2 else ""
    if cost < _POINT / 2:
        return "nothing" + (f" (± {100 * error:.0f} points of accuracy)" if error > _UNSURE else "")
    # One model for all sets is hard on small ones: training on the set alone may lose less.
    number = f"{100 * cost:.0f}{about}"
    return f"up to {number} {'point' if number == '1' else 'points'} of accuracy"
