"""From dyes to camera counts: blur, background, photons, electronics."""

from dataclasses import dataclass

import numpy as np

# For each of the six channels: photons from one cell per pixel of mean cell area, photons from
# the medium, and the blur in pixels at 64 pixels across, growing with the wavelength.
BRIGHTNESS = np.array([260.0, 240.0, 280.0, 380.0, 500.0, 110.0])
BACKGROUND = np.array([90.0, 50.0, 70.0, 60.0, 110.0, 40.0])
BLUR = np.array([0.70, 0.75, 0.75, 0.80, 0.90, 0.85])
READ_NOISE = 4.0
OFFSET = 100.0
MAX_COUNT = 4095


@dataclass(frozen=True)
class Exposure:
    """Unintended differences in brightness between wells.

    Args:
        gains: Array of shape `(6,)`, how much brighter than usual each stain came out.
        backgrounds: Array of shape `(6,)`, likewise for the medium around the cells.
    """

    gains: np.ndarray
    backgrounds: np.ndarray


def draw_exposure(rng: np.random.Generator, *, spread: float) -> Exposure:
    """Draws gains around 1 whose logarithms have the standard deviation `spread`."""
    gains, backgrounds = np.exp(rng.normal(0, spread, size=(2, 6)))
    return Exposure(gains, backgrounds)


def compounded(*exposures: Exposure) -> Exposure:
    """Several influences at once, such as of an experiment, a plate and a well."""
    return Exposure(
        gains=np.prod([exposure.gains for exposure in exposures], axis=0),
        backgrounds=np.prod([exposure.backgrounds for exposure in exposures], axis=0),
    )


def photograph(
    dyes: np.ndarray, exposure: Exposure, rng: np.random.Generator, *, scale: float = 1.0
) -> np.ndarray:
    """Takes a picture of dyes.

    Args:
        dyes: Array of shape `(height, width, 6)`; 1 is the mean of an average cell.
        exposure: Gains of the well.
        rng: Source of randomness of the background, the photons and the electronics.
        scale: Pixels per length unit; the optics blur over a length, not over pixels.

    Returns:
        Camera counts, uint16 of shape `(height, width, 6)`, 0..4095.
    """
    from scipy.ndimage import gaussian_filter

    blurred = [
        gaussian_filter(dyes[..., i], blur * scale, truncate=3.0) for i, blur in enumerate(BLUR)
    ]
    photons = np.stack(blurred, axis=-1) * (BRIGHTNESS * exposure.gains)
    photons += _uneven(dyes.shape[:2], rng) * (BACKGROUND * exposure.backgrounds)
    counts = rng.poisson(photons) + OFFSET
    counts += READ_NOISE * rng.standard_normal(dyes.shape, dtype=np.float32)
    # In place, because a field of view is large.
    return np.clip(np.rint(counts, out=counts), 0, MAX_COUNT, out=counts).astype(np.uint16)


def _uneven(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Background that rises towards a random side in each channel; shape `(h, w, 6)`."""
    down, across = rng.normal(0, 0.12, size=(2, 6))
    y, x = (np.linspace(-1, 1, length) for length in shape)
    return 1 + np.clip(down * y[:, None, None] + across * x[None, :, None], -0.8, 0.8)
