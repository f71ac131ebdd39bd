"""P-values and intervals of the evidence on many small problems whose truth is known.

    KERAS_BACKEND=torch python benchmarks/calibration.py --mnist mnist.npz --problems 240 --jobs 2
    KERAS_BACKEND=torch python benchmarks/calibration.py --shuffled cells.npz --jobs 2

Each problem has 6, 12 or 24 wells a class, 6 images a well and 4 channels: simulated cells with
effects on 0 to 3 of them, or, with `--mnist`, two digits planted in some. In one problem of five
the labels of the wells are shuffled, so that no channel says anything about them. The evidence is
that of `rank_channels` with 5 folds; the DCMIX models, which do not enter it, are not trained.

What an interval should cover is the gain on new wells of the models that were trained, the mean
over the folds. It is measured on 100 to 288 new wells in which the same is planted; each fold's
masked model scores a fifth of them. The error of this target makes coverage look too low by a
little: a second table adds it to the interval.

`--shuffled` takes an `.npz` with `X` (images), `y` (labels), `well` and `channels`, and shuffles
the labels of the wells 20 times; training is that of the defaults.

Channels of one problem share its wells: the binomial intervals of the tables are a little narrow.
`--out` is a folder of raw rows, `problems.jsonl` and `shuffled.jsonl`, and of the tables. A second
call goes on where the first stopped. Most of the time a small problem would wait for compiled
graphs; PyTorch has none and takes a third of the time.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from jobs import limit_threads, read_rows, run_jobs, write_tables
from scipy.stats import binomtest

WELLS = (6, 12, 24)
IMAGES_PER_WELL = 6
TIMES_AS_MANY_NEW_WELLS, FEWEST_NEW_WELLS = 6, 50  # a class
NUM_CHANNELS = 4
SIZE = 24
EFFECTS = (0.5, 1.0, 2.0, 3.0)
SCENARIOS = ("graded", "distractor", "redundant", "complementary", "inverted")
WELL_SPREAD = 0.3  # of the brightness of planted digits, in standard deviations of the pixels
GAINS = ("alone", "unique", "shapley")
LEVEL = 0.05
Part = tuple[np.ndarray, np.ndarray, np.ndarray]  # images, labels, wells


def describe(number: int, mnist: Path | None) -> dict[str, Any]:
    """What a problem is, which follows from its number alone."""
    draw = np.random.default_rng([number, 13])
    kind = "digits" if mnist is not None and draw.uniform() < 0.4 else "cells"
    return {
        "problem": number,
        "wells": WELLS[number % len(WELLS)],
        "kind": kind,
        "scenario": str(draw.choice(SCENARIOS)) if kind == "digits" else "",
        "shuffled": bool(number // len(WELLS) % 5 == 4),
    }


def make(problem: dict[str, Any], mnist: Path | None) -> tuple[Part, Part, list[str], np.ndarray]:
    """Images to rank, images of new wells, names of the channels, and their effects."""
    draw = np.random.default_rng([problem["problem"], 31])
    kept = np.sort(draw.permutation(6)[:NUM_CHANNELS])
    if problem["kind"] == "digits":
        parts, names, effects = digits(problem, mnist, draw)
    else:
        parts, names, effects = cells(problem, kept, draw)
    parts = [(images[..., kept], labels, wells) for images, labels, wells in parts]
    names, effects = [names[channel] for channel in kept], effects[kept]
    if problem["shuffled"]:
        parts = [shuffled(part, draw) for part in parts]
        effects = np.zeros_like(effects)
    return parts[0], parts[1], names, effects


def new_wells(problem: dict[str, Any]) -> int:
    """New wells of each class."""
    return max(FEWEST_NEW_WELLS, TIMES_AS_MANY_NEW_WELLS * problem["wells"])


def cells(
    problem: dict[str, Any], kept: np.ndarray, draw: np.random.Generator
) -> tuple[list[Part], list[str], Any]:
    """Simulated cells, and cells of new wells, with the same effects."""
    from keras_dcmix.datasets import simulated_cells
    from keras_dcmix.datasets.simulated_cells import CHANNEL_NAMES

    affected = draw.permutation(kept)[: draw.integers(4)]
    effects = {CHANNEL_NAMES[channel]: float(draw.choice(EFFECTS)) for channel in affected}
    parts, seed = [], int(draw.integers(2**31))
    for new, wells in enumerate((problem["wells"], new_wells(problem))):
        made = simulated_cells(
            2 * wells * IMAGES_PER_WELL,
            size=SIZE,
            effects=effects,
            num_plates=1,
            wells_per_plate=2 * wells,
            seed=seed + new,
        )
        parts.append((made.images, made.labels, made.groups))
    return parts, list(CHANNEL_NAMES), made.truth


def digits(
    problem: dict[str, Any], mnist: Path | None, draw: np.random.Generator
) -> tuple[list[Part], list[str], Any]:
    """Two digits at half their size, planted together; wells differ in brightness."""
    from keras_dcmix.datasets import planted_channels

    with np.load(mnist) as found:
        pixels, shown = found["x_train"], found["y_train"]
    layout = problem["wells"], new_wells(problem)
    number = IMAGES_PER_WELL * sum(layout)
    pair = draw.choice(10, 2, replace=False)
    rows = [draw.choice(np.flatnonzero(shown == digit), number, replace=False) for digit in pair]
    chosen = np.stack(rows, axis=1).ravel()  # classes alternate
    planted = planted_channels(
        pixels[chosen][:, ::2, ::2],
        shown[chosen],
        scenario=problem["scenario"],
        seed=int(draw.integers(2**31)),
    )
    parts, start = [], 0
    for wells in layout:
        # Well 2 k holds the first digit, well 2 k + 1 the second.
        well = np.tile(np.arange(2 * wells), IMAGES_PER_WELL)
        brightness = draw.normal(0, WELL_SPREAD, (2 * wells, 1, 1, planted.num_channels))
        part = slice(start, start + len(well))
        pictures = planted.images[part] + brightness[well].astype("float32")
        parts.append((pictures, planted.labels[part], np.array([f"well_{n}" for n in well])))
        start += len(well)
    return parts, list(planted.channel_names), planted.truth


def shuffled(part: Part, draw: np.random.Generator) -> Part:
    """The labels of the wells dealt anew among the wells."""
    images, labels, wells = part
    _, first, numbers = np.unique(wells, return_index=True, return_inverse=True)
    return images, labels[first][draw.permutation(len(first))][numbers], wells


def solve(problem: dict[str, Any], mnist: Path | None, training: Any) -> dict[str, Any]:
    """One row: the evidence about each channel of a problem, and what it should be."""
    began = time.perf_counter()
    ranked, new, names, effects = make(problem, mnist)
    with TemporaryDirectory() as folder:
        found = measure(ranked, names, training, folder)
        targets = gains_of_models(found["plan"], found["store"], training, new)
    row = problem | {"channels": names, "effects": effects.tolist()}
    row |= columns(found["evidence"], names)
    for gain in GAINS:
        row[gain] |= targets[gain]
    return row | {"seconds": round(time.perf_counter() - began, 1)}


def measure(ranked: Part, names: list[str], training: Any, folder: str) -> dict[str, Any]:
    """The evidence as `rank_channels` makes it; all channels have the same share of the mix."""
    from keras_dcmix.data.labelled_images import label_images
    from keras_dcmix.evidence.channel_evidence import read_evidence
    from keras_dcmix.experiments.fold_plan import FoldPlan
    from keras_dcmix.experiments.fold_trainings import FoldTrainings
    from keras_dcmix.experiments.run_store import RunStore
    from keras_dcmix.importance import ChannelImportance
    from keras_dcmix.models.custom import CustomParts

    images, labels, wells = ranked
    dataset = label_images(images, labels, groups=wells, channel_names=names)
    plan = FoldPlan.deal(dataset, num_folds=5, num_repeats=1, seed=0)
    store = RunStore(folder, {})
    trainings = FoldTrainings(plan, training, store, CustomParts(), n_jobs=1, is_verbose=False)
    check = trainings.measure()
    equal = ChannelImportance("dcmix", tuple(names), np.full(len(names), 1 / len(names)))
    evidence = read_evidence(
        check.scores, equal, num_groups=check.num_groups, block_classes=check.block_classes
    )
    return {"plan": plan, "store": store, "evidence": evidence}


def gains_of_models(plan: Any, store: Any, training: Any, new: Part) -> dict[str, Any]:
    """The three gains on new wells, each fold on its fifth of them, and their standard errors."""
    from keras_dcmix.data.folds import deal_folds
    from keras_dcmix.data.labelled_images import label_images
    from keras_dcmix.evidence.statistics import group_mean
    from keras_dcmix.experiments.masked_runs import fold_scores, masked_name
    from keras_dcmix.importance.evaluation import Evaluation
    from keras_dcmix.importance.subset_scorer import FittingImages, SubsetScorer
    from keras_dcmix.importance.subsets.image_scores import make_blocks

    images, labels, wells = new
    trained = plan.dataset
    dataset = label_images(images, labels, groups=wells, channel_names=trained.channel_names)
    folds = deal_folds(dataset.labels, wells, num_folds=plan.num_folds, seed=0)
    subsets = fold_scores(store, plan.runs[0].seed).subsets
    scores = np.empty((len(subsets), len(images)))
    for run in plan.runs:
        rows = plan.split(run, training).train  # so few that the last layer is fitted on all
        fitting = FittingImages(np.asarray(trained.images[rows], "float32"), trained.labels[rows])
        part = np.flatnonzero(folds == run.fold)
        model = store.model(masked_name(run.seed))
        evaluation = Evaluation(model, dataset.view(part), dataset.labels[part], batch_size=64)
        scores[:, part] = SubsetScorer(evaluation, fitting=fitting).scores(subsets)[1]
    tables = []
    for fold in range(plan.num_folds):
        part = folds == fold
        blocks = make_blocks(wells[part], dataset.labels[part])
        tables.append((scores[:, part], blocks))
    found = {}
    for gain in GAINS:
        means = [
            group_mean(
                gains_of(subsets, each @ blocks.sums, trained.channel_names)[gain],
                blocks.classes,
                sizes=blocks.sums.sum(axis=0),
            )
            for each, blocks in tables
        ]
        errors = np.sqrt(np.sum([mean.standard_errors**2 for mean in means], axis=0)) / len(means)
        target = np.mean([mean.values for mean in means], axis=0)
        found[gain] = {"target": target.tolist(), "target_error": errors.tolist()}
    return found


def gains_of(
    subsets: np.ndarray, sums: np.ndarray, names: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """`(num_blocks, num_channels)` of each gain, from `(num_subsets, num_blocks)` sums."""
    from keras_dcmix.importance import SubsetScores

    # Blocks of equal size have equal shares, so a mean over them is their sum.
    scores = SubsetScores(names, subsets, {"log_likelihood": len(sums.T) * sums.T})
    return scores.block_gains("log_likelihood")


def columns(evidence: Any, names: list[str]) -> dict[str, Any]:
    """The evidence as lists, in the order of the channels."""
    channels = [evidence.of(name) for name in names]
    row: dict[str, Any] = {"verdicts": [str(each.verdict) for each in channels]}
    fields = ("value", "low", "high", "p_value", "raw_p_value")
    for gain in GAINS:
        row[gain] = {f: [getattr(getattr(each, gain), f) for each in channels] for f in fields}
    return row


def shuffled_cells(cells: Path, number: int, training: Any) -> dict[str, Any]:
    """One row: the evidence where the labels of the wells of real cells are shuffled."""
    import keras_dcmix

    with np.load(cells) as found:
        part = found["X"], found["y"], found["well"]
        names = [str(name) for name in found["channels"]]
    images, labels, wells = shuffled(part, np.random.default_rng([number, 17]))
    ranking = keras_dcmix.rank_channels(
        images,
        labels,
        groups=wells,
        channel_names=names,
        training=training,
        seed=1000 * number,
        retrain=False,
        verbose=False,
    )
    row = {"number": number, "channels": names, "accuracy": float(ranking.accuracy.mean())}
    row |= {"reliable": ranking.verdict().reliability.is_reliable}
    return row | columns(ranking.verdict().evidence, names)


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """One row a channel and gain."""
    parts = []
    for row in rows:
        for gain in GAINS:
            part = pd.DataFrame(row[gain])
            part["gain"], part["channel"] = gain, row["channels"]
            part["effect"], part["verdict"] = row["effects"], row["verdicts"]
            for name in ("problem", "wells", "kind", "scenario", "shuffled"):
                part[name] = row[name]
            parts.append(part)
    found = pd.concat(parts, ignore_index=True)
    found["useless"] = found["effect"] == 0
    found["covered"] = (found["low"] <= found["target"]) & (found["target"] <= found["high"])
    reach = (found["high"] - found["low"]) / 2
    off = (found["value"] - found["target"]).abs()
    found["covered with error"] = off <= np.hypot(reach, 2 * found["target_error"])
    found["called"] = found["p_value"] <= LEVEL
    return found


def share(hits: pd.Series) -> str:
    """Percent with its 95 % binomial interval, and of how many."""
    if not len(hits):
        return "-"
    low, high = binomtest(int(hits.sum()), len(hits)).proportion_ci(method="wilson")
    return f"{100 * hits.mean():.1f} ({100 * low:.1f}..{100 * high:.1f}) of {len(hits)}"


def by_wells(found: pd.DataFrame, column: str, rows: str | list[str] = "gain") -> pd.DataFrame:
    """Shares, a column for each number of wells and one for all of them."""
    keys = [rows] if isinstance(rows, str) else rows
    table = found.groupby([*keys, "wells"])[column].agg(share).unstack("wells")
    return table.assign(all=found.groupby(keys)[column].agg(share)).fillna("-")


def false_discoveries(found: pd.DataFrame) -> pd.DataFrame:
    """Share of false ones among the called channels, the mean over problems; 0 where none is."""

    def rate(of_problem: pd.DataFrame) -> float:
        called = of_problem.loc[of_problem["called"], "useless"]
        return 100 * called.mean() if len(called) else 0.0

    rates = found.groupby(["gain", "wells", "problem"])[["called", "useless"]].apply(rate)
    table = rates.groupby(["gain", "wells"]).mean().unstack("wells")
    pooled = found[found["called"]].groupby("gain")["useless"].agg(share)
    over_all = rates.groupby("gain")
    return table.assign(
        all=over_all.mean(),
        standard_error=over_all.std() / np.sqrt(over_all.size()),
        **{"pooled over all": pooled},
    )


def tables(rows: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    found = frame(rows)
    useless, informative = found[found["useless"]], found[~found["useless"]]
    one_gain = found[found["gain"] == GAINS[0]]
    problems = pd.DataFrame(rows).groupby(["kind", "shuffled", "wells"]).size().unstack("wells")
    return {
        "Problems": problems.fillna(0).astype(int),
        "Useless channels with raw p < 0.05, % (95 % interval)": by_wells(
            useless.assign(hit=useless["raw_p_value"] < LEVEL), "hit"
        ),
        "The same by kind": by_wells(
            useless.assign(hit=useless["raw_p_value"] < LEVEL), "hit", ["gain", "kind", "shuffled"]
        ),
        "False discovery rate of adjusted p <= 0.05, %": false_discoveries(found),
        "Channels by verdict": one_gain.groupby(["verdict", "useless", "wells"])
        .size()
        .unstack(["useless", "wells"])
        .fillna(0)
        .astype(int),
        "Coverage of the 95 % intervals, %": by_wells(found, "covered", ["gain", "useless"]),
        "Coverage with the error of the target, %": by_wells(
            found, "covered with error", ["gain", "useless"]
        ),
        "Target above the interval, %": by_wells(
            found.assign(above=found["target"] > found["high"]), "above", ["gain", "useless"]
        ),
        "Power: informative channels with adjusted p <= 0.05, %, by effect": by_wells(
            informative, "called", ["kind", "scenario", "effect", "gain"]
        ),
        "Power: informative channels with any evidence, %": by_wells(
            informative[informative["gain"] == GAINS[0]].assign(
                shown=lambda rows: rows["verdict"] != "no evidence"
            ),
            "shown",
            ["kind", "scenario", "effect"],
        ),
    }


def shuffled_tables(rows: list[dict[str, Any]]) -> dict[str, pd.DataFrame | str]:
    verdicts = pd.DataFrame([row["verdicts"] for row in rows], columns=rows[0]["channels"])
    verdicts["accuracy"] = [row["accuracy"] for row in rows]
    verdicts["reliable"] = [row["reliable"] for row in rows]
    for gain in GAINS:
        for place, name in enumerate(rows[0]["channels"]):
            verdicts[f"{gain} p {name}"] = [row[gain]["raw_p_value"][place] for row in rows]
    none = [set(row["verdicts"]) <= {"no evidence"} for row in rows]
    text = f"{sum(none)} of {len(none)} rankings with shuffled labels show `no evidence` only"
    return {"Shuffled labels of wells, raw p-values": verdicts, "Answer": text}


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", type=int, default=240)
    parser.add_argument("--first-problem", type=int, default=0)
    parser.add_argument("--mnist", type=Path, help="MNIST as .npz, for planted digits too")
    parser.add_argument("--shuffled", type=Path, help="real cells as .npz: shuffle their labels")
    parser.add_argument("--epochs", type=int, help="6, or the default with --shuffled")
    parser.add_argument("--check-steps", type=int, help="60, or the default with --shuffled")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("calibration"))
    return parser.parse_args()


def main() -> None:
    arguments = parsed()
    limit_threads()
    from keras_dcmix.models.options import Training

    given = {name: getattr(arguments, name) for name in ("epochs", "check_steps")}
    training = Training() if arguments.shuffled else Training(epochs=6, check_steps=60)
    training = replace(training, **{k: v for k, v in given.items() if v is not None})
    out = arguments.out / ("shuffled.jsonl" if arguments.shuffled else "problems.jsonl")
    done = {row.get("problem", row.get("number")) for row in read_rows(out)}
    if arguments.shuffled:
        jobs = [
            (shuffled_cells, (arguments.shuffled, number, training))
            for number in range(20)
            if number not in done
        ]
    else:
        numbers = range(arguments.first_problem, arguments.first_problem + arguments.problems)
        jobs = [
            (solve, (describe(number, arguments.mnist), arguments.mnist, training))
            for number in numbers
            if number not in done
        ]
    run_jobs(jobs, out, arguments.jobs)
    rows = read_rows(out)
    shown = shuffled_tables(rows) if arguments.shuffled else tables(rows)
    write_tables(out.with_suffix(".txt"), shown)


if __name__ == "__main__":
    main()
