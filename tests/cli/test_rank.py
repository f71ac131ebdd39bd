"""`keras-dcmix rank`: what it writes and prints, how it goes on, what it refuses."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tifffile

from keras_dcmix import SubsetScores
from keras_dcmix.report.result_files import RANKING

from .conftest import FAST, write_plate

# One DCMIX model and nothing else.
QUICK = (*FAST, "--folds", "1", "--no-check")
TWO_FOLDS = ("--folds", "2")
ENDS = ("", "_low", "_high", "_p")


@pytest.fixture
def rank(command, plate, tmp_path):
    def run(*arguments: object) -> tuple[int, str]:
        return command("rank", plate, "--out", tmp_path / "R", *QUICK, *arguments)

    return run


@pytest.fixture(scope="module")
def finished(command, tmp_path_factory):
    """A finished run with its evidence and a named panel: the results, and what was printed."""
    folder = tmp_path_factory.mktemp("finished")
    source = write_plate(folder)
    given = ("--group", "Metadata_Well", "--root", folder, "--folds", "1", "--panel", "DNA")
    code, printed = command("rank", source, "--out", folder / "R", *FAST, *given, "--no-retrain")
    assert code == 0, printed
    return folder / "R", printed


def record(out: Path) -> dict:
    return json.loads((out / "run.json").read_text())


def test_a_plate_gives_every_file_with_its_columns(finished):
    out, _ = finished
    written = {path.name for path in out.iterdir()}
    assert written == {file.name for file in RANKING} - {"skipped.csv"}
    gains = [f"{name}{end}" for name in ("alone", "unique", "shapley") for end in ENDS]
    columns = {
        "importance": ["method", "channel", "score", "std", "rank", "unit"],
        "runs": ["seed", "repeat", "fold", "accuracy", "epochs", "seconds"],
        "trajectory": ["seed", "epoch", "step", "channel", "mix", "alpha", "share"],
        "evidence": ["channel", "share", "share_std", *gains, "verdict", "replaced_by"],
    }
    for name, expected in columns.items():
        assert list(pd.read_csv(out / f"{name}.csv")) == expected


def test_every_subset_and_the_retrained_panels_are_written(finished):
    out, _ = finished
    subsets = SubsetScores.from_csv(out / "subsets.csv")
    assert subsets.channel_names == ("GFP", "DNA")
    assert len(subsets.subsets) == 4
    assert subsets.num_blocks == 4  # a fifth of the wells of each class
    panels = pd.read_csv(out / "panels.csv", keep_default_na=False).set_index("panel")
    assert sorted(panels.index) == ["DNA", "GFP", "GFP + DNA", "none"]
    assert panels.loc["DNA", "decision"] in ("sufficient", "insufficient", "undecided")
    assert 0 <= float(panels.loc["GFP + DNA", "retrained"]) <= 1


def test_the_confusion_holds_every_test_image_once(finished):
    out, _ = finished
    confusion = pd.read_csv(out / "confusion.csv", index_col="label", keep_default_na=False)
    assert list(confusion) == confusion.index.tolist() == ["dose", "none"]
    num_test_images = record(out)["num_test_images"]
    assert confusion.to_numpy().sum() == num_test_images
    accuracy = record(out)["metrics"]["all_channels"]["per_image"]["accuracy"]
    assert np.diag(confusion).sum() / num_test_images == pytest.approx(accuracy)


def test_run_json_records_what_was_done(finished):
    out, _ = finished
    facts = record(out)
    assert facts["arguments"]["label"] == "Metadata_Drug"
    assert facts["arguments"]["root"] == str(out.parent)
    assert facts["training"]["epochs"] == 1
    assert facts["backend"] == keras.backend.backend()
    assert facts["versions"]["keras"] == keras.__version__
    assert facts["num_unlabelled"] == 4
    assert facts["classes"] == ["dose", "none"]
    assert facts["arguments"]["folds"] == 1
    assert facts["arguments"]["panel"] == ["DNA"]
    for parts in facts["split"].values():
        assert set(parts["test"]).isdisjoint(parts["train"] + parts["validation"])


def test_the_terminal_shows_what_was_read_a_table_and_where_results_are(finished):
    out, printed = finished
    assert "20 images of 16 x 16 pixels in 2 channels (GFP, DNA)" in printed
    assert "share of the mix" in printed
    assert f"Results are in {out}" in printed
    assert str(out / "report.html") in printed


def test_nothing_is_left_beside_the_results(finished):
    out, _ = finished
    beside = {path.name for path in out.parent.iterdir() if path.suffix != ".tif"}
    assert beside == {"load_data.csv", "R"}


def test_without_the_check_nothing_of_it_is_written_and_seeds_are_folds(rank, tmp_path):
    code, printed = rank("--seeds", "1")
    assert code == 0, printed
    assert "Warning: --seeds is now --folds" in printed
    assert len(pd.read_csv(tmp_path / "R" / "runs.csv")) == 1
    written = {path.stem for path in (tmp_path / "R").iterdir()}
    assert not {"panels", "evidence", "subsets"} & written


def test_all_options_reach_the_ranking(rank, monkeypatch):
    seen = {}

    def noted(dataset, **options):
        seen.update(options)
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_dcmix.experiments.rank.rank_channels", noted)
    code, _ = rank(
        *("--folds", "4", "--repeats", "2", "--panel", "DNA", "--panel", "GFP", "--margin", "0.1"),
        *("--check", "--no-retrain", "--jobs", "2", "--seed", "5"),
    )
    assert code == 130
    assert (seen["num_folds"], seen["num_repeats"], seen["seed"]) == (4, 2, 5)
    assert seen["panels"] == [("DNA",), ("GFP",)]
    assert seen["margin"] == 0.1
    assert (seen["check"], seen["retrain"], seen["n_jobs"]) == (True, False, 2)


def test_the_help_names_folds_and_not_their_old_name(command):
    _, printed = command("rank", "--help")
    assert "--folds" in printed
    assert "--seeds" not in printed


def test_an_interrupted_run_goes_on_without_training_finished_seeds_again(
    rank, tmp_path, trainings
):
    trainings.stop_after = 1
    code, printed = rank(*TWO_FOLDS)
    assert code == 130
    assert "--resume" in printed
    assert not (tmp_path / "R").exists()
    trainings.stop_after = None
    assert rank(*TWO_FOLDS)[0] == 2
    code, printed = rank(*TWO_FOLDS, "--resume", "--dropout", "0.5")
    assert code == 2
    assert "dropout was 0.0, is 0.5" in printed
    code, printed = rank("--resume", "--folds", "3")
    assert code == 2
    assert "folds was 2, is 3" in printed
    assert rank(*TWO_FOLDS, "--resume")[0] == 0
    assert trainings.count == 2


@pytest.mark.slow
def test_a_damaged_seed_is_trained_again(rank, tmp_path, trainings):
    trainings.stop_after = 1
    rank(*TWO_FOLDS)
    (tmp_path / ".R.unfinished" / "seed_0.json").write_text("{")
    trainings.stop_after = None
    assert rank(*TWO_FOLDS, "--resume")[0] == 0
    assert trainings.count == 3


def test_bad_input_does_not_cost_the_seeds_of_an_interrupted_run(rank, tmp_path, trainings):
    trainings.stop_after = 1
    rank(*TWO_FOLDS)
    assert rank(*TWO_FOLDS, "--label", "Metadata_Drgu", "--overwrite")[0] == 2
    assert (tmp_path / ".R.unfinished" / "seed_0.json").exists()


def test_an_interrupt_before_the_first_seed_says_that_nothing_is_kept(rank, tmp_path, trainings):
    before = set(tmp_path.iterdir())
    trainings.stop_after = 0
    code, printed = rank()
    assert code == 130
    assert "Interrupted; no training was finished" in printed
    assert set(tmp_path.iterdir()) == before


def test_an_earlier_result_is_replaced_completely_and_only_when_asked(rank, tmp_path):
    out = tmp_path / "R"
    (out / "sub").mkdir(parents=True)
    (out / "run.json").touch()
    code, printed = rank()
    assert code == 2
    assert "--overwrite" in printed
    assert rank("--overwrite", "--out", out / "sub" / "..")[0] == 0
    assert (out / "importance.csv").exists()
    assert not (out / "sub").exists()


def test_a_folder_that_is_no_result_is_never_overwritten(plate, refused, tmp_path):
    (tmp_path / "R").mkdir()
    (tmp_path / "R" / "thesis.docx").touch()
    said = refused("rank", plate, "--out", tmp_path / "R", *FAST, "--overwrite")
    assert "is not a keras-dcmix result" in said


BAD_OPTIONS = {
    "unknown label": (["--label", "Metadata_Drugs"], "Metadata_Drug"),
    "unknown group": (["--group", "Metadata_Wel"], "Metadata_Well"),
    "unknown channel": (["--channels", "GFP,DAN"], "DNA"),
    "one channel": (["--channels", "GFP"], "channel"),
    "repeated channel": (["--channels", "GFP,GFP"], "unique"),
    "unknown crop": (["--crop", "cell"], "cells"),
    "unknown backbone": (["--backbone", "convnett"], "convnet"),
    "unknown application": (["--backbone", "ResNet51"], "ResNet50"),
    "no backbone file": (["--backbone", "own.keras"], "--backbone own.keras"),
    "no module": (["--backbone", "no_such:make"], "--backbone no_such:make"),
    "size 0": (["--size", "0"], "size"),
    "size -4": (["--size", "-4"], "size"),
    "too large": (["--crop", "tiles", "--size", "64"], "64"),
    "no nuclei channel": (["--crop", "cells", "--nuclei-channel", "DAPI"], "DNA"),
    "folds 0": (["--folds", "0"], "folds"),
    "repeats 0": (["--repeats", "0"], "repeats"),
    "margin 0": (["--margin", "0"], "--margin must be a loss of accuracy between 0 and 1"),
    "margin 2": (["--margin", "2"], "Received: --margin 2.0"),
    "unknown panel": (["--panel", "GFB"], "Received: 'GFB', did you mean 'GFP'"),
    "empty panel": (["--panel", ""], "--panel must name some of the 2 channels"),
    "all channels": (["--panel", "GFP,DNA"], "all channels are always trained"),
    "epochs 0": (["--epochs", "0"], "epochs"),
    "dropout 1": (["--dropout", "1"], "dropout"),
    "negative rate": (["--learning-rate", "-1"], "learning"),
    "weights without backbone": (["--weights", "imagenet"], "keras.applications"),
    "for another source": (["--scenario", "graded"], "--scenario does not apply"),
    "missing folder": (["--root", "/nowhere"], "nowhere"),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_a_bad_option_is_refused(plate, refused, tmp_path, case):
    arguments, words = BAD_OPTIONS[case]
    assert words in refused("rank", plate, "--out", tmp_path / "R", *FAST, *arguments)


BAD_TABLES = {
    "no label": (lambda f: f, [], "--label"),
    "one class": (lambda f: f.assign(D="a"), ["--label", "D"], "class"),
    "class in one group": (lambda f: f.assign(D=["a"] * 23 + ["b"]), ["--label", "D"], "'b'"),
    "missing file": (
        lambda f: f.assign(FileName_GFP=[*f.FileName_GFP[:-1], "gone.tif"]),
        ["--label", "Metadata_Drug"],
        "gone.tif",
    ),
    "empty": (lambda f: f[:0], ["--label", "Metadata_Drug"], "row"),
    "no channels": (
        lambda f: f[["Metadata_Well", "Metadata_Drug"]],
        ["--label", "Metadata_Drug"],
        "FileName_",
    ),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_bad_table_is_refused(refused, plate, tmp_path, case):
    edit, arguments, words = BAD_TABLES[case]
    edit(pd.read_csv(plate, dtype=str, keep_default_na=False)).to_csv(plate, index=False)
    assert words in refused("rank", plate, "--out", tmp_path / "R", *arguments)


BAD_IMAGES = {
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:200]), "A05_GFP.tif"),
    "empty": (lambda path: path.write_bytes(b""), "A05_GFP.tif"),
    "text": (lambda path: path.write_text("not an image"), "row 6, channel 'GFP'"),
    "other size": (lambda path: tifffile.imwrite(path, np.ones((9, 9), "uint16")), "9 x 9"),
    "NaN": (lambda path: tifffile.imwrite(path, np.full((32, 32), np.nan, "float32")), "GFP"),
}


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_a_bad_image_is_refused(refused, plate, tmp_path, case):
    spoil, words = BAD_IMAGES[case]
    spoil(plate.with_name("A05_GFP.tif"))
    said = refused("rank", plate, "--label", "Metadata_Drug", "--out", tmp_path / "R")
    assert words in said


def test_unreadable_fields_are_listed_beside_the_results(rank, tmp_path):
    (tmp_path / "D06_GFP.tif").write_bytes(b"II*\0")
    code, printed = rank("--skip-unreadable")
    assert code == 0, printed
    skipped = pd.read_csv(tmp_path / "R" / "skipped.csv")
    assert skipped[["Metadata_Well", "channel"]].to_numpy().tolist() == [["D06", "GFP"]]
    assert skipped["path"][0].endswith("D06_GFP.tif")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("plates.csv", ["plates.csv"]),
        ("simulted", ["'simulated', or 'mnist'"]),
        ("{}", ["loaddata", "harmony", "imagexpress", "ome-tiff", "ome-zarr", "rxrx1", "folders"]),
    ],
)
def test_a_source_that_is_none_lists_what_is_known(refused, tmp_path, source, words):
    (tmp_path / "empty").mkdir()
    source = source.format(tmp_path / "empty")
    said = refused("rank", source, "--label", "x", "--out", tmp_path / "R")
    assert all(word in said for word in words)


def test_an_unknown_scenario_lists_the_known(refused, tmp_path):
    arguments = ["--scenario", "gradde", "--mnist-file", tmp_path / "mnist.npz"]
    said = refused("rank", "mnist", "--out", tmp_path / "R", *arguments)
    assert all(word in said for word in ("graded", "exclusive"))


def test_the_plate_of_real_cells_is_read(command, shared_data, tmp_path):
    source = shared_data / "bbbc013" / "load_data.csv"
    arguments = ["--label", "Metadata_Control", "--group", "Metadata_Well", "--folds", "1"]
    code, printed = command(
        "rank", source, "--out", tmp_path / "R", *FAST, "--no-check", *arguments
    )
    assert code == 0, printed
    assert record(tmp_path / "R")["num_unlabelled"] == 72


def test_what_speaks_against_a_ranking_is_printed_before_training_and_recorded(
    plate, rank, tmp_path
):
    table = pd.read_csv(plate)
    table["Metadata_Plate"] = table["Metadata_Drug"].fillna("none")
    table.to_csv(plate, index=False)
    code, printed = rank()
    assert code == 0, printed
    warnings = record(tmp_path / "R")["warnings"]
    assert any("class" in warning and "plates" in warning for warning in warnings)
    page = unescape((tmp_path / "R" / "report.html").read_text("utf-8"))
    for warning in warnings:
        assert f"Warning: {warning}" in printed
        assert warning in page


@pytest.mark.parametrize("name", ["rank", "compare"])
def test_what_is_wrong_with_the_data_is_printed_and_on_the_page(command, plate, tmp_path, name):
    table = pd.read_csv(plate, dtype=str)
    table["FileName_RNA"] = table["FileName_GFP"]
    table["Metadata_WellID"] = [f"{index // 2}" for index in range(len(table))]
    table["Metadata_Drug"] = ["none", "none", "dose", "dose"] * 6
    table.drop(columns="Metadata_Well").to_csv(plate, index=False)
    short = {"rank": ["--folds", "1", "--no-check"], "compare": ["--seeds", "1"]}
    quick = [*FAST, *short[name], *(["--methods", "dcmix"] if name == "compare" else [])]
    code, printed = command(name, plate, "--out", tmp_path / "R", *quick)
    assert code == 0, printed
    warnings = record(tmp_path / "R")["warnings"]
    assert any("'GFP' and 'RNA' hold the same pixels" in warning for warning in warnings)
    assert any("'Metadata_WellID' seems to hold the wells" in warning for warning in warnings)
    page = unescape((tmp_path / "R" / "report.html").read_text("utf-8"))
    for warning in warnings:
        assert f"Warning: {warning}" in printed
        assert warning in page


@pytest.mark.parametrize("name", ["rank", "compare"])
def test_a_class_with_too_few_wells_is_refused_before_any_image_is_read(
    refused, plate, tmp_path, monkeypatch, name
):
    def read(*_):
        raise AssertionError("an image was read")

    monkeypatch.setattr("keras_dcmix.data.image_set.ImageSet.read_planes", read)
    table = pd.read_csv(plate, dtype=str, keep_default_na=False)
    table.loc[4:5, "Metadata_Drug"] = "rare"
    table.to_csv(plate, index=False)
    said = refused(name, plate, "--label", "Metadata_Drug", "--out", tmp_path / "R")
    assert "at least 3 wells of each class" in said
    assert "Received: 2 wells (P1/A05 and P1/A06) of class 'rare'" in said


def test_wells_whose_files_are_missing_do_not_count_where_they_are_skipped(
    refused, plate, tmp_path
):
    table = pd.read_csv(plate, dtype=str, keep_default_na=False)
    table.loc[4:6, "Metadata_Drug"] = "rare"
    table.to_csv(plate, index=False)
    plate.with_name("A05_GFP.tif").unlink()
    options = ("--label", "Metadata_Drug", "--skip-unreadable")
    said = refused("rank", plate, *options, "--out", tmp_path / "R")
    assert "2 wells (P1/A06 and P1/B01) of class 'rare'" in said


@pytest.mark.slow
def test_a_backbone_comes_from_a_function_or_a_file(rank, tmp_path, monkeypatch, trainings):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_backbone_here.py").write_text(
        "import keras\n"
        "def on_tensors(x):\n"
        "    return keras.layers.Conv2D(4, 3, name='own')(x)\n"
        "def model():\n"
        "    inputs = keras.Input((None, None, 1))\n"
        "    return keras.Model(inputs, on_tensors(inputs), name='own')\n"
    )
    inputs = keras.Input((None, None, 1))
    own = keras.layers.Conv2D(4, 3)(inputs)
    keras.Model(inputs, own, name="own").save(tmp_path / "own.keras")
    for backbone in ("own_backbone_here:on_tensors", "own_backbone_here:model", "own.keras"):
        code, printed = rank("--backbone", backbone, "--overwrite")
        assert code == 0, printed
        model = keras.models.load_model(tmp_path / "R" / "model.keras")
        assert model.get_layer("own") is not None
        assert record(tmp_path / "R")["training"]["backbone"] == backbone


def test_an_interrupted_run_notices_another_backbone_in_the_same_file(rank, tmp_path, trainings):
    def save(filters: int) -> None:
        inputs = keras.Input((None, None, 1))
        keras.Model(inputs, keras.layers.Conv2D(filters, 3)(inputs)).save(tmp_path / "own.keras")

    save(4)
    trainings.stop_after = 1
    backbone = (*TWO_FOLDS, "--backbone", tmp_path / "own.keras")
    assert rank(*backbone)[0] == 130
    save(5)
    code, printed = rank(*backbone, "--resume")
    assert code == 2
    assert "checksum of the backbone" in printed
