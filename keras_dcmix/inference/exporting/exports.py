"""Exports a model: writes it, loads it again, compares it with the Keras model, keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_dcmix._common.errors import ArtefactError, MissingPackageError, argument
from keras_dcmix._common.files import check_place, written_atomically
from keras_dcmix._common.names import suggestion
from keras_dcmix._common.optional_imports import how_to_install, is_installed
from keras_dcmix.data.cells.recipe import CropRecipe
from keras_dcmix.inference.exporting.comparing import (
    compared,
    least_sure,
    outputs_of,
    sample_images,
    tolerance_of,
)
from keras_dcmix.inference.exporting.writing import write
from keras_dcmix.inference.formats import FORMATS, Format, ModelCard, artefact_path, keras_file
from keras_dcmix.inference.model_cards import card_of_model


@dataclass(frozen=True)
class Export:
    """An export that has been loaded again and compared with the Keras model.

    Attributes:
        path: Where it is.
        format: A key of `keras_dcmix.inference.formats.FORMATS`.
        card: The card that it holds.
        num_bytes: Its size.
        largest_difference: Between its outputs and those of the Keras model, over all sample images
            and classes; where outputs exceed 1, relative to the largest.
        num_samples: Sample images that were compared.
    """

    path: Path
    format: str
    card: ModelCard
    num_bytes: int
    largest_difference: float
    num_samples: int


def export_model(
    model: keras.Model | str | Path,
    path: str | Path,
    *,
    format: str,
    channel_names: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    recipe: CropRecipe | None = None,
    images: Any = None,
    overwrite: bool = False,
) -> Export:
    """Writes a model for inference; it takes raw pixels, as the Keras model does.

    The export is written to a temporary place, loaded again and compared with the Keras model
    before it is moved to `path`: an export that exists works.

    Args:
        model: A Keras model, the path of a `.keras` file, or the folder of a ranking.
        path: Where the export goes.
        format: `"saved_model"`, `"onnx"`, `"litert"`, `"torch"` (`.pt2`), or `"keras"`, which adds
            names to a model.
        channel_names: Names of the channels, where no layer of the model knows them.
        classes: Names of the classes in the order of the outputs; by default those of the model's
            card, or `class_0`, `class_1`, ...
        recipe: How the model's images are made, see `ChannelRanking.recipe`; by default that of
            the model's card.
        images: Sample images as the model takes them, two or more; by default twenty are drawn
            around the mean and standard deviation of its standardisation, and the five with the
            least certain outputs are taken.
        overwrite: Whether an earlier file may be replaced.

    Returns:
        An `Export`, with the largest difference that was found.

    Raises:
        ValueError: If the backend cannot write the format, the model or a name does not fit, the
            place is taken, or the outputs differ from those of the Keras model.
        ImportError: If a package is missing.

    Example:

    ```python
    keras_dcmix.export_model("ranking/model.keras", "model.onnx", format="onnx")
    ```
    """
    known = _known_format(format)
    path = check_place(path, mark=known.folder_mark, suffix=known.suffix, overwrite=overwrite)
    if problem := obstacle(format):
        raise problem
    model, earlier = _opened(model)
    card = card_of_model(
        model, channel_names=channel_names, classes=classes, recipe=recipe, earlier=earlier
    )
    samples = sample_images(model, card) if images is None else np.asarray(images, "float32")
    expected = outputs_of(model, samples)
    if images is None:
        chosen = least_sure(expected)
        samples, expected = samples[chosen], expected[chosen]
    with written_atomically(path) as made:
        write(model, made, known)
        known.add_card(made, card)
        difference = compared(made, known, card, samples, expected, tolerance_of(model))
    num_bytes = sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file())
    return Export(path, format, card, num_bytes, difference, len(samples))


def obstacle(format: str) -> ValueError | ImportError | None:
    """Why the current backend cannot write a format, and what to do; None where it can.

    An `ImportError` where a package is missing, a `ValueError` where none would help.
    """
    known, backend = FORMATS[format], keras.backend.backend()
    others = " or ".join(name for name in known.written_from if name != backend)
    if backend not in known.written_from:
        return ArtefactError(
            f"Keras cannot write {known.title} with the backend {backend}: a .keras file loads "
            f"with every backend, so repeat this with KERAS_BACKEND={others}, which must be "
            "installed"
        )
    otherwise = f", or repeat this with KERAS_BACKEND={others}" if others else ""
    missing = [name for name in known.written_from[backend] if not is_installed(name)]
    if not missing:
        return None
    return MissingPackageError(
        f"Writing {known.title} with the backend {backend} needs {missing[0]}, which is not "
        f"installed: {how_to_install(missing[0])}{otherwise}",
        page="inference",
    )


def _known_format(format: str) -> Format:
    if format not in FORMATS:
        raise ArtefactError(
            f"Unknown {argument('format')} {format!r}{suggestion(format, FORMATS)} Known: "
            f"{', '.join(FORMATS)}"
        )
    return FORMATS[format]


def _opened(model: keras.Model | str | Path) -> tuple[keras.Model, ModelCard | None]:
    if isinstance(model, keras.Model):
        return model, None
    place = artefact_path(model)
    if place.suffix != ".keras":
        raise ArtefactError(
            f"Only a Keras model can be exported: give the path of a .keras file or the folder of "
            f"a ranking. Received: {place}"
        )
    return keras_file.load_model(place), keras_file.read_card(place)
