"""The type that every dataset of this room returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from keras_dcmix._common.errors import DataError


@dataclass(frozen=True, eq=False, init=False)
class ChannelDataset:
    """Labelled multi-channel images of which the informative channels are known.

    Args:
        images: Array of shape `(num_images, height, width, channels)`.
        labels: Array of shape `(num_images,)`, integers or strings.
        channel_names: One name for each channel, each name once.
        truth: Array of shape `(channels,)`: the planted importance, at least 0.
            Higher is more important, 0 is useless; only the order has a meaning.
        groups: Array of shape `(num_images,)`, strings or integers: the wells,
            plates or experiments whose images stay together in every split.
        group_unit: What one group is, in the singular, such as `"well"`.
        plates: Array of shape `(num_images,)`: the plate of each image; `None` where images have
            no plates.

    Raises:
        ValueError: If the lengths do not agree, a name occurs twice, or the
            truth is negative or not finite.

    Example:

    >>> import numpy as np
    >>> dataset = ChannelDataset(
    ...     images=np.zeros((2, 4, 4, 3)), labels=["a", "b"], channel_names=("R", "G", "B"),
    ...     truth=[1, 0, 0], groups=[0, 1])
    >>> dataset.num_channels
    3
    """

    images: np.ndarray
    labels: np.ndarray
    channel_names: tuple[str, ...]
    truth: np.ndarray
    groups: np.ndarray
    group_unit: str
    plates: np.ndarray | None

    def __init__(
        self,
        images: ArrayLike,
        labels: ArrayLike,
        channel_names: Sequence[str],
        truth: ArrayLike,
        groups: ArrayLike,
        group_unit: str = "group",
        plates: ArrayLike | None = None,
    ) -> None:
        fields = {
            "images": np.asarray(images),
            "labels": np.asarray(labels),
            "channel_names": tuple(channel_names),
            "truth": np.asarray(truth, dtype=float),
            "groups": np.asarray(groups),
            "group_unit": group_unit,
            "plates": None if plates is None else np.asarray(plates),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        self._check_images()
        self._check_channels()

    @property
    def num_channels(self) -> int:
        """Number of image channels."""
        return self.images.shape[-1]

    def _check_images(self) -> None:
        if self.images.ndim != 4:
            raise DataError(
                "`images` must have the shape (num_images, height, width, channels). "
                f"Received: shape={self.images.shape}"
            )
        each = {"labels": self.labels, "groups": self.groups, "plates": self.plates}
        for name, values in each.items():
            if values is not None and values.shape != self.images.shape[:1]:
                raise DataError(
                    f"`{name}` must hold one value for each of the {len(self.images)} images. "
                    f"Received: shape={values.shape}"
                )

    def _check_channels(self) -> None:
        for name, shape in (
            ("channel_names", (len(self.channel_names),)),
            ("truth", self.truth.shape),
        ):
            if shape != (self.num_channels,):
                raise DataError(
                    f"`{name}` must hold one value for each of the {self.num_channels} channels. "
                    f"Received: shape={shape}"
                )
        if len(set(self.channel_names)) < self.num_channels:
            raise DataError(
                "`channel_names` must be unique; rename one of each. "
                f"Received: channel_names={self.channel_names}"
            )
        if not np.all(np.isfinite(self.truth)) or np.any(self.truth < 0):
            raise DataError(
                "`truth` must be finite and at least 0, which stands for a useless channel. "
                f"Received: truth={self.truth.tolist()}"
            )
