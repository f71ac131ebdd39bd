"""`keras-dcmix export`, `predict` and `doctor`, as a user meets them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tifffile

from keras_dcmix import export_model
from keras_dcmix.inference.formats import keras_file

from .conftest import CLASSES, build_model

ROOT = Path(__file__).resolve().parents[2]
NO_ONNX = "jax2onnx makes an ONNX model that ONNX Runtime cannot run of this backbone"
needs_onnx = pytest.mark.skipif(keras.backend.backend() == "jax", reason=NO_ONNX)


@pytest.fixture(scope="module")
def onnx_model(saved, tmp_path_factory):
    return export_model(saved, tmp_path_factory.mktemp("onnx") / "m.onnx", format="onnx").path


@pytest.fixture
def predict(command, saved, plate, tmp_path):
    def predict(*arguments: object, model=saved, source=plate) -> tuple[int, str]:
        return command("predict", model, source, "--out", tmp_path / "p.csv", *arguments)

    return predict


def test_a_plate_gives_a_table_of_images_and_one_of_wells(predict, tmp_path, saved, plate):
    code, printed = predict("--wells", tmp_path / "w.csv")
    assert code == 0, printed
    frame = pd.read_csv(tmp_path / "p.csv")
    assert len(frame) == 6
    total = frame["probability:control"] + frame["probability:treated"]
    assert total.tolist() == pytest.approx([1] * 6)
    assert len(pd.read_csv(tmp_path / "w.csv")) == 3
    assert re.search(r"6 images from 6 fields; predicted: (control|treated) \(", printed)
    assert {path.name for path in tmp_path.iterdir()} == {"p.csv", "w.csv", "plate"}


def test_channels_in_another_order_give_the_same_file(predict, tmp_path, renamed_table):
    predict()
    expected = (tmp_path / "p.csv").read_text()
    code, printed = predict(
        *("--map", "DNA=Hoechst", "--overwrite"),
        source=renamed_table({"DNA": "Hoechst"}, order=("Mito", "DNA", "ER")),
    )
    assert code == 0, printed
    assert (tmp_path / "p.csv").read_text() == expected


@needs_onnx
def test_onnx_predicts_where_neither_keras_nor_a_backend_can_be_imported(
    predict, onnx_model, plate, tmp_path
):
    assert predict()[0] == 0
    script = """
import sys
sys.modules.update(dict.fromkeys(["keras", "tensorflow", "torch", "jax", "onnx"]))
from keras_dcmix.cli.app import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, "predict", onnx_model, plate, "--out", tmp_path / "o.csv"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    frames = [pd.read_csv(tmp_path / name) for name in ("p.csv", "o.csv")]
    pd.testing.assert_frame_equal(*frames, check_exact=False, atol=1e-5)


@needs_onnx
def test_an_export_says_how_well_it_agrees(command, saved, tmp_path):
    code, printed = command("export", saved, "--format", "onnx", "--out", tmp_path / "m.onnx")
    assert code == 0, printed
    assert "the largest difference from the Keras model is" in printed
    assert "Takes raw pixels of DNA, ER, Mito; predicts control, treated" in printed


def test_what_rank_writes_can_predict_at_once(command, plate, tmp_path):
    wells = "ABCDEF"
    rng = np.random.default_rng(0)
    rows = []
    for index in range(12):
        row = {"Metadata_Well": f"{wells[index // 2]}0{index % 2 + 1}"}
        row["Metadata_Drug"] = ["none", "dose"][index % 2]
        for name in ("GFP", "DNA"):
            row[f"FileName_{name}"] = f"{index}_{name}.tif"
            pixels = rng.integers(100, 200, (32, 32)) + 300 * (index % 2) * (name == "GFP")
            tifffile.imwrite(tmp_path / row[f"FileName_{name}"], pixels.astype("uint16"))
        rows.append(row)
    pd.DataFrame(rows).to_csv(tmp_path / "table.csv", index=False)
    options = ["--label", "Metadata_Drug", "--crop", "tiles", "--size", "16", "--background", "1"]
    fast = ["--epochs", "1", "--folds", "1", "--no-check", "--out", tmp_path / "R"]
    code, printed = command("rank", tmp_path / "table.csv", *options, *fast)
    assert code == 0, printed
    card = keras_file.read_card(tmp_path / "R" / "model.keras")
    assert card.classes == ("dose", "none")
    assert (card.recipe.crop, card.recipe.size, card.recipe.preprocessing.background) == (
        *("tiles", 16, 1.0),
    )
    out = tmp_path / "p.csv"
    code, printed = command("predict", tmp_path / "R", tmp_path / "table.csv", "--out", out)
    assert code == 0, printed
    assert len(pd.read_csv(out)) == 48
    assert "Note" not in printed


