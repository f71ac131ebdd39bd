from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from keras_dcmix.cli.inspect import next_command
from keras_dcmix.cli.source_options import SourceOptions
from keras_dcmix.data.formats import open_images
from keras_dcmix.inspection import inspect_images

ROOT = Path(__file__).resolve().parents[2]


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
