from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tifffile

from keras_dcmix import SubsetScores, cli

FAST = ["--epochs", "1", "--seeds", "2", "--size", "16", "--no-check", "--check-steps", "1"]


def write_plate(folder: Path) -> Path:
    """A LoadData CSV of 24 wells, 2 channels, 32 x 32 pixels; four wells have no label."""
    rng = np.random.default_rng(0)
    rows = []
    for index in range(24):
        well = f"{'ABCD'[index // 6]}{index % 6 + 1:02}"
        row = {"Metadata_Plate": "P1", "Metadata_Well": well}
        row["Metadata_Drug"] = "" if index < 4 else ["none", "dose"][index % 2]
        for channel in ("GFP", "DNA"):
            pixels = rng.integers(100, 200, (32, 32)).astype("uint16")
            if channel == "GFP" and index % 2:
                pixels[8:24, 8:24] += 300
            tifffile.imwrite(folder / f"{well}_{channel}.tif", pixels)
            row |= {f"FileName_{channel}": f"{well}_{channel}.tif", f"PathName_{channel}": "."}
        rows.append(row)
    path = folder / "load_data.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def run(*arguments: object) -> tuple[int, str]:
    """Runs the command in this process; returns exit code and what it printed."""
    code, printed = 0, io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["keras-dcmix", *map(str, arguments)])
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        with redirect_stdout(printed), redirect_stderr(printed):
            try:
                cli.main()
            except SystemExit as stop:
                code = stop.code or 0
    return code, printed.getvalue()


@pytest.fixture
def plate(tmp_path) -> Path:
    return write_plate(tmp_path)


