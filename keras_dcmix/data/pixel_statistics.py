"""Mean and standard deviation of each channel, over images that do not fit into memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.finite_pixels import refuse_non_finite


def channel_statistics(
    images: Any, indices: np.ndarray | None = None, *, batch_size: int = 256
) -> tuple[np.ndarray, np.ndarray]:
    """Computes mean and standard deviation of each channel in one pass.

    Batches are merged by their means and squared deviations, never by sums of squares, so that
    a small spread on a large offset keeps its digits.

    Args:
        images: array-like of shape `(images, height, width, channels)` that takes an index
            array, such as a NumPy array or `Crops`.
        indices: numbers of the images to use; all where None.
        batch_size: images in memory at a time, at least 1.

    Returns:
        `(mean, std)`, each `(channels,)` in `float64` and in units of the pixels; `std` divides
        by the number of pixels and is exactly 0 for a constant channel.

    Raises:
        ValueError: if there are no images or a pixel is not finite.

    Example:

    >>> mean, std = channel_statistics(np.array([1.0, 3.0]).reshape(1, 1, 2, 1))
    >>> float(mean[0]), float(std[0])
    (2.0, 1.0)

    Reference:
        Chan, Golub, LeVeque, *Algorithms for computing the sample variance*, The American
        Statistician 37 (1983), equation 2.1.
    """
    if len(images.shape) != 4 or batch_size < 1:
        raise DataError(
            "`images` must have the shape (images, height, width, channels), and `batch_size` must "
            f"be at least 1. Received: shape={tuple(images.shape)}, batch_size={batch_size}"
        )
    indices = np.arange(len(images)) if indices is None else np.asarray(indices)
    if len(indices) == 0:
        raise DataError("`indices` must hold at least one image. Received: indices=[]")
    return _streamed(images, indices, batch_size)


def _streamed(images: Any, indices: np.ndarray, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Merges count, mean and squared deviations batch by batch."""
    count, shift = 0, None
    for start in range(0, len(indices), batch_size):
        chosen = indices[start : start + batch_size]
        batch = np.asarray(images[chosen])
        refuse_non_finite(batch, chosen)
        pixels = batch.reshape(-1, batch.shape[-1]).astype(np.float64)
        if shift is None:
            # The shift makes a constant channel exactly 0, which a mean alone rounds away from.
            shift = pixels[0].copy()
            mean, squares = np.zeros_like(shift), np.zeros_like(shift)
        pixels -= shift
        batch_mean = pixels.mean(axis=0)
        pixels -= batch_mean
        delta, total = batch_mean - mean, count + len(pixels)
        squares += (pixels**2).sum(axis=0) + delta**2 * count * len(pixels) / total
        mean += delta * len(pixels) / total
        count = total
    return mean + shift, np.sqrt(squares / count)