def test_unreadable_fields_are_left_out_and_listed_when_asked(predict, plate, tmp_path):
    plate.with_name("A02_1_ER.tif").write_bytes(b"no image")
    code, printed = predict()
    assert code == 2
    assert "A02_1_ER.tif" in printed
    assert not list(tmp_path.glob("*.csv"))
    code, printed = predict("--skip-unreadable")
    assert code == 0
    assert len(pd.read_csv(tmp_path / "p.csv")) == 5
    assert pd.read_csv(tmp_path / "p.skipped.csv")["channel"].tolist() == ["ER"]


def test_an_option_that_makes_other_images_is_noted(predict):
    code, printed = predict("--crop", "tiles")
    assert code == 0
    assert "Note: Images are made with --crop tiles" in printed


def spoilt(saved: Path, folder: Path) -> Path:
    path = folder / "cut.keras"
    path.write_bytes(saved.read_bytes()[:5000])
    return path


BAD = {
    "no such model": (lambda s, f: f / "no.keras", [], "no model at"),
    "truncated": (spoilt, [], "is not a complete .keras file"),
    "map of nothing": (lambda s, f: s, ["--map", "DNS=ER"], "did you mean 'DNA'"),
    "map that is none": (lambda s, f: s, ["--map", "DNA"], "DNA=Hoechst"),
    "other size": (lambda s, f: s, ["--size", "8"], "--size must be 16"),
    "same file twice": (lambda s, f: s, ["--wells", "{out}"], "another file than --out"),
    "no folder": (lambda s, f: s, ["--wells", "/nowhere/w.csv"], "/nowhere"),
    "unknown format": (lambda s, f: s, ["--format", "harmonie"], "harmony"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_sentence_and_leaves_nothing(predict, saved, tmp_path, case):
    make, arguments, words = BAD[case]
    model = make(saved, tmp_path)
    before = set(tmp_path.iterdir())
    code, printed = predict(
        *(text.format(out=tmp_path / "p.csv") for text in arguments), model=model
    )
    assert code == 2
    assert words in printed
    assert "Traceback" not in printed
    assert re.fullmatch(r"Error: .*\nMore about this: docs/\w+\.md\n", printed)
    assert set(tmp_path.iterdir()) == before


def test_an_earlier_table_is_replaced_only_when_asked(predict, tmp_path):
    (tmp_path / "p.csv").write_text("mine")
    code, printed = predict()
    assert code == 2
    assert "--overwrite" in printed
    assert (tmp_path / "p.csv").read_text() == "mine"
    assert predict("--overwrite")[0] == 0
    assert len(pd.read_csv(tmp_path / "p.csv")) == 6


def test_wells_that_the_source_does_not_name_are_refused(predict, plate, tmp_path):
    pd.read_csv(plate).drop(columns="Metadata_Well").to_csv(plate.with_name("b.csv"), index=False)
    code, printed = predict("--wells", tmp_path / "w.csv", source=plate.with_name("b.csv"))
    assert code == 2
    assert "no column Metadata_Well" in printed
    assert not list(tmp_path.glob("*.csv"))


def test_a_model_without_names_gets_them_by_export(command, predict, tmp_path):
    build_model(channel_names=None).save(tmp_path / "bare.keras")
    code, printed = predict(model=tmp_path / "bare.keras")
    assert code == 2
    assert "--channel-names A,B" in printed
    named = tmp_path / "named.keras"
    code, printed = command(
        *("export", tmp_path / "bare.keras", "--format", "keras", "--out", named),
        *("--channel-names", "DNA, ER, Mito", "--classes", ",".join(CLASSES)),
    )
    assert code == 0, printed
    code, printed = predict(model=named)
    assert code == 0
    assert "does not say how its training images were cut" in printed


BAD_EXPORTS = {
    "unknown format": (["--format", "onxx"], "did you mean 'onnx'"),
    "wrong ending": (["--format", "keras", "--out", "m.h5"], "must end in .keras"),
    "wrong classes": (["--format", "keras", "--classes", "a"], "--classes must be 2"),
}


@pytest.mark.parametrize("case", BAD_EXPORTS)
def test_a_bad_export_gets_one_sentence(command, saved, tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    arguments, words = BAD_EXPORTS[case]
    code, printed = command("export", saved, "--out", "m.keras", *arguments)
    assert code == 2
    assert words in printed
    assert "Traceback" not in printed
    assert not list(tmp_path.iterdir())
