"""How fast fields become crops, how long training waits for them, and how much memory that takes.

    keras-dcmix simulate --layout rxrx1 --out screen
    python benchmarks/pipeline.py screen --work work               # throughput and waiting
    python benchmarks/pipeline.py screen --work work --memory      # 200 and 20,000 fields

Throughput: fields in a second, as a ratio to the same threads that only decode the same files with
the same decoder, the two one after the other in every round; the median of the rounds counts. Cold:
`crop_fields` with an empty cache. Cached: all crops read back from the cache in batches. Waiting:
the share of an epoch of the ranking's own model that passes in taking batches of crops from the
cache, which a thread reads ahead.
Memory: a set of N fields whose files are links to those of the screen goes through `crop_fields`,
the statistics of its channels and one pass of batches, in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from keras_dcmix.data import Crops, crop_fields, from_rxrx1
from keras_dcmix.data.threads import num_threads

CROPS = [
    {"crop": "none", "size": 128},
    {"crop": "tiles", "size": 128},
    {"crop": "cells", "size": 64, "max_per_field": 16},
]


def decode_only(files: list[str]) -> float:
    """Seconds that threads take to decode all files and drop the pixels."""

    def decode(path: str) -> int:
        with Image.open(path) as image:
            return np.asarray(image).size

    start = time.perf_counter()
    with ThreadPoolExecutor(num_threads()) as pool:
        for _ in pool.map(decode, files):
            pass
    return time.perf_counter() - start


def timed(function: Callable[[], object]) -> tuple[float, object]:
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def read_all(crops: Crops) -> None:
    order = np.random.default_rng(0).permutation(len(crops))
    for start in range(0, len(order), 32):
        crops[order[start : start + 32]]


def throughput(screen: Path, work: Path, rounds: int) -> pd.DataFrame:
    """A row a round and kind of crop: speed of the pipeline over that of decoding only."""
    image_set = from_rxrx1(screen)
    files = list(image_set.files.to_numpy().ravel())
    decode_only(files)  # the operating system has all files in memory from here on
    rows = []
    for number in range(rounds):
        for arguments in CROPS:
            cache = work / "cache"
            shutil.rmtree(cache, ignore_errors=True)
            bare = decode_only(files)
            plain, _ = timed(lambda a=arguments: crop_fields(image_set, cache_bytes=0, **a))
            bare_again = decode_only(files)
            cold, crops = timed(
                lambda a=arguments, c=cache: crop_fields(image_set, cache_dir=c, **a)
            )
            cached, _ = timed(lambda c=crops: read_all(c))
            rows.append(
                {
                    "crop": f"{arguments['crop']} {arguments['size']}",
                    "no cache": bare / plain,
                    "cold cache": bare_again / cold,
                    "cached": bare_again / cached,
                    "decode only, fields/s": len(image_set) / bare,
                }
            )
            print(number, rows[-1], flush=True)
    return pd.DataFrame(rows)


def waiting(screen: Path, work: Path, rounds: int) -> pd.DataFrame:
    """A row a round and kind of crop: share of an epoch that training waits for its batches."""
    import keras

    from keras_dcmix.data import ImageBatches
    from keras_dcmix.models import build_classifier

    image_set = from_rxrx1(screen, label="Metadata_Sirna")
    rows = []
    for arguments in CROPS:
        crops = crop_fields(image_set, cache_dir=work / "cache", **arguments)
        classes, labels = np.unique(crops.labels.astype(str), return_inverse=True)
        chosen = np.random.default_rng(0).permutation(len(crops))[:1536]
        model = build_classifier(crops.shape[1:], len(classes), channel_names=crops.channel_names)
        model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy")
        batches = ImageBatches(crops, labels, batch_size=32, indices=chosen, shuffle=True)
        model.train_on_batch(*batches[0])
        for _ in range(rounds):
            waited, start = 0.0, time.perf_counter()
            for number in range(len(batches)):
                seconds, batch = timed(lambda b=batches, n=number: b[n])
                waited += seconds
                model.train_on_batch(*batch)
            name = f"{arguments['crop']} {arguments['size']}"
            epoch = time.perf_counter() - start
            rows.append({"crop": name, "epoch": epoch, "waiting": waited / epoch})
            print(rows[-1], flush=True)
            batches.on_epoch_end()
    return pd.DataFrame(rows)


def linked_screen(screen: Path, folder: Path, num_fields: int) -> Path:
    """Writes a screen in RxRx1's layout whose files are links to those of another one."""
    table = pd.read_csv(screen / "metadata.csv", dtype=str)
    copies = -(-num_fields // len(table))
    parts = []
    for copy in range(copies):
        part = table.assign(experiment=table["experiment"] + f"-{copy:03d}")
        for old, new in zip(table["experiment"], part["experiment"], strict=True):
            target = folder / "images" / new
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to((screen / "images" / old).resolve(), target_is_directory=True)
        part["well_id"] = part["experiment"] + "_" + part["plate"] + "_" + part["well"]
        part["site_id"] = part["well_id"] + "_" + part["site"]
        parts.append(part)
    pd.concat(parts).iloc[:num_fields].to_csv(folder / "metadata.csv", index=False)
    return folder


def peak_memory(folder: Path, cache: Path | None) -> None:
    """Runs a set through crops, statistics and one pass of batches; prints the peak in MiB."""
    from keras_dcmix.data import ImageBatches, channel_statistics

    image_set = from_rxrx1(folder, label="Metadata_Sirna")
    crops = crop_fields(image_set, crop="none", size=128, cache_dir=cache)
    channel_statistics(crops)
    batches = ImageBatches(crops, np.zeros(len(crops), int), batch_size=32, shuffle=True)
    for number in range(len(batches)):
        batches[number]
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def memory(screen: Path, work: Path, sizes: list[int]) -> pd.DataFrame:
    rows = []
    for num_fields in sizes:
        folder = work / f"linked_{num_fields}"
        if not folder.exists():
            linked_screen(screen, folder, num_fields)
        for kept in ("in memory", "on disk"):
            cache = [] if kept == "in memory" else [str(work / f"cache_{num_fields}")]
            command = [sys.executable, __file__, str(folder), "--peak", *cache]
            seconds, done = timed(
                lambda c=command: subprocess.run(c, check=True, capture_output=True, text=True)
            )
            peak = float(done.stdout.split()[-1])
            rows.append({"fields": num_fields, "cache": kept, "MiB": peak, "seconds": seconds})
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("screen", type=Path, help="a folder in RxRx1's layout")
    parser.add_argument("--work", type=Path, default=Path("pipeline"), help="for caches and links")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--fields", type=int, nargs="+", default=[200, 20_000])
    parser.add_argument("--peak", nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak is not None:
        peak_memory(arguments.screen, Path(arguments.peak[0]) if arguments.peak else None)
        return
    if arguments.memory:
        memory(arguments.screen, arguments.work, arguments.fields)
        return
    speeds = throughput(arguments.screen, arguments.work, arguments.rounds)
    print(speeds.groupby("crop", sort=False).median().to_string(float_format="{:.2f}".format))
    waits = waiting(arguments.screen, arguments.work, arguments.rounds)
    print(waits.groupby("crop", sort=False).median().to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
