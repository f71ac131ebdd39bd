"""A ranking in words, put together from its themes."""

from __future__ import annotations

from keras_dcmix.evidence.sentences import evidence, leaders, mix, panels, reliability
from keras_dcmix.evidence.sentences.answer import Answer
from keras_dcmix.evidence.verdict import RankingVerdict

_NOTHING_KNOWN = "Which channels matter was not measured, and the weights have no meaning"
_CERTAIN = "Weights and evidence name the same channels, and no verdict is open."


def headline(verdict: RankingVerdict) -> str:
    """The answer in one sentence.

    A retrained panel answers first; then the evidence; the weights only where there is neither.
    """
    if not verdict.reliability.is_reliable:
        return reliability.no_ranking(verdict)
    if verdict.panels is not None and verdict.is_answered_by_panels:
        return panels.headline(verdict.panels, verdict.held_out, verdict.evidence)
    if verdict.evidence is not None:
        return evidence.headline(verdict.evidence, verdict.held_out)
    if not verdict.weights_are_reliable:
        return _NOTHING_KNOWN
    return leaders.headline(verdict.leaders)


def facts(verdict: RankingVerdict) -> list[str]:
    """The three facts under the headline: accuracy, retrained panels, what is uncertain most."""
    if not verdict.reliability.is_reliable:
        unknown = f"{panels.NOT_RELIABLE} {reliability.closed(verdict)}".strip()
        found = [reliability.quality_sentence(verdict), unknown, reliability.what_helps(verdict)]
        return [each for each in found if each]
    first = [each for each in doubts(verdict) if each != panels.NOT_RETRAINED][:1]
    return [
        reliability.quality_sentence(verdict),
        panels.decisive_sentence(verdict.panels),
        *(first or [_CERTAIN]),
    ]


def summary(verdict: RankingVerdict) -> str:
    """The result in a few sentences: accuracy, evidence, panels, weights."""
    if not verdict.reliability.is_reliable:
        return reliability.no_ranking_sentence(verdict)
    found = verdict.evidence
    told = (
        evidence.not_measured(verdict)
        if found is None
        else evidence.summary(found, verdict.held_out)
    )
    sentences = [
        reliability.quality_sentence(verdict),
        told,
        evidence.by_class(verdict.classes),
        panels.summary(verdict.panels),
        f"{'By the weights: ' if verdict.weights_are_reliable else ''}{leaders.paragraph(verdict)}",
    ]
    return " ".join(filter(None, sentences))


def answers(verdict: RankingVerdict) -> list[Answer]:
    """The questions of the page and their answers."""
    is_reliable = verdict.reliability.is_reliable
    first = reliability.answer(verdict)
    drop = panels.answer(verdict.panels, is_reliable=is_reliable)
    if not is_reliable:
        return [first, drop]
    return [
        first,
        evidence.answer(verdict),
        drop,
        leaders.agreement_answer(verdict),
        leaders.answer(verdict),
    ]


def doubts(verdict: RankingVerdict) -> list[str]:
    """What is uncertain, in plain words, the most important first."""
    if not verdict.reliability.is_reliable:
        return reliability.doubts(verdict)
    found = [
        *panels.doubts(verdict.panels, verdict.evidence, verdict.held_out),
        mix.limits(verdict),
        leaders.difference(verdict),
        *evidence.doubts(verdict),
        *reliability.doubts(verdict),
    ]
    return [each for each in found if each]
