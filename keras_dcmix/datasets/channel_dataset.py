"""The one type every dataset of this room returns."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keras_dcmix._common.errors import DataError


@dataclass(frozen=True, eq=False)
class ChannelDataset:
    """Labelled multi-channel images of which the useful channels are known.

    Args:
        images: Array of shape `(num_images, height, width, channels)`.
        labels: Array of shape `(num_images,)`, integers or strings.
        channel_names: One name for each channel, each name once.
        truth: Array of shape `(channels,)`: the planted importance, at least 0.
            Higher is more important, 0 is useless; only the order has a meaning.
        groups: Array of shape `(num_images,)`, strings or integers: the wells,
            plates or experiments that a split must not tear apart.

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
    labels: np.ndarray | Sequence[int] | Sequence[str]
    channel_names: tuple[str, ...]
    truth: np.ndarray | Sequence[float]
    groups: np.ndarray | Sequence[int] | Sequence[str]

    def __post_init__(self) -> None:
        fields = {
            "images": np.asarray(self.images),
            "labels": np.asarray(self.labels),
            "channel_names": tuple(self.channel_names),
            "truth": np.asarray(self.truth, dtype=float),
            "groups": np.asarray(self.groups),
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
                "`images` must have the shape (num_images, height, width, channels), but received "
                f"the shape {self.images.shape}; add the missing axis, or stack the channels last."
            )
        for name in ("labels", "groups"):
            shape = getattr(self, name).shape
            if shape != self.images.shape[:1]:
                raise DataError(
                    f"`{name}` must hold one value for each of the {len(self.images)} images, but "
                    f"received the shape {shape}; pass one value for each image."
                )

    def _check_channels(self) -> None:
        for name, length in (
            ("channel_names", len(self.channel_names)),
            ("truth", self.truth.size if self.truth.ndim == 1 else self.truth.shape),
        ):
            if length != self.num_channels:
                raise DataError(
                    f"`{name}` must hold one value for each of the {self.num_channels} channels, "
                    f"but received {length}; pass one value for each channel."
                )
        twice = [name for name, count in Counter(self.channel_names).items() if count > 1]
        if twice:
            raise DataError(
                f"`channel_names` must all differ, but received {twice[0]!r} more than once; "
                "rename one of them."
            )
        if not np.all(np.isfinite(self.truth)) or np.any(self.truth < 0):
            raise DataError(
                "`truth` must be finite and at least 0 for every channel, but received "
                f"{self.truth.tolist()}; give a useless channel 0."
            )
