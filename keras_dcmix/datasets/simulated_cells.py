"""A simulated Cell Painting experiment of which the affected channels are known."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.names import suggestion
from keras_dcmix.datasets.camera import Exposure, draw_exposure, photograph
from keras_dcmix.datasets.cell_shapes import CELL_RADIUS, draw_shape
from keras_dcmix.datasets.channel_dataset import ChannelDataset
from keras_dcmix.datasets.organelles import STAINS, render_cell

CHANNEL_NAMES = tuple(STAINS)
DEFAULT_EFFECTS = {"Mito": 3.0, "Golgi": 1.5}
MAX_WELLS = 384


@dataclass(frozen=True)
class _Well:
    name: str
    label: str
    exposure: Exposure


def simulated_cells(
    num_images: int = 960,
    *,
    size: int = 64,
    effects: Mapping[str, float] | None = None,
    num_plates: int = 2,
    wells_per_plate: int = 24,
    seed: int = 0,
) -> ChannelDataset:
    """Simulates fluorescence micrographs of treated and untreated cells.

    Each image shows one cell in its middle, and parts of its neighbours, in the six
    channels of Cell Painting: DNA, ER, RNA, Actin, Mito, Golgi. A treatment changes how
    a stain is arranged, not how bright it is: chromatin clumps, the endoplasmic
    reticulum draws back to the nucleus, nucleoli grow in number, actin moves from the
    rim into fibres, mitochondria break up, the Golgi scatters. Cell shape, brightness
    and background vary from cell to cell and from well to well, alike in both classes,
    so a channel without effect says nothing about the label.

    Args:
        num_images: Number of images, at least one for each well.
        size: Height and width of an image in pixels, at least 16; cells grow with it.
        effects: For each affected channel the shift of its arrangement in treated
            cells, at least 0, in standard deviations of the variation among untreated
            cells. `None` is `DEFAULT_EFFECTS`: a strong one and one half as strong.
        num_plates: Number of plates, at least 1.
        wells_per_plate: Wells on a plate, an even number from 2 to 384; a random half
            of them is treated.
        seed: Seed of everything drawn.

    Returns:
        A `ChannelDataset` with uint16 camera counts (0..4095) of shape
        `(num_images, size, size, 6)`, labels `"control"` and `"treated"` in equal
        numbers, wells such as `"P1_A01"` as groups, and the effects as truth.

    Raises:
        TypeError: If an effect or a count is not a number of the right kind.
        ValueError: If an effect names no channel, is negative or not finite, or a
            count is out of range.

    Reference:
        - Bray et al., Cell Painting, a high-content image-based assay for morphological
          profiling using multiplexed fluorescent dyes, Nature Protocols 11, 2016: the
          stains. The simulator is ours and imitates, it does not fit, real cells.

    Example:

    >>> dataset = simulated_cells(8, num_plates=1, wells_per_plate=4, effects={"ER": 2})
    >>> dataset.images.shape, dataset.truth.tolist()
    ((8, 64, 64, 6), [0.0, 2.0, 0.0, 0.0, 0.0, 0.0])
    """
    shifts = checked_effects(DEFAULT_EFFECTS if effects is None else effects)
    check_count("size", size, 16)
    wells = _checked_wells(num_images, num_plates, wells_per_plate, seed)
    rng = np.random.default_rng([seed, 1])
    shown = [wells[i % len(wells)] for i in range(num_images)]
    return ChannelDataset(
        images=np.stack([_micrograph(well, shifts, size, rng) for well in shown]),
        labels=np.array([well.label for well in shown]),
        channel_names=CHANNEL_NAMES,
        truth=np.array(list(shifts.values())),
        groups=np.array([well.name for well in shown]),
        group_unit="well",
        plates=np.array([well.name.partition("_")[0] for well in shown]),
    )


def checked_effects(effects: Mapping[str, float], name: str = "effects") -> dict[str, float]:
    """Returns the effect on every channel, or raises; `name` is the caller's argument."""
    for channel, effect in effects.items():
        if channel not in CHANNEL_NAMES:
            raise DataError(
                f"{argument(name)} must name channels out of {', '.join(CHANNEL_NAMES)}. "
                f"Received: {channel!r}{suggestion(channel, CHANNEL_NAMES)}"
            )
        if not isinstance(effect, Real) or isinstance(effect, bool):
            raise TypeError(
                f"`{name}` must give each channel an effect size in standard deviations, a number. "
                f"Received: {effect!r} for {channel}"
            )
        if not math.isfinite(effect) or effect < 0:
            raise DataError(
                f"{argument(name)} must be finite and at least 0, which stands for no effect. "
                f"Received: {effect!r} for {channel}"
            )
    return {channel: float(effects.get(channel, 0.0)) for channel in CHANNEL_NAMES}


