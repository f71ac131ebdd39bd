"""Images, labels, groups and channel names that have been checked to belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix._common.names import checked_channel_names
from keras_dcmix._common.wording import quantity
from keras_dcmix.data.cells.recipe import CropRecipe
from keras_dcmix.data.channel_view import ChannelView


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """A classification dataset whose parts have been checked.

    Attributes:
        images: Array-like `(num_images, height, width, num_channels)` of raw pixels; anything
            with `.shape` and `images[index_array]`, such as `Crops`.
        labels: `(num_images,)` integers, indices into `classes`; -1 where there is no label.
        classes: The names of the classes, sorted.
        groups: `(num_images,)` well, plate or experiment of each image.
        channel_names: One unique name a channel.
        num_unlabelled: Images, or rows of an image table, left out for a blank label.
        num_empty_fields: Fields of view that gave no crop.
        skipped: Fields that were left out because they cannot be read, see `Crops`; `None` where
            images do not come from files.
        group_unit: What a group is, such as `"well"`, `"plate"` or `"image"`.
        constant_channels: Channels that were left out because all their pixels are equal.
        plates: `(num_images,)` plate of each image; `None` where there is one or it is not known.
        truth: `(num_channels,)` planted importance, higher is more important; `None` where it
            is not known, as of all real images.
    """

    images: Any
    labels: np.ndarray
    classes: tuple[str, ...]
    groups: np.ndarray
    channel_names: tuple[str, ...]
    num_unlabelled: int = 0
    num_empty_fields: int = 0
    truth: np.ndarray | None = None
    skipped: pd.DataFrame | None = None
    group_unit: str = "group"
    constant_channels: tuple[str, ...] = ()
    plates: np.ndarray | None = None

    @property
    def labelled(self) -> np.ndarray:
        """Indices of the images that have a label."""
        return np.flatnonzero(self.labels >= 0)

    def view(self, rows: np.ndarray) -> ChannelView:
        """Some of the images, by their numbers, with their channel names; nothing is read yet."""
        return ChannelView(self.images, rows=rows, channel_names=self.channel_names)

    def keep(self, channels: Sequence[int]) -> LabelledImages:
        """The same dataset with some of its channels; no pixel is read or copied yet.

        Args:
            channels: Numbers of the channels, at least one, in this order. One channel alone is
                allowed: it can be trained on, but not ranked.

        Raises:
            ValueError: If a channel does not exist, comes twice, or there is none.
        """
        view = ChannelView(self.images, channels)
        names = tuple(self.channel_names[channel] for channel in view.channels)
        truth = None if self.truth is None else self.truth[view.channels]
        return replace(self, images=view, channel_names=names, truth=truth)

    @property
    def recipe(self) -> CropRecipe | None:
        """How the images were cut and corrected; `None` where they came as arrays."""
        return getattr(self.images, "recipe", None)

    def describe(self) -> str:
        """The size of the dataset, its channels, groups and classes in one sentence."""
        num_images, height, width, num_channels = self.images.shape
        counts = np.bincount(self.labels[self.labelled], minlength=len(self.classes))
        classes = ", ".join(f"{n} ({c})" for n, c in zip(self.classes, counts, strict=True))
        num_groups = len(np.unique(self.groups))
        groups = f"from {quantity(num_groups, self.group_unit)}"
        if num_groups == num_images:
            groups = "each its own group"
        text = (
            f"{num_images} images of {height} x {width} pixels in {num_channels} channels "
            f"({', '.join(self.channel_names)}), {groups}; classes: {classes}"
        )
        if self.num_unlabelled:
            text += f"; {self.num_unlabelled} left out for a blank label"
        if self.num_empty_fields:
            text += f"; {self.num_empty_fields} fields without a nucleus that has room for a crop"
        if self.skipped is not None and len(self.skipped):
            fields = "field" if len(self.skipped) == 1 else "fields"
            text += f"; {len(self.skipped)} unreadable {fields} left out"
        return text


def label_images(
    images: Any,
    labels: Any = None,
    *,
    channel_names: Sequence[str] | None = None,
    groups: Any = None,
    plates: Any = None,
) -> LabelledImages:
    """Checks that images, labels, groups and names fit together.

    Args:
        images: `(num_images, height, width, num_channels)`, raw pixels. `Crops` and a
            `ChannelDataset` have the other arguments; `LabelledImages` are returned as they are.
        labels: `(num_images,)` integers or strings; blank ones (`None`, NaN, empty) are
            kept out of training.
        channel_names: One name a channel; `None` gives `channel_0`, `channel_1`, ...
        groups: `(num_images,)` well, plate or experiment; `None` makes each image its own group.
        plates: `(num_images,)` plate of each image. Folds are stratified by it, and the labels of
            wells are permuted within plates. `None` takes those of the images, where they have
            any.

    Raises:
        ValueError: If lengths differ, there is only one class or one channel, names repeat, or
            pixels are not finite.
        TypeError: If pixels are not numbers.
    """
    if isinstance(images, LabelledImages):
        return images
    source = images  # which may have what the caller leaves out
    if hasattr(images, "truth"):  # a ChannelDataset
        images = images.images
    if labels is None:
        labels = getattr(source, "labels", None)
    unit = "group"
    if groups is None:
        groups = getattr(source, "groups", None)
        unit = getattr(source, "group_unit", None) or unit
    if channel_names is None:
        channel_names = getattr(source, "channel_names", None)
    images = images if hasattr(images, "shape") else np.asarray(images)
    _check_pixels(images)
    num_images, num_channels = images.shape[0], images.shape[-1]
    if channel_names is None:
        channel_names = [f"channel_{i}" for i in range(num_channels)]
    if labels is None:
        raise DataError("`labels` must be one label for each image. Received: labels=None")
    if groups is None:
        unit, groups = "image", np.arange(num_images)
    labels = _checked_length("labels", labels, num_images)
    classes, indices = _encoded(labels)
    return LabelledImages(
        images,
        indices,
        classes,
        _checked_length("groups", groups, num_images),
        checked_channel_names(channel_names, num_channels),
        num_unlabelled=int((indices < 0).sum()) + getattr(images, "num_unlabelled", 0),
        num_empty_fields=getattr(images, "num_empty_fields", 0),
        truth=getattr(source, "truth", None),
        skipped=getattr(images, "skipped", None),
        group_unit=unit,
        plates=_checked_plates(plates, source, num_images),
    )


def _check_pixels(images: Any) -> None:
    if len(images.shape) != 4 or 0 in images.shape:
        raise DataError(
            "`images` must have the shape (num_images, height, width, num_channels), without a 0. "
            f"Received: shape={tuple(images.shape)}"
        )
    if images.shape[-1] == 1:
        raise DataError(
            "`images` must have at least two channels: one channel alone cannot be ranked. "
            f"Received: shape={tuple(images.shape)}"
        )
    if np.dtype(images.dtype).kind not in "uifb":
        raise TypeError(f"`images` must be numbers. Received: dtype={images.dtype}")
    if isinstance(images, np.ndarray) and images.dtype.kind == "f":
        # Image by image: one mask over all would need a quarter of the images' memory.
        bad = next((i for i, image in enumerate(images) if not np.isfinite(image).all()), None)
        if bad is not None:
            channels = np.flatnonzero(~np.isfinite(images[bad]).all(axis=(0, 1))).tolist()
            raise DataError(
                f"`images` must be finite. Received: NaN or infinity in image {bad}, channel(s) "
                f"{channels}. Remove or repair the image"
            )


def _checked_plates(plates: Any, source: Any, num_images: int) -> np.ndarray | None:
    """The plate of each image as text, or `None` where there is only one."""
    plates = getattr(source, "plates", None) if plates is None else plates
    if plates is None:
        return None
    checked = _checked_length("plates", plates, num_images).astype(str)
    return checked if len(np.unique(checked)) > 1 else None


def _checked_length(what: str, values: Any, num_images: int) -> np.ndarray:
    values = np.asarray(values)
    if values.shape != (num_images,):
        raise DataError(
            f"`{what}` must have the shape ({num_images},), one for each image. "
            f"Received: shape={values.shape}"
        )
    return values


def _encoded(labels: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Class names and, for each image, its class index or -1."""
    if labels.dtype.kind in "iub":
        values, indices = np.unique(labels, return_inverse=True)
        classes = tuple(str(value) for value in values)
    else:
        text = np.array(["" if _is_blank(label) else str(label).strip() for label in labels])
        classes = tuple(value for value in np.unique(text).tolist() if value)
        lookup = {name: index for index, name in enumerate(classes)}
        indices = np.array([lookup.get(value, -1) for value in text.tolist()])
    if len(classes) < 2:
        raise DataError(
            "`labels` must be of at least two classes. Received: "
            f"{', '.join(classes) or 'only blank labels'}"
        )
    return classes, indices.astype("int32")


def _is_blank(label: Any) -> bool:
    return bool(pd.isna(label)) or not str(label).strip()
