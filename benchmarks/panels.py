"""Estimated and retrained panels of a ranking against fresh retrainings on other seeds.

    python benchmarks/panels.py --cells cells.npz --seeds 3
    python benchmarks/panels.py --simulated weak --seeds 3
    python benchmarks/panels.py --mnist mnist.npz --scenario inverted --num-images 2000 --seeds 3

For each seed `rank_channels` runs once, with its estimates, its proposed panels and its decisions.
The truth: every single channel, every leave-one-out, the best panel of each size, the retrained
panels and all channels are trained from nothing on a fresh deal of the groups into
`--retrainings` folds, so that these trainings test every group once; `--rounds` deals again.

`--cells` takes an `.npz` with `X` (images), `y` (labels), `well` and `channels`; `--simulated` one
of the effect settings `strong`, `default`, `three`, `weak` and `none`, where the seed also draws
the cells. Accuracies are means over classes.

`--out` is a folder: `rankings.jsonl` (a row a ranking), `trainings.jsonl` (a row a training of the
truth), `panels.csv` and `table.txt`, which are made anew from all rows in it. Rows are written when
they are done; a second call goes on. `--jobs 2` does two trainings at a time, with one thread each.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jobs import append_row, limit_threads, read_rows, run_jobs, write_tables

SIMULATED: dict[str, dict[str, float] | None] = {
    "strong": {"Mito": 4.0},
    "default": None,
    "three": {"DNA": 1.5, "Actin": 1.5, "Golgi": 1.5},
    "weak": {"ER": 0.75},
    "none": {},
}
_FIRST_SEED_OF_TRUTH = 100_000
Panel = tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """Where a dataset comes from: a file of cells, an effect setting or planted digits."""

    cells: Path | None
    simulated: str | None
    mnist: Path | None
    scenario: str
    num_images: int | None
    size: int

    @property
    def name(self) -> str:
        if self.cells is not None:
            return self.cells.resolve().parent.name
        number = f" {self.num_images}" if self.num_images else ""
        return f"simulated {self.simulated}{number}" if self.simulated else self.scenario + number

    def load(self, seed: int) -> Any:
        """The dataset as `LabelledImages`; the seed draws simulated cells and digits."""
        from keras_dcmix.data.labelled_images import label_images
        from keras_dcmix.datasets import mnist_channels, simulated_cells

        number = {} if self.num_images is None else {"num_images": self.num_images}
        if self.simulated is not None:
            effects = SIMULATED[self.simulated]
            return label_images(
                simulated_cells(**number, size=self.size, effects=effects, seed=seed)
            )
        if self.mnist is not None:
            return label_images(mnist_channels(self.scenario, path=self.mnist, seed=seed, **number))
        found = np.load(self.cells)
        chosen = np.random.default_rng(seed).permutation(len(found["X"]))[: self.num_images]
        chosen.sort()
        return label_images(
            found["X"][chosen],
            found["y"][chosen],
            groups=found["well"][chosen],
            channel_names=[str(name) for name in found["channels"]],
        )


def rank(source: Source, training: Any, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """One row: the estimates and decisions of a ranking, a list of panels."""
    import keras_dcmix

    dataset = source.load(seed)
    ranking = keras_dcmix.rank_channels(
        dataset,
        seed=seed,
        training=training,
        margin=arguments.margin,
        n_jobs=arguments.jobs,
        checkpoint_dir=arguments.out / "unfinished" / f"{source.name} {seed}".replace(" ", "_"),
    )
    scores, retrained = ranking.check.scores, ranking.retrained
    decisive = retrained.decisive.channels
    panels = []
    for channels, kind in panels_of(ranking).items():
        panel: dict[str, Any] = {"channels": channels, "kind": kind}
        panel["estimate"] = scores.score_of(channels, "accuracy")
        found = retrained.of(channels)
        if found is not None:
            panel |= {"retrained": found.accuracy.value, "decision": str(found.decision)}
            panel |= {"low": found.cost.low, "cost": found.cost.value, "high": found.cost.high}
            panel["decisive"] = channels == decisive
        panels.append(panel)
    return {
        "set": source.name,
        "seed": seed,
        "margin": retrained.margin,
        "retrained": retrained.all_channels.value,
        "baseline": 1 / len(ranking.classes),
        "groups": len(np.unique(dataset.groups)),
        "panels": panels,
    }


def panels_of(ranking: Any) -> dict[Panel, str]:
    """The panels whose truth is measured, all channels among them, and what kind each is."""
    names = ranking.importance.channel_names
    best = [panel.channels for panel in ranking.check.scores.panels("accuracy")]
    kinds = {
        "all": [names],
        "single": [(name,) for name in names],
        "leave-one-out": [tuple(n for n in names if n != name) for name in names],
        "best of its size": [panel for panel in best if panel],
        "retrained": [panel.channels for panel in ranking.retrained.panels],
    }
    found: dict[Panel, str] = {}
    for kind, panels in kinds.items():
        for panel in panels:
            found.setdefault(tuple(panel), kind)
    return found


def retrain(
    dataset: Any, split: Any, training: Any, run: Any, channels: Panel, key: dict[str, Any]
) -> dict[str, Any]:
    """One row: how many test images of each class a fresh training of a panel classifies right."""
    import keras

    from keras_dcmix.experiments.panel_runs import plain_training
    from keras_dcmix.models.training import train_classifier

    kept = dataset.keep([dataset.channel_names.index(name) for name in channels])
    plain = plain_training(training, len(channels))
    trained = train_classifier(kept, split, plain, seed=run.seed)
    labels, number = dataset.labels[split.test], len(dataset.classes)
    keras.utils.clear_session()
    return key | {
        "channels": channels,
        "round": run.repeat,
        "fold": run.fold,
        "accuracy": trained.accuracy,
        "seconds": trained.seconds,
        "correct": np.bincount(labels[trained.predicted == labels], minlength=number).tolist(),
        "tested": np.bincount(labels, minlength=number).tolist(),
    }


def truth_jobs(
    source: Source, training: Any, ranking: dict[str, Any], arguments: argparse.Namespace
) -> list[tuple[Any, tuple[Any, ...]]]:
    """The fresh trainings that are not done yet."""
    from keras_dcmix.experiments.fold_plan import FoldPlan

    seed = ranking["seed"]
    dataset = source.load(seed)
    plan = FoldPlan.deal(
        dataset,
        num_folds=arguments.retrainings,
        num_repeats=arguments.rounds,
        seed=_FIRST_SEED_OF_TRUTH + 1000 * seed,
    )
    key = {"set": source.name, "seed": seed}
    rows = read_rows(arguments.out / "trainings.jsonl")
    done = {(r["set"], r["seed"], tuple(r["channels"]), r["round"], r["fold"]) for r in rows}
    return [
        (retrain, (dataset, plan.split(run, training), training, run, channels, key))
        for run in plan.runs
        for channels in (tuple(panel["channels"]) for panel in ranking["panels"])
        if (*key.values(), channels, run.repeat, run.fold) not in done
    ]


def truths(trainings: pd.DataFrame) -> pd.Series:
    """`(folds, num_classes)` correct and tested images, by set, seed and panel."""
    keys = [trainings["set"], trainings["seed"], trainings["channels"].map(tuple)]
    trainings = trainings.sort_values(["round", "fold"])
    return trainings.groupby(keys)[["correct", "tested"]].apply(
        lambda rows: (np.array(rows["correct"].tolist()), np.array(rows["tested"].tolist()))
    )


def balanced(counts: tuple[np.ndarray, np.ndarray]) -> float:
    """Accuracy over all folds, classes counted alike."""
    correct, tested = (each.sum(axis=0) for each in counts)
    return float((correct / tested).mean())


def by_fold(counts: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Accuracy of each fold; a class that it does not test is left out."""
    correct, tested = counts
    shares = np.divide(correct, tested, out=np.full(correct.shape, np.nan), where=tested > 0)
    return np.nanmean(shares, axis=1)


def standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def panel_rows(rankings: list[dict[str, Any]], trainings: pd.DataFrame) -> pd.DataFrame:
    """One row a set, seed and panel: estimate, retrained in the ranking, truth and its error."""
    found, rows = truths(trainings), []
    for ranking in rankings:
        key = {name: ranking[name] for name in ("set", "seed", "margin", "baseline")}
        every = tuple(max((panel["channels"] for panel in ranking["panels"]), key=len))
        for panel in ranking["panels"]:
            channels = tuple(panel["channels"])
            places = [(key["set"], key["seed"], which) for which in (channels, every)]
            if not all(place in found.index for place in places):
                continue
            counts, counts_of_all = (found.loc[place] for place in places)
            paired = min(len(counts[0]), len(counts_of_all[0]))  # while trainings are missing
            losses = by_fold(counts_of_all)[:paired] - by_fold(counts)[:paired]
            rows.append(
                {
                    **key,
                    **panel,
                    "channels": " + ".join(channels),
                    "num_channels": len(channels),
                    "truth": balanced(counts),
                    "truth_error": standard_error(by_fold(counts)),
                    "true_cost": balanced(counts_of_all) - balanced(counts),
                    "true_cost_error": standard_error(losses),
                    "trainings": len(counts[0]),
                }
            )
            if channels == every:
                rows[-1]["retrained"] = ranking["retrained"]
    return pd.DataFrame(rows)


