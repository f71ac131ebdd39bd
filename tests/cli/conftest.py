"""A plate on disk, and commands that must be refused."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import tifffile

FAST = (
    "--label",
    "Metadata_Drug",
    "--epochs",
    "1",
    "--size",
    "16",
    "--check-steps",
    "1",
)


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


@pytest.fixture
def plate(tmp_path) -> Path:
    return write_plate(tmp_path)


@pytest.fixture
def refused(command, tmp_path):
    """Runs a command that must end with one sentence and leave nothing; returns the sentence."""

    def refuse(*arguments: object) -> str:
        before = set(tmp_path.rglob("*"))
        code, printed = command(*arguments)
        assert code == 2, printed
        assert "Traceback" not in printed
        assert set(tmp_path.rglob("*")) == before
        return " ".join(printed.split())

    return refuse


@pytest.fixture
def trainings(monkeypatch):
    """Counts the trainings; `stop_after` interrupts the next one, as Ctrl-C does."""

    class Trainings:
        count = 0
        stop_after: int | None = None

    fit = keras.Model.fit

    def counted(self, *arguments, **options):
        if seen.count == seen.stop_after:
            raise KeyboardInterrupt
        seen.count += 1
        return fit(self, *arguments, **options)

    seen = Trainings()
    monkeypatch.setattr(keras.Model, "fit", counted)
    return seen
