"""DCMIX against the planted truth: six scenarios over real MNIST digits.

    python benchmarks/planted.py --mnist mnist.npz --seeds 10 --out planted.csv

For each scenario and seed, 10,000 digits are drawn and planted, one classifier is trained behind
one DCMIX plane and one on all channels with the same backbone (60 % of the digits train, 15 %
choose the weights, 25 % test). Rows are appended to the CSV as they are done; a second call skips
what is there.
"""

from __future__ import annotations

import argparse
import csv
import os
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.datasets import SCENARIOS, mnist_channels
from keras_dcmix.importance import mixing_weights
from keras_dcmix.options import Training
from keras_dcmix.training import split_problem, train_classifier

COLUMNS = ("scenario", "seed", "spearman", "auc", "dcmix", "none")


def run(scenario: str, seed: int, *, mnist: Path | None, epochs: int) -> dict[str, object]:
    """Trains both models once and compares the weights with the truth."""
    planted = mnist_channels(scenario, path=mnist, seed=seed)
    problem = label_images(planted.images, planted.labels, channel_names=planted.channel_names)
    row: dict[str, object] = {"scenario": scenario, "seed": seed}
    for mixer in ("dcmix", "none"):
        training = Training(mixer=mixer, epochs=epochs)
        parts = split_problem(problem, training, split_seed=seed, seed=seed)
        trained = train_classifier(problem, parts, training, seed=seed)
        row[mixer] = trained.accuracy
        if mixer == "dcmix":
            scores = mixing_weights(trained.model).scores
            row["spearman"] = spearmanr(scores, planted.truth).statistic
            row["auc"] = area_under_curve(scores, planted.truth > 0)
    return row


def area_under_curve(scores: np.ndarray, informative: np.ndarray) -> float:
    """How often an informative channel scores above a useless one; ties count half."""
    difference = scores[informative][:, None] - scores[~informative][None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


def table(rows: pd.DataFrame) -> str:
    """One row a scenario: means over seeds, and the lowest seed where it matters."""
    grouped = rows.groupby("scenario", sort=False)
    summary = pd.DataFrame(
        {
            "seeds": grouped["seed"].count(),
            "Spearman": grouped["spearman"].mean(),
            "lowest": grouped["spearman"].min(),
            "AUC": grouped["auc"].mean(),
            "lowest AUC": grouped["auc"].min(),
            "accuracy DCMIX": grouped["dcmix"].mean(),
            "accuracy all channels": grouped["none"].mean(),
        }
    )
    return summary.to_string(float_format=lambda value: f"{value:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", type=Path, help="MNIST as .npz; else Keras downloads it")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--out", type=Path, default=Path("planted.csv"))
    arguments = parser.parse_args()
    done = set()
    if arguments.out.exists():
        found = pd.read_csv(arguments.out)
        done = set(zip(found["scenario"], found["seed"], strict=True))
    else:
        arguments.out.write_text(",".join(COLUMNS) + "\n")
    for scenario in arguments.scenarios.split(","):
        for seed in range(arguments.seeds):
            if (scenario, seed) in done:
                continue
            row = run(scenario, seed, mnist=arguments.mnist, epochs=arguments.epochs)
            with arguments.out.open("a", newline="") as file:
                csv.DictWriter(file, COLUMNS).writerow(row)
            print(", ".join(f"{name} {value}" for name, value in row.items()), flush=True)
    print(table(pd.read_csv(arguments.out)))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
