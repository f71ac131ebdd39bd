"""The tables of `panels.py`: estimates and decisions of rankings against fresh retrainings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jobs import read_rows, write_tables

SCENARIOS = ("complementary", "inverted", "graded")


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
        smallest = fits.groupby("ranking")["num_channels"].min()
        more = sufficient["num_channels"].to_numpy() - smallest.reindex(sufficient["ranking"])
        rows[name] = {
            "rankings": len(decisive),
            **{each: counts.get(each, 0) for each in ("sufficient", "undecided", "insufficient")},
            "loss below margin": f"{holds.sum()} of {len(holds)}",
            "largest true loss": 100 * sufficient["true_cost"].max(),
            "channels more than smallest": ", ".join(f"{n:.0f}" for n in more),
            "panels": " | ".join(sorted(set(sufficient["channels"]))),
        }
    return pd.DataFrame(rows).T


def with_families(panels: pd.DataFrame) -> pd.DataFrame:
    """The panels, and once more those of all simulated cells and of all digits together."""
    panels = panels.assign(ranking=panels["set"] + " " + panels["seed"].astype(str))
    names = panels["set"].str.split().str[0]
    families = names.map(lambda name: "simulated" if name == "simulated" else "digits")
    known = names.isin(["simulated", *SCENARIOS])
    if panels.loc[known, "set"].nunique() < 2:
        return panels
    return pd.concat([panels, panels[known].assign(set="all " + families[known])])


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
            with_families(panels), column, above_baseline=above
        )
        for title, column in (("Estimate", "estimate"), ("Retrained in the ranking", "retrained"))
        for where, above in (("", False), (", panels above the majority baseline", True))
    }
    tables["Decision of each ranking"] = decisions(with_families(panels))
    tables["Each retrained panel, losses in percentage points"] = every_decision(panels)
    write_tables(out / "table.txt", tables)
