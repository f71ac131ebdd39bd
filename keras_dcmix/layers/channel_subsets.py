"""Masks a random subset of the channels of each image, so that one model learns every subset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_dcmix._common.errors import LayerError
from keras_dcmix.layers.channel_axis import channel_axis, check_tensor_rank, known_channels


@keras.saving.register_keras_serializable(package="keras_dcmix")
class ChannelSubsets(keras.layers.Layer):
    """Keeps a random subset of the channels of each image while training; sets the others to 0.

    `images[b, ..., c] * (rank[b, c] < kept[b])`, with `kept[b] = N` in a share `keep_all` of the
    images, 1 or N - 1 in a share `extremes`, and uniform over 0..N in the others

    `rank` is a random order of the channels, drawn for each image and step. The model is thus
    trained on subsets of every size, and the score of any panel of channels is one evaluation of
    one model: see `keras_dcmix.importance.subset_scores`. Values are not rescaled. The layer must
    follow the standardisation, where 0 is a channel's mean. At inference it returns the images
    unchanged.

    Args:
        keep_all: Share of the images, 0 up to 1 (1 excluded), that keep all channels. They
            recover most of the accuracy on all channels that masks cost.
        extremes: Share of the images that keep one channel alone or all but one, in equal parts,
            0 up to `1 - keep_all`: the subsets that say most about a channel, and the hardest to
            learn. Both defaults were chosen by measuring, see `docs/decisions.md`.
        seed: Integer, seed of the masks; `None` derives one from Keras' global seed.
        data_format: `"channels_last"` or `"channels_first"`. `None` takes
            `keras.config.image_data_format()`.
        **kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        images: Tensor of rank 2 to 5, `(batch, ..., num_channels)`, or
            `(batch, num_channels, ...)` with `data_format="channels_first"`.
        training: Whether to mask.

    Input shape:
        As of `DCMix`.

    Output shape:
        The input's.

    Raises:
        ValueError: If an argument or the input's rank does not fit.

    Example:

    >>> import numpy as np
    >>> images = np.ones((32, 8, 8, 3), "float32")
    >>> masked = ChannelSubsets(seed=1)(images, training=True)
    >>> sorted(set(np.unique(ops.convert_to_numpy(masked)).tolist()))
    [0.0, 1.0]

    Reference:
        In the spirit of hierarchical channel sampling: Bao, Sivanandan, Karaletsos, Channel
        Vision Transformers, ICLR 2024, https://arxiv.org/abs/2309.16108, section 3.2. There the
        size is drawn from 1..N; here 0 is a size too, since a Shapley value needs the empty set,
        and a share of the images keeps all channels.
    """

    def __init__(
        self,
        keep_all: float = 0.2,
        extremes: float = 0.4,
        *,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 <= keep_all < 1:
            raise LayerError(
                f"`keep_all` must be a share from 0 up to 1. Received: keep_all={keep_all!r}"
            )
        if not 0 <= extremes <= 1 - keep_all:
            raise LayerError(
                "`extremes` must be a share from 0 to 1 - keep_all. "
                f"Received: extremes={extremes!r}, keep_all={keep_all!r}"
            )
        self.keep_all = keep_all
        self.extremes = extremes
        self.seed = seed
        self.data_format = keras.config.image_data_format() if data_format is None else data_format
        channel_axis(self.data_format)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Sequence[int | None]) -> None:
        check_tensor_rank(input_shape)
        known_channels(input_shape, self.data_format)

    def call(self, images: Any, training: bool = False) -> Any:
        check_tensor_rank(images.shape)
        images = ops.cast(images, self.compute_dtype)
        if not training:
            return images
        mask = ops.cast(self._draw(images), images.dtype)
        shape = [1] * len(images.shape)
        shape[0], shape[channel_axis(self.data_format)] = -1, mask.shape[1]
        return images * ops.reshape(mask, shape)

    def _draw(self, images: Any) -> Any:
        """Booleans `(batch, num_channels)`: which channels each image keeps."""
        num_channels = images.shape[channel_axis(self.data_format)]
        batch = ops.shape(images)[0]
        order = keras.random.uniform((batch, num_channels), seed=self.seed_generator)
        rank = ops.argsort(ops.argsort(order, axis=-1), axis=-1)
        kept = keras.random.randint((batch, 1), 0, num_channels + 1, seed=self.seed_generator)
        kept = ops.cast(kept, "int32")
        lot = keras.random.uniform((batch, 1), seed=self.seed_generator)
        kept = ops.where(lot < self.keep_all + self.extremes, ops.full_like(kept, 1), kept)
        without_one = ops.full_like(kept, num_channels - 1)
        kept = ops.where(lot < self.keep_all + self.extremes / 2, without_one, kept)
        kept = ops.where(lot < self.keep_all, ops.full_like(kept, num_channels), kept)
        return ops.cast(rank, "int32") < kept

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        check_tensor_rank(input_shape)
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "keep_all": self.keep_all,
            "extremes": self.extremes,
            "seed": self.seed,
            "data_format": self.data_format,
        }
