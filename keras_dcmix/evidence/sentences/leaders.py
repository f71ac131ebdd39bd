"""Which channels lead the mix."""

from __future__ import annotations

from collections.abc import Collection

from keras_dcmix._common.wording import listed, percent, precise_percent, quantity
from keras_dcmix.evidence.leaders import Leaders
from keras_dcmix.evidence.sentences.answer import Answer
from keras_dcmix.evidence.verdict import IDLE

_FEW = 2  # channels that a headline may call useless by name
_MOST_FOLLOWERS = 4
_MOST_SHARES = 4  # that are listed where no channel stands out
_ALL_SHARES = 6  # so many channels are all listed with their shares

NO_LEADER = "No channel stands out"


def summary(leaders: Leaders) -> str:
    """Which channels lead, as the beginning of the summary."""
    names, shares = leaders.names, leaders.shares
    first, count = names[0], leaders.num_runs
    listed_shares = [f"{name} ({percent(share)})" for name, share in shares.items()]
    runs = f"over {count} runs" if count > 1 else "in a single run, so the spread is not known"
    if not leaders.stand_out:
        if len(shares) <= _ALL_SHARES:
            return f"{NO_LEADER} {runs}: {', '.join(listed_shares)} of the mix"
        return (
            f"{NO_LEADER} {runs}; the largest shares of the mix are "
            f"{', '.join(listed_shares[:_MOST_SHARES])}, and equal shares would be "
            f"{precise_percent(leaders.even_share)}"
        )
    if len(names) == 1:
        how = f", first in {leaders.wins} of {count} runs" if count > 1 else f" {runs}"
        text = f"{first} leads with {shares[first]:.0%} of the mix{how}"
    else:
        front = [f"{first} ({shares[first]:.0%} of the mix)", *listed_shares[1 : len(names)]]
        text = f"{listed(front, most=len(front))} share the lead {runs}"
    rest = listed_shares[len(names) :]
    more = f" and {len(rest) - _MOST_FOLLOWERS} more" if rest[_MOST_FOLLOWERS:] else ""
    return f"{text}; then {', '.join(rest[:_MOST_FOLLOWERS])}{more}"


def headline(leaders: Leaders, informing: Collection[str]) -> str:
    """Which channels lead, as the first clause of the headline.

    Args:
        leaders: By the weights.
        informing: Channels that the check does not call useless.
    """
    names, shares, others = leaders.names, leaders.shares, leaders.followers
    many = leaders.num_runs > 1
    runs = f"{leaders.num_runs} runs" if many else "a single run"
    if not leaders.stand_out:
        text = f"{NO_LEADER} {'over' if many else 'in'} {runs}"
        if len(shares) <= _ALL_SHARES:
            return text
        return (
            f"{text}: the largest share of the mix is {precise_percent(shares[names[0]])}, and "
            f"equal shares would be {precise_percent(leaders.even_share)}"
        )
    where = f"over {runs}" if many else f"in {runs}"
    if len(names) == len(shares) - 1 > 1:
        return f"All channels except {others[0]} share the lead {where}"
    if len(names) > 1:
        together = sum(shares[name] for name in names)
        return f"{listed(names)} share the lead {where}, with {together:.0%} of the mix together"
    first = names[0]
    wins = f"in {leaders.wins} of {runs}" if many else f"in {runs}"
    are_idle = all(shares[name] < IDLE / len(shares) for name in others)
    if are_idle and len(others) <= _FEW and not {*others} & {*informing}:
        return f"{first}, not {' or '.join(others)}: {shares[first]:.0%} of the mix, {wins}"
    return f"{first} leads with {shares[first]:.0%} of the mix, {'first ' if many else ''}{wins}"


def answer(leaders: Leaders) -> Answer:
    """Whether the runs agree on the first channel."""
    question, first, count = "Do the runs agree?", leaders.names[0], leaders.num_runs
    how = "Each run is a separate model, trained on a different part of the data."
    if count == 1:
        text = "There was a single run, so the spread of the order is not known."
        return Answer(question, "not known", text)
    wins = f"{first} has the largest share in {leaders.wins} of {quantity(count, 'run')}"
    if not leaders.stand_out and len(leaders.names) == 1:
        return Answer(question, "in part", f"{wins}, but hardly more than an even share. {how}")
    if not leaders.stand_out:
        return Answer(question, "no", f"No channel is ahead of all others over {count} runs. {how}")
    text = f"{wins}. {how}"
    if level := leaders.names[1:]:
        text += f" Not clearly behind, given the spread over runs: {', '.join(level)}."
    sure = leaders.wins == count and not level
    return Answer(question, "yes" if sure else "in part", text)
