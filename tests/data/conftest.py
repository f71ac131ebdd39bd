"""A small plate written to disk: four wells, two channels, nuclei at known places."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

NUCLEI = ((20, 20), (20, 60), (60, 24), (50, 62))


def draw_field(seed, shape=(80, 90), nuclei=NUCLEI, radius=6):
    """Returns GFP noise and DNA discs on a noisy background, both uint16."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    dna = rng.normal(200, 10, shape)
    for row, column in nuclei:
        dna[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] += 2000
    gfp = rng.integers(0, 60_000, shape)
    return {"GFP": gfp.astype(np.uint16), "DNA": dna.astype(np.uint16)}


class Plate:
    """The plate's folder and table; tests change the table before they write it."""

    nuclei = NUCLEI
    draw_field = staticmethod(draw_field)

    def __init__(self, folder):
        self.folder = folder
        wells = ["A01", "1E02", "B01", "B02"]
        self.table = pd.DataFrame(
            {
                "Metadata_Plate": ["007"] * 4,
                "Metadata_Well": wells,
                "Metadata_Control": ["negative", "positive", "negative", "positive"],
            }
        )
        (folder / "images").mkdir()
        for name in ("GFP", "DNA"):
            self.table[f"FileName_{name}"] = [f"{well}-{name}.tif" for well in wells]
            self.table[f"PathName_{name}"] = "images"
        for number, well in enumerate(wells):
            self.write_field(well, draw_field(number))

    def write_field(self, well, field):
        for name, plane in field.items():
            tifffile.imwrite(self.file(well, name), plane)

    def file(self, well, name):
        return self.folder / "images" / f"{well}-{name}.tif"

    def write_csv(self):
        path = self.folder / "load_data.csv"
        self.table.to_csv(path, index=False)
        return path


@pytest.fixture
def plate(tmp_path):
    return Plate(tmp_path)


@pytest.fixture
def real_plate():
    folder = Path(__file__).parents[2].parent / "shared/data/bbbc013"
    if not folder.is_dir():
        pytest.skip(f"the plate BBBC013 is not at {folder}")
    return folder
