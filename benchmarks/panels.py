"""The check's panels against retraining: is one masked model as good as a training for each panel?

    python benchmarks/panels.py --mnist mnist.npz --seeds 3 --out panels_mnist.csv
    python benchmarks/panels.py --cells cells.npz --seeds 3 --out panels_bbbc013.csv

For each seed the check's model is trained once and the best panel of each size read off its table;
then the same backbone is trained from scratch on the channels of each of these panels, on the same
split, and both are tested on the same images. `--mnist` takes the scenario `complementary` (10,000
digits, 4 epochs), `--cells` an `.npz` with `X` (images), `y` (labels), `well` and `channels`
(12 epochs).
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.datasets import mnist_channels
from keras_dcmix.experiments.check import images_to_score, masked_training, score_subsets
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import split_dataset
from keras_dcmix.models.training import train_classifier


def run(dataset: LabelledImages, training: Training, seed: int) -> pd.DataFrame:
    """One row a panel size: accuracy by the check and by retraining."""
    names = dataset.channel_names
    split = split_dataset(dataset, training, split_seed=seed, seed=seed)
    own = masked_training(training, len(names), len(split.train))
    checked = train_classifier(dataset, split, own, seed=seed)
    most = images_to_score(split, own, len(names))
    panels = score_subsets(checked.model, dataset, split, seed, most).best_panels("accuracy")
    rows = []
    for panel in panels.loc[panels["num_channels"] > 0].itertuples():
        kept = [names.index(name) for name in panel.panel.split(" + ")]
        plain = replace(training, mixer="none")
        trained = train_classifier(dataset.keep(kept), split, plain, seed=seed)
        rows.append(
            {
                "seed": seed,
                "num_channels": panel.num_channels,
                "panel": panel.panel,
                "check": panel.score,
                "retrained": trained.accuracy,
                "sufficient": panel.smallest_sufficient,
                "seconds_check": checked.seconds,
                "seconds_retrained": trained.seconds,
            }
        )
        print(", ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    return pd.DataFrame(rows)


def table(rows: pd.DataFrame) -> str:
    """Means over seeds for each panel size."""
    rows = rows.assign(difference=rows["check"] - rows["retrained"])
    grouped = rows.groupby("num_channels")
    summary = pd.DataFrame(
        {
            "panels": grouped["panel"].agg(lambda panels: " | ".join(sorted(set(panels)))),
            "check": grouped["check"].mean(),
            "retrained": grouped["retrained"].mean(),
            "difference": grouped["difference"].mean(),
            "largest": grouped["difference"].agg(lambda values: values[values.abs().idxmax()]),
            "sufficient in": grouped["sufficient"].sum(),
        }
    )
    return summary.to_string(float_format="{:.3f}".format)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", type=Path, help="MNIST as .npz")
    parser.add_argument("--cells", type=Path, help="cells as .npz with X, y, well and channels")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("panels.csv"))
    arguments = parser.parse_args()
    rows = []
    for seed in range(arguments.seeds):
        if arguments.cells:
            found = np.load(arguments.cells)
            dataset = label_images(
                found["X"], found["y"], groups=found["well"], channel_names=list(found["channels"])
            )
            training = Training()
        else:
            dataset = label_images(mnist_channels("complementary", path=arguments.mnist, seed=seed))
            training = Training(epochs=4)
        rows.append(run(dataset, training, seed))
        pd.concat(rows).to_csv(arguments.out, index=False)
    print(table(pd.concat(rows, ignore_index=True)))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
