"""Time of `rank` with evidence and retrained panels against `rank` of an earlier version.

    git worktree add before 21ebb87
    python benchmarks/cost.py --before before --load-data bbbc013/load_data.csv --pairs 3

Both versions rank the same source with the same number of DCMIX trainings: `--seeds 5` before,
`--folds 5` now. Each pair of runs is done in one go, the order changes from pair to pair. What is
printed: the median of each version and the median of the ratios of the pairs. `cpu` is the time of
all cores, which suffers less from other processes. Fields of a plate are cut into cells again in
each run.

`--out` is a folder: `runs.jsonl`, a row a run, and `table.txt`. A second call goes on.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from jobs import append_row, read_rows, write_tables

BEFORE, NOW = "before", "now"
RUNS = {BEFORE: "--seeds", NOW: "--folds"}


def sources(arguments: argparse.Namespace) -> dict[str, list[str]]:
    """The arguments of `rank` that say what is ranked, for each source."""
    found = {"simulated": ["simulated"]}
    if arguments.load_data is not None:
        plate = [str(arguments.load_data.resolve()), "--label", arguments.label]
        plate += ["--group", arguments.group, "--crop", "cells"]
        found[arguments.load_data.resolve().parent.name] = plate
    return found


def run(root: Path, source: list[str], options: list[str]) -> dict[str, float]:
    """Seconds of one `rank` of the version in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(root.resolve())}
    environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "keras_dcmix",
            "rank",
            *source,
            *options,
            "--out",
            "result",
        ]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, cwd=folder, env=environment, check=True)
        seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu": cpu}


def table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Medians over pairs, a row a source."""
    keys = ["source", "trainings", "pair", "version"]
    found = pd.DataFrame(rows).drop_duplicates(keys, keep="last")
    found = found.pivot_table(["seconds", "cpu"], ["source", "trainings", "pair"], "version")
    lines = {}
    for key, of_source in found.dropna().groupby(level=["source", "trainings"]):
        line: dict[str, Any] = {"pairs": len(of_source)}
        for what in ("seconds", "cpu"):
            before, now = of_source[what][BEFORE], of_source[what][NOW]
            ratio = now / before
            line |= {f"{what} before": before.median(), f"{what} now": now.median()}
            line[f"ratio of {what}"] = ratio.median()
            line[f"ratios of {what}"] = f"{ratio.min():.2f}..{ratio.max():.2f}"
        lines[key] = line
    return pd.DataFrame(lines).T


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True, help="worktree of the old version")
    parser.add_argument("--now", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--load-data", type=Path, help="a CellProfiler LoadData CSV")
    parser.add_argument("--label", default="Metadata_Control")
    parser.add_argument("--group", default="Metadata_Well")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--trainings", type=int, default=5, help="DCMIX trainings of each run")
    parser.add_argument("--epochs", type=int, help="the default of each version by default")
    parser.add_argument("--skip-simulated", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("cost"))
    return parser.parse_args()


def main() -> None:
    arguments = parsed()
    out = arguments.out / "runs.jsonl"
    epochs = [] if arguments.epochs is None else ["--epochs", str(arguments.epochs)]
    roots = {BEFORE: arguments.before, NOW: arguments.now}
    for pair in range(arguments.pairs):
        for name, source in sources(arguments).items():
            key = {"source": name, "trainings": arguments.trainings, "pair": pair}
            done = {row["version"] for row in read_rows(out) if key.items() <= row.items()}
            if done == {BEFORE, NOW} or (name == "simulated" and arguments.skip_simulated):
                continue  # half a pair is done again: its other half met another machine
            for version in (BEFORE, NOW) if pair % 2 == 0 else (NOW, BEFORE):
                options = [RUNS[version], str(arguments.trainings), *epochs]
                found = run(roots[version], source, options)
                append_row(out, key | {"version": version, **found})
    write_tables(arguments.out / "table.txt", {"Medians over pairs": table(read_rows(out))})


if __name__ == "__main__":
    main()
