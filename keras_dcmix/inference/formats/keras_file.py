"""Models as `.keras`, which is a zip archive; Keras ignores the card among its members."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_dcmix._common.errors import ArtefactError
from keras_dcmix._common.optional_imports import import_optional
from keras_dcmix._common.wording import short
from keras_dcmix.inference.formats.archives import add_card as add_card
from keras_dcmix.inference.formats.archives import check_archive
from keras_dcmix.inference.formats.archives import read_card as read_card
from keras_dcmix.inference.formats.format import Format, Run

if TYPE_CHECKING:
    import numpy as np

    from keras_dcmix.inference.card import ModelCard


def load(path: Path) -> tuple[Run, ModelCard | None]:
    """Opens a model for inference.

    Raises:
        ValueError: If the file is damaged, or the model has layers that are not known here.
        ImportError: If Keras is not installed.
    """
    return run_of(load_model(path)), read_card(path)


def run_of(model: Any) -> Run:
    """The inference of a Keras model."""

    def run(images: np.ndarray) -> np.ndarray:
        return model.predict(images, batch_size=len(images), verbose=0)

    return run


def load_model(path: Path) -> Any:
    """Loads the Keras model itself, without its optimizer and loss.

    A file that would run code of its own, such as a `Lambda` layer, is refused, unless the caller
    has allowed that with `keras.config.enable_unsafe_deserialization`.

    Raises:
        ValueError: If the file is damaged, or the model has layers that are not known here.
        ImportError: If Keras is not installed.
    """
    keras = import_optional("keras", "A .keras model is run by Keras", page="inference")
    check_archive(path)
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # whatever a layer's own code raises
        raise ArtefactError(
            f"Keras {keras.__version__} cannot load {path} ({short(error)}): it is damaged, of a "
            "later Keras, or has layers or code of its own, which must be imported first, as in "
            "Python with export_model"
        ) from error


FORMAT = Format(
    "keras",
    "Keras",
    suffix=".keras",
    load=load,
    add_card=add_card,
    keras_name="",
    runtime="keras",
    written_from={"tensorflow": (), "torch": (), "jax": ()},
)
