"""A small model, its card, and a plate of its images, for export and prediction."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tifffile

from keras_dcmix.data import CropRecipe
from keras_dcmix.inference.formats import FORMATS, keras_file
from keras_dcmix.inference.model_cards import card_of_model
from keras_dcmix.models import build_classifier, fit_standardization

# jax2onnx makes pooling of rank 4 out of the backbone's, which ONNX Runtime does not know;
# litert-torch brings thirty packages, too many for the tests.
NOT_HERE = {("jax", "onnx"), ("torch", "litert")}
BACKEND = keras.backend.backend()
WRITABLE = [
    name
    for name, known in FORMATS.items()
    if BACKEND in known.written_from and (BACKEND, name) not in NOT_HERE
]
FILES = [name for name in WRITABLE if FORMATS[name].suffix]
writes_saved_model = pytest.mark.skipif(
    "saved_model" not in WRITABLE, reason="this backend writes no SavedModel"
)
CHANNELS = ("DNA", "ER", "Mito")
CLASSES = ("control", "treated")
SIZE = 16


def build_model(channel_names=CHANNELS, **options) -> keras.Model:
    """A classifier that has seen nothing, but whose outputs differ from image to image."""
    keras.utils.set_random_seed(0)
    standardize = fit_standardization([200.0, 500.0, 900.0], [30.0, 60.0, 90.0])
    model = build_classifier(
        (SIZE, SIZE, 3),
        len(CLASSES),
        channel_names=channel_names,
        normalization=standardize,
        **options,
    )
    if options.get("mixer", "dcmix") == "dcmix":
        # Unequal weights, or channels in a wrong order would not be seen.
        model.get_layer("dcmix").set_weights([np.array([[1.0], [0.3], [0.1]])])
    return model


@pytest.fixture(scope="session")
def model() -> keras.Model:
    return build_model()


@pytest.fixture(scope="session")
def saved(model, tmp_path_factory) -> Path:
    """The model as `rank` leaves it: with its card."""
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(path)
    keras_file.add_card(path, card_of_model(model, classes=CLASSES, recipe=CropRecipe(size=SIZE)))
    return path


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    pixels = np.random.default_rng(1).normal([200, 500, 900], [30, 60, 90], (7, SIZE, SIZE, 3))
    return pixels.astype("float32")


def write_table(folder: Path, channels: tuple[str, ...] = CHANNELS) -> Path:
    """A LoadData table over the plate's files, channels in the order given."""
    rows = []
    for well in ("A01", "A02", "B01"):
        for site in ("1", "2"):
            row = {"Metadata_Plate": "P1", "Metadata_Well": well, "Metadata_Site": site}
            row["Metadata_Drug"] = "none" if well == "A01" else "dose"
            row |= {f"FileName_{name}": f"{well}_{site}_{name}.tif" for name in channels}
            rows.append(row)
    path = folder / f"{'_'.join(channels)}.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


@pytest.fixture
def plate(tmp_path) -> Path:
    """Three wells of two fields of 32 x 32 pixels."""
    folder = tmp_path / "plate"
    folder.mkdir()
    rng = np.random.default_rng(2)
    table = write_table(folder)
    for row in pd.read_csv(table, dtype=str).to_dict("records"):
        for name, level in zip(CHANNELS, (200, 500, 900), strict=True):
            pixels = rng.normal(level + rng.normal() * 20, 40, (32, 32)).clip(0)
            tifffile.imwrite(folder / row[f"FileName_{name}"], pixels.astype("uint16"))
    return table


def place(folder: Path, format: str) -> Path:
    """Where an export goes, with the ending of its format."""
    return folder / f"model{FORMATS[format].suffix}"


@pytest.fixture
def renamed_table(plate):
    """Writes a second table, in which channels have other names or another order."""

    def write(rename: dict[str, str], order: tuple[str, ...] = CHANNELS) -> Path:
        frame = pd.read_csv(write_table(plate.parent, order), dtype=str)
        frame.columns = [
            f"FileName_{rename.get(name.removeprefix('FileName_'), name.removeprefix('FileName_'))}"
            if name.startswith("FileName_")
            else name
            for name in frame.columns
        ]
        path = plate.with_name("renamed.csv")
        frame.to_csv(path, index=False)
        return path

    return write
