"""Weights and check against the planted truth: six scenarios over real MNIST digits.

    python benchmarks/planted.py --images mnist.npz --seeds 10 --out planted.csv

Other images than digits are taken if the file has `x_train` and `y_train`, such as clothes.

For each scenario and seed, 10,000 digits are drawn and planted (60 % train, 15 % choose the
weights, 25 % test) and the same backbone is trained behind

- `all channels`: nothing in front;
- `check`: the same, trained on with random subsets of the channels masked; all subsets are scored
  on the test digits, and its scores are Shapley values of the log-likelihood;
- `dcmix 1`, `2`, `4`: so many DCMIX planes; `+ masks`: the same behind `ChannelSubsets`;
  `without selection`: `alpha_regularizer=None`;
- each attention layer at the input, scored by its mean gates.

With `--channels 30` channels of pure noise are added up to that number.

Rows are appended to the CSV as they are done; a second call skips what is there. Processes may
share one CSV if they do different seeds (`--first-seed`).
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.data.pixel_statistics import channel_statistics
from keras_dcmix.datasets import SCENARIOS, mnist_channels
from keras_dcmix.experiments.masked_runs import MaskedRun, fold_scores, masked_name, run_masked
from keras_dcmix.experiments.panel_runs import plain_training
from keras_dcmix.experiments.run_store import RunStore
from keras_dcmix.importance import attention_gates, mixing_weights
from keras_dcmix.importance.subsets.image_scores import ImageScores
from keras_dcmix.importance.subsets.sampling import choose_subsets
from keras_dcmix.layers import DCMix
from keras_dcmix.layers.attention import ATTENTION_LAYERS
from keras_dcmix.models import build_classifier
from keras_dcmix.models.classifier import fit_standardization
from keras_dcmix.models.custom import CustomParts
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import Split, split_dataset
from keras_dcmix.models.training import train_classifier

COLUMNS = ("scenario", "seed", "variant", "spearman", "auc", "accuracy", "train", "score")
COLUMNS += ("parameters",)
VARIANTS = {
    "all channels": {"mixer": "none"},
    "check": {},
    "dcmix 1 without selection": {},
    **{name: {"mixer": name} for name in ATTENTION_LAYERS},
    **{
        f"dcmix {planes}{' + masks' if masks else ''}": {
            "num_mixes": planes,
            "channel_subsets": masks,
        }
        for planes in (1, 2, 4)
        for masks in (False, True)
    },
}


def run(dataset: LabelledImages, variant: str, seed: int, epochs: int) -> dict[str, object]:
    """Trains one variant once and compares its scores with the truth."""
    training = replace(Training(epochs=epochs), **VARIANTS[variant])
    split = split_dataset(dataset, training, split_seed=seed, seed=seed)
    if variant == "check":
        return {"variant": variant, **masked_row(dataset, split, training, seed)}
    build = partial(unselective, classes=len(dataset.classes), training=training)
    custom = CustomParts(build if variant.endswith("without selection") else None)
    trained = train_classifier(dataset, split, training, seed=seed, custom=custom)
    row: dict[str, object] = {"variant": variant, "accuracy": trained.accuracy}
    row["parameters"] = sum(int(np.prod(w.shape)) for w in trained.model.trainable_weights)
    row["train"], start, scores = trained.seconds, time.perf_counter(), None
    if training.mixer == "dcmix":
        scores = mixing_weights(trained.model).scores
    elif training.mixer != "none":
        images = np.asarray(dataset.images[split.test[:1000]])
        scores = attention_gates(trained.model, images, verbose=False).scores
    row["score"] = time.perf_counter() - start
    if scores is not None:
        row |= against_truth(scores, dataset.truth)
    return row


def masked_row(
    dataset: LabelledImages, split: Split, training: Training, seed: int
) -> dict[str, object]:
    """The masked model, behind the classifier on all channels, against the truth."""
    names = dataset.channel_names
    plain = plain_training(training, len(names))
    start = train_classifier(dataset, split, plain, seed=seed)
    sampling = choose_subsets(len(names), np.random.default_rng(seed))
    with TemporaryDirectory() as folder:
        store, custom = RunStore(folder, {}), CustomParts()
        run_masked(dataset, split, training, store, seed, sampling.subsets, start.model, custom)
        found = fold_scores(store, seed)
        seconds = store.record(masked_name(seed), MaskedRun).seconds
        weights = store.model(masked_name(seed)).trainable_weights
    rows = split.test[found.rows]
    labels, groups = dataset.labels[rows], np.asarray(dataset.groups[rows])
    images = ImageScores(names, found.subsets, sampling.orders, labels, groups, *found.scores)
    scores = images.table()
    return {
        "accuracy": scores.score_of(names, "accuracy"),
        "train": start.seconds + seconds,
        "score": 0.0,  # within `train`
        "parameters": sum(int(np.prod(w.shape)) for w in weights),
        **against_truth(scores.shapley("log_likelihood").scores, dataset.truth),
    }


def against_truth(scores: np.ndarray, truth: np.ndarray) -> dict[str, object]:
    """Rank correlation, and how well informative and useless channels separate."""
    return {
        "spearman": spearmanr(scores, truth).statistic,
        "auc": area_under_curve(scores, truth > 0),
    }


def unselective(images: np.ndarray, *, classes: int, training: Training) -> keras.Model:
    """Our classifier and optimizer, but without the pull towards few channels."""
    mean, std = channel_statistics(images)
    model = build_classifier(
        images.shape[1:],
        classes,
        mixer=DCMix(alpha_regularizer=None),
        normalization=fit_standardization(mean, std),
    )
    steps = training.epochs * -(-len(images) // training.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def with_noise(dataset: LabelledImages, num_channels: int, seed: int) -> LabelledImages:
    """The dataset with channels of Gaussian noise up to a number of channels."""
    given = np.asarray(dataset.images)
    added = num_channels - given.shape[-1]
    if added <= 0:
        return dataset
    rng = np.random.default_rng(seed)
    images = np.empty((*given.shape[:3], num_channels), "float32")
    images[..., : given.shape[-1]] = given
    for channel in range(given.shape[-1], num_channels):
        images[..., channel] = rng.normal(size=given.shape[:3])
    names = (*dataset.channel_names, *(f"pure_noise_{number}" for number in range(added)))
    truth = np.concatenate([dataset.truth, np.zeros(added)])
    return replace(dataset, images=images, channel_names=names, truth=truth)


def area_under_curve(scores: np.ndarray, informative: np.ndarray) -> float:
    """How often an informative channel scores above a useless one; ties count half."""
    difference = scores[informative][:, None] - scores[~informative][None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


def tables(rows: pd.DataFrame) -> str:
    """Means over seeds: one row a scenario, one column a variant."""
    order = {"index": [s for s in SCENARIOS if s in set(rows["scenario"])]}
    texts = [rows.groupby("variant")["seed"].nunique().to_string()]
    for column, what in (
        ("auc", "mean"),
        ("auc", "min"),
        ("auc", separated),
        ("spearman", "mean"),
        ("accuracy", "mean"),
    ):
        table = rows.pivot_table(column, "scenario", "variant", what).reindex(**order)
        table = table[[v for v in VARIANTS if v in table]]
        title = f"{column}, {getattr(what, '__name__', what)} over seeds"
        texts.append(f"{title}\n{table.to_string(float_format='{:.3f}'.format)}")
    if "all channels" not in set(rows["variant"]):
        return "\n\n".join(texts)
    seconds = rows.assign(seconds=rows["train"] + rows["score"]).pivot_table(
        "seconds", ["scenario", "seed"], "variant"
    )
    ratio = seconds.div(seconds["all channels"], axis=0).groupby("scenario").median()
    ratio = ratio.reindex(**order)[[v for v in VARIANTS if v in ratio]]
    texts.append(
        "training and scoring, as a multiple of one plain training (median over seeds)\n"
        f"{ratio.to_string(float_format='{:.2f}'.format)}"
    )
    return "\n\n".join(texts)


def separated(found: pd.Series) -> float:
    """In what share of the seeds all informative channels are above all useless ones."""
    return float((found == 1).mean())


def finished(out: Path, columns: Sequence[str]) -> set[tuple[str, int, str]]:
    """The first three columns of the rows that are there; makes the table where there is none."""
    if not out.exists():
        out.write_text(",".join(columns) + "\n")
    return set(pd.read_csv(out)[[*columns[:3]]].itertuples(index=False, name=None))


def append(out: Path, columns: Sequence[str], row: dict[str, object]) -> None:
    """Adds a row to the table and prints it, and frees what Keras keeps of the training."""
    keras.utils.clear_session()
    with out.open("a", newline="") as file:
        csv.DictWriter(file, columns).writerow(row)
    print(", ".join(f"{name} {value}" for name, value in row.items()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, help="images as .npz; else Keras downloads MNIST")
    parser.add_argument("--channels", type=int, default=0, help="add pure noise up to this many")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--out", type=Path, default=Path("planted.csv"))
    arguments = parser.parse_args()
    done = finished(arguments.out, COLUMNS)
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        for scenario in arguments.scenarios.split(","):
            wanted = [v for v in arguments.variants.split(",") if (scenario, seed, v) not in done]
            if not wanted:
                continue
            dataset = label_images(mnist_channels(scenario, path=arguments.images, seed=seed))
            dataset = with_noise(dataset, arguments.channels, seed)
            for variant in wanted:
                row = {"scenario": scenario, "seed": seed}
                row |= run(dataset, variant, seed, arguments.epochs)
                append(arguments.out, COLUMNS, row)
    print(tables(pd.read_csv(arguments.out)))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
