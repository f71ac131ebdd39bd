"""The small problems of `calibration.py`: what is planted follows from the problem's number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

WELLS = (6, 12, 24)
IMAGES_PER_WELL = 6
TIMES_AS_MANY_NEW_WELLS, FEWEST_NEW_WELLS = 6, 50  # a class
NUM_CHANNELS = 4
SIZE = 24
EFFECTS = (0.5, 1.0, 2.0, 3.0)
SCENARIOS = ("graded", "distractor", "redundant", "complementary", "inverted")
WELL_SPREAD = 0.3  # of the brightness of planted digits, in standard deviations of the pixels
Part = tuple[np.ndarray, np.ndarray, np.ndarray]  # images, labels, wells


def describe(number: int, mnist: Path | None) -> dict[str, Any]:
    """What a problem is, which follows from its number alone."""
    draw = np.random.default_rng([number, 13])
    kind = "digits" if mnist is not None and draw.uniform() < 0.4 else "cells"
    return {
        "problem": number,
        "wells": WELLS[number % len(WELLS)],
        "kind": kind,
        "scenario": str(draw.choice(SCENARIOS)) if kind == "digits" else "",
        "shuffled": bool(number // len(WELLS) % 5 == 4),
    }


def make(problem: dict[str, Any], mnist: Path | None) -> tuple[Part, Part, list[str], np.ndarray]:
    """Images to rank, images of new wells, names of the channels, and their effects."""
    draw = np.random.default_rng([problem["problem"], 31])
    kept = np.sort(draw.permutation(6)[:NUM_CHANNELS])
    if problem["kind"] == "digits":
        parts, names, effects = digits(problem, mnist, draw)
    else:
        parts, names, effects = cells(problem, kept, draw)
    parts = [(images[..., kept], labels, wells) for images, labels, wells in parts]
    names, effects = [names[channel] for channel in kept], effects[kept]
    if problem["shuffled"]:
        parts = [shuffled(part, draw) for part in parts]
        effects = np.zeros_like(effects)
    return parts[0], parts[1], names, effects


def new_wells(problem: dict[str, Any]) -> int:
    """New wells of each class."""
    return max(FEWEST_NEW_WELLS, TIMES_AS_MANY_NEW_WELLS * problem["wells"])


def cells(
    problem: dict[str, Any], kept: np.ndarray, draw: np.random.Generator
) -> tuple[list[Part], list[str], Any]:
    """Simulated cells, and cells of new wells, with the same effects."""
    from keras_dcmix.datasets import simulated_cells
    from keras_dcmix.datasets.simulated_cells import CHANNEL_NAMES

    affected = draw.permutation(kept)[: draw.integers(4)]
    effects = {CHANNEL_NAMES[channel]: float(draw.choice(EFFECTS)) for channel in affected}
    parts, seed = [], int(draw.integers(2**31))
    for new, wells in enumerate((problem["wells"], new_wells(problem))):
        made = simulated_cells(
            2 * wells * IMAGES_PER_WELL,
            size=SIZE,
            effects=effects,
            num_plates=1,
            wells_per_plate=2 * wells,
            seed=seed + new,
        )
        parts.append((made.images, made.labels, made.groups))
    return parts, list(CHANNEL_NAMES), made.truth


def digits(
    problem: dict[str, Any], mnist: Path | None, draw: np.random.Generator
) -> tuple[list[Part], list[str], Any]:
    """Two digits at half their size, planted together; wells differ in brightness."""
    from keras_dcmix.datasets import planted_channels

    with np.load(mnist) as found:
        pixels, shown = found["x_train"], found["y_train"]
    layout = problem["wells"], new_wells(problem)
    number = IMAGES_PER_WELL * sum(layout)
    pair = draw.choice(10, 2, replace=False)
    rows = [draw.choice(np.flatnonzero(shown == digit), number, replace=False) for digit in pair]
    chosen = np.stack(rows, axis=1).ravel()  # classes alternate
    planted = planted_channels(
        pixels[chosen][:, ::2, ::2],
        shown[chosen],
        scenario=problem["scenario"],
        seed=int(draw.integers(2**31)),
    )
    parts, start = [], 0
    for wells in layout:
        # Well 2 k holds the first digit, well 2 k + 1 the second.
        well = np.tile(np.arange(2 * wells), IMAGES_PER_WELL)
        brightness = draw.normal(0, WELL_SPREAD, (2 * wells, 1, 1, planted.num_channels))
        part = slice(start, start + len(well))
        pictures = planted.images[part] + brightness[well].astype("float32")
        parts.append((pictures, planted.labels[part], np.array([f"well_{n}" for n in well])))
        start += len(well)
    return parts, list(planted.channel_names), planted.truth


def shuffled(part: Part, draw: np.random.Generator) -> Part:
    """The labels of the wells dealt anew among the wells."""
    images, labels, wells = part
    _, first, numbers = np.unique(wells, return_index=True, return_inverse=True)
    return images, labels[first][draw.permutation(len(first))][numbers], wells
