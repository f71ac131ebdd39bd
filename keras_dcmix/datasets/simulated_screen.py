"""A simulated screen: plates of fields of view, each phenotype's affected channels known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix.datasets.camera import Exposure, compounded, draw_exposure, photograph
from keras_dcmix.datasets.cell_shapes import CELL_RADIUS
from keras_dcmix.datasets.simulated_cells import (
    CHANNEL_NAMES,
    MAX_WELLS,
    check_count,
    checked_effects,
    place_cell,
    well_name,
)

if TYPE_CHECKING:
    import pandas as pd

# The word of RxRx1 for wells whose cells received nothing.
CONTROL = "EMPTY"
DEFAULT_PHENOTYPES = {
    "siRNA-A": {"Mito": 3.0, "Golgi": 1.5},
    "siRNA-B": {"ER": 3.0, "RNA": 1.5},
    "siRNA-C": {"Actin": 3.0},
}
WELL_SPREAD = 0.04
MAX_DENSITY = 0.9

# Each purpose has its own stream of random numbers, so that no field depends on another.
_LAYOUT, _EXPERIMENT, _PLATE, _WELL, _FIELD = range(5)


@dataclass(frozen=True, eq=False)
class SimulatedScreen:
    """Fields of view of a screen, drawn on request; made by `simulated_screen`.

    Args:
        table: A row for each field: `Metadata_Experiment`, `Metadata_Plate`, `Metadata_Well`,
            `Metadata_Site`, `Metadata_Treatment`, `Metadata_WellType`.
        truth: For each phenotype (index) the effect on each channel (columns).
        shape: Numbers of experiments, plates per experiment, wells per plate, sites per well.
        size: Height and width of a field in pixels.
        density: Area of the cells over area of the field.
        batch_effect: Standard deviation of the logarithm of an experiment's gains.
        seed: Seed of everything drawn.
    """

    table: pd.DataFrame
    truth: pd.DataFrame
    shape: tuple[int, int, int, int]
    size: int
    density: float
    batch_effect: float
    seed: int

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels, in the order of a field's last axis."""
        return CHANNEL_NAMES

    def field(self, index: int) -> np.ndarray:
        """Draws the field of one row of `table`, the same whenever it is drawn.

        Args:
            index: Position of the row, 0 to `len(table) - 1`.

        Returns:
            Camera counts, uint16 of shape `(size, size, 6)`, 0..4095.

        Raises:
            TypeError: If the index is not an integer.
            ValueError: If the index is out of range.
        """
        check_count("index", index, 0)
        if index >= len(self.table):
            raise DataError(
                f"`index` must be below the number of fields, {len(self.table)}; rows of `table` "
                f"count from 0. Received: index={index}"
            )
        rng = self._rng(_FIELD, index)
        shifts = self._shifts(self.table["Metadata_Treatment"].iloc[index])
        dyes = np.zeros((self.size, self.size, len(CHANNEL_NAMES)), dtype=np.float32)
        for centre in _scattered(self.size, self.density, rng):
            place_cell(dyes, centre, shifts, rng)
        return photograph(dyes, self._exposure(index), rng)

    def _shifts(self, treatment: str) -> dict[str, float]:
        if treatment == CONTROL:
            return dict.fromkeys(CHANNEL_NAMES, 0.0)
        return {name: self.truth[name][treatment] for name in CHANNEL_NAMES}

    def _exposure(self, index: int) -> Exposure:
        """What experiment, plate and well do to the brightness of a field."""
        experiment, plate, well, _ = (int(n) for n in np.unravel_index(index, self.shape))
        return compounded(
            draw_exposure(self._rng(_EXPERIMENT, experiment), spread=self.batch_effect),
            draw_exposure(self._rng(_PLATE, experiment, plate), spread=self.batch_effect / 2),
            draw_exposure(self._rng(_WELL, experiment, plate, well), spread=WELL_SPREAD),
        )

    def _rng(self, purpose: int, *numbers: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, purpose, *numbers])


def simulated_screen(
    *,
    phenotypes: Mapping[str, Mapping[str, float]] | None = None,
    num_experiments: int = 4,
    plates_per_experiment: int = 1,
    wells_per_plate: int = 24,
    sites_per_well: int = 2,
    size: int = 512,
    density: float = 0.6,
    batch_effect: float = 0.15,
    imbalance: float = 0.0,
    seed: int = 0,
) -> SimulatedScreen:
    """Simulates a screen of several phenotypes in several experiments.

    A field shows many cells as `simulated_cells` draws them, about 42 pixels wide. A
    phenotype changes how its stains are arranged, not how bright they are nor how many
    cells there are. Untreated wells are the negative control. No pixel is drawn yet.

    Args:
        phenotypes: For each phenotype, named as its treatment, the effect on each affected
            channel as in `simulated_cells`. `None` is `DEFAULT_PHENOTYPES`.
        num_experiments: Number of experiments, at least 1.
        plates_per_experiment: Plates in each experiment, at least 1.
        wells_per_plate: Wells on a plate, from one for each phenotype and one control to 384.
        sites_per_well: Fields in each well, at least 1.
        size: Height and width of a field in pixels, at least 64.
        density: Area of the cells over area of the field, above 0, at most 0.9; cells overlap.
        batch_effect: Standard deviation, 0..1, of the logarithm of each channel's gain, and of
            its background, from experiment to experiment; half of it from plate to plate.
        imbalance: 0: all plates hold all treatments alike. Towards 1 controls gather on every
            other plate, the first among them, and treated wells on the rest; one well of each
            treatment stays on every plate.
        seed: Seed of everything drawn, at least 0.

    Returns:
        A `SimulatedScreen`.

    Raises:
        TypeError: If a number is not of the right kind, or a phenotype is not a mapping.
        ValueError: If a number is out of range, a phenotype's name cannot be used or it names
            no channel, or there is one plate only to be imbalanced.

    Example:

    >>> screen = simulated_screen(num_experiments=2, wells_per_plate=4, size=64)
    >>> screen.field(0).shape, len(screen.table)
    ((64, 64, 6), 16)
    """
    truth = _checked_phenotypes(DEFAULT_PHENOTYPES if phenotypes is None else phenotypes)
    shape = (num_experiments, plates_per_experiment, wells_per_plate, sites_per_well)
    _check_shape(shape, len(truth) + 1)
    check_count("size", size, 64)
    check_count("seed", seed, 0)
    _check_number("density", density, 0.01, MAX_DENSITY)
    _check_number("batch_effect", batch_effect, 0, 1)
    _check_number("imbalance", imbalance, 0, 1)
    if imbalance and num_experiments * plates_per_experiment == 1:
        raise DataError(
            f"{argument('imbalance')} must be 0 where there is only one plate: ask for more "
            f"experiments or plates. Received: {argument('imbalance', imbalance)}"
        )
    table = _screen_table(shape, list(truth.index), imbalance, seed)
    return SimulatedScreen(table, truth, shape, size, density, batch_effect, seed)


