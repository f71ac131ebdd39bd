"""Draws the figure in the README: `make figures`."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

import keras_dcmix
from keras_dcmix import plotting


def main(path: Path) -> None:
    """Ranks the simulated cells as `make demo` does and draws the result."""
    mpl.use("Agg")
    cells = keras_dcmix.datasets.simulated_cells()
    ranking = keras_dcmix.rank_channels(
        cells.images,
        cells.labels,
        groups=cells.groups,
        channel_names=cells.channel_names,
        num_folds=3,
    )
    figure = plt.figure(figsize=(11, 7.4), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(1.05, 1))
    left, right = bottom.subplots(1, 2)
    ranking.plot_mix(ax=top.subplots())
    plotting.plot_trajectory(ranking.history, ax=left)
    plotting.plot_importance(ranking.importance, ax=right)
    figure.savefig(path, dpi=110)
    print(ranking.summary())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
