"""A source's own columns never stand under the name of a result."""

import pandas as pd
import pytest

from keras_dcmix import load_predictor
from keras_dcmix.inference.prediction import open_crops, predict_crops
from keras_dcmix.inference.prediction.predictor import Predictor

OURS = ["predicted", "top", "field", "crops", "fields", "probability:treated"]


@pytest.fixture
def crowded(plate):
    frame = pd.read_csv(plate, dtype=str)
    frame.assign(**dict.fromkeys(OURS, "9")).to_csv(plate, index=False)
    return plate


def test_columns_of_the_source_move_aside(saved, crowded, tmp_path, command):
    code, printed = command(
        *("predict", saved, crowded, "--out", tmp_path / "p.csv", "--wells", tmp_path / "w.csv")
    )
    assert code == 0, printed
    for name, ours in (("p.csv", OURS[:3]), ("w.csv", [OURS[0], *OURS[3:]])):
        header = (tmp_path / name).read_text().splitlines()[0].split(",")
        assert len(set(header)) == len(header)
        table = pd.read_csv(tmp_path / name)
        assert (table[[f"source:{column}" for column in ours]] == 9).all(axis=None)
        assert not (table[ours].astype(str) == "9").any(axis=None)


def test_an_unreadable_field_of_such_a_source_is_listed(saved, crowded, tmp_path, command):
    path = crowded.parent / pd.read_csv(crowded)["FileName_DNA"][0]
    path.write_bytes(b"no image")
    out = tmp_path / "p.csv"
    code, printed = command("predict", saved, crowded, "--out", out, "--skip-unreadable")
    assert code == 0, printed
    assert pd.read_csv(tmp_path / "p.skipped.csv")["source:field"].tolist() == [9]


def test_values_that_are_no_probabilities_get_a_word(saved, plate):
    card = load_predictor(saved).card
    logits = Predictor(saved, "keras", card, lambda pixels: pixels[:, 0, 0, :2] - 300)
    crops = open_crops(str(plate), card)
    with pytest.warns(UserWarning, match="are not probabilities"):
        predict_crops(logits, crops)
