"""The evidence on many real channels, and what it costs with 50 and 200 channels.

    python benchmarks/many_channels_evidence.py --data DIR --sets mibi --seeds 10 --jobs 2
    python benchmarks/many_channels_evidence.py --data DIR --sets csm --seeds 10 --jobs 2
    python benchmarks/many_channels_evidence.py --cost 50 200

`DIR` is that of `many_channels.py`. `rank_channels` runs once for each seed, with its defaults and
without retraining panels. Expected: in `mibi`, whose classes are gated on CD20, CD20 leads, CD16
and CD163 (spill-over from its mass) are replaceable, and channels without an antibody show nothing;
in `csm`, CK-EPCAM leads for tumour (class 1) and CD8a for CD8 (class 2).

`--cost` trains on simulated cells whose channels are repeated with noise, up to that number, and
compares the seconds of one fold: the model on all channels, and what the evidence takes beyond it.

`--out` is a folder: `evidence.jsonl` (a row a ranking), `cost.jsonl` and `table.txt`. Rankings that
are there are not done again.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from jobs import append_row, limit_threads, read_rows, write_tables

GAINS = ("alone", "unique", "shapley")
WATCHED = {
    "mibi": ("CD20", "CD16", "CD163", "HLA-DR"),
    "csm": ("CK-EPCAM", "CD8a"),
}
NUM_COST_IMAGES, COST_SIZE = 960, 32


def rank(data: Path, name: str, seed: int, training: Any, n_jobs: int, out: Path) -> dict[str, Any]:
    """One row: the evidence about all channels of a set, over all classes and for each class."""
    from many_channels import load

    import keras_dcmix
    from keras_dcmix.evidence.statistics import group_mean

    dataset, _, null = load(data, name)
    began = time.perf_counter()
    ranking = keras_dcmix.rank_channels(
        dataset,
        seed=100 * seed,
        training=training,
        retrain=False,
        n_jobs=n_jobs,
        checkpoint_dir=out / "unfinished" / f"{name}_{seed}",
    )
    verdict, check = ranking.verdict(), ranking.check
    is_null = dict(zip(dataset.channel_names, null.tolist(), strict=True))
    scores = check.scores
    over_groups = group_mean(
        scores.block_gains("log_likelihood")["shapley"],
        check.block_classes,
        sizes=scores.block_sizes,
    )
    return {
        "set": name,
        "seed": seed,
        "seconds": time.perf_counter() - began,
        "accuracy": float(ranking.accuracy.mean()),
        "groups": check.num_groups,
        "orders": verdict.evidence.num_orders,
        "order_errors": scores.order_errors("log_likelihood").tolist(),
        "group_errors": over_groups.standard_errors.tolist(),
        "channels": list(scores.channel_names),
        "evidence": channel_rows(verdict.evidence, is_null),
        "leaders": {
            k: [each.channel for each in v.channels[:3]] for k, v in verdict.classes.items()
        },
        "verdicts": {k: str(v.channels[0].verdict) for k, v in verdict.classes.items()},
    }


def channel_rows(evidence: Any, null: dict[str, bool]) -> list[dict[str, Any]]:
    """One row a channel, the largest Shapley value first."""
    rows = []
    by_share = sorted(evidence.channels, key=lambda each: -each.share)
    for place, each in enumerate(evidence.channels, start=1):
        row = {"channel": each.channel, "null": null[each.channel], "place": place}
        row |= {"place by share": by_share.index(each) + 1, "share": each.share}
        row |= {"verdict": str(each.verdict), "replaced_by": " + ".join(each.replaced_by)}
        for gain in GAINS:
            found = getattr(each, gain)
            row |= {gain: found.value, f"{gain}_raw_p": found.raw_p_value}
            row[f"{gain}_p"] = found.p_value
        rows.append(row)
    return rows


def watched(found: pd.DataFrame) -> pd.DataFrame:
    """What is said of the channels of which the truth is known, over seeds."""
    names = {(name, channel) for name, channels in WATCHED.items() for channel in channels}
    rows = [key in names for key in zip(found["set"], found["channel"], strict=True)]
    grouped = found[rows].groupby(["set", "channel"])
    table = grouped[["share", *GAINS]].mean()
    for column in ("place", "place by share"):
        table[column] = grouped[column].agg(lambda places: ",".join(map(str, places)))
    counts = grouped["verdict"].value_counts().unstack(fill_value=0)
    replaced = grouped["replaced_by"].agg(lambda each: " | ".join(sorted(set(each) - {""})))
    return table.join(counts).assign(replaced_by=replaced)


def null_channels(found: pd.DataFrame) -> pd.DataFrame:
    """Share of the channels without an antibody with p <= 0.05, in percent, over all seeds."""
    null = found[found["null"]]
    rows = {}
    for name, of_set in null.groupby("set"):
        for gain in GAINS:
            raw, adjusted = of_set[f"{gain}_raw_p"] < 0.05, of_set[f"{gain}_p"] <= 0.05
            row = {"channels x seeds": len(of_set), "raw p < 0.05, %": 100 * raw.mean()}
            row["adjusted p <= 0.05, %"] = 100 * adjusted.mean()
            rows[name, gain] = row
        shown = ~of_set["verdict"].isin(["no evidence", "undecided"])
        row = {"channels x seeds": len(of_set), "adjusted p <= 0.05, %": 100 * shown.mean()}
        rows[name, "any verdict but no evidence"] = row
    return pd.DataFrame(rows).T


def errors(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Of Shapley values: the Monte Carlo error beside the error over groups, in nats."""
    lines = {}
    for row in rows:
        by_order, by_group = np.array(row["order_errors"]), np.array(row["group_errors"])
        leader = row["channels"].index(row["evidence"][0]["channel"])
        lines[row["set"], row["seed"]] = {
            "orders": row["orders"] or "all subsets",
            "groups": row["groups"],
            "accuracy": row["accuracy"],
            "leader": row["channels"][leader],
            "error by orders": by_order[leader],
            "error over groups": by_group[leader],
            "median by orders": np.median(by_order),
            "median over groups": np.median(by_group),
            "seconds": row["seconds"],
        }
    return pd.DataFrame(lines).T