def check_count(name: str, value: int, least: int) -> None:
    """Refuses a value that is not an integer, or less than `least`."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise TypeError(f"`{name}` must be an integer. Received: {name}={value!r}")
    if value < least:
        raise DataError(
            f"{argument(name)} must be at least {least}. Received: {argument(name, value)}"
        )


def _checked_wells(
    num_images: int, num_plates: int, wells_per_plate: int, seed: int
) -> list[_Well]:
    check_count("num_plates", num_plates, 1)
    check_count("wells_per_plate", wells_per_plate, 2)
    if wells_per_plate % 2 or wells_per_plate > MAX_WELLS:
        raise DataError(
            f"{argument('wells_per_plate')} must be an even number up to {MAX_WELLS}, so that half "
            f"of the wells can be treated. Received: {argument('wells_per_plate', wells_per_plate)}"
        )
    check_count("num_images", num_images, 1)
    if num_images < num_plates * wells_per_plate:
        raise DataError(
            f"{argument('num_images')} must be at least {num_plates * wells_per_plate}, one for "
            f"each well. Received: {argument('num_images', num_images)}"
        )
    return _draw_wells(num_plates, wells_per_plate, np.random.default_rng([seed, 0]))


def _draw_wells(num_plates: int, wells_per_plate: int, rng: np.random.Generator) -> list[_Well]:
    """Wells in the order of imaging: the labels alternate, so any number of images is balanced."""
    wells = []
    for plate in range(1, num_plates + 1):
        for i, place in enumerate(rng.permutation(wells_per_plate)):
            wells.append(
                _Well(
                    name=f"P{plate}_{well_name(int(place), wells_per_plate)}",
                    label=("control", "treated")[i % 2],
                    exposure=draw_exposure(rng, spread=0.04),
                )
            )
    return wells


def well_name(place: int, wells_per_plate: int) -> str:
    """Name such as `"A01"`, counted along the rows of a plate of 96 or 384 wells."""
    row, column = divmod(place, 12 if wells_per_plate <= 96 else 24)
    return f"{chr(ord('A') + row)}{column + 1:02d}"


def _micrograph(
    well: _Well, shifts: Mapping[str, float], size: int, rng: np.random.Generator
) -> np.ndarray:
    """One image: the cell in the middle lies in front of its neighbours."""
    scale = size / 64
    if well.label != "treated":
        shifts = dict.fromkeys(shifts, 0.0)
    middle = size / 2 + rng.normal(0, 1.0, size=2) * scale
    field = np.zeros((size, size, len(CHANNEL_NAMES)), dtype=np.float32)
    angles = rng.uniform(0, 2 * np.pi) + np.arange(5) * 2 * np.pi / 5 + rng.normal(0, 0.15, 5)
    for angle in angles[rng.uniform(size=5) < 0.4]:
        way = rng.uniform(1.75, 2.3) * CELL_RADIUS * scale
        neighbour = middle + way * np.array([np.sin(angle), np.cos(angle)])
        place_cell(field, neighbour, shifts, rng, scale=scale)
    place_cell(field, middle, shifts, rng, scale=scale)
    return photograph(field, well.exposure, rng, scale=scale)


def place_cell(
    field: np.ndarray,
    centre: np.ndarray,
    shifts: Mapping[str, float],
    rng: np.random.Generator,
    *,
    scale: float = 1.0,
) -> None:
    """Draws a cell into a field, in front of what it already shows.

    Args:
        field: Dyes of shape `(height, width, 6)`, written to.
        centre: Row and column of the nucleus; at most a cell's radius outside the field.
        shifts: For each channel the effect on this cell, 0 where it is untreated.
        rng: Source of randomness.
        scale: Pixels per length unit, above 0.
    """
    latents = {name: rng.normal() + shift for name, shift in shifts.items()}
    patch, cover = render_cell(draw_shape(rng, scale=scale), latents, rng)
    patch *= np.exp(rng.normal(0, 0.15, size=patch.shape[-1])).astype(np.float32)
    patch *= np.float32(np.pi * (CELL_RADIUS * scale) ** 2)
    top, left = np.rint(centre).astype(int) - len(patch) // 2
    rows = slice(max(top, 0), min(top + len(patch), len(field)))
    columns = slice(max(left, 0), min(left + len(patch), len(field)))
    inside = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    part = field[rows, columns]
    part *= 1 - cover[inside][..., None]
    part += patch[inside]