def _checked_phenotypes(phenotypes: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    import pandas as pd

    if not isinstance(phenotypes, Mapping) or not phenotypes:
        raise DataError(
            f"{argument('phenotypes')} must map at least one name to its effects, such as "
            f"{{'siRNA-A': {{'Mito': 3}}}}. Received: {argument('phenotypes', phenotypes)}"
        )
    rows = {}
    for name, effects in phenotypes.items():
        # Tables write a missing treatment as one of the last three.
        if not isinstance(name, str) or name.strip().upper() in {CONTROL, "", "NA", "NAN"}:
            raise DataError(
                f"{argument('phenotypes')} must have names that are strings, not blank, not NA, "
                f"and not {CONTROL}, the negative control; rename it. Received: {name!r}"
            )
        if not isinstance(effects, Mapping):
            raise TypeError(
                "`phenotypes` must give the effects of each phenotype as a mapping, such as "
                f"{{'Mito': 3}}. Received: {effects!r} for {name}"
            )
        rows[name] = checked_effects(effects, f"phenotypes[{name!r}]")
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(CHANNEL_NAMES))


def _check_shape(shape: tuple[int, int, int, int], num_treatments: int) -> None:
    experiments, plates, wells, sites = shape
    check_count("num_experiments", experiments, 1)
    check_count("plates_per_experiment", plates, 1)
    check_count("sites_per_well", sites, 1)
    check_count("wells_per_plate", wells, 1)
    if not num_treatments <= wells <= MAX_WELLS:
        raise DataError(
            f"{argument('wells_per_plate')} must be {num_treatments} to {MAX_WELLS}, at least one "
            "for each phenotype and one control. "
            f"Received: {argument('wells_per_plate', wells)}"
        )


def _check_number(name: str, value: float, least: float, most: float) -> None:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"`{name}` must be a number. Received: {name}={value!r}")
    if not math.isfinite(value) or not least <= value <= most:
        raise DataError(
            f"{argument(name)} must be {least} to {most}. Received: {argument(name, value)}"
        )


def _screen_table(
    shape: tuple[int, int, int, int], phenotypes: list[str], imbalance: float, seed: int
) -> pd.DataFrame:
    import pandas as pd

    num_experiments, plates, wells, sites = shape
    rows = []
    for plate in range(num_experiments * plates):
        rng = np.random.default_rng([seed, _LAYOUT, plate])
        treatments = rng.permutation(_treatments(wells, phenotypes, imbalance, plate))
        experiment = f"SIM-{plate // plates + 1:02d}"
        rows += [
            {
                "Metadata_Experiment": experiment,
                "Metadata_Plate": f"{experiment}_{plate % plates + 1}",
                "Metadata_Well": well_name(well, wells),
                "Metadata_Site": site + 1,
                "Metadata_Treatment": str(treatment),
                "Metadata_WellType": "negative_control" if treatment == CONTROL else "treatment",
            }
            for well, treatment in enumerate(treatments)
            for site in range(sites)
        ]
    return pd.DataFrame(rows)


def _treatments(wells: int, phenotypes: list[str], imbalance: float, plate: int) -> list[str]:
    """Treatments of a plate's wells, in any order; what cannot be shared evenly goes around."""
    balanced = wells / (len(phenotypes) + 1)
    extreme = wells - len(phenotypes) if plate % 2 == 0 else 1
    controls = round(balanced + imbalance * (extreme - balanced))
    treated = [phenotypes[(plate + i) % len(phenotypes)] for i in range(wells - controls)]
    return [CONTROL] * controls + treated


def _scattered(size: int, density: float, rng: np.random.Generator) -> np.ndarray:
    """Centres of cells in and just outside a field, shape `(cells, 2)`, in random order.

    Cells may overlap, nuclei hardly: no two centres are nearer than one and a half radii.
    """
    low, high = -CELL_RADIUS, size + CELL_RADIUS
    wanted = rng.poisson(density * (high - low) ** 2 / (np.pi * CELL_RADIUS**2))
    centres = np.empty((wanted, 2))
    count = 0
    for candidate in rng.uniform(low, high, size=(50 * wanted, 2)):
        if count == wanted:
            break
        distances = np.square(centres[:count] - candidate).sum(axis=1)
        if np.all(distances > (1.5 * CELL_RADIUS) ** 2):
            centres[count] = candidate
            count += 1
    return centres[:count]
