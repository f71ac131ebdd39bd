"""A plate effect that misleads raw pixels and not pixels normalised by plate.

    python benchmarks/plate_effect.py --out plate_effect

A simulated screen of one treatment that changes Mito (1.5) and Golgi (1) a little, half of the
plates with nearly only controls, the others with nearly only treated wells. On disk each channel of
each plate is scaled and shifted at random, as staining and exposure would. Three rankings of the
same cells, split by well: raw pixels, `normalize="image"`, `normalize="plate"` by the negative
controls. The truth: Mito and Golgi, nothing else.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile

import keras_dcmix
from keras_dcmix.data import ImageSet, Preprocessing, crop_fields, from_load_data
from keras_dcmix.datasets import simulated_screen, write_screen

STEPS = {
    "none": Preprocessing(),
    "image": Preprocessing(normalize="image"),
    "plate": Preprocessing(normalize="plate", controls="Metadata_Treatment=EMPTY"),
}


def screen(arguments: argparse.Namespace, seed: int) -> tuple[ImageSet, pd.Series]:
    """Writes the screen as LoadData, once, spoils its plates and opens it."""
    made = simulated_screen(
        phenotypes={"drug": {"Mito": 1.5, "Golgi": 1.0}},
        num_experiments=1,
        plates_per_experiment=4,
        wells_per_plate=16,
        sites_per_well=2,
        size=256,
        batch_effect=0.0,
        imbalance=arguments.imbalance,
        seed=seed,
    )
    folder = arguments.out / f"screen_{seed}"
    done = folder / "spoiled"
    if not folder.exists():
        write_screen(made, folder, "loaddata")
    image_set = from_load_data(
        folder / "load_data.csv",
        label="Metadata_Treatment",
        group=["Metadata_Plate", "Metadata_Well"],
    )
    if not done.exists():
        spoil_plates(image_set, arguments.spread, seed)
        done.touch()
    return image_set, made.truth.loc["drug"]


def spoil_plates(image_set: ImageSet, spread: float, seed: int) -> None:
    """Scales and shifts each channel of each plate at random, in place; 16 bits are enough."""
    rng = np.random.default_rng([seed, 9])
    for rows in image_set.table.groupby("Metadata_Plate").groups.values():
        for channel in image_set.channel_names:
            scale, shift = np.exp(rng.normal(1, spread)), rng.uniform(0, 2000)
            for path in image_set.files.loc[rows, channel]:
                pixels = np.rint(tifffile.imread(path) * scale + shift)
                tifffile.imwrite(path, pixels.clip(0, 65_535).astype(np.uint16))


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
    row |= {"accuracy": ranking.accuracy.mean(), "majority_baseline": ranking.majority_baseline}
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