@pytest.fixture
def rank(plate, tmp_path):
    def rank(*arguments: object, source: object = plate) -> tuple[int, str]:
        return run("rank", source, "--out", tmp_path / "R", *arguments)

    return rank


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run: the folder that holds the plate and the results `R`, and the print-out."""
    folder = tmp_path_factory.mktemp("finished")
    source = write_plate(folder)
    code, printed = run(
        *("rank", source, "--out", folder / "R", "--label", "Metadata_Drug", "--root", folder),
        *("--group", "Metadata_Well", *FAST, "--check"),
    )
    assert code == 0, printed
    return folder, printed


def test_a_plate_gives_every_file_with_its_columns(finished):
    out = finished[0] / "R"
    assert {path.name for path in out.iterdir()} == {
        *("importance.csv", "runs.csv", "trajectory.csv", "confusion.csv", "model.keras"),
        *("run.json", "report.html"),
        *("importance.png", "trajectory.png", "mix.png"),
        *("subsets.csv", "panels.csv", "panels.png"),
    }
    columns = {name: list(pd.read_csv(out / f"{name}.csv")) for name in ("importance", "runs")}
    assert columns["importance"] == ["method", "channel", "score", "std", "rank", "unit"]
    assert columns["runs"] == ["seed", "accuracy", "epochs", "seconds"]
    trajectory = ["seed", "epoch", "step", "channel", "mix", "alpha", "share"]
    assert list(pd.read_csv(out / "trajectory.csv")) == trajectory


def test_the_check_writes_every_subset_and_the_best_panels(finished):
    out = finished[0] / "R"
    subsets = SubsetScores.from_csv(out / "subsets.csv")
    assert subsets.channel_names == ("GFP", "DNA")
    assert len(subsets.subsets) == 4
    panels = pd.read_csv(out / "panels.csv", keep_default_na=False)
    assert panels["num_channels"].tolist() == [0, 1, 2]
    assert panels["panel"][2] == "GFP + DNA"
    assert panels["smallest_sufficient"].sum() == 1
    facts = json.loads((out / "run.json").read_text())
    assert set(facts["check"]["shapley"]) == {"GFP", "DNA"}


def test_the_confusion_holds_every_test_image_once(finished):
    out = finished[0] / "R"
    confusion = pd.read_csv(out / "confusion.csv", index_col="label", keep_default_na=False)
    assert list(confusion) == confusion.index.tolist() == ["dose", "none"]
    runs = pd.read_csv(out / "runs.csv")
    num_test_images = json.loads((out / "run.json").read_text())["num_test_images"]
    assert confusion.to_numpy().sum() == num_test_images
    right = np.diag(confusion).sum() / num_test_images
    assert right == pytest.approx(runs["accuracy"].mean())


def test_without_the_check_nothing_of_it_is_written(rank, tmp_path):
    code, printed = rank("--label", "Metadata_Drug", *FAST)
    assert code == 0, printed
    assert not list((tmp_path / "R").glob("*panels*"))
    assert "check" not in json.loads((tmp_path / "R" / "run.json").read_text())


def test_run_json_tells_what_was_done(finished):
    facts = json.loads((finished[0] / "R" / "run.json").read_text())
    assert facts["arguments"]["label"] == "Metadata_Drug"
    assert facts["arguments"]["root"] == str(finished[0])
    assert facts["training"]["epochs"] == 1
    assert facts["backend"] == keras.backend.backend()
    assert facts["versions"]["keras"] == keras.__version__
    assert facts["num_unlabelled"] == 4
    assert facts["classes"] == ["dose", "none"]
    groups = set(facts["split"]["test"])
    assert groups.isdisjoint(facts["split"]["seeds"]["0"]["train"])


def test_the_terminal_shows_what_was_read_the_table_and_the_sentence(finished):
    folder, printed = finished
    assert "20 images of 16 x 16 pixels in 2 channels (GFP, DNA)" in printed
    assert "4 left out for a blank label" in printed
    assert "share of the mix" in printed
    assert f"Results are in {folder / 'R'}" in printed.replace("\n", "")
    assert f"Open {folder / 'R' / 'report.html'} in a browser" in printed.replace("\n", "")


def test_nothing_is_left_beside_the_results(finished):
    folder = finished[0]
    beside = {path.name for path in folder.iterdir() if path.suffix != ".tif"}
    assert beside == {"load_data.csv", "R"}


def interrupted_after(monkeypatch, last: int) -> None:
    """Lets the run break off, as by Ctrl-C, at the seed behind `last`."""
    from keras_dcmix.experiments import rank as ranking

    train = ranking.train_seed

    def stops(*arguments: object) -> object:
        if arguments[4] > last:
            raise KeyboardInterrupt
        return train(*arguments)

    monkeypatch.setattr(ranking, "train_seed", stops)


def test_a_killed_run_goes_on_without_training_finished_seeds_again(rank, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        interrupted_after(patch, 0)
        code, printed = rank("--label", "Metadata_Drug", *FAST)
    assert code == 130
    assert "--resume" in printed
    assert not (tmp_path / "R").exists()
    code, printed = rank("--label", "Metadata_Drug", *FAST)
    assert code == 2
    assert "interrupted run" in printed
    code, printed = rank("--label", "Metadata_Drug", *FAST, "--resume")
    assert code == 0
    assert printed.count("done before") == 1
    assert printed.count(" epochs in ") + printed.count(" epoch in ") == 1


def test_resuming_with_other_options_is_refused(rank, monkeypatch):
    interrupted_after(monkeypatch, 0)
    rank("--label", "Metadata_Drug", *FAST)
    code, printed = rank("--label", "Metadata_Drug", *FAST, "--resume", "--dropout", "0.5")
    assert code == 2
    assert "dropout was 0.0, is 0.5" in printed


def test_an_earlier_result_is_replaced_only_when_asked(rank, tmp_path):
    (tmp_path / "R").mkdir()
    (tmp_path / "R" / "run.json").touch()
    code, printed = rank("--label", "Metadata_Drug", *FAST)
    assert code == 2
    assert "--overwrite" in printed
    (tmp_path / "R" / "old").touch()
    code, _ = rank("--label", "Metadata_Drug", *FAST, "--overwrite")
    assert code == 0
    assert not (tmp_path / "R" / "old").exists()


def test_a_folder_that_is_no_result_is_never_overwritten(rank, tmp_path):
    (tmp_path / "R").mkdir()
    (tmp_path / "R" / "thesis.docx").touch()
    code, printed = rank("--label", "Metadata_Drug", *FAST, "--overwrite")
    assert code == 2
    assert "holds no earlier result" in printed
    assert (tmp_path / "R" / "thesis.docx").exists()


def edited(plate: Path, edit) -> Path:
    frame = pd.read_csv(plate, dtype=str, keep_default_na=False)
    path = plate.with_name("edited.csv")
    edit(frame).to_csv(path, index=False)
    return path


BAD = {
    "unknown label": (["--label", "Metadata_Drugs"], "Metadata_Drug"),
    "unknown group": (["--group", "Metadata_Wel"], "Metadata_Well"),
    "unknown channel": (["--channels", "GFP,DAN"], "DNA"),
    "one channel": (["--channels", "GFP"], "one channel"),
    "repeated channel": (["--channels", "GFP,GFP"], "unique"),
    "unknown crop": (["--crop", "cell"], "cells"),
    "unknown backbone": (["--backbone", "convnett"], "convnet"),
    "unknown application": (["--backbone", "ResNet51"], "ResNet50"),
    "size 0": (["--size", "0"], "size"),
    "size -4": (["--size", "-4"], "size"),
    "too large": (["--crop", "tiles", "--size", "64"], "64"),
    "no nuclei channel": (["--crop", "cells", "--nuclei-channel", "DAPI"], "DNA"),
    "seeds 0": (["--seeds", "0"], "seeds"),
    "epochs 0": (["--epochs", "0"], "epochs"),
    "dropout 1": (["--dropout", "1"], "dropout"),
    "negative rate": (["--learning-rate", "-1"], "--learning-rate"),
    "weights without backbone": (["--weights", "imagenet"], "keras.applications"),
    "for another source": (["--scenario", "graded"], "--scenario does not apply"),
    "missing folder": (["--root", "/nowhere"], "nowhere"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_option_gets_one_sentence_and_leaves_nothing(rank, tmp_path, case):
    arguments, words = BAD[case]
    before = set(tmp_path.iterdir())
    code, printed = rank("--label", "Metadata_Drug", *arguments)
    assert code == 2
    assert words in printed
    assert "Traceback" not in printed
    assert set(tmp_path.iterdir()) == before


BAD_PLATES = {
    "no label given": (lambda f: f, [], "--label"),
    "one class": (lambda f: f.assign(D="a"), ["--label", "D"], "class"),
    "class in one group": (
        lambda f: f.assign(D=["a"] * 23 + ["b"]),
        ["--label", "D"],
        "'b'",
    ),
    "missing file": (
        lambda f: f.assign(FileName_GFP=[*f.FileName_GFP[:-1], "gone.tif"]),
        ["--label", "Metadata_Drug"],
        "gone.tif",
    ),
    "empty table": (lambda f: f[:0], ["--label", "Metadata_Drug"], "row"),
    "no channels": (
        lambda f: f[["Metadata_Well", "Metadata_Drug"]],
        ["--label", "Metadata_Drug"],
        "FileName_",
    ),
}


@pytest.mark.parametrize("case", BAD_PLATES)
def test_a_bad_table_gets_one_sentence_and_leaves_nothing(rank, plate, tmp_path, case):
    edit, arguments, words = BAD_PLATES[case]
    source = edited(plate, edit)
    before = set(tmp_path.iterdir())
    code, printed = rank(*arguments, source=source)
    assert code == 2
    assert words in printed
    assert "Traceback" not in printed
    assert set(tmp_path.iterdir()) == before


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


BAD_IMAGES = {
    "truncated": (cut, "A05_GFP.tif"),
    "empty": (lambda path: path.write_bytes(b""), "A05_GFP.tif"),
    "text": (lambda path: path.write_text("not an image"), "A05_GFP.tif"),
    "other size": (lambda path: tifffile.imwrite(path, np.ones((9, 9), "uint16")), "9 x 9"),
    "NaN": (lambda path: tifffile.imwrite(path, np.full((32, 32), np.nan, "float32")), "GFP"),
}


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_a_bad_image_is_named_and_nothing_is_left(rank, plate, tmp_path, case):
    spoil, words = BAD_IMAGES[case]
    spoil(plate.with_name("A05_GFP.tif"))
    before = set(tmp_path.iterdir())
    code, printed = rank("--label", "Metadata_Drug")
    assert code == 2
    assert words in printed
    assert "Traceback" not in printed
    assert set(tmp_path.iterdir()) == before


def test_a_missing_table_is_named(rank):
    code, printed = rank("--label", "x", source="plates.csv")
    assert code == 2
    assert "plates.csv" in printed


def test_an_unknown_scenario_lists_the_known(tmp_path):
    arguments = ["--scenario", "gradde", "--mnist-file", tmp_path / "mnist.npz"]
    code, printed = run("rank", "mnist", "--out", tmp_path / "R", *arguments)
    assert code == 2
    assert "graded" in printed
    assert "exclusive" in printed


def test_debug_shows_the_traceback(tmp_path):
    with pytest.raises(ValueError, match=r"no\.csv"):
        run("--debug", "rank", tmp_path / "no.csv", "--label", "x", "--out", tmp_path / "R")


def test_without_a_backend_the_command_says_what_to_install(tmp_path):
    code = "import sys; sys.modules['jax'] = None; from keras_dcmix.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "rank", "simulated", "--out", str(tmp_path / "R")],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install 'keras-dcmix[tensorflow]'" in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


def test_help_names_every_option_without_importing_keras():
    code = (
        "import sys; from keras_dcmix.cli.app import main\n"
        "try: main()\nfinally: print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "rank", "--help"],
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=True,
    )
    for option in ("--label", "--group", "--channels", "--crop", "--size", "--seeds", "--epochs"):
        assert option in done.stdout
    assert " keras " not in done.stdout


def test_the_plate_of_real_cells_is_read(shared_data, tmp_path):
    source = shared_data / "bbbc013" / "load_data.csv"
    arguments = ["--label", "Metadata_Control", "--group", "Metadata_Well", *FAST, "--seeds", "1"]
    code, printed = run("rank", source, *arguments, "--out", tmp_path / "R")
    assert code == 0, printed
    assert "72 left out for a blank label" in printed


def test_bad_input_does_not_cost_the_seeds_of_an_interrupted_run(rank, tmp_path, monkeypatch):
    interrupted_after(monkeypatch, 0)
    rank("--label", "Metadata_Drug", *FAST)
    code, _ = rank("--label", "Metadata_Drgu", *FAST, "--overwrite")
    assert code == 2
    assert (tmp_path / ".R.unfinished" / "seed_0.json").exists()


def test_a_damaged_seed_is_trained_again(rank, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        interrupted_after(patch, 0)
        rank("--label", "Metadata_Drug", *FAST)
    (tmp_path / ".R.unfinished" / "seed_0.json").write_text("{")
    code, printed = rank("--label", "Metadata_Drug", *FAST, "--resume")
    assert code == 0, printed
    assert "done before" not in printed


def test_an_interrupt_before_the_first_seed_says_that_nothing_is_kept(rank, tmp_path, monkeypatch):
    before = set(tmp_path.iterdir())
    interrupted_after(monkeypatch, -1)
    code, printed = rank("--label", "Metadata_Drug", *FAST)
    assert code == 130
    assert "Interrupted; no training was finished" in printed
    assert set(tmp_path.iterdir()) == before


def test_an_output_folder_named_by_dots_is_replaced_as_a_whole(plate, tmp_path):
    (tmp_path / "R" / "sub").mkdir(parents=True)
    (tmp_path / "R" / "run.json").touch()
    code, printed = run(
        *("rank", plate, "--out", tmp_path / "R" / "sub" / "..", "--overwrite"),
        *("--label", "Metadata_Drug", *FAST, "--seeds", "1"),
    )
    assert code == 0, printed
    assert (tmp_path / "R" / "importance.csv").exists()
    assert not (tmp_path / "R" / "sub").exists()


def test_an_empty_folder_may_be_the_output(tmp_path):
    from keras_dcmix._common.output_folder import check_output

    (tmp_path / "R").mkdir()
    assert check_output(tmp_path / "R") == tmp_path / "R"


def test_a_source_that_is_none_lists_what_is_known(tmp_path):
    code, printed = run("rank", "simulted", "--out", tmp_path / "R")
    assert code == 2
    assert "'simulated', or 'mnist'" in printed


def test_an_empty_folder_lists_the_formats(tmp_path):
    (tmp_path / "empty").mkdir()
    code, printed = run("rank", tmp_path / "empty", "--out", tmp_path / "R")
    assert code == 2
    for name in ("loaddata", "harmony", "imagexpress", "ome-tiff", "ome-zarr", "rxrx1", "folders"):
        assert name in printed


def compare(plate: Path, out: Path, *arguments: object) -> tuple[int, str]:
    fast = [argument for argument in FAST if argument != "--no-check"]
    return run("compare", plate, "--label", "Metadata_Drug", "--out", out, *fast, *arguments)


def test_compare_writes_the_tables_and_figures_and_prints_the_table(plate, tmp_path):
    methods = "dcmix,shapley,occlusion"
    code, printed = compare(plate, tmp_path / "C", "--methods", methods)
    assert code == 0, printed
    assert {path.name for path in (tmp_path / "C").iterdir()} == {
        *("methods.csv", "importance.csv", "deletion_insertion.csv", "run.json", "report.html"),
        *("importance.png", "deletion_insertion.png"),
    }
    table = pd.read_csv(tmp_path / "C" / "methods.csv")
    assert table["method"].tolist() == methods.split(",")
    facts = json.loads((tmp_path / "C" / "run.json").read_text())
    assert facts["arguments"]["methods"] == methods
    assert facts["channels"] == ["GFP", "DNA"]
    for name in methods.split(","):
        assert name in printed
    assert not list(tmp_path.glob(".C*"))


def test_an_interrupted_comparison_goes_on(plate, tmp_path, monkeypatch):
    from keras_dcmix.experiments import compare as comparison

    job = comparison.run_model

    def stops(*arguments: object) -> object:
        if arguments[5][0].name == "occlusion":
            raise KeyboardInterrupt
        return job(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(comparison, "run_model", stops)
        code, printed = compare(plate, tmp_path / "C", "--methods", "dcmix,occlusion")
    assert code == 130
    assert "--resume goes on" in printed
    assert not (tmp_path / "C").exists()
    assert (tmp_path / ".C.unfinished" / "seed_0_dcmix.json").exists()
    done = []

    def counted(*arguments: object) -> object:
        done.append((arguments[4], arguments[5][0].name))
        return job(*arguments)

    monkeypatch.setattr(comparison, "run_model", counted)
    code, printed = compare(plate, tmp_path / "C", "--methods", "dcmix,occlusion", "--resume")
    assert code == 0, printed
    assert done == [(0, "occlusion"), (1, "dcmix"), (1, "occlusion")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--methods", "dcmx"], "Unknown method 'dcmx', did you mean 'dcmix'"),
        (["--methods", "dcmix,dcmix"], "may come once"),
        (["--backbone", "Resnet50"], "did you mean 'ResNet50'"),
    ],
)
def test_compare_refuses_bad_options_in_one_sentence(plate, tmp_path, arguments, words):
    before = set(tmp_path.iterdir())
    code, printed = compare(plate, tmp_path / "C", *arguments)
    assert code == 2
    assert words in " ".join(printed.split())
    assert "Traceback" not in printed
    assert set(tmp_path.iterdir()) == before


def test_classes_on_plates_of_their_own_get_a_word_before_training(plate, tmp_path):
    table = pd.read_csv(plate)
    table["Metadata_Plate"] = table["Metadata_Drug"].fillna("none")
    table.to_csv(plate, index=False)
    code, printed = run(
        *("rank", plate, "--out", tmp_path / "R", "--label", "Metadata_Drug", *FAST),
    )
    assert code == 0, printed
    assert "Beware: Each class is on plates of its own" in printed
    assert "would compare plates, not treatments" in printed
    assert "Beware: Each class is on plates" in (tmp_path / "R" / "report.html").read_text("utf-8")
    kept = json.loads((tmp_path / "R" / "run.json").read_text())["warnings"]
    assert kept[0].startswith("Each class is on plates of its own")


def test_unreadable_fields_are_listed_beside_the_results(plate, tmp_path):
    (tmp_path / "D06_GFP.tif").write_bytes(b"II*\0")
    code, printed = run(
        *("rank", plate, "--out", tmp_path / "R", "--label", "Metadata_Drug", *FAST),
        "--skip-unreadable",
    )
    assert code == 0, printed
    assert "1 unreadable field left out" in printed
    skipped = pd.read_csv(tmp_path / "R" / "skipped.csv")
    assert skipped["Metadata_Well"].tolist() == ["D06"]
    assert skipped["channel"].tolist() == ["GFP"]
    assert skipped["path"][0].endswith("D06_GFP.tif")


def test_a_damaged_file_stops_a_run_with_field_channel_and_path(plate, tmp_path):
    (tmp_path / "D06_GFP.tif").write_bytes(b"II*\0")
    code, printed = run(
        *("rank", plate, "--out", tmp_path / "R", "--label", "Metadata_Drug", *FAST),
    )
    assert code == 2
    assert "row 25, channel 'GFP'" in printed
    assert "D06_GFP.tif" in printed
    assert not (tmp_path / "R").exists()


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("choose crop='none' or a smaller size", "choose --crop none or a smaller size"),
        ("check root= and the table", "check --root and the table"),
        ("or pass allow_outside=True if", "or pass --allow-outside if"),
        ("name it with format=", "name it with --format"),
        ("received normalize='none': leave", "received --normalize none: leave"),
        ("`num_mixes` must be", "--num-mixes must be"),
    ],
)
def test_arguments_are_called_as_on_the_command_line(message, expected):
    assert cli.as_options(message) == expected


def test_a_warning_of_ours_is_a_sentence_on_the_command_line(plate, tmp_path):
    pd.DataFrame({"well": ["A05", "A06", "H12"], "drug": ["a", "b", "a"]}).to_csv(
        tmp_path / "map.csv", index=False
    )
    arguments = ("--platemap", tmp_path / "map.csv", "--label", "Metadata_Drug")
    _, printed = run("inspect", plate, *arguments)
    assert "Note: 22 wells of the images are not in the platemap" in printed
    assert "UserWarning" not in printed


@pytest.mark.parametrize("layout", ["rxrx1", "loaddata", "ome-zarr"])
def test_the_command_that_simulate_names_next_works(tmp_path, layout):
    out = tmp_path / "a screen"
    small = ("--experiments", 1, "--wells", 8, "--sites", 1, "--size", 64)
    code, printed = run("simulate", "--layout", layout, "--out", out, *small)
    assert code == 0, printed
    command = printed.split("Next: keras-dcmix ")[1].strip()
    code, printed = run(*shlex.split(command))
    assert code == 0, printed
    assert "EMPTY" in printed
