"""A ranking in words, put together from its themes."""

from __future__ import annotations

from keras_dcmix.evidence.sentences import agreement, dropping, leaders, reliability
from keras_dcmix.evidence.sentences.answer import Answer
from keras_dcmix.evidence.verdict import CheckVerdict, RankingVerdict, UnreliableCheck


def headline(verdict: RankingVerdict) -> str:
    """The answer in one sentence: which channels lead, how sure that is, what can be dropped."""
    if not verdict.reliability.is_reliable:
        return reliability.no_ranking(verdict.reliability)
    check = verdict.check
    if not isinstance(check, CheckVerdict):
        return leaders.headline(verdict.leaders, ())
    informing = {*check.dropping.kept, *check.agreement.missed}
    first = leaders.headline(verdict.leaders, informing)
    if check.contradicts(verdict.leaders):
        return f"{first}; {dropping.headline_in_spite_of_weights(check.dropping)}"
    return f"{first}; {dropping.headline(check.dropping)}"


def summary(verdict: RankingVerdict) -> str:
    """The result in a few sentences: the weights, then the check."""
    if not verdict.reliability.is_reliable:
        return reliability.no_ranking_sentence(verdict)
    text = f"{leaders.summary(verdict.leaders)}; {reliability.quality(verdict)}."
    check = verdict.check
    if check is None:
        return text
    if isinstance(check, UnreliableCheck):
        return f"{text} {agreement.no_summary(check)}"
    return f"{text} {agreement.summary(check.agreement)} {dropping.summary(check.dropping)}"


def answers(verdict: RankingVerdict) -> list[Answer]:
    """The questions of the page and their answers."""
    return [
        reliability.answer(verdict),
        leaders.answer(verdict.leaders),
        agreement.answer(verdict.check),
        dropping.answer(verdict.check),
    ]
