"""Rankings and comparisons made by hand: pages need results, not trainings."""

from __future__ import annotations

import base64
import itertools
import re
from functools import cache

import html5lib
import numpy as np
import pandas as pd
import pytest

from keras_dcmix import ChannelImportance, ChannelRanking, MethodComparison, SubsetScores, Training
from keras_dcmix.evidence.panel_verdict import Interval, PanelsVerdict, RetrainedPanel, decide
from keras_dcmix.experiments.check import ChannelCheck
from keras_dcmix.experiments.examples import CellsOfClass, ExampleCells
from keras_dcmix.experiments.predictions import Predictions
from keras_dcmix.models import build_classifier
from keras_dcmix.report import comparison_report, ranking_report

HOSTILE = "<script>alert(1)</script>"
QUOTES = "\"><img src=x onerror='alert(2)'>{{ 7*7 }}&amp;"


@cache
def classifier(num_channels: int, num_classes: int):
    return build_classifier((12, 12, num_channels), num_classes)


def subset_scores(names, gains, *, num_blocks: int = 12, noise: float = 0.002) -> SubsetScores:
    """Scores of a game in which each channel adds its gain; of many channels orders are sampled."""
    number = len(names)
    orders = None
    members = np.array(list(itertools.product([False, True], repeat=min(number, 8))))
    if number > 8:
        order = np.arange(number)
        half = np.roll(order, number // 2)
        orders = np.stack([order, order[::-1], half, half[::-1]])
        prefixes = [np.isin(order, o[:size]) for o in orders for size in range(number + 1)]
        one = np.eye(number, dtype=bool)
        members = np.unique([*prefixes, *one, *~one], axis=0)
    score = 0.5 + members @ np.asarray(gains)
    slopes = np.random.default_rng(0).normal(0, noise, (num_blocks, number)) * (number <= 8)
    slopes += noise / number * np.linspace(-1, 1, num_blocks)[:, None]
    slopes -= slopes.mean(axis=0)
    blocks = score + slopes @ members.T
    given = {"accuracy": blocks, "log_likelihood": blocks}
    return SubsetScores(tuple(names), members, given, orders=orders)


def predictions(classes, accuracy: float, groups, num_repeats: int) -> Predictions:
    """Forty images a class; the wrong ones are taken for the next class.

    Each group has one class: they take turns.
    """
    labels = np.repeat(np.arange(len(classes)), 40)
    wrong = np.tile(np.arange(40) >= round(40 * accuracy), len(classes))
    predicted = np.where(wrong, (labels + 1) % len(classes), labels)
    probabilities = np.eye(len(classes))[[predicted] * num_repeats]
    number, size = np.arange(len(labels)), len(classes)
    mine = number % max(1, len(groups) // size) * size + labels
    return Predictions(classes, labels, np.asarray(groups)[mine % len(groups)], probabilities)


def panel(names, channels, cost: float, half: float = 0.005, *, all_channels: float = 0.95):
    """A retrained panel with an interval of its cost; the margin is 0.02."""
    interval = Interval(cost, cost - half, cost + half)
    accuracy = all_channels - cost
    return RetrainedPanel(
        channels=tuple(channels),
        dropped=tuple(name for name in names if name not in channels),
        accuracy=Interval(accuracy, accuracy - half, accuracy + half),
        cost=interval,
        decision=decide(interval, 0.02),
        was_asked=False,
    )


def retrained(*panels, all_channels: float = 0.95) -> PanelsVerdict:
    interval = Interval(all_channels, all_channels - 0.02, all_channels + 0.02)
    return PanelsVerdict(interval, panels, 0.02)


def cells_of(classes, num_channels: int, groups) -> ExampleCells:
    rng = np.random.default_rng(2)

    def some(probability: float):
        return tuple(
            CellsOfClass(
                name,
                rng.normal(100, 10, (3, 12, 12, num_channels)),
                np.full(3, probability),
                tuple(groups[:3]),
            )
            for name in classes[:6]
        )

    return ExampleCells(some(0.9), some(0.1))


WELLS = tuple(f"{row}{column:02}" for row in "ABC" for column in range(1, 5))


def make_ranking(
    names=("GFP", "DNA"),
    shares=(0.97, 0.03),
    gains=(0.45, 0.0),
    *,
    accuracy: float = 0.95,
    classes=("negative", "positive"),
    groups=WELLS,
    num_runs: int = 5,
    check: bool = True,
    retrain: bool = True,
) -> ChannelRanking:
    """A ranking of folds, in which the first channel alone is sufficient."""
    found = predictions(classes, accuracy, np.array(groups), 1)
    rng = np.random.default_rng(1)
    repeats = np.array(shares) + rng.normal(0, 0.004, (num_runs, len(names)))
    repeats = np.abs(repeats) / np.abs(repeats).sum(axis=1, keepdims=True)
    rows = [
        (seed, epoch, epoch * 9, name, 0, share, share)
        for seed in range(num_runs)
        for epoch in range(3)
        for name, share in zip(names, repeats[seed], strict=True)
    ]
    columns = ["seed", "epoch", "step", "channel", "mix", "alpha", "share"]
    runs = {"seed": range(num_runs), "repeat": 0, "fold": range(num_runs)}
    split = {"train": ["C01", "C02"], "validation": ["D01"], "test": ["A01", "B01"]}
    return ChannelRanking(
        importance=ChannelImportance.from_repeats("dcmix", names, repeats, "share of the mix"),
        runs=pd.DataFrame({**runs, "accuracy": accuracy, "epochs": 3, "seconds": 1.0}),
        history=pd.DataFrame(rows, columns=columns),
        model=classifier(len(names), len(classes)),
        best_seed=0,
        classes=tuple(classes),
        majority_baseline=1 / len(classes),
        num_unlabelled=4,
        num_empty_fields=0,
        split=dict.fromkeys(range(num_runs), split),
        num_test_images=len(found.labels),
        predictions=found,
        examples=rng.normal(100, 10, (len(classes), 12, 12, len(names))).astype("float32"),
        training=Training(epochs=3),
        check=made_check(names, gains, classes) if check else None,
        retrained=retrained(panel(names, names[:1], 0.002)) if retrain else None,
        cells=cells_of(classes, len(names), groups),
        group_unit="well",
    )


def made_check(names, gains, classes) -> ChannelCheck:
    scores = subset_scores(names, gains)
    by_class = dict.fromkeys(classes, scores) if len(classes) > 2 else {}
    return ChannelCheck(scores, 80, 12, 1.0, None, by_class)


def make_comparison(
    names=("noise", "faint", "signal"),
    methods=("dcmix", "occlusion", "cbam"),
    *,
    skipped=(),
    accuracy: float = 0.95,
    truth=None,
) -> MethodComparison:
    from keras_dcmix.evidence.statistics import rank_correlation_matrix

    scores = np.arange(len(names), dtype=float) + 1
    found = tuple(
        ChannelImportance.from_repeats(
            method, names, [np.roll(scores, index == 2), np.roll(scores, index == 2) + 0.1]
        )
        for index, method in enumerate(methods)
    )
    rows = [
        {
            "method": method,
            "accuracy": accuracy,
            "accuracy_std": 0.01,
            "spearman_truth": 0.5 if truth is not None else np.nan,
            "parameters": 1000,
            "train_seconds": 12.0,
            "score_seconds": 1.0,
            "note": "" if truth is not None else "no truth is known: add single_channel",
        }
        for method in methods
    ]
    rows += [{"method": name, "note": f"skipped: {why}"} for name, why in dict(skipped).items()]
    columns = ["method", "accuracy", "accuracy_std", "spearman_truth", "spearman_truth_std"]
    columns += ["parameters", "train_seconds", "score_seconds", "note"]
    ends = np.linspace(0.5, accuracy, len(names) + 1)
    curve = {"deletion": ends[::-1], "insertion": ends, "deletion_area": 0.6}
    curve |= {"insertion_area": 0.8}
    planted = None if truth is None else ChannelImportance("truth", names, truth)
    return MethodComparison(
        table=pd.DataFrame(rows, columns=columns),
        importances=found,
        truth=planted,
        spearman=rank_correlation_matrix(found) if len(names) > 2 and len(found) > 1 else None,
        curves={each.method: curve | {"order": each.order} for each in found},
        skipped=dict(skipped),
        split={"test": ["A01", "A02"]},
        seeds=(0, 1),
        training=Training(epochs=3),
        majority_baseline=0.5,
        num_test_images=80,
        group_unit="plate",
    )


class Page:
    """A page of HTML that was parsed; whatever is not valid is an error."""

    def __init__(self, html: str) -> None:
        self.html = html
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.document = parser.parse(html)

    @staticmethod
    def text_of(element) -> str:
        return " ".join(" ".join(element.itertext()).split())

    def text(self, path: str) -> str:
        return self.text_of(self.document.find(path))

    @property
    def headline(self) -> str:
        return self.text(".//h1")

    def section(self, name: str) -> str:
        return self.text(f".//section[@id='{name}']")

    def table(self, caption: str) -> list[list[str]]:
        """Head and rows of a table as lists of text."""
        for found in self.document.iter("table"):
            if self.text_of(found.find("caption")) == caption:
                return [[self.text_of(cell) for cell in row] for row in found.iter("tr")]
        raise AssertionError(f"no table {caption!r}")

    @property
    def facts(self) -> dict[str, str]:
        """The lists of names and values."""
        names, values = (list(self.document.iter(tag)) for tag in ("dt", "dd"))
        return {
            "".join(n.itertext()): "".join(v.itertext()) for n, v in zip(names, values, strict=True)
        }

    @property
    def alts(self) -> list[str]:
        return [image.get("alt") for image in self.document.iter("img")]

    @property
    def drawings(self) -> list[str]:
        """The figures as SVG."""
        sources = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', self.html)
        return [base64.b64decode(source).decode() for source in sources]


ARGUMENTS = {"source": "plate.csv", "label": "Metadata_Drug", "group": None, "seed": 0, "seeds": 5}


def _hostile():
    ranking = make_ranking(
        names=(HOSTILE, QUOTES), classes=(HOSTILE, QUOTES), groups=(HOSTILE, QUOTES, *WELLS)
    )
    keys = ("source", "label", "group", "pattern", "controls", "out")
    return ranking, {key: f"{key} {HOSTILE} {QUOTES}" for key in keys}


MANY = tuple(f"channel {index:02}" for index in range(20))
HUNDREDS = tuple(f"Histone H3 phospho Ser{index:03}" for index in range(200))
DOSES = tuple(f"dose {index}" for index in range(12))
CASES = {
    "plain": lambda: (make_ranking(), ARGUMENTS),
    "not reliable": lambda: (make_ranking(accuracy=0.5), ARGUMENTS),
    "no check": lambda: (make_ranking(check=False, retrain=False), ARGUMENTS),
    "no retraining": lambda: (make_ranking(retrain=False), ARGUMENTS),
    "one run": lambda: (make_ranking(num_runs=1), ARGUMENTS),
    "20 channels": lambda: (
        make_ranking(MANY, np.arange(20) / 190, np.arange(20) / 500, num_runs=2),
        ARGUMENTS,
    ),
    "200 channels": lambda: (
        make_ranking(HUNDREDS, np.arange(200) / 19900, np.arange(200) / 50000, num_runs=2),
        ARGUMENTS,
    ),
    "3 classes": lambda: (make_ranking(classes=DOSES[:3]), ARGUMENTS),
    "12 classes": lambda: (make_ranking(classes=DOSES, groups=DOSES), ARGUMENTS),
    "no arguments": lambda: (make_ranking(num_runs=2), {}),
    "hostile": _hostile,
}


@pytest.fixture
def ranking_of():
    return make_ranking


@pytest.fixture
def comparison_of():
    return make_comparison


@pytest.fixture(scope="session")
def page_of():
    """The page of a ranking made by name; drawn once."""
    return cache(lambda case: Page(ranking_report(CASES[case]()[0], arguments=CASES[case]()[1])))


@pytest.fixture
def page():
    """The page of any ranking or comparison."""

    def make(result, arguments=None, **options) -> Page:
        report = ranking_report if isinstance(result, ChannelRanking) else comparison_report
        return Page(report(result, arguments=arguments or {}, **options))

    return make
