"""Which channels lead the mix: the weights, a column beside the evidence."""

from __future__ import annotations

from collections.abc import Sequence

from keras_dcmix._common.wording import listed, percent, quantity, verb
from keras_dcmix.evidence.channel_evidence import ChannelEvidence
from keras_dcmix.evidence.leaders import Leaders
from keras_dcmix.evidence.sentences import mix
from keras_dcmix.evidence.sentences.answer import Answer
from keras_dcmix.evidence.sentences.reliability import NO_MEANING
from keras_dcmix.evidence.verdict import RankingVerdict

_MOST_FOLLOWERS = 4
_MOST_SHARES = 4  # that are listed where no channel stands out
_ALL_SHARES = 6  # so many channels are all listed with their shares
_MOST = 3  # channels that are named where weights and evidence differ

_TAKES_ONE = "another channel carries the same information, and the mix takes only one"
_TOO_SHORT = "a weight stays high where training is too short to lower it"

NO_LEADER = "No channel stands out"


def summary(leaders: Leaders) -> str:
    """Which channels lead, as the beginning of a sentence."""
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
            f"{percent(leaders.even_share)}"
        )
    if len(names) == 1:
        how = f", first in {leaders.wins} of {count} runs" if count > 1 else f" {runs}"
        text = f"{first} leads with {percent(shares[first])} of the mix{how}"
    else:
        front = [f"{first} ({percent(shares[first])} of the mix)", *listed_shares[1 : len(names)]]
        text = f"{listed(front, most=len(front))} share the lead {runs}"
    rest = listed_shares[len(names) :]
    more = f" and {len(rest) - _MOST_FOLLOWERS} more" if rest[_MOST_FOLLOWERS:] else ""
    return f"{text}; then {', '.join(rest[:_MOST_FOLLOWERS])}{more}"


def paragraph(verdict: RankingVerdict) -> str:
    """All about the weights: who leads, what limits them, where they differ from the evidence.

    Of models that are not reliable only that their weights have no meaning.
    """
    if not verdict.weights_are_reliable:
        return mix.limits(verdict) or NO_MEANING
    parts = [f"{summary(verdict.leaders)}.", mix.limits(verdict), difference(verdict)]
    return " ".join(filter(None, parts))


def warning(verdict: RankingVerdict) -> str:
    """The title of the bars where their order means little or nothing; empty elsewhere."""
    if not verdict.weights_are_reliable:
        return NO_MEANING
    return "" if verdict.leaders.stand_out else NO_LEADER


def headline(leaders: Leaders) -> str:
    """Which channels lead, where there is no evidence: said to rest on the weights alone."""
    names, shares = leaders.names, leaders.shares
    many = leaders.num_runs > 1
    runs = f"over {leaders.num_runs} runs" if many else "in a single run"
    if not leaders.stand_out:
        return f"By the weights alone, no channel stands out {runs}"
    if len(names) > 1:
        together = percent(sum(shares[name] for name in names))
        return f"By the weights alone, {listed(names)} share the lead {runs}, {together} of the mix"
    first = names[0]
    wins = f"first in {leaders.wins} of {leaders.num_runs} runs" if many else "in a single run"
    return f"By the weights alone, {first} leads with {percent(shares[first])} of the mix, {wins}"


def difference(verdict: RankingVerdict) -> str:
    """Where weights and evidence differ, and why that can be; empty where they do not."""
    parts: list[str] = []
    reasons: list[str] = []
    if names := verdict.unsupported:
        lead = verb(names, "shares the lead of the mix", "share the lead of the mix")
        if len(verdict.leaders.names) == 1:
            lead = "leads the mix"
        lead += verb(names, " but shows", " but show")
        parts.append(f"{listed(names, _MOST)} {lead} no evidence")
        reasons.append(_TOO_SHORT)
    if found := verdict.overlooked or verdict.passed_over:
        shows, has = verb(found, "shows", "show"), verb(found, "has", "have")
        parts.append(
            f"{_with_shares(found, verdict.leaders)} {shows} evidence but {has} little weight"
        )
        reasons = [mix.ONE_MIX if verdict.overlooked else _TAKES_ONE]
    if not parts:
        return ""
    return f"{', and '.join(parts)}: {reasons[0]}."


def _with_shares(channels: Sequence[ChannelEvidence], leaders: Leaders) -> str:
    return listed(
        [
            f"{each.channel} ({percent(leaders.shares[each.channel])} of the mix)"
            for each in channels
        ],
        _MOST,
    )


def answer(verdict: RankingVerdict) -> Answer:
    """Whether the runs agree on the first channel."""
    leaders, question = verdict.leaders, "Do the runs agree?"
    first, count = leaders.names[0], leaders.num_runs
    if not verdict.weights_are_reliable:
        return Answer(question, "not known", NO_MEANING)
    how = "Each run is a separate model, trained on a different part of the data."
    if count == 1:
        text = "There was a single run, so the spread of the weights is not known."
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


def agreement_answer(verdict: RankingVerdict) -> Answer:
    """Whether weights and evidence name the same channels."""
    question = "Do the weights agree with the evidence?"
    if not verdict.weights_are_reliable:
        return Answer(question, "not known", paragraph(verdict))
    if verdict.evidence is None or verdict.evidence.groups_missing:
        return Answer(question, "not known", "There is no evidence to compare the weights with.")
    if not verdict.evidence.shown:
        return Answer(question, "not known", "No channel shows evidence to compare them with.")
    if verdict.weights_differ:
        return Answer(question, "no", difference(verdict))
    if verdict.passed_over:
        return Answer(question, "in part", difference(verdict))
    if not verdict.leaders.stand_out:
        text = "The weights single out no channel, so they neither confirm nor contradict it."
        return Answer(question, "not known", text)
    text = "The channels that lead the mix show evidence, and none that is needed has a low weight."
    return Answer(question, "yes", text)