def differences(panels: pd.DataFrame, column: str, *, above_baseline: bool) -> pd.DataFrame:
    """Percentage points between a column and the truth: mean absolute, largest and mean."""
    if above_baseline:
        clear = 1.65 * panels["truth_error"].fillna(0)
        panels = panels[panels["truth"] - clear > panels["baseline"]]
    panels = panels[panels[column].notna()]
    off = (100 * (panels[column] - panels["truth"])).groupby(panels["set"], sort=False)
    found = pd.DataFrame({"panels": off.size(), "mean absolute": off.agg(lambda d: d.abs().mean())})
    found["largest"] = off.agg(lambda d: d[d.abs().idxmax()])
    found["bias"] = off.mean()
    errors = 100 * panels["truth_error"].groupby(panels["set"], sort=False).mean()
    return found.assign(truth_error=errors)


def decisions(panels: pd.DataFrame) -> pd.DataFrame:
    """By set: what the rankings decide, and whether the fresh retrainings agree."""
    rows = {}
    for name, of_set in panels.groupby("set", sort=False):
        decisive = of_set[of_set["decisive"].eq(True)]
        counts = decisive["decision"].value_counts()
        sufficient = decisive[decisive["decision"] == "sufficient"]
        holds = sufficient["true_cost"] < sufficient["margin"]
        fits = of_set[of_set["true_cost"] < of_set["margin"]]
        smallest = fits.groupby("seed")["num_channels"].min()
        more = sufficient["num_channels"].to_numpy() - smallest.reindex(sufficient["seed"])
        rows[name] = {
            "rankings": len(decisive),
            **{each: counts.get(each, 0) for each in ("sufficient", "undecided", "insufficient")},
            "loss below margin": f"{holds.sum()} of {len(holds)}",
            "largest true loss": 100 * sufficient["true_cost"].max(),
            "channels more than smallest": ", ".join(f"{n:.0f}" for n in more),
            "panels": " | ".join(sorted(set(sufficient["channels"]))),
        }
    return pd.DataFrame(rows).T


def every_decision(panels: pd.DataFrame) -> pd.DataFrame:
    """Each retrained panel: its cost in the ranking, with its interval, and the true cost."""
    shown = panels[panels["decision"].notna()].sort_values(["set", "seed", "num_channels"])
    points = ["cost", "low", "high", "true_cost", "true_cost_error"]
    shown = shown.assign(**{name: 100 * shown[name] for name in points})
    return shown[["set", "seed", "channels", "decision", *points]].reset_index(drop=True)


def report(out: Path) -> None:
    """Makes the tables from all rows in a folder."""
    trainings = pd.DataFrame(read_rows(out / "trainings.jsonl"))
    panels = panel_rows(read_rows(out / "rankings.jsonl"), trainings)
    panels.to_csv(out / "panels.csv", index=False)
    optional = pd.DataFrame(columns=["decision", "decisive", "retrained"])
    panels = panels.join(optional[[c for c in optional if c not in panels]])
    tables = {
        f"{title}, percentage points off the truth{where}": differences(
            panels, column, above_baseline=above
        )
        for title, column in (("Estimate", "estimate"), ("Retrained in the ranking", "retrained"))
        for where, above in (("", False), (", panels above the majority baseline", True))
    }
    tables["Decision of each ranking"] = decisions(panels)
    tables["Each retrained panel, losses in percentage points"] = every_decision(panels)
    write_tables(out / "table.txt", tables)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--cells", type=Path)
    source.add_argument("--simulated", choices=SIMULATED)
    source.add_argument("--mnist", type=Path)
    parser.add_argument("--scenario", default="complementary")
    parser.add_argument("--num-images", type=int, help="cells or digits; all by default")
    parser.add_argument("--size", type=int, default=64, help="of simulated cells, pixels")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--check-steps", type=int, help="of the masked model")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--retrainings", type=int, default=5, help="folds of one round")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--margin", type=float, default=0.02)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("panels"))
    return parser.parse_args()


def main() -> None:
    arguments = parsed()
    if arguments.jobs > 1:
        limit_threads()
    names = ("cells", "simulated", "mnist", "scenario", "num_images", "size")
    source = Source(**{name: getattr(arguments, name) for name in names})
    if not (source.cells or source.simulated or source.mnist):
        report(arguments.out)  # of what is there
        return
    from keras_dcmix.models.options import Training

    steps = {} if arguments.check_steps is None else {"check_steps": arguments.check_steps}
    training = Training(epochs=arguments.epochs, **steps)
    rankings = arguments.out / "rankings.jsonl"
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        done = {(row["set"], row["seed"]): row for row in read_rows(rankings)}
        ranking = done.get((source.name, seed))
        if ranking is None:
            ranking = rank(source, training, seed, arguments)
            append_row(rankings, ranking)
        jobs = truth_jobs(source, training, ranking, arguments)
        run_jobs(jobs, arguments.out / "trainings.jsonl", arguments.jobs)
    report(arguments.out)


if __name__ == "__main__":
    main()
