"""Plates and places that do not fit a model get one sentence, and leave nothing."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tifffile

from keras_dcmix import export_model
from keras_dcmix.data import CropRecipe
from keras_dcmix.inference.formats import FORMATS
from keras_dcmix.inference.model_cards import card_of_model

from .conftest import CHANNELS, CLASSES, SIZE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def refused(command, saved, plate, tmp_path):
    """Predicts what must be refused; returns what was said."""

    def refuse(*arguments: object, model=saved, source=plate, out="p.csv") -> str:
        before = set(tmp_path.rglob("*"))
        code, printed = command("predict", model, source, "--out", tmp_path / out, *arguments)
        assert code == 2, printed
        assert "Traceback" not in printed
        assert re.fullmatch(r"Error: .*\nMore about this: docs/\w+\.md\n", printed), printed
        assert set(tmp_path.rglob("*")) == before
        return printed

    return refuse


def with_recipe(saved, folder, recipe):
    """The model as trained on images that were made in another way."""
    path = folder / "trained.keras"
    return export_model(saved, path, format="keras", recipe=recipe).path


def rewritten(plate, change):
    """The plate's table after a change of its frame."""
    path = plate.with_name("changed.csv")
    change(pd.read_csv(plate, dtype=str)).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("rename", "offer"),
    [
        ({"DNA": "Hoechst"}, "--map DNA=Hoechst"),
        ({"DNA": "w1 DAPI", "Mito": "MitoTracker"}, "--map 'DNA=w1 DAPI' --map Mito=MitoTracker"),
        ({"ER": "488"}, "--map ER=OTHER"),
        ({"DNA": "ER one", "ER": "ER two"}, "--map DNA=OTHER --map ER=OTHER"),
    ],
)
def test_other_names_offer_what_may_be_meant_and_never_guess(refused, renamed_table, rename, offer):
    assert offer in refused(source=renamed_table(rename))


def test_dna_is_not_offered_rna(refused, renamed_table):
    assert "--map DNA=OTHER" in refused(source=renamed_table({"DNA": "RNA"}))


def test_too_few_channels_offer_no_map(refused, plate):
    one_less = {"FileName_DNA": "FileName_RNA"}
    source = rewritten(plate, lambda f: f.drop(columns="FileName_ER").rename(columns=one_less))
    said = refused(source=source)
    assert "lack DNA, ER: they have RNA, Mito, too few for this model" in said
    assert "--map" not in said


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (["DNS=ER"], "the model has no channel 'DNS', did you mean 'DNA'"),
        (["DNA=Hoechst"], "the images have no channel 'Hoechst'"),
        (["DNA=ER"], "Received 'ER' for DNA and ER"),
        (["DNA=ER", "DNA=Mito"], "Received: DNA twice"),
        (["DNA"], "such as DNA=Hoechst. Received: --map DNA"),
        (["DNA:ER"], "such as DNA=Hoechst. Received: --map DNA:ER"),
    ],
)
def test_a_wrong_map_says_what_is_wrong(refused, pairs, words):
    assert words in refused(*(part for pair in pairs for part in ("--map", pair)))


def test_two_channels_can_be_exchanged(command, saved, renamed_table, plate, tmp_path):
    command("predict", saved, plate, "--out", tmp_path / "a.csv")
    swapped = renamed_table({"DNA": "ER", "ER": "DNA"})
    pairs = ("--map", "DNA=ER", "--map", "ER=DNA")
    code, printed = command("predict", saved, swapped, "--out", tmp_path / "b.csv", *pairs)
    assert code == 0, printed
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()


def test_a_field_with_a_missing_file_is_left_out_when_asked(command, saved, plate, tmp_path):
    plate.with_name("B01_2_ER.tif").unlink()
    out = tmp_path / "p.csv"
    code, printed = command("predict", saved, plate, "--out", out, "--skip-unreadable")
    assert code == 0, printed
    assert len(pd.read_csv(out)) == 5
    assert pd.read_csv(tmp_path / "p.skipped.csv")["Metadata_Well"].tolist() == ["B01"]


def test_a_plate_without_fields_is_refused(refused, plate):
    refused(source=rewritten(plate, lambda frame: frame.head(0)))


def test_a_plate_of_one_field_is_predicted(command, saved, plate, tmp_path):
    source = rewritten(plate, lambda frame: frame.head(1))
    code, printed = command("predict", saved, source, "--out", tmp_path / "p.csv")
    assert code == 0, printed
    assert len(pd.read_csv(tmp_path / "p.csv")) == 1
    assert "1 image from 1 field;" in printed


def test_a_plate_that_cannot_be_read_at_all_is_refused(refused, plate):
    for file in plate.parent.glob("*.tif"):
        file.write_bytes(b"no image")
    refused("--skip-unreadable")


