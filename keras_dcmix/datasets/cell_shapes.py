"""Outlines of a cell and its nucleus, and the coordinates in which organelles are placed."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

CELL_RADIUS = 21.0
NUCLEUS_RADIUS = 9.0
MAX_WAVES = 5


@dataclass(frozen=True)
class CellShape:
    """A cell and its nucleus, both star-shaped around the centre of the nucleus.

    An outline is `radius * (1 + sum_k waves[k - 1] . (cos k angle, sin k angle))`.

    Args:
        cell_radius: Mean radius of the cell in pixels.
        nucleus_radius: Mean radius of the nucleus in pixels.
        cell_waves: Array of shape `(waves, 2)`, relative amplitudes of the outline;
            at most `MAX_WAVES` waves.
        nucleus_waves: Array of shape `(waves, 2)`, likewise of the nucleus.
        scale: Pixels per length unit of the simulator; 1 draws a cell some 42 pixels wide.
    """

    cell_radius: float
    nucleus_radius: float
    cell_waves: np.ndarray
    nucleus_waves: np.ndarray
    scale: float = 1.0


def draw_shape(rng: np.random.Generator, *, scale: float = 1.0) -> CellShape:
    """Draws a cell as it might lie in a culture dish.

    Args:
        rng: Source of randomness.
        scale: Pixels per length unit, above 0.

    Returns:
        A `CellShape`; the first wave puts the nucleus off the centre of its cell, the
        second makes the outline oval, the others dent it.
    """
    return CellShape(
        cell_radius=CELL_RADIUS * scale * float(np.clip(rng.normal(1, 0.09), 0.75, 1.25)),
        nucleus_radius=NUCLEUS_RADIUS * scale * float(np.clip(rng.normal(1, 0.08), 0.75, 1.25)),
        cell_waves=rng.normal(size=(MAX_WAVES, 2))
        * np.array([0.08, 0.10, 0.06, 0.04, 0.025])[:, None],
        nucleus_waves=rng.normal(size=(3, 2)) * np.array([0.0, 0.08, 0.025])[:, None],
        scale=scale,
    )


class CellFrame:
    """Coordinates of one cell on a square patch, the nucleus in its middle.

    Args:
        shape: The outlines.

    Every field is a float32 array of shape `(side, side)`: `x`, `y` and `distance` in
    pixels from the centre of the nucleus; `nucleus_edge` and `cell_edge` are the
    distances at which the outlines are met on the way through that pixel.
    """

    def __init__(self, shape: CellShape) -> None:
        self.scale = shape.scale
        half = int(np.ceil(1.5 * CELL_RADIUS * shape.scale))
        self.x, self.y, self.distance, _ = _grid(half)
        self.nucleus_edge = shape.nucleus_radius * _outline(half, shape.nucleus_waves)
        # No cell is thinner than its nucleus plus a rim of cytoplasm.
        self.cell_edge = np.clip(
            shape.cell_radius * _outline(half, shape.cell_waves),
            1.25 * self.nucleus_edge,
            half - 1.0,
        )

    @cached_property
    def nucleus(self) -> np.ndarray:
        """Share of each pixel that lies in the nucleus, 0..1."""
        from scipy.special import expit

        return expit((self.nucleus_edge - self.distance) / np.float32(0.4 * self.scale))

    @cached_property
    def cell(self) -> np.ndarray:
        """Share of each pixel that lies in the cell, 0..1."""
        from scipy.special import expit

        return expit((self.cell_edge - self.distance) / np.float32(0.5 * self.scale))

    @cached_property
    def depth(self) -> np.ndarray:
        """Way from the nucleus (0) to the membrane (1); clipped to 0..1."""
        way = (self.distance - self.nucleus_edge) / (self.cell_edge - self.nucleus_edge)
        return np.clip(way, 0, 1)

    @cached_property
    def cytoplasm(self) -> np.ndarray:
        """Thickness of the cytoplasm, 0..1: thick at the nucleus, flat at the rim."""
        return (self.cell * (1 - self.nucleus)) * (1 - np.float32(0.6) * self.depth)


@lru_cache(maxsize=4)
def _grid(half: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """`x`, `y`, distance, and cosine and sine of 1 to `MAX_WAVES` times the angle."""
    steps = np.arange(-half, half, dtype=np.float32) + np.float32(0.5)
    y, x = np.meshgrid(steps, steps, indexing="ij")
    angles = np.arange(1, MAX_WAVES + 1, dtype=np.float32)[:, None, None] * np.arctan2(y, x)
    fields = x, y, np.hypot(x, y), np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for field in fields:
        field.flags.writeable = False
    return fields


def _outline(half: int, waves: np.ndarray) -> np.ndarray:
    basis = _grid(half)[3][: len(waves)]
    return 1 + np.tensordot(waves.astype(np.float32), basis, axes=2)
