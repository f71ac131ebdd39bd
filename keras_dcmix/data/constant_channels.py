"""Channels with one value in every pixel: they carry nothing and are left out."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from keras_dcmix._common.errors import DataError
from keras_dcmix._common.wording import listed
from keras_dcmix.data.labelled_images import LabelledImages


def without_constant_channels(dataset: LabelledImages) -> LabelledImages:
    """The dataset without the channels that are constant over all labelled images.

    One warning names them; `constant_channels` of the result lists them.

    Args:
        dataset: Checked images and labels.

    Returns:
        The dataset itself where all channels vary.

    Raises:
        ValueError: If fewer than two channels vary.
    """
    constant = find_constant_channels(dataset.images, dataset.labelled)
    if not constant.any():
        return dataset
    left_out = tuple(np.array(dataset.channel_names)[constant].tolist())
    named = f"{'channels' if len(left_out) > 1 else 'channel'} {listed(left_out, most=10)}"
    if (~constant).sum() < 2:
        raise DataError(
            "Expected at least two channels that vary. Received: the same value in every pixel of "
            f"the {named}, which leaves {(~constant).sum()} of {len(constant)} channels: check the "
            "image files"
        )
    warnings.warn(
        f"Left out the {named}: the same value in every pixel of the labelled images. If there "
        "should be a stain, check the image files",
        stacklevel=3,
    )
    return replace(dataset.keep(np.flatnonzero(~constant).tolist()), constant_channels=left_out)


def find_constant_channels(
    images: Any, indices: np.ndarray, *, batch_size: int = 256
) -> np.ndarray:
    """Which channels have one value in every pixel; reads no further once all have varied.

    Args:
        images: Array-like `(num_images, height, width, num_channels)`.
        indices: Numbers of the images to look at.
        batch_size: Images in memory at a time, at least 1.

    Returns:
        `(num_channels,)` truth values. A channel with a pixel that is not finite is not constant.

    Example:

    >>> find_constant_channels(np.array([[1, 5], [2, 5]]).reshape(2, 1, 1, 2), [0, 1]).tolist()
    [False, True]
    """
    constant = np.ones(images.shape[-1], dtype=bool)
    first = None
    for start in range(0, len(indices), batch_size):
        pixels = np.asarray(images[indices[start : start + batch_size]])
        first = pixels[0, 0, 0] if first is None else first
        constant &= (pixels == first).all(axis=(0, 1, 2))
        if not constant.any():
            break
    return constant
