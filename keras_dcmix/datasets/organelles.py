"""The six stains of Cell Painting in one simulated cell.

Every stain has one latent parameter that moves its dye from one arrangement to another;
the amount of dye in the cell is the same in both.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from keras_dcmix.datasets.cell_shapes import CellFrame, CellShape


def render_cell(
    shape: CellShape, latents: Mapping[str, float], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draws the dyes of one cell, sharp and without noise.

    Args:
        shape: Outlines of the cell and its nucleus.
        latents: For each name in `STAINS` the latent parameter, in standard deviations
            of the natural variation from cell to cell; 0 is an average untreated cell.
        rng: Source of randomness for where the organelles lie.

    Returns:
        The dyes, float32 of shape `(side, side, 6)`, each summing to 1, and the share
        of each pixel that the cell covers, shape `(side, side)`, 0..1. The nucleus is
        in the middle, so that a field of view can be put together from such patches.
    """
    from scipy.special import expit

    frame = CellFrame(shape)
    dyes = [
        stain(frame, float(expit((latents[name] - MIDDLE) / WIDTH)), rng)
        for name, stain in STAINS.items()
    ]
    return np.stack([dye / dye.sum() for dye in dyes], axis=-1), frame.cell


# The latent at which a stain is halfway between its arrangements, and how fast it gets there.
# Chosen so that untreated cells vary visibly and an effect of 3 is not yet saturated.
MIDDLE, WIDTH = 1.7, 1.4


def _texture(rng: np.random.Generator, frame: CellFrame, grain: float) -> np.ndarray:
    """Smooth random field of mean 0 and standard deviation 1; `grain` in length units."""
    from scipy import fft

    white = rng.standard_normal(frame.x.shape, dtype=np.float32)
    smooth = _smoothing(len(white), grain * frame.scale)
    return fft.irfft2(fft.rfft2(white) * smooth, s=white.shape)


