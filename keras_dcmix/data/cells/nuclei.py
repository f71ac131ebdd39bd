"""Finding nuclei in the DNA channel, as the places of cells."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.names import suggestion

_DNA = re.compile(r"DNA|Hoechst|DAPI|nucle|DRAQ5|H33342", re.IGNORECASE)

# Foreground must be this many background spreads brighter than background. Otsu splits pure
# noise and shading as well, at 1.6 to 2.7 spreads; the faintest of 96 fields of BBBC013 has 13.
_MIN_CONTRAST = 4.0


def looks_like_dna(channel_name: str) -> bool:
    """Whether a channel's name is that of a DNA stain."""
    return _DNA.search(channel_name) is not None


def find_dna_channel(channel_names: Sequence[str], name: str | None = None) -> int:
    """Finds the channel that shows nuclei.

    Args:
        channel_names: names of all channels.
        name: the channel to take; where None, the one whose name contains `DNA`, `Hoechst`,
            `DAPI`, `nucle`, `DRAQ5` or `H33342`.

    Returns:
        Position of the channel in `channel_names`.

    Raises:
        ValueError: if `name` is unknown, or no or several names look like DNA.
    """
    listed = ", ".join(channel_names)
    if name is not None:
        if name not in channel_names:
            raise DataError(
                f"{argument('nuclei_channel')} must be a channel of the source. Received: "
                f"{argument('nuclei_channel', name)}"
                f"{suggestion(name, channel_names)} Channels are: {listed}"
            )
        return list(channel_names).index(name)
    found = [i for i, channel_name in enumerate(channel_names) if looks_like_dna(channel_name)]
    if len(found) != 1:
        raise DataError(
            "Expected one channel with a name such as DNA, DAPI or Hoechst. Received: "
            f"{len(found)} among the channels {listed}. Choose one with "
            f"{argument('nuclei_channel')}"
        )
    return found[0]


def find_nuclei(image: np.ndarray) -> np.ndarray:
    """Finds the centres of bright, roundish nuclei on a dark background.

    Smoothing, Otsu's threshold, and a watershed on the distance transform that parts touching
    nuclei. The scale comes from the field itself (the radius of its typical nucleus), so there
    is no size to set for a magnification. Objects at the border and specks (below 30 % of the
    typical area) are left out.

    Args:
        image: `(height, width)` pixels of the DNA channel, in any unit.

    Returns:
        `(nuclei, 2)` row and column of each centroid in pixels, from top to bottom; no rows
        where nothing stands out from the background.
    """
    from scipy import ndimage
    from skimage.filters import gaussian
    from skimage.segmentation import clear_border

    smooth = gaussian(image.astype(np.float32), sigma=1, preserve_range=True)
    mask = _foreground(smooth)
    if not mask.any():
        return np.empty((0, 2))
    distance = ndimage.distance_transform_edt(mask)
    radius = _typical_radius(mask, distance)
    objects = clear_border(_split(mask, distance, radius))
    areas = np.bincount(objects.ravel())
    areas[0] = 0
    kept = np.flatnonzero(areas > 0.3 * np.pi * radius**2)
    centroids = np.array(ndimage.center_of_mass(mask, objects, kept)).reshape(-1, 2)
    return centroids[np.lexsort(centroids.T[::-1])]


def _foreground(smooth: np.ndarray) -> np.ndarray:
    """Thresholds a field; the mask is empty where nothing stands out."""
    from scipy import ndimage
    from skimage.filters import threshold_otsu

    mask = smooth > threshold_otsu(smooth)
    if not mask.any():
        return mask
    background = smooth[~mask]
    level = np.median(background)
    spread = 1.4826 * np.median(np.abs(background - level))
    if np.median(smooth[mask]) - level < _MIN_CONTRAST * spread:
        return np.zeros_like(mask)
    return ndimage.binary_fill_holes(mask)


def _typical_radius(mask: np.ndarray, distance: np.ndarray) -> float:
    """Returns the median inner radius of objects, in pixels, each weighing as much as its area.

    Weights keep specks from counting; inner radii keep clumps from counting as large nuclei.
    """
    from scipy import ndimage

    objects, num_objects = ndimage.label(mask)
    numbers = np.arange(1, num_objects + 1)
    radii = np.asarray(ndimage.maximum(distance, objects, numbers))
    areas = np.bincount(objects.ravel())[1:]
    order = np.argsort(radii)
    half = np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)
    return float(radii[order][half])


def _split(mask: np.ndarray, distance: np.ndarray, radius: float) -> np.ndarray:
    """Parts touching nuclei at the necks of the mask; returns numbered objects."""
    from scipy import ndimage
    from skimage.feature import peak_local_max
    from skimage.filters import gaussian
    from skimage.segmentation import watershed

    smooth = gaussian(distance, sigma=radius / 6)
    peaks = peak_local_max(
        smooth,
        min_distance=max(1, round(0.7 * radius)),
        labels=ndimage.label(mask)[0],
        exclude_border=False,
    )
    markers = np.zeros(mask.shape, dtype=np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return watershed(-smooth, markers, mask=mask)
