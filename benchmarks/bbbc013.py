"""Every method on real cells, BBBC013: GFP moves with the treatment, DNA is the counterstain.

    python benchmarks/bbbc013.py --cells cells.npz --seeds 3 --out bbbc013

`cells.npz` holds `X` (images), `y` (labels), `well` and `channels`. Split by well; 12 epochs.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

import keras_dcmix


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("bbbc013"))
    arguments = parser.parse_args()
    found = np.load(arguments.cells)
    comparison = keras_dcmix.compare_methods(
        found["X"],
        found["y"],
        groups=found["well"],
        channel_names=[str(name) for name in found["channels"]],
        num_seeds=arguments.seeds,
        checkpoint_dir=arguments.out,
    )
    scores = {importance.method: importance for importance in comparison.importances}
    table = comparison.table[["method", "accuracy", "train_seconds", "score_seconds"]].copy()
    for number, name in enumerate(comparison.importances[0].channel_names):
        table[name] = [scores[method].scores[number] for method in table["method"]]
    first = [np.sum(scores[m].repeats.argmax(axis=1) == 0) for m in table["method"]]
    table[f"{comparison.importances[0].channel_names[0]} first in"] = first
    table["unit"] = [scores[method].unit for method in table["method"]]
    print(table.to_string(index=False, float_format="{:.3f}".format))
    print(comparison.summary())


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
