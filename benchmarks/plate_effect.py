"""A plate effect that misleads raw pixels and not pixels normalised by plate.

    python benchmarks/plate_effect.py --out plate_effect

A simulated screen of one treatment that changes Mito (1.5) and Golgi (1) a little, half of the
plates with nearly only controls, the others with nearly only treated wells. On disk each plate's channels are scaled and
shifted at random, as staining and exposure would. Three rankings of the same cells, split by well
as a plate without a second one would be: raw pixels, `normalize="image"`, `normalize="plate"` by
the negative controls. The truth: Mito and Golgi, nothing else.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

import keras_dcmix
from keras_dcmix.data import ImageSet, Preprocessing, crop_fields, from_load_data
from keras_dcmix.datasets import simulated_screen, write_screen

STEPS = {
    "none": Preprocessing(),
    "image": Preprocessing(normalize="image"),
    "plate": Preprocessing(normalize="plate", controls="Metadata_Treatment=EMPTY"),
}


def screen(arguments: argparse.Namespace, seed: int) -> tuple[ImageSet, pd.Series]:
    """Writes the screen as LoadData, once, and opens it."""
    made = simulated_screen(
        phenotypes={"drug": {"Mito": 1.5, "Golgi": 1.0}},
        num_experiments=1,
        plates_per_experiment=4,
        wells_per_plate=16,
        sites_per_well=2,
        size=256,
        batch_effect=2 * arguments.spread,  # from plate to plate it is half of this
        imbalance=arguments.imbalance,
        seed=seed,
    )
    folder = arguments.out / f"screen_{seed}"
    if not folder.exists():
        write_screen(made, folder, "loaddata")
    image_set = from_load_data(
        folder / "load_data.csv",
        label="Metadata_Treatment",
        group=["Metadata_Plate", "Metadata_Well"],
    )
    return image_set, made.truth.loc["drug"]


def rank(image_set: ImageSet, truth: pd.Series, name: str, seed: int, out: Path) -> dict:
    """One ranking, held against the truth."""
    cells = crop_fields(
        image_set,
        crop="cells",
        size=64,
        max_per_field=25,
        preprocessing=STEPS[name],
        cache_dir=out / "cache",
    )
    ranking = keras_dcmix.rank_channels(
        cells,
        num_seeds=3,
        seed=seed,
        training=keras_dcmix.Training(balance=True),
        checkpoint_dir=out / f"runs_{name}_{seed}",
        verbose=False,
    )
    planted = truth.loc[list(ranking.importance.channel_names)].to_numpy() > 0
    row = {"normalize": name, "seed": seed, "cells": len(cells)}
    row |= {"accuracy": ranking.accuracy.mean(), "chance": ranking.chance}
    for method, scores in (
        ("weights", ranking.importance.scores),
        ("check", ranking.check.scores.shapley().scores),
    ):
        pairs = np.subtract.outer(scores[planted], scores[~planted])
        row[f"{method}: AUC"] = (pairs > 0).mean()
        positive = np.maximum(scores, 0)
        row[f"{method}: planted share"] = positive[planted].sum() / positive.sum()
    row |= dict(zip(ranking.importance.channel_names, ranking.importance.scores, strict=True))
    print(", ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()))
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("plate_effect"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--spread", type=float, default=0.5, help="log-spread of plates' gains")
    parser.add_argument("--imbalance", type=float, default=0.9)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in range(arguments.seeds):
        image_set, truth = screen(arguments, seed)
        for name in STEPS:
            rows.append(rank(image_set, truth, name, seed, arguments.out))
            pd.DataFrame(rows).to_csv(arguments.out / "plate_effect.csv", index=False)
    table = pd.DataFrame(rows).drop(columns=["seed", "cells"]).groupby("normalize", sort=False)
    print(table.mean().to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
