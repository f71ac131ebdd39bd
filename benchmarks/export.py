"""Every backend, every format: does the export agree with Keras, how large and how fast is it?

    python benchmarks/export.py --work work                  # all backends that are installed
    python benchmarks/export.py --work work --backend torch  # one of them

A ranking of simulated cells (960 images of 64 x 64 pixels in 6 channels, 2 epochs, one seed) gives
the model, once, with the first backend. Every backend loads that file, exports it to every format
and reads it back; the difference is the largest over 256 of the images and both classes.
Throughput: images in a second in batches of 256, from NumPy to NumPy, as a ratio to
`model.predict` of the same backend, the two one after the other in every round; the median of the
rounds counts.
Mixing: `model.predict` of DCMIX and a backbone, as a ratio to the same backbone on all 6 channels.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

BACKENDS = ("tensorflow", "torch", "jax")
BATCH, NUM_BATCHES = 256, 4
BACKBONES = ("convnet", "ResNet50")


def seconds(run: Callable[[np.ndarray], object], images: np.ndarray) -> float:
    start = time.perf_counter()
    for first in range(0, len(images), BATCH):
        run(images[first : first + BATCH])
    return time.perf_counter() - start


def ratio(
    run: Callable[[np.ndarray], object],
    reference: Callable[[np.ndarray], object],
    images: np.ndarray,
    rounds: int,
) -> tuple[float, float, float]:
    """How many times as fast as the reference: median, smallest and largest of the rounds."""
    for each in (run, reference):
        each(images[:BATCH])  # compiles
    found = [seconds(reference, images) / seconds(run, images) for _ in range(rounds)]
    return float(np.median(found)), min(found), max(found)


def make_model(path: Path) -> None:
    import keras_dcmix

    cells = keras_dcmix.datasets.simulated_cells()
    ranking = keras_dcmix.rank_channels(
        cells,
        num_seeds=1,
        check=False,
        training=keras_dcmix.Training(epochs=2),
    )
    keras_dcmix.export_model(ranking.model, path, format="keras", classes=ranking.classes)


def measure(work: Path, rounds: int) -> None:
    """Prints one backend's rows."""
    import keras

    import keras_dcmix
    from keras_dcmix.inference.formats import FORMATS

    backend = keras.backend.backend()
    images = keras_dcmix.datasets.simulated_cells().images.astype("float32")
    many = np.concatenate([images, images])[: BATCH * NUM_BATCHES]
    model = keras.models.load_model(work / "model.keras", compile=False)
    for name, known in FORMATS.items():
        path = work / f"{backend}{known.suffix or '_saved_model'}"
        try:
            done = keras_dcmix.export_model(
                work / "model.keras", path, format=name, images=images[:256], overwrite=True
            )
        except (ValueError, ImportError) as error:
            print(f"| {backend} | {name} | no | | | | {error} |", flush=True)
            continue
        run = keras_dcmix.load_predictor(path).run
        middle, low, high = ratio(run, lambda some: predict(model, some), many, rounds)
        print(
            f"| {backend} | {name} | yes | {done.largest_difference:.1e} | "
            f"{done.num_bytes / 1e3:.0f} kB | {middle:.2f} ({low:.2f} to {high:.2f}) | |",
            flush=True,
        )
    for backbone in BACKBONES:
        measure_mixing(backend, backbone, many, rounds)


def measure_mixing(backend: str, backbone: str, images: np.ndarray, rounds: int) -> None:
    from keras_dcmix.models import build_classifier, fit_standardization

    shape = images.shape[1:]
    mixed, direct = (
        build_classifier(
            shape,
            2,
            mixer=mixer,
            backbone=backbone,
            normalization=fit_standardization(np.zeros(shape[-1]), np.ones(shape[-1])),
        )
        for mixer in ("dcmix", "none")
    )
    middle, low, high = ratio(
        lambda some: predict(mixed, some), lambda some: predict(direct, some), images, rounds
    )
    print(
        f"| {backend} | {backbone} | {mixed.count_params():,} | {direct.count_params():,} | "
        f"{middle:.2f} ({low:.2f} to {high:.2f}) |",
        flush=True,
    )


def predict(model: object, images: np.ndarray) -> np.ndarray:
    return model.predict(images, batch_size=BATCH, verbose=0)  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--backend", choices=BACKENDS)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--step", choices=["make", "measure"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.work.mkdir(exist_ok=True)
    if options.step == "make":
        make_model(options.work / "model.keras")
    elif options.step == "measure":
        measure(options.work, options.rounds)
    else:
        print("| backend | format | works | largest difference | size | speed | reason |")
        for backend in [options.backend] if options.backend else BACKENDS:
            # Backends do not share a process.
            env = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
            steps = ["measure"] if (options.work / "model.keras").exists() else ["make", "measure"]
            for step in steps:
                command = [sys.executable, *sys.argv, "--step", step]
                subprocess.run(command, env=env, check=True)


if __name__ == "__main__":
    main()
