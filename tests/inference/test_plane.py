"""The plane of z stacks goes from the ranking to the export to the prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from keras_dcmix import Training, export_model, load_predictor, rank_channels
from keras_dcmix.data import crop_fields, from_ome_tiff
from keras_dcmix.inference.prediction import open_crops

from .conftest import SIZE


@pytest.fixture
def stacks(tmp_path) -> Path:
    """OME-TIFF of four planes and two channels; the label is visible in plane 3 only."""
    folder = tmp_path / "stacks"
    folder.mkdir()
    rng = np.random.default_rng(0)
    wells = [f"{row}{column:02}" for row in "ABCD" for column in (1, 2, 3)]
    drugs = ["none", "dose"] * 6
    for well, drug in zip(wells, drugs, strict=True):
        pixels = rng.integers(100, 200, (2, 4, SIZE, SIZE)).astype("uint16")
        pixels[0, 2] += 300 * (drug == "dose")
        pixels[:, 3] += 1000
        tifffile.imwrite(
            folder / f"{well}.ome.tif",
            pixels,
            ome=True,
            metadata={"axes": "CZYX", "Channel": {"Name": ["GFP", "DNA"]}},
        )
    pd.DataFrame({"well": wells, "drug": drugs}).to_csv(tmp_path / "map.csv", index=False)
    return folder


def test_a_model_ranked_in_python_on_a_plane_predicts_on_this_plane(stacks, tmp_path, command):
    opened = {"label": "drug", "platemap": tmp_path / "map.csv"}
    plane = from_ome_tiff(stacks, z=3, **opened)
    training = Training(epochs=1)
    ranking = rank_channels(
        crop_fields(plane, size=SIZE), num_folds=1, training=training, check=False, verbose=False
    )
    path = tmp_path / "model.keras"
    done = export_model(
        ranking.model, path, format="keras", classes=ranking.classes, recipe=ranking.recipe
    )
    assert done.card.recipe.z == 3
    crops = open_crops(stacks, load_predictor(path).card)
    np.testing.assert_array_equal(crops[:], crop_fields(plane, size=SIZE)[:])
    code, printed = command("predict", path, stacks, "--out", tmp_path / "p.csv")
    assert code == 0
    assert "Note" not in printed
    expected = load_predictor(path).predict(crops)
    found = pd.read_csv(tmp_path / "p.csv").filter(like="probability:")
    np.testing.assert_allclose(found, expected, atol=1e-5)
    code, printed = command("predict", path, stacks, "--out", tmp_path / "m.csv", "--z", "max")
    assert code == 0
    assert "Note: Images are made with --z max" in printed
