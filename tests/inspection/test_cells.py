"""Whether fields hold cells for images of their own, and in which channel they are found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from keras_dcmix.data.formats import open_images
from keras_dcmix.inspection import inspect_images
from keras_dcmix.inspection.cells import count_cells


def discs(num_cells: int, size: int = 256) -> np.ndarray:
    """Nuclei on a grid, far from the border, on a dim background."""
    rows, columns = np.indices((size, size))
    pixels = np.random.default_rng(0).normal(100, 3, (size, size))
    for number in range(num_cells):
        row, column = 50 + 50 * (number // 4), 50 + 50 * (number % 4)
        pixels[(rows - row) ** 2 + (columns - column) ** 2 < 64] += 1000
    return pixels.astype(np.uint16)


@pytest.fixture
def fields(tmp_path):
    """Opens ten fields whose channels show so many cells."""

    def opened(channels=None, **cells):
        pictures = {name: discs(*np.atleast_1d(shown)) for name, shown in cells.items()}
        rows = []
        for index in range(10):
            row = {"Metadata_Well": f"A{index + 1:02}", "Metadata_Drug": "ab"[index % 2]}
            for name, pixels in pictures.items():
                row[f"FileName_{name}"] = f"{name}{index}.tif"
                tifffile.imwrite(tmp_path / f"{name}{index}.tif", pixels)
            rows.append(row)
        pd.DataFrame(rows).to_csv(tmp_path / "load_data.csv", index=False)
        return open_images(tmp_path / "load_data.csv", channels=channels, check_files=False)

    return opened


def counted(image_set):
    return count_cells(image_set, np.arange(len(image_set)))


def test_cells_are_counted_in_the_channel_of_dna(fields):
    found = counted(fields(GFP=16, Hoechst=9))
    assert (found.nuclei_channel, found.per_field) == ("Hoechst", 9)
    assert found.options == {"crop": "cells", "nuclei_channel": "Hoechst"}


def test_few_cells_are_no_reason_for_crops(fields):
    found = counted(fields(GFP=16, DNA=3))
    assert found.per_field == 3
    assert found.options == {}


def test_of_two_channels_of_dna_the_one_with_more_nuclei_is_taken(fields):
    assert counted(fields(DAPI_dim=0, DAPI=12)).nuclei_channel == "DAPI"


def test_without_a_channel_of_dna_none_is_guessed(fields):
    assert counted(fields(w1=16, w2=16)) is None


def test_nuclei_are_found_in_a_channel_that_was_not_chosen(fields):
    assert counted(fields(channels=["GFP"], GFP=0, DNA=9)).nuclei_channel == "DNA"


def test_a_field_smaller_than_a_crop_has_none(fields):
    assert counted(fields(GFP=0, DNA=(9, 60))) is None


def test_one_field_smaller_than_a_crop_forbids_crops(fields, tmp_path):
    image_set = fields(GFP=0, DNA=9)
    tifffile.imwrite(tmp_path / "DNA0.tif", discs(1, size=60))
    assert counted(image_set) is None


def test_damaged_fields_do_not_count(fields, tmp_path):
    image_set = fields(GFP=0, DNA=9)
    for index in (0, 4):
        (tmp_path / f"DNA{index}.tif").write_bytes(b"no image")
    assert counted(image_set).per_field == 9
    for path in tmp_path.glob("DNA*.tif"):
        path.unlink()
    assert counted(image_set) is None


def test_the_inspection_proposes_crops_and_holds_the_count(fields):
    inspection = inspect_images(fields(GFP=0, DNA=9))
    assert inspection.proposed == {"crop": "cells", "nuclei_channel": "DNA"}
    assert inspection.to_dict()["cells"] == {"nuclei_channel": "DNA", "per_field": 9.0}
