from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import typer

from keras_dcmix.cli.app import app
from keras_dcmix.cli.inspect import next_command
from keras_dcmix.cli.source_options import SourceOptions
from keras_dcmix.data.formats import open_images
from keras_dcmix.inspection import inspect_images

ROOT = Path(__file__).resolve().parents[2]
TOP = typer.main.get_command(app)


def write_plates(folder: Path) -> Path:
    """A LoadData table: two plates of 12 wells, two channels, two classes on each plate."""
    rng = np.random.default_rng(0)
    rows = []
    for index in range(24):
        plate, well = f"P{index // 12}", f"{'ABC'[index % 12 // 4]}{index % 4 + 1:02}"
        row = {"Metadata_Plate": plate, "Metadata_Well": well}
        row["Metadata_Drug"] = ["none", "dose"][(index + index // 4) % 2]
        for channel in ("GFP", "DNA"):
            pixels = np.kron(rng.integers(100, 900, (8, 8)), np.ones((4, 4)))
            name = f"{plate}_{well}_{channel}.tif"
            tifffile.imwrite(folder / name, pixels.astype("uint16"))
            row[f"FileName_{channel}"] = name
        rows.append(row)
    path = folder / "load_data.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


@pytest.fixture
def plates(tmp_path) -> Path:
    return write_plates(tmp_path)


@pytest.fixture
def run(command):
    return partial(command, "inspect", width=100)


def test_a_sound_screen_is_described_with_tables_and_the_next_command(run, plates):
    code, printed = run(plates, "--label", "Metadata_Drug")
    assert code == 0, printed
    assert "24 fields of 2 plates, 24 wells, in 2 channels (GFP, DNA), 48 files." in printed
    assert "Plates (2)" in printed
    assert "dose wells" in printed
    assert "Channels (uint16, 32 x 32 pixels)" in printed
    assert "Classes (2)" in printed
    assert "Warnings" not in printed
    assert f"Next: keras-dcmix rank {plates} --label Metadata_Drug --out ranking" in printed
    assert "With --out FOLDER" in printed


def test_no_line_of_the_tables_is_wider_than_the_terminal(run, plates):
    _, printed = run(plates, "--label", "Metadata_Drug")
    lines = [line for line in printed.splitlines() if not line.startswith("Next")]
    assert max(map(len, lines)) <= 100


def test_without_a_label_the_columns_for_it_are_listed(run, plates):
    code, printed = run(plates)
    assert code == 0, printed
    assert "Metadata_Drug" in printed
    assert "dose (12), none (12)" in printed
    assert "keras-dcmix rank" in printed
    assert "--label Metadata_Drug" in printed


def test_without_any_column_for_a_label_a_platemap_is_asked_for(run, plates):
    table = pd.read_csv(plates).drop(columns="Metadata_Drug")
    table.to_csv(plates, index=False)
    code, printed = run(plates)
    assert code == 0, printed
    assert "No column can be the label" in printed
    assert f"Next: keras-dcmix inspect {plates} --platemap TABLE" in printed


def test_warnings_and_problems_end_with_exit_0(run, plates):
    table = pd.read_csv(plates)
    table["Metadata_Drug"] = table["Metadata_Plate"]
    table.to_csv(plates, index=False)
    (plates.parent / "P0_A02_DNA.tif").write_bytes(b"broken")
    code, printed = run(plates, "--label", "Metadata_Drug")
    assert code == 0, printed
    assert "Warnings" in printed
    assert "1. Each class is on plates of its own" in printed
    assert "Files with a problem (1)" in printed
    assert "--skip-unreadable" in printed.split("Next:")[1]


def test_of_many_problems_ten_are_shown_and_the_others_counted(run, plates):
    for path in plates.parent.glob("*DNA.tif"):
        path.unlink()
    code, printed = run(plates)
    assert code == 0, printed
    assert printed.count("there is no such file") == 10
    assert "and 14 more" in printed


def test_out_gets_every_file(run, plates, tmp_path):
    out = tmp_path / "I"
    code, printed = run(plates, "--label", "Metadata_Drug", "--fields", "6", "--out", out)
    assert code == 0, printed
    assert {path.name for path in out.iterdir()} == {
        *("inspection.json", "channels.csv", "problems.csv", "fields.csv", "thumbnails.png")
    }
    facts = json.loads((out / "inspection.json").read_text())
    assert facts["arguments"]["label"] == "Metadata_Drug"
    assert facts["fields"]["wells"] == 24
    fields = pd.read_csv(out / "fields.csv")
    assert list(fields)[:4] == ["group", "inspected", "Metadata_Plate", "Metadata_Well"]
    assert fields["inspected"].sum() == 6
    assert pd.read_csv(out / "channels.csv")["channel"].tolist() == ["GFP", "DNA"]
    assert "look at thumbnails.png first" in printed


def test_an_earlier_inspection_is_replaced_only_on_request(run, plates, tmp_path):
    out = tmp_path / "I"
    assert run(plates, "--out", out)[0] == 0
    code, printed = run(plates, "--out", out)
    assert (code, "--overwrite" in printed) == (2, True)
    assert run(plates, "--out", out, "--overwrite")[0] == 0


def test_a_ranking_is_never_replaced_by_an_inspection(run, plates, tmp_path):
    out = tmp_path / "R"
    out.mkdir()
    (out / "run.json").write_text("{}")
    code, printed = run(plates, "--out", out, "--overwrite")
    assert code == 2
    assert "no inspection.json" in printed
    assert (out / "run.json").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.csv"], "missing.csv is neither a file or folder"),
        (["simulated"], "inspect needs the path of image files"),
        (["{plates}", "--label", "Metadata_Drg"], "id you mean 'Metadata_Drug'"),
        (["{plates}", "--channels", "DNA,GPF"], "id you mean 'GFP'"),
        (["{plates}", "--fields", "some"], "--fields must be a number, or 0 for all fields"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_exit_2(run, plates, arguments, words):
    code, printed = run(*(text.format(plates=plates) for text in arguments))
    assert code == 2
    assert printed.startswith("Error: ")
    assert words in printed


def test_the_next_command_repeats_how_the_source_was_read(plates):
    options = SourceOptions(label="Metadata_Drug", root=plates.parent, z="1", allow_outside=True)
    inspection = inspect_images(open_images(plates, label="Metadata_Drug"))
    words = next_command(inspection, "a plate.csv", options)
    assert words == (
        f"keras-dcmix rank 'a plate.csv' --label Metadata_Drug --root {plates.parent} --z 1 "
        "--allow-outside --out ranking"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"allow_outside": False}, ["--no-allow-outside"]),
        ({"group": "-x"}, ["--group=-x"]),
        ({"pattern": r"(?P<well>\w+)_{x}"}, ["--pattern", r"(?P<well>\w+)_{x}"]),
    ],
)
def test_every_option_can_be_parsed_again(plates, options, words):
    inspection = inspect_images(open_images(plates, label="Metadata_Drug"))
    line = next_command(inspection, "plate", SourceOptions(label="Metadata_Drug", **options))
    split = shlex.split(line)
    assert split[5:-2] == words
    TOP.commands["rank"].make_context("rank", split[2:])


