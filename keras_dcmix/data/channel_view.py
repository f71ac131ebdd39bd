"""Some channels of some images, read when they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_dcmix._common.errors import DataError
from keras_dcmix._common.names import checked_channel_names
from keras_dcmix.data.cells.recipe import CropRecipe


class ChannelView:
    """Images with some of their channels, indexed like an array; nothing is copied before.

    `view[indices]` takes a number, a slice, numbers or truth values and returns raw pixels.
    `np.asarray(view)` reads all of them.

    Args:
        images: `(num_images, height, width, num_channels)`; anything with `.shape`, `.dtype` and
            `images[index_array]`, such as a NumPy array or `Crops`.
        channels: Numbers of the channels to keep, at least one, in this order; `None` keeps all.
        rows: Numbers of the images to keep, in this order; `None` keeps all.
        channel_names: One name for each channel that is kept; `None` leaves them unnamed.

    Raises:
        ValueError: If a channel does not exist, comes twice, or there is none.

    Example:

    >>> images = np.arange(12).reshape(2, 1, 2, 3)
    >>> ChannelView(images, [2, 0])[[1]].tolist()
    [[[[8, 6], [11, 9]]]]
    """

    def __init__(
        self,
        images: Any,
        channels: Sequence[int] | None = None,
        *,
        rows: Sequence[int] | np.ndarray | None = None,
        channel_names: Sequence[str] | None = None,
    ) -> None:
        self.images = images
        num_images, num_channels = int(images.shape[0]), int(images.shape[-1])
        self.channels = _checked_channels(channels, num_channels)
        self.rows = np.arange(num_images) if rows is None else np.asarray(rows)
        self.channel_names = channel_names
        if channel_names is not None:
            self.channel_names = checked_channel_names(channel_names, len(self.channels))

    def __repr__(self) -> str:
        return f"ChannelView{self.shape} of {type(self.images).__name__}"

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(images, height, width, channels)`, those that are kept."""
        height, width = (int(n) for n in self.images.shape[1:3])
        return (len(self.rows), height, width, len(self.channels))

    @property
    def dtype(self) -> np.dtype:
        """Data type of the pixels."""
        return np.dtype(self.images.dtype)

    @property
    def in_memory(self) -> bool:
        """Whether the images are a NumPy array, so that reading costs nothing but memory."""
        return isinstance(self.images, np.ndarray) or getattr(self.images, "in_memory", False)

    @property
    def recipe(self) -> CropRecipe | None:
        """How the images were cut and corrected; `None` where they came as arrays."""
        return getattr(self.images, "recipe", None)

    def fingerprint(self) -> str:
        """Text that changes where the images, or what is kept of them, change."""
        if hasattr(self.images, "fingerprint"):
            content = self.images.fingerprint()
        else:
            digest = hashlib.sha256()
            for number in range(len(self)):
                digest.update(np.ascontiguousarray(self[number]).tobytes())
            content = digest.hexdigest()
        return f"{content} {self.channels.tolist()} {self.rows.tolist()}"

    def __getitem__(self, indices: Any) -> np.ndarray:
        return np.take(self.images[self.rows[indices]], self.channels, axis=-1)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise DataError("An array of a view is always a copy. Received: copy=False")
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)


def _checked_channels(channels: Sequence[int] | None, num_channels: int) -> np.ndarray:
    numbers = np.arange(num_channels) if channels is None else np.asarray(channels)
    fits = numbers.ndim == 1 and numbers.size and numbers.dtype.kind in "ui"
    if not fits or numbers.min() < 0 or numbers.max() >= num_channels:
        raise DataError(
            f"`channels` must be a list of numbers from 0 to {num_channels - 1}, at least one. "
            f"Received: channels={channels!r}"
        )
    if len(np.unique(numbers)) < len(numbers):
        raise DataError(f"`channels` must be different numbers. Received: channels={channels!r}")
    return numbers