def class_leaders(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The three channels with the largest Shapley values on the images of each class."""
    lines = {
        (row["set"], row["seed"]): {
            name: f"{' > '.join(leaders)} ({row['verdicts'][name]})"
            for name, leaders in row["leaders"].items()
        }
        for row in rows
        if row["leaders"]
    }
    return pd.DataFrame(lines).T


def repeated_channels(num_channels: int, num_images: int, size: int) -> Any:
    """Simulated cells whose six channels are repeated under noise, up to a number of channels."""
    from keras_dcmix.data.labelled_images import label_images
    from keras_dcmix.datasets import simulated_cells

    cells = simulated_cells(num_images, size=size)
    draw = np.random.default_rng(0)
    shape = (*cells.images.shape[:3], num_channels)
    images = cells.images[..., np.arange(num_channels) % cells.num_channels].astype("float32")
    images += images.std() * draw.standard_normal(shape, dtype="float32")
    names = [f"channel_{number}" for number in range(num_channels)]
    return label_images(images, cells.labels, groups=cells.groups, channel_names=names)


def cost(num_channels: int, training: Any, num_images: int, size: int) -> dict[str, Any]:
    """One row: seconds of the trainings of one fold, and of scoring the subsets."""
    from keras_dcmix.experiments import masked_runs
    from keras_dcmix.experiments.fold_plan import FoldPlan
    from keras_dcmix.experiments.panel_runs import train_panel
    from keras_dcmix.experiments.run_store import RunStore
    from keras_dcmix.experiments.seed_runs import train_seed
    from keras_dcmix.importance.subsets.sampling import choose_subsets
    from keras_dcmix.models.custom import CustomParts

    dataset = repeated_channels(num_channels, num_images, size)
    plan = FoldPlan.deal(dataset, num_folds=5, num_repeats=1, seed=0)
    run, custom = plan.runs[0], CustomParts()
    split, names = plan.split(run, training), dataset.channel_names
    draw = np.random.default_rng(0)
    sampling = choose_subsets(num_channels, draw)
    along = np.argsort(draw.permutation(num_channels)) < np.arange(num_channels + 1)[:, None]
    with TemporaryDirectory() as folder:
        store = RunStore(folder, {})
        mix = train_seed(dataset, split, training, store, run, custom, None)
        every = train_panel(dataset, split, training, store, run.seed, names, custom)
        masked_runs.run_masked(
            dataset, split, training, store, run.seed, sampling.subsets, every.model, custom
        )
        masked = store.record(masked_runs.masked_name(run.seed), masked_runs.MaskedRun).seconds
        began = time.perf_counter()
        if sampling.orders is not None:
            masked_runs.score_more(dataset, split, training, store, run.seed, along)
        more = time.perf_counter() - began
    return {
        "channels": num_channels,
        "orders": None if sampling.orders is None else len(sampling.orders),
        "subsets": len(sampling.subsets),
        "dcmix": mix.seconds,
        "all channels": every.seconds,
        "masked, trained and scored": masked,
        "best panels scored": more,
        "evidence / dcmix": (every.seconds + masked + more) / mix.seconds,
        "evidence / all channels": (every.seconds + masked + more) / every.seconds,
    }


def report(out: Path) -> None:
    """Makes the tables from all rows in a folder."""
    rows, costs = read_rows(out / "evidence.jsonl"), read_rows(out / "cost.jsonl")
    tables: dict[str, pd.DataFrame | str] = {}
    if rows:
        parts = [pd.DataFrame(r["evidence"]).assign(set=r["set"], seed=r["seed"]) for r in rows]
        found = pd.concat(parts, ignore_index=True)
        tables["Verdicts, seeds"] = watched(found)
        tables["Channels without an antibody"] = null_channels(found)
        tables["Errors of Shapley values, nats"] = errors(rows)
        tables["Leaders of each class"] = class_leaders(rows)
    if costs:
        tables["Seconds of one fold, and multiples of one training"] = pd.DataFrame(costs)
    write_tables(out / "table.txt", tables)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", default="mibi,csm")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--check-steps", type=int, help="of the masked model")
    parser.add_argument("--cost", type=int, nargs="+", default=[], help="numbers of channels")
    parser.add_argument("--cost-images", type=int, default=NUM_COST_IMAGES)
    parser.add_argument("--cost-size", type=int, default=COST_SIZE, help="pixels")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("many_channels_evidence"))
    return parser.parse_args()


def main() -> None:
    arguments = parsed()
    if arguments.jobs > 1:
        limit_threads()
    from keras_dcmix.models.options import Training

    steps = {} if arguments.check_steps is None else {"check_steps": arguments.check_steps}
    training, out = Training(epochs=arguments.epochs, **steps), arguments.out
    for number in arguments.cost:
        found = cost(number, training, arguments.cost_images, arguments.cost_size)
        append_row(out / "cost.jsonl", found)
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    wanted = [(name, seed) for seed in seeds for name in arguments.sets.split(",")]
    for name, seed in wanted if arguments.data is not None else ():
        rows = read_rows(out / "evidence.jsonl")
        if (name, seed) not in {(row["set"], row["seed"]) for row in rows}:
            row = rank(arguments.data, name, seed, training, arguments.jobs, out)
            append_row(out / "evidence.jsonl", row)
    report(out)


if __name__ == "__main__":
    main()
