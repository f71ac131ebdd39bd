"""The RxRx1 experiment: rank the channels of each phenotype on experiments no model has seen.

    python benchmarks/rxrx1.py rxrx1 --out results                      # the real data
    keras-dcmix simulate --layout rxrx1 --out screen                    # or a simulated set in
    python benchmarks/rxrx1.py screen --truth screen/truth.csv --out results  # the same layout

Protocol. Cells are cut out around nuclei (Hoechst), 64 x 64 pixels, at most `--cells` a field, and
normalised by the negative controls of their plate. For each phenotype (siRNA) its fields and those
of the negative control (`EMPTY`) make a problem of two classes. Groups are whole experiments: a
quarter of them is for testing and seen by no model, the others train and choose the weights. One
DCMIX model a seed, and the check. Then every method is compared on the phenotypes together with
the control (`--methods`). Where the truth is known (`--truth`), rankings are held against it.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

import keras_dcmix
from keras_dcmix.data import ImageSet, Preprocessing, crop_fields, from_rxrx1

CONTROL = "EMPTY"


def chosen_phenotypes(table: pd.DataFrame, most: int | None) -> list[str]:
    """The phenotypes that are in most experiments, by name where they tie."""
    treated = table[table["Metadata_Sirna"] != CONTROL]
    counts = treated.groupby("Metadata_Sirna")["Metadata_Experiment"].nunique()
    order = counts.sort_index().sort_values(ascending=False, kind="stable")
    return list(order.index[:most])


def cells_of(
    image_set: ImageSet, phenotypes: list[str], arguments: argparse.Namespace
) -> keras_dcmix.data.Crops:
    """Cells of some phenotypes and of the control, grouped by experiment."""
    kept = image_set.table["Metadata_Sirna"].isin([*phenotypes, CONTROL]).to_numpy()
    fields = image_set.subset(kept).with_labels("Metadata_Sirna", "Metadata_Experiment")
    return crop_fields(
        fields,
        crop="cells",
        size=64,
        nuclei_channel="Hoechst",
        max_per_field=arguments.cells,
        preprocessing=Preprocessing(
            normalize="plate", controls=f"Metadata_Sirna={CONTROL}", clip=(0.1, 99.9)
        ),
        skip_unreadable=True,
        cache_dir=arguments.out / "cache",
    )


def rank(image_set: ImageSet, phenotype: str, arguments: argparse.Namespace) -> pd.DataFrame:
    """Ranks the channels of one phenotype against the control; a row a channel."""
    cells = cells_of(image_set, [phenotype], arguments)
    ranking = keras_dcmix.rank_channels(
        cells,
        num_seeds=arguments.seeds,
        training=keras_dcmix.Training(balance=True),
        checkpoint_dir=arguments.out / f"runs_{phenotype}",
        verbose=False,
    )
    print(f"\n{phenotype}: {len(cells)} cells. {ranking.summary()}", flush=True)
    print(f"unseen experiments: {', '.join(ranking.split['test'])}", flush=True)
    return pd.DataFrame(
        {
            "phenotype": phenotype,
            "channel": ranking.importance.channel_names,
            "share": ranking.importance.scores,
            "std": ranking.importance.std,
            "shapley": ranking.check.scores.shapley().scores,
            "accuracy": ranking.accuracy.mean(),
            "majority_baseline": ranking.majority_baseline,
        }
    )


def against_truth(rows: pd.DataFrame, path: Path) -> pd.DataFrame:
    """For each phenotype: are the planted channels above all others, by weights and by check?"""
    effects = pd.read_csv(path)
    rows = rows.merge(effects, on=["phenotype", "channel"], how="left").fillna({"effect": 0})
    results = []
    for phenotype, part in rows.groupby("phenotype", sort=False):
        planted = part["effect"] > 0
        first = {
            name: part[name][planted].min() > part[name][~planted].max()
            for name in ("share", "shapley")
        }
        named = part[planted].sort_values("effect", ascending=False)
        results.append(
            {
                "phenotype": phenotype,
                "planted": ", ".join(f"{r.channel} {r.effect:g}" for r in named.itertuples()),
                "accuracy": part["accuracy"].iloc[0],
                "majority_baseline": part["majority_baseline"].iloc[0],
                "weights first": first["share"],
                "check first": first["shapley"],
            }
        )
    return pd.DataFrame(results)


def compare(image_set: ImageSet, phenotypes: list[str], arguments: argparse.Namespace) -> None:
    """Every method on all phenotypes together with the control."""
    cells = cells_of(image_set, phenotypes, arguments)
    comparison = keras_dcmix.compare_methods(
        cells,
        methods=arguments.methods and arguments.methods.split(","),
        num_seeds=1,
        training=keras_dcmix.Training(balance=True),
        checkpoint_dir=arguments.out / "runs_methods",
        verbose=False,
    )
    scores = {one.method: one.scores / np.abs(one.scores).sum() for one in comparison.importances}
    table = pd.DataFrame(scores, index=comparison.importances[0].channel_names).T
    table["accuracy"] = comparison.table.set_index("method")["accuracy"]
    table.to_csv(arguments.out / "methods.csv")
    print(f"\n{table.to_string(float_format='{:.2f}'.format)}\n{comparison.summary()}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("screen", type=Path, help="a folder in RxRx1's layout")
    parser.add_argument("--out", type=Path, default=Path("rxrx1_results"))
    parser.add_argument("--truth", type=Path, help="truth.csv of a simulated screen")
    parser.add_argument("--cell-type", help="only this cell type, such as HUVEC")
    parser.add_argument("--phenotypes", type=int, default=3, help="so many siRNAs")
    parser.add_argument("--cells", type=int, default=30, help="cells from a field at most")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--methods", help="joined with commas; without it all")
    parser.add_argument("--no-compare", action="store_true")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    image_set = from_rxrx1(arguments.screen)
    if arguments.cell_type:
        is_wanted = image_set.table["Metadata_CellType"] == arguments.cell_type
        image_set = image_set.subset(is_wanted.to_numpy())
    phenotypes = chosen_phenotypes(image_set.table, arguments.phenotypes)
    rows = pd.concat([rank(image_set, name, arguments) for name in phenotypes])
    rows.to_csv(arguments.out / "phenotypes.csv", index=False)
    print(f"\n{rows.to_string(index=False, float_format='{:.3f}'.format)}", flush=True)
    if arguments.truth:
        held = against_truth(rows, arguments.truth)
        print(f"\n{held.to_string(index=False, float_format='{:.3f}'.format)}", flush=True)
    if not arguments.no_compare:
        compare(image_set, phenotypes, arguments)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
