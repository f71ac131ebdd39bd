"""DCMIX, attention layers and the other methods on MNIST `graded`: the paper's comparison, our way.

    python benchmarks/paper_mnist.py --mnist mnist.npz --seeds 10 --retrain-seeds 3 --out results

For each seed, 10,000 digits are drawn, planted in six channels of growing noise, and
`keras_dcmix.compare_methods` runs all methods on one split (60 % train, 15 % choose the weights,
25 % test) with one training each; the first `--retrain-seeds` seeds also train a model for each
channel alone and one without each. The attention layers are then trained once more inside each
block of the backbone, where they weigh features and rank no channel. What is done is kept in the
folder `--out`; a second call goes on. Processes may share it if they do different seeds.

    python benchmarks/paper_mnist.py --mnist mnist.npz --times 3

trains every model so many times, in turn and in an order of its own each time, after one training
that is not counted, and prints how long each takes as a multiple of DCMIX in the same round: the
seconds of the first command hold the start of the backend, which falls to whoever comes first.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

import keras_dcmix
from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.datasets import mnist_channels
from keras_dcmix.experiments.method_runs import trainable_parameters
from keras_dcmix.importance.registry import COMPARED
from keras_dcmix.layers.attention import ATTENTION_LAYERS
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import split_dataset
from keras_dcmix.models.training import train_classifier

RETRAINED = ("single_channel", "leave_one_out")


def run(seed: int, *, mnist: Path | None, epochs: int, retrain: bool, out: Path) -> pd.DataFrame:
    """All rows of one seed."""
    dataset = label_images(mnist_channels("graded", path=mnist, seed=seed))
    comparison = keras_dcmix.compare_methods(
        dataset,
        methods=[name for name in COMPARED if retrain or name not in RETRAINED],
        num_seeds=1,
        seed=seed,
        training=Training(epochs=epochs),
        checkpoint_dir=out / f"runs_{seed}",
    )
    rows = comparison.table.assign(place="input")
    inside = pd.DataFrame([in_blocks(name, dataset, seed, epochs) for name in ATTENTION_LAYERS])
    return pd.concat([rows, inside], ignore_index=True).assign(seed=seed)


def in_blocks(name: str, dataset: LabelledImages, seed: int, epochs: int) -> dict[str, object]:
    """One attention layer inside each block of the backbone."""
    training = Training(epochs=epochs, mixer="none", attention=name)
    split = split_dataset(dataset, training, split_seed=seed, seed=seed)
    trained = train_classifier(dataset, split, training, seed=seed)
    return {
        "method": name,
        "place": "each block",
        "accuracy": trained.accuracy,
        "parameters": trainable_parameters(trained.model),
        "train_seconds": trained.seconds,
    }


def times(mnist: Path | None, rounds: int, epochs: int) -> str:
    """Training time of every model as a multiple of DCMIX in the same round."""
    dataset = label_images(mnist_channels("graded", path=mnist, seed=0))
    variants = {"dcmix": Training(epochs=epochs)}
    variants["all channels"] = Training(epochs=epochs, mixer="none")
    variants["check"] = Training(epochs=epochs, mixer="none", channel_subsets=True)
    for name in ATTENTION_LAYERS:
        variants[f"{name}, input"] = Training(epochs=epochs, mixer=name)
        variants[f"{name}, blocks"] = Training(epochs=epochs, mixer="none", attention=name)
    rows = []
    for number in range(rounds + 1):
        order = np.random.default_rng(number).permutation(list(variants))
        timed = [name for name in order if number or name == "dcmix"]
        rows += [(number, name, seconds(dataset, range(6), variants[name])) for name in timed]
        if number:
            plain = variants["all channels"]
            alone = [seconds(dataset, [c], plain) for c in range(6)]
            without = [seconds(dataset, [o for o in range(6) if o != c], plain) for c in range(6)]
            rows.append((number, "single_channel, 6 trainings", sum(alone)))
            rows.append((number, "leave_one_out, 6 trainings", sum(without)))
    found = pd.DataFrame(rows, columns=["round", "model", "seconds"])
    order = found["model"].drop_duplicates()
    found = found[found["round"] > 0].pivot_table("seconds", "round", "model")[order]
    ratio = found.div(found["dcmix"], axis=0)
    summary = pd.DataFrame(
        {"seconds": found.median(), "/ dcmix": ratio.median(), "lowest": ratio.min()}
    ).assign(highest=ratio.max())
    return summary.to_string(float_format="{:.2f}".format)


def seconds(dataset: LabelledImages, channels: Sequence[int], training: Training) -> float:
    """Wall time of one training on some channels."""
    split = split_dataset(dataset, training, split_seed=0, seed=0)
    return train_classifier(dataset.keep(list(channels)), split, training, seed=0).seconds


def table(rows: pd.DataFrame) -> str:
    """Means over seeds; times as the median over seeds of the ratio to DCMIX in the same seed."""
    dcmix = rows[(rows["method"] == "dcmix")].set_index("seed")
    seconds = rows["seed"].map(dcmix["train_seconds"])
    to_ranking = rows["train_seconds"] + rows["score_seconds"]
    whole = rows["seed"].map(dcmix["train_seconds"] + dcmix["score_seconds"])
    rows = rows.assign(
        training_ratio=rows["train_seconds"] / seconds, ranking_ratio=to_ranking / whole
    )
    grouped = rows.groupby(["place", "method"], sort=False)
    summary = pd.DataFrame(
        {
            "seeds": grouped["seed"].count(),
            "Spearman": grouped["spearman_truth"].mean(),
            "std": grouped["spearman_truth"].std(),
            "accuracy": grouped["accuracy"].mean(),
            "accuracy std": grouped["accuracy"].std(),
            "parameters": grouped["parameters"].first().astype(int),
            "training / dcmix": grouped["training_ratio"].median(),
            "time to ranking / dcmix": grouped["ranking_ratio"].median(),
        }
    )
    return summary.to_string(float_format=lambda value: f"{value:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", type=Path, help="MNIST as .npz; else Keras downloads it")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--retrain-seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--out", type=Path, default=Path("paper_mnist"))
    parser.add_argument("--times", type=int, default=0, help="rounds of timing alone")
    arguments = parser.parse_args()
    if arguments.times:
        print(times(arguments.mnist, arguments.times, arguments.epochs))
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        path = arguments.out / f"seed_{seed}.csv"
        if not path.exists():
            retrain = seed < arguments.retrain_seeds
            options = {"mnist": arguments.mnist, "epochs": arguments.epochs, "retrain": retrain}
            run(seed, out=arguments.out, **options).to_csv(path, index=False)
    rows = [pd.read_csv(path) for path in sorted(arguments.out.glob("seed_*.csv"))]
    print(table(pd.concat(rows, ignore_index=True)))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
