"""The tables of `calibration.py`: false positives, coverage and power."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

GAINS = ("alone", "unique", "shapley")
LEVEL = 0.05


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