@lru_cache(maxsize=64)
def _smoothing(side: int, width: float) -> np.ndarray:
    """Gaussian blur as a factor on `rfft2`; three times as fast here as `gaussian_filter`."""
    from scipy import fft

    down, across = fft.fftfreq(side), fft.fftfreq(side)
    full = np.exp(-2 * (np.pi * width) ** 2 * (down[:, None] ** 2 + across**2))
    full[0, 0] = 0
    return (full / np.sqrt(np.mean(full**2)))[:, : side // 2 + 1].astype(np.float32)


def _spots(
    frame: CellFrame, places: np.ndarray, widths: np.ndarray, amounts: np.ndarray
) -> np.ndarray:
    """Sum of Gaussian spots; places in pixels of shape `(spots, 2)`, widths in length units."""
    widths = np.asarray(widths, dtype=np.float32)[:, None] * frame.scale
    places = places.astype(np.float32)
    across = np.exp(-0.5 * ((frame.x[0] - places[:, :1]) / widths) ** 2)
    down = np.exp(-0.5 * ((frame.y[:, 0] - places[:, 1:]) / widths) ** 2)
    return (down * (amounts[:, None] / widths**2).astype(np.float32)).T @ across


def _dna(frame: CellFrame, shift: float, rng: np.random.Generator) -> np.ndarray:
    """Even chromatin condenses into clumps."""
    clumps = np.exp(np.float32(0.1 + 1.3 * shift) * _texture(rng, frame, 1.1))
    return frame.nucleus * clumps


def _er(frame: CellFrame, shift: float, rng: np.random.Generator) -> np.ndarray:
    """A net that fills the cytoplasm draws back to the nucleus."""
    net = np.exp(np.float32(0.35) * _texture(rng, frame, 0.9))
    decay = np.float32(0.2 + 5.5 * shift)
    return (frame.cytoplasm + 0.12 * frame.nucleus) * net * np.exp(-decay * frame.depth)


def _rna(frame: CellFrame, shift: float, rng: np.random.Generator) -> np.ndarray:
    """One or two large nucleoli become many small ones; the cytoplasm stays."""
    count = 1 + round(10 * shift + rng.uniform(-0.5, 0.5))
    angles = rng.uniform(0, 2 * np.pi) + 2.4 * np.arange(count) + rng.normal(0, 0.2, count)
    radii = np.sqrt((np.arange(count) + 0.5) / count) * 0.75 * frame.nucleus_edge.mean()
    places = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    nucleoli = _spots(frame, places, np.full(count, 2.2 / np.sqrt(count) + 0.3), np.ones(count))
    nucleoli *= frame.nucleus
    cytoplasm = frame.cytoplasm * np.exp(np.float32(0.15) * _texture(rng, frame, 2.0))
    nucleoplasm = 0.25 * frame.nucleus / frame.nucleus.sum()
    return 0.35 * nucleoli / nucleoli.sum() + 0.65 * cytoplasm / cytoplasm.sum() + nucleoplasm


def _actin(frame: CellFrame, shift: float, rng: np.random.Generator) -> np.ndarray:
    """The rim under the membrane turns into parallel fibres across the cell."""
    inside = (frame.cell_edge - frame.distance) / np.float32(frame.scale)
    rim = frame.cell * np.exp(-(((inside - 1.5) / 1.6) ** 2))
    rim *= np.exp(np.float32(0.4) * _texture(rng, frame, 2.0))
    fibres = frame.cell * _fibres(frame, rng)
    fill = frame.cell / frame.cell.sum()
    return 0.3 * fill + (1 - shift) * rim / rim.sum() + shift * fibres / fibres.sum()


def _fibres(frame: CellFrame, rng: np.random.Generator) -> np.ndarray:
    """Roughly parallel bundles of uneven strength, in a random direction."""
    turn, period = rng.uniform(0, np.pi), rng.uniform(3.8, 5.5) * frame.scale
    across = frame.x * np.float32(np.cos(turn)) + frame.y * np.float32(np.sin(turn))
    across += np.float32(1.3 * frame.scale) * _texture(rng, frame, 4.5)
    waves = np.cos(np.float32(2 * np.pi / period) * across + np.float32(rng.uniform(0, 2 * np.pi)))
    return np.exp(np.float32(1.6) * waves + np.float32(0.6) * _texture(rng, frame, 3.0))


def _mito(frame: CellFrame, shift: float, rng: np.random.Generator) -> np.ndarray:
    """Long threads break up into dots."""
    spread = frame.cytoplasm * np.exp(-frame.depth)
    # The zero lines of a smooth random field are long and winding, as mitochondria are.
    threads = spread * np.exp(-((_texture(rng, frame, 2.2) / np.float32(0.25)) ** 2))
    dots = spread * _fragments(frame, rng)
    haze = 0.1 * spread / spread.sum()
    return (1 - shift) * threads / threads.sum() + shift * dots / dots.sum() + haze


def _fragments(frame: CellFrame, rng: np.random.Generator) -> np.ndarray:
    """Round dots of about one size, everywhere between nucleus and membrane."""
    count = 44
    nucleus, cell = frame.nucleus_edge.mean(), frame.cell_edge.mean()
    radii = rng.uniform(nucleus, 0.95 * cell, count)
    # Turning by the golden angle keeps the dots apart.
    angles = rng.uniform(0, 2 * np.pi) + 2.4 * np.arange(count) + rng.normal(0, 0.1, count)
    places = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    return _spots(frame, places, rng.uniform(0.9, 1.4, count), rng.uniform(0.8, 1.6, count))


def _golgi(frame: CellFrame, shift: float, rng: np.random.Generator) -> np.ndarray:
    """A compact cap on one side of the nucleus scatters through the cytoplasm."""
    count = 28
    side = rng.uniform(0, 2 * np.pi)
    angles = side + rng.uniform(-1, 1, count) * (0.55 + shift * (np.pi - 0.55))
    depths = np.abs(rng.normal(0.12, 0.10, count)) + shift * rng.uniform(0, 0.75, count)
    nucleus, cell = frame.nucleus_edge.mean(), frame.cell_edge.mean()
    radii = nucleus + np.clip(depths, 0.03, 0.95) * (cell - nucleus)
    places = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    stacks = _spots(frame, places, rng.uniform(0.8, 1.2, count), rng.uniform(0.5, 1.5, count))
    stacks *= frame.cell * (1 - np.float32(0.7) * frame.nucleus)
    return stacks / stacks.sum() + 0.5 * frame.cytoplasm / frame.cytoplasm.sum()


STAINS: dict[str, Callable[[CellFrame, float, np.random.Generator], np.ndarray]] = {
    "DNA": _dna,
    "ER": _er,
    "RNA": _rna,
    "Actin": _actin,
    "Mito": _mito,
    "Golgi": _golgi,
}
