"""The weights on real cells: does the channel that defines the classes come first?

    python benchmarks/many_channels.py --data DIR --seeds 5 --out many_channels.csv

`DIR` holds `mibi_lymphoid/mibi_lymphoid.npz` (45 channels that vary, classes gated on CD20, eight
channels without an antibody, two of them constant), `csm_breast/csm_breast.npz` (CK-EPCAM marks
tumour, CD8a the T cells) and `bbbc013/cells.npz` (GFP moves, DNA is the counterstain). Fields,
quadrants or wells are kept apart. Each seed has a split of its own, with a test part of its own,
which `rank` has not; 12 epochs.

Two more sets were made after the defaults were fixed, and run once: `vimentin`, the same tissue
with classes gated on another stain, and `simulated_40`, simulated cells in which Mito and Golgi
carry the treatment and 34 more channels are stains of other cells.

`many_channels_evidence.py` takes the same sets to the evidence of `rank_channels`.

Rows are appended to the CSV as they are done; a second call skips what is there. Processes may
share one CSV if they do different seeds (`--first-seed`).
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from planted import append, finished, unselective

from keras_dcmix.data.constant_channels import find_constant_channels
from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.datasets import simulated_cells
from keras_dcmix.importance import attention_gates, mixing_weights
from keras_dcmix.layers.attention import ATTENTION_LAYERS
from keras_dcmix.models.custom import CustomParts
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import split_dataset
from keras_dcmix.models.training import train_classifier

# File, name of the groups, channels that must come first, in any order.
SETS = {
    "mibi": ("mibi_lymphoid/mibi_lymphoid.npz", "groups", ("CD20",)),
    "csm": ("csm_breast/csm_breast.npz", "groups", ("CK-EPCAM", "CD8a")),
    "bbbc013": ("bbbc013/cells.npz", "well", ("GFP",)),
    "vimentin": ("mibi_lymphoid/mibi_lymphoid.npz", "groups", ("Vimentin",)),
    "simulated_40": ("", "", ("Mito", "Golgi")),
}
COLUMNS = ("set", "seed", "variant", "right", "share", "useless", "accuracy", "parameters")
COLUMNS += ("seconds", "ranking")
VARIANTS: dict[str, dict[str, Any]] = {
    "dcmix": {},
    "dcmix without selection": {},
    "dcmix 2": {"num_mixes": 2},
    "all channels": {"mixer": "none"},
    **{name: {"mixer": name} for name in ATTENTION_LAYERS},
}


def load(root: Path, name: str) -> tuple[LabelledImages, tuple[str, ...], np.ndarray]:
    """A real set without its constant channels, what must lead, and which channels are null."""
    path, groups, expected = SETS[name]
    if name == "simulated_40":
        return simulated(), expected, np.array([number >= 6 for number in range(40)])
    found = np.load(root / path)
    images, names = found["X"], found["channels"].astype(str)
    if name == "vimentin":
        found = gated(dict(found), names.tolist().index("Vimentin"))
        images = found["X"]
    varying = ~find_constant_channels(images, np.arange(len(images)))
    null = found["no_antibody"] if "no_antibody" in found else np.zeros(len(names), bool)
    dataset = label_images(
        images[..., varying],
        found["y"],
        channel_names=list(names[varying]),
        groups=found[groups],
    )
    return dataset, expected, null[varying]


def gated(found: dict[str, np.ndarray], channel: int) -> dict[str, np.ndarray]:
    """The brightest and darkest 30 % of the cells of each field in a channel, as two classes."""
    brightness = found["X"][:, 6:18, 6:18, channel].mean(axis=(1, 2))
    classes = np.full(len(brightness), -1)
    for field in np.unique(found["groups"]):
        rows = np.flatnonzero(found["groups"] == field)
        low, high = np.quantile(brightness[rows], [0.3, 0.7])
        classes[rows] = (brightness[rows] > high) - 1 * (brightness[rows] < low)
    kept = classes != 0
    return {**found, "X": found["X"][kept], "y": classes[kept], "groups": found["groups"][kept]}


def simulated() -> LabelledImages:
    """Simulated cells in six channels, and 34 channels of other cells in the same wells."""
    cells = simulated_cells()
    images, names = [cells.images], [*cells.channel_names]
    for copy in range(1, 7):
        other = simulated_cells(effects={}, seed=copy)
        images.append(other.images)
        names += [f"{stain}_{copy}" for stain in other.channel_names]
    return label_images(
        np.concatenate(images, axis=-1)[..., :40],
        cells.labels,
        channel_names=names[:40],
        groups=cells.groups,
    )


def run(root: Path, name: str, variant: str, seed: int, epochs: int) -> dict[str, Any]:
    """Trains one variant once; its scores are shares of the mix or mean attention."""
    dataset, expected, null = load(root, name)
    training = replace(Training(epochs=epochs), **VARIANTS[variant])
    split = split_dataset(dataset, training, split_seed=seed, seed=seed)
    without = CustomParts(partial(unselective, classes=len(dataset.classes), training=training))
    custom = without if variant.endswith("without selection") else CustomParts()
    trained = train_classifier(dataset, split, training, seed=seed, custom=custom)
    row: dict[str, Any] = {"accuracy": trained.accuracy, "seconds": trained.seconds}
    row["parameters"] = sum(int(np.prod(w.shape)) for w in trained.model.trainable_weights)
    if variant == "all channels":
        return row
    if variant.startswith("dcmix"):
        found = mixing_weights(trained.model)
    else:
        found = attention_gates(
            trained.model, np.asarray(dataset.images[split.test]), verbose=False
        )
    scores, names = found.scores / found.scores.sum(), np.array(dataset.channel_names)
    row["right"] = int({*found.order[: len(expected)]} == {*expected})
    row["share"] = scores[np.isin(names, expected)].sum()
    row["useless"] = scores[null].sum()
    row["ranking"] = " > ".join(f"{n} {scores[names == n].item():.3f}" for n in found.order[:6])
    return row


def tables(rows: pd.DataFrame) -> str:
    """One row a set and variant, over all seeds."""
    rows = rows.assign(seeds=1)
    found = rows.groupby(["set", "variant"], sort=False).agg(
        seeds=("seeds", "sum"),
        right=("right", "sum"),
        share=("share", "mean"),
        share_min=("share", "min"),
        useless=("useless", "mean"),
        useless_max=("useless", "max"),
        accuracy=("accuracy", "mean"),
        parameters=("parameters", "mean"),
        seconds=("seconds", "median"),
    )
    return found.to_string(float_format="{:.3f}".format)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--sets", default="mibi,csm,bbbc013")
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--out", type=Path, default=Path("many_channels.csv"))
    arguments = parser.parse_args()
    done = finished(arguments.out, COLUMNS)
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        for name in arguments.sets.split(","):
            for variant in arguments.variants.split(","):
                if (name, seed, variant) in done:
                    continue
                row = {"set": name, "seed": seed, "variant": variant}
                row |= run(arguments.data, name, variant, seed, arguments.epochs)
                append(arguments.out, COLUMNS, row)
    print(tables(pd.read_csv(arguments.out)))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
