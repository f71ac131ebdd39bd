"""A question of the page with its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Short = Literal["yes", "in part", "no", "not known"]


@dataclass(frozen=True)
class Answer:
    """One question on the page.

    Attributes:
        question: The question.
        short: The answer in a word or two.
        text: Why.
        is_judgement: Whether "no" counts against the ranking.
    """

    question: str
    short: Short
    text: str
    is_judgement: bool = True