def test_fields_smaller_than_a_crop_are_refused(refused, saved, plate, tmp_path):
    for file in plate.parent.glob("*.tif"):
        tifffile.imwrite(file, np.ones((8, 8), "uint16"))
    tiles = with_recipe(saved, tmp_path, CropRecipe("tiles", SIZE))
    said = refused(model=tiles)
    assert "--size 16" in said
    assert "8 x 8 pixels" in said


def test_pixels_that_are_nan_name_their_field(refused, plate):
    tifffile.imwrite(plate.with_name("B01_1_ER.tif"), np.full((32, 32), np.nan, "float32"))
    said = refused()
    assert "pixels that are NaN or infinite" in said
    assert "B01_1_ER.tif" in said


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_every_type_of_pixels_gives_the_same(command, saved, plate, tmp_path, dtype):
    for file in plate.parent.glob("*.tif"):
        tifffile.imwrite(file, (tifffile.imread(file) // 8).astype("uint8"))
    command("predict", saved, plate, "--out", tmp_path / "uint8.csv")
    for file in plate.parent.glob("*.tif"):
        tifffile.imwrite(file, tifffile.imread(file).astype(dtype))
    out = tmp_path / "p.csv"
    assert command("predict", saved, plate, "--out", out)[0] == 0
    assert out.read_text() == (tmp_path / "uint8.csv").read_text()


def test_a_place_that_is_a_folder_is_refused(refused, plate):
    assert "never overwritten" in refused("--overwrite", out="plate")


def test_a_folder_that_does_not_exist_is_refused(refused):
    assert "can be written to" in refused(out="nowhere/p.csv")


def test_an_earlier_list_of_skipped_fields_goes_with_its_predictions(
    command, saved, plate, tmp_path
):
    (tmp_path / "p.skipped.csv").write_text("of the last time")
    arguments = ("predict", saved, plate, "--out", tmp_path / "p.csv")
    assert command(*arguments)[0] == 2
    assert command(*arguments, "--overwrite")[0] == 0
    assert not (tmp_path / "p.skipped.csv").exists()


@pytest.mark.parametrize(
    ("format", "module"),
    [("onnx", "onnxruntime"), ("litert", "ai_edge_litert.interpreter"), ("torch", "torch")],
)
def test_what_runs_a_format_is_named_where_it_is_missing(
    refused, tmp_path, monkeypatch, format, module
):
    model = tmp_path / f"m{FORMATS[format].suffix}"
    model.write_bytes(b"whatever")
    monkeypatch.setitem(sys.modules, module, None)
    said = refused(model=model)
    assert "which cannot be imported" in said
    assert "pip install 'keras-dcmix[" in said


def test_images_of_a_model_that_is_not_square_cannot_be_cut(refused, tmp_path):
    inputs = keras.Input((SIZE, SIZE + 4, 3))
    x = keras.layers.GlobalAveragePooling2D()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))
    export_model(model, tmp_path / "m.keras", format="keras", channel_names=CHANNELS)
    assert "cut square, the model takes 16 x 20 pixels" in refused(model=tmp_path / "m.keras")


def test_a_model_of_one_channel_and_any_size_predicts(command, plate, tmp_path):
    inputs = keras.Input((None, None, 1))
    x = keras.layers.GlobalAveragePooling2D()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))
    path = tmp_path / "one.keras"
    export_model(model, path, format="keras", channel_names=["ER"], classes=CLASSES)
    code, printed = command("predict", path, plate, "--out", tmp_path / "p.csv", "--size", "20")
    assert code == 0, printed
    assert "made with --crop none and raw pixels" in printed
    assert len(pd.read_csv(tmp_path / "p.csv")) == 6


@pytest.mark.parametrize("option", ["export", "predict"])
def test_an_interruption_leaves_nothing_and_no_traceback(saved, plate, tmp_path, option):
    before = set(tmp_path.rglob("*"))
    arguments = {
        "export": ["export", saved, "--format", "keras", "--out", tmp_path / "e.keras"],
        "predict": ["predict", saved, plate, "--out", tmp_path / "p.csv"],
    }[option]
    script = f"""
import time
from keras_dcmix.inference.exporting import exports
from keras_dcmix.inference.prediction import tables
def wait(*_):
    print("writing", flush=True)
    time.sleep(60)
exports.write = wait
tables.CropPredictions.to_csv = wait
import sys
sys.argv = ["keras-dcmix", *{list(map(str, arguments))!r}]
from keras_dcmix.cli.app import main
main()
"""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, **pipes) as process:
        while "writing" not in process.stdout.readline():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert set(tmp_path.rglob("*")) == before


def test_channels_first_is_found_in_any_layer():
    inputs = keras.Input((2, 8, 8))
    x = keras.layers.GlobalAveragePooling2D(data_format="channels_first")(inputs)
    card = card_of_model(keras.Model(inputs, keras.layers.Dense(2)(x)), channel_names=["A", "B"])
    assert (card.data_format, card.image_size) == ("channels_first", (8, 8))