def test_what_the_inspection_proposes_is_in_the_next_command_unless_it_was_chosen(plates):
    inspection = inspect_images(open_images(plates, label="Metadata_Drug"))
    proposed = {"normalize": "plate", "crop": "cells", "nuclei_channel": "DNA", "group": "Plate"}
    inspection = replace(inspection, proposed=proposed)
    line = next_command(inspection, "p", SourceOptions(label="L", group="Metadata_Well"))
    assert line == (
        "keras-dcmix rank p --label L --group Metadata_Well --crop cells --nuclei-channel DNA "
        "--normalize plate --out ranking"
    )


def test_a_command_that_inspects_again_has_no_options_of_a_ranking(plates):
    inspection = inspect_images(open_images(plates))
    proposed = {"crop": "cells", "nuclei_channel": "DNA"}
    nothing = inspection.label_columns.iloc[:0]
    inspection = replace(inspection, proposed=proposed, label_columns=nothing)
    line = next_command(inspection, "p", SourceOptions())
    assert line == "keras-dcmix inspect p --platemap TABLE"


def test_a_label_with_wells_enough_is_proposed_first(plates):
    table = pd.read_csv(plates)
    table["Metadata_Batch2"] = ["x", "y"] + ["x", "", ""] * 7 + ["x"]
    table["Metadata_Dose"] = ["1", "2", "3"] * 8
    table.drop(columns="Metadata_Drug").to_csv(plates, index=False)
    inspection = inspect_images(open_images(plates))
    assert inspection.label_columns["column"].unique().tolist()[0] == "Metadata_Batch2"
    assert "--label Metadata_Dose" in next_command(inspection, "p", SourceOptions())


