"""The check that pixels are finite numbers."""

from __future__ import annotations

import numpy as np

from keras_dcmix._common.errors import DataError


def refuse_non_finite(batch: np.ndarray, indices: np.ndarray) -> None:
    """Raises if a batch of images holds NaN or infinite pixels.

    Args:
        batch: images `(batch, height, width, channels)`.
        indices: `(batch,)` the number of each image in the set, for the message.

    Raises:
        ValueError: naming the first such image and its channel.
    """
    if batch.dtype.kind != "f":
        return
    is_bad = ~np.isfinite(batch).all(axis=(1, 2))
    if is_bad.any():
        row, channel = np.argwhere(is_bad)[0]
        raise DataError(
            f"`images` must be finite. Received: NaN or infinity in image {indices[row]}, channel "
            f"{channel}. Remove or repair the image"
        )
