"""A model that is ready to predict, in whatever format it is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_dcmix._common.errors import ArtefactError, argument
from keras_dcmix._common.names import checked_channel_names
from keras_dcmix._common.wording import short
from keras_dcmix.data import Crops
from keras_dcmix.inference.formats import (
    FORMATS,
    ModelCard,
    Run,
    artefact_path,
    format_of,
    keras_file,
)
from keras_dcmix.inference.prediction.channels import source_channels

# Of float32 pixels in one batch: the memory of a prediction does not grow with the images.
_BATCH_BYTES = 2**25
_LARGEST_BATCH = 256


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model with its card.

    Args:
        path: Where it is.
        format: A key of `keras_dcmix.inference.formats.FORMATS`.
        card: Its channels, classes, importance, images and versions.
        run: Its inference.
    """

    path: Path
    format: str
    card: ModelCard
    run: Run

    def predict(
        self,
        images: Any,
        *,
        channel_names: Sequence[str] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> np.ndarray:
        """Classifies images.

        Args:
            images: `(num_images, height, width, num_channels)` raw pixels of any number type, in
                memory or anything with `.shape` that reads them when it is indexed, such as
                `Crops`.
            channel_names: Names of their channels, in any order and with others among them; by
                default those of the images, or else those of the model, in its order.
            progress: Called with `(done, total)` after each batch.

        Returns:
            `(num_images, num_classes)` float32: the outputs of the model, which are the probability
            of each class, 0 to 1, for a classifier of this package. For a model with one output:
            the probability of the first and of the second class.

        Raises:
            ValueError: If a channel is missing, the size is not the model's, pixels or outputs are
                not finite, or the model does not run or is not what its card says.
        """
        images = images if hasattr(images, "shape") else np.asarray(images)
        order = self._channel_order(images, channel_names)
        self._check_size(images)
        outputs = np.empty((len(images), len(self.card.classes)), np.float32)
        for rows in self._batches(images):
            pixels = np.asarray(images[rows])[..., order].astype(np.float32)
            self._refuse_not_finite(pixels, rows.start, images)
            outputs[rows] = self._outputs(pixels, rows.start)
            if progress is not None:
                progress(min(rows.stop, len(images)), len(images))
        return outputs

    def _outputs(self, pixels: np.ndarray, first: int) -> np.ndarray:
        num_classes = len(self.card.classes)
        taken = self._as_taken(pixels)
        try:
            outputs = np.asarray(self.run(taken), np.float32)
        except Exception as error:  # each runtime has errors of its own
            raise ArtefactError(
                f"{self.path} does not run on images of shape {taken.shape[1:]}, which its card "
                f"describes ({short(error)}): export the model again"
            ) from error
        if outputs.shape == (len(pixels), 1) and num_classes == 2:
            outputs = self._both_classes(outputs)
        if outputs.shape != (len(pixels), num_classes):
            raise ArtefactError(
                f"{self.path} must give one number for each of its classes, "
                f"{num_classes} by its card. Received: shape={outputs.shape} for {len(pixels)} "
                "images; export the model again"
            )
        if not np.isfinite(outputs).all():
            bad = int(np.argmin(np.isfinite(outputs).all(axis=1)))
            raise ArtefactError(
                f"{self.path} gives NaN or infinity for image {first + bad}, whose pixels are "
                f"finite ({pixels[bad].min():g} to {pixels[bad].max():g}): are they on the scale "
                "that it was trained on?"
            )
        return outputs

    def _both_classes(self, outputs: np.ndarray) -> np.ndarray:
        if outputs.min() < 0 or outputs.max() > 1:
            raise ArtefactError(
                f"{self.path} has one output, which must be the probability of "
                f"'{self.card.classes[1]}', 0 to 1: end the model with a sigmoid. "
                f"Received: {outputs.min():g} to {outputs.max():g}"
            )
        return np.concatenate([1 - outputs, outputs], axis=1)

    def _batches(self, images: Any) -> list[slice]:
        """Which images are classified together, so that memory stays bounded."""
        num_bytes = 4 * max(1, int(np.prod(images.shape[1:])))
        step = max(1, min(_LARGEST_BATCH, _BATCH_BYTES // num_bytes))
        return [slice(start, start + step) for start in range(0, len(images), step)]

    def _refuse_not_finite(self, pixels: np.ndarray, first: int, images: Any) -> None:
        # On some backends a rectifier turns NaN into 0, and the prediction looks valid.
        bad = ~np.isfinite(pixels).all(axis=(1, 2))
        if bad.any():
            image, channel = np.argwhere(bad)[0]
            where = f"image {first + image}"
            if isinstance(images, Crops):
                field = images.fields[first + image]
                where = f"{images.image_set.where(field)}, {where}"
            raise ArtefactError(
                f"Pixels must be finite numbers. Received NaN or infinity in {where}, channel "
                f"'{self.card.channel_names[channel]}': remove or repair it"
            )

    def _as_taken(self, pixels: np.ndarray) -> np.ndarray:
        if self.card.data_format == "channels_first":
            pixels = np.moveaxis(pixels, -1, 1)
        return np.ascontiguousarray(pixels)

    def _channel_order(self, images: Any, channel_names: Sequence[str] | None) -> list[int]:
        wanted = self.card.channel_names
        if len(images.shape) != 4:
            raise ArtefactError(
                f"{argument('images')} must have shape (num_images, height, width, num_channels). "
                f"Received: shape={tuple(images.shape)}"
            )
        names = getattr(images, "channel_names", None) if channel_names is None else channel_names
        names = checked_channel_names(wanted if names is None else names, images.shape[-1])
        return [names.index(name) for name in source_channels(wanted, names)]

    def _check_size(self, images: Any) -> None:
        for wanted, side in zip(self.card.image_size, images.shape[1:3], strict=True):
            if wanted not in (None, side):
                raise ArtefactError(
                    f"The model takes images of {' x '.join(map(str, self.card.image_size))} "
                    f"pixels. Received: {images.shape[1]} x {images.shape[2]}"
                )


def load_predictor(path: str | Path) -> Predictor:
    """Opens a model for prediction; only what its format needs is imported.

    Args:
        path: A `.keras` file, the folder of a ranking, or an export (`.onnx`, `.tflite`, `.pt2` or
            a SavedModel). An ONNX model is run by onnxruntime, without Keras and without a backend.

    Raises:
        ValueError: If there is no such model, it is damaged, or it does not name its channels.
        ImportError: If the package that runs it is not installed.

    Example:

    ```python
    predictor = keras_dcmix.load_predictor("model.onnx")
    probabilities = predictor.predict(images, channel_names=["ER", "DNA", "Mito"])
    ```
    """
    path = artefact_path(path)
    name = format_of(path)
    if name == "keras":
        return _keras_predictor(path)
    run, card = FORMATS[name].load(path)
    if card is None:
        raise ArtefactError(
            f"{path} does not name its channels: it was not written by keras-dcmix, or "
            "its card was removed; export the Keras model with keras-dcmix export"
        )
    return Predictor(path, name, card, run)


def _keras_predictor(path: Path) -> Predictor:
    card = keras_file.read_card(path)
    model = keras_file.load_model(path)
    if card is None:
        from keras_dcmix.inference.model_cards import card_of_model

        card = card_of_model(model)
    return Predictor(path, "keras", card, keras_file.run_of(model))