def test_too_few_wells_are_said_before_the_next_command(run, plates):
    table = pd.read_csv(plates)
    table["Metadata_Drug"] = ["a", "a", "b", "b"] + [""] * 20
    table.to_csv(plates, index=False)
    _, printed = run(plates, "--label", "Metadata_Drug")
    before, _ = printed.split("Next: ")
    assert before.endswith("needs more wells of some classes: see the last warning. Then:\n")


FOLDERS = ["a plate", "back\\slash", "C:\\my data\\", "it's $5 `x` :smile:"]


@pytest.mark.skipif(sys.platform == "win32", reason="such names are not allowed there")
@pytest.mark.parametrize("folder", FOLDERS)
def test_the_next_command_survives_a_shell_in_any_folder(run, tmp_path, folder):
    place = tmp_path / folder
    place.mkdir()
    source = write_plates(place)
    _, printed = run(source, "--label", "Metadata_Drug", "--root", place)
    line = printed.split("Next: ")[1].splitlines()[0]
    words = ["keras-dcmix", "rank", str(source), "--label", "Metadata_Drug", "--root", str(place)]
    words += ["--out", "ranking"]
    assert shlex.split(line) == words
    shell = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, text=True, check=True
    )
    assert shell.stdout.splitlines() == words


def test_cells_lead_to_crops_and_bright_plates_to_their_normalisation(command, tmp_path):
    out = tmp_path / "my screen\\1"
    size = ("--size", 160, "--experiments", 1, "--plates", 2, "--wells", 12, "--sites", 1)
    effects = ("--effects", "drug:Mito=3", "--batch-effect", 0.9)
    code, printed = command("simulate", "--layout", "loaddata", *size, *effects, "--out", out)
    assert code == 0, printed
    code, printed = command(*shlex.split(printed.split("Next: ")[1])[1:])
    assert code == 0, printed
    line = printed.split("Next: ")[1]
    assert "--crop cells --nuclei-channel DNA --normalize plate" in line
    quick = ("--size", 32, "--max-per-field", 2, "--epochs", 1, "--folds", 1, "--no-check")
    ranking = tmp_path / "R"
    code, printed = command(*shlex.split(line)[1:-2], *quick, "--out", ranking)
    assert code == 0, printed
    record = json.loads((ranking / "run.json").read_text())
    assert record["arguments"]["crop"] == "cells"
    assert record["arguments"]["normalize"] == "plate"


def test_keras_is_not_imported(plates, tmp_path):
    script = f"""
import sys
from keras_dcmix.cli import app as cli
sys.argv = ["keras-dcmix", "inspect", {str(plates)!r}, "--out", {str(tmp_path / "I")!r}]
try:
    cli.main()
finally:
    print("Keras" if "keras" in sys.modules else "no Keras")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("no Keras\n"), done.stderr
