"""Batches for `model.fit`, read while the model trains."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.finite_pixels import refuse_non_finite

# Batches that are read while the model trains on the one before them.
_AHEAD = 2


class ImageBatches(keras.utils.PyDataset):
    """Batches of images and labels, shuffled in each epoch and augmented on request.

    Images that are not in memory are read ahead by a thread, on every backend: Keras itself reads
    ahead on TensorFlow only.

    All randomness follows from `seed`, the epoch and the batch. Epochs are counted over the life
    of the object: a second `fit` goes on. Keras ends one epoch before each `fit`, on all backends,
    so that a first `fit` begins with epoch 1. By default `fit` also shuffles the order of the
    batches by Python's `random`; with `shuffle=False` the order depends on `seed` only.

    With `workers` above 1, Keras 3.15 on JAX and torch keeps batches it drew to build the model and
    trains on them in the first epoch, in place of that epoch's last ones: stay with one worker
    where a run must repeat exactly.

    Args:
        images: array-like of shape `(images, height, width, channels)` that takes an index
            array, such as a NumPy array or `Crops`.
        labels: `(images,)` class numbers 0..classes-1.
        batch_size: images in a batch, at least 1; the last batch may be smaller.
        indices: numbers of the images to use; all where None.
        shuffle: whether each epoch has its own order.
        seed: for shuffling and augmentation.
        augment: whether each image is mirrored and turned by quarter turns at random (only
            mirrored where height and width differ). Pixel values stay as they are.
        **kwargs: for `keras.utils.PyDataset`: `workers`, `use_multiprocessing`,
            `max_queue_size`.

    Raises:
        ValueError: if shapes, labels, indices or the batch size are wrong; while reading, if a
            pixel is not finite.
    """

    def __init__(
        self,
        images: Any,
        labels: np.ndarray,
        *,
        batch_size: int = 64,
        indices: np.ndarray | None = None,
        shuffle: bool = False,
        seed: int = 0,
        augment: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.images = images
        self.labels = _checked_labels(labels, images.shape)
        self.batch_size = batch_size
        self.indices = _checked_indices(indices, len(self.labels))
        self.shuffle = shuffle
        self.seed = seed
        self.augment = augment
        if batch_size < 1:
            raise DataError(f"`batch_size` must be at least 1. Received: batch_size={batch_size}")
        self._ahead: dict[tuple[int, int], Future[tuple[np.ndarray, np.ndarray]]] = {}
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._start_epoch(0)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_ahead": {}, "_lock": None, "_pool": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = Lock()

    def __len__(self) -> int:
        return -(-len(self.indices) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Reads one batch.

        Returns:
            `(images, labels)`: `(batch, height, width, channels)` `float32`, `(batch,)` `int32`.
        """
        if isinstance(self.images, np.ndarray) or getattr(self.images, "in_memory", False):
            return self._read(index)
        with self._lock:
            ready = self._ahead.pop((self._epoch, index), None)
            self._read_ahead(index)
        return self._read(index) if ready is None else ready.result()

    def _read_ahead(self, index: int) -> None:
        """Starts reading the next batches, and drops those that were not used."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1)
        numbers = range(index + 1, min(index + 1 + _AHEAD, len(self)))
        keys = [(self._epoch, number) for number in numbers]
        self._ahead = {
            key: self._ahead.get(key) or self._pool.submit(self._read, key[1]) for key in keys
        }

    def _read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        batch = np.asarray(self.images[chosen])
        refuse_non_finite(batch, chosen)
        batch = batch.astype(np.float32)
        if self.augment:
            batch = flip_and_turn(batch, np.random.default_rng([self.seed, self._epoch, index]))
        return batch, self.labels[chosen]

    def on_epoch_end(self) -> None:
        """Draws the order of the next epoch; Keras calls it."""
        self._start_epoch(self._epoch + 1)

    def _start_epoch(self, epoch: int) -> None:
        self._epoch = epoch
        self._order = self.indices
        if self.shuffle:
            self._order = np.random.default_rng([self.seed, epoch]).permutation(self.indices)


def flip_and_turn(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirrors and turns each image at random; all channels of an image move together.

    Args:
        batch: `(batch, height, width, channels)`.
        rng: draws one of the eight symmetries of a square for each image, or of the four of a
            rectangle where height and width differ.

    Returns:
        A new array of the same shape.
    """
    result = batch.copy()
    for axis in (1, 2):
        chosen = rng.random(len(batch)) < 0.5
        result[chosen] = np.flip(result[chosen], axis=axis)
    if batch.shape[1] == batch.shape[2]:
        chosen = rng.random(len(batch)) < 0.5
        result[chosen] = np.rot90(result[chosen], axes=(1, 2))
    return result


def _checked_labels(labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    labels = np.asarray(labels)
    if len(shape) != 4 or labels.shape != (shape[0],):
        raise DataError(
            "`images` must be (images, height, width, channels), `labels` one label an image. "
            f"Received: images.shape={tuple(shape)}, labels.shape={labels.shape}"
        )
    if labels.dtype.kind not in "ui" or (len(labels) and labels.min() < 0):
        raise DataError(
            f"`labels` must be class numbers 0, 1, ... Received: labels={labels[:3].tolist()}... "
            f"of type {labels.dtype}. Take the second result of np.unique(labels, "
            "return_inverse=True)"
        )
    return labels.astype(np.int32)


def _checked_indices(indices: np.ndarray | None, num_images: int) -> np.ndarray:
    indices = np.arange(num_images) if indices is None else np.asarray(indices)
    if indices.dtype.kind not in "ui" or indices.ndim != 1 or len(indices) == 0:
        raise DataError(
            "`indices` must be a list of at least one image number. Received: "
            f"dtype={indices.dtype}, shape={indices.shape}"
        )
    if indices.min() < 0 or indices.max() >= num_images:
        raise DataError(
            f"`indices` must be in 0..{num_images - 1}. Received: {indices.min()}..{indices.max()}"
        )
    return indices
