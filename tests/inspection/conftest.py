"""Plates of cells on disk: sound ones, and the same with one defect each."""

import numpy as np
import pandas as pd
import pytest
import tifffile

from keras_dcmix.data.formats import open_images
from keras_dcmix.inspection import inspect_images

SIZE = 48


def cells(rng, brightness=1000):
    """Discs with a little noise, uint16; their darkest pixels are dim background."""
    rows, columns = np.indices((SIZE, SIZE))
    pixels = rng.normal(200, 5, (SIZE, SIZE))
    for row, column in rng.integers(6, SIZE - 6, (4, 2)):
        distance = (rows - row) ** 2 + (columns - column) ** 2
        pixels += brightness * np.exp(-distance / 18)
    return pixels.astype(np.uint16)


class Screen:
    """Plates of 4 x 6 wells with two channels and two treatments, balanced."""

    def __init__(self, folder, plates=("P1", "P2"), brightness=(1000, 1000)):
        self.folder = folder
        rng = np.random.default_rng(0)
        rows = []
        for number, plate in enumerate(plates):
            for index in range(24):
                well = f"{'ABCD'[index // 6]}{index % 6 + 1:02}"
                row = {"Metadata_Plate": plate, "Metadata_Well": well}
                for channel in ("DNA", "GFP"):
                    name = f"{plate}_{well}_{channel}.tif"
                    tifffile.imwrite(folder / name, cells(rng, brightness[number % 2]))
                    row[f"FileName_{channel}"] = name
                rows.append(row)
        self.table = pd.DataFrame(rows)
        self.column = self.table["Metadata_Well"].str[1:].astype(int)
        self.row = self.table["Metadata_Well"].str[0]
        self.is_first = self.table["Metadata_Plate"] == plates[0]
        shuffled = np.concatenate([rng.permutation(["drug", "none"] * 12) for _ in plates])
        self.table["Metadata_Drug"] = shuffled

    def path(self, row, channel="DNA"):
        return self.folder / self.table[f"FileName_{channel}"][row]

    def read(self, row, channel="DNA"):
        return tifffile.imread(self.path(row, channel))

    def write(self, row, pixels, channel="DNA"):
        tifffile.imwrite(self.path(row, channel), pixels)

    def change(self, function):
        """Writes `function(row)` as the DNA channel of every field."""
        for row in range(len(self.table)):
            self.write(row, function(row).astype(np.uint16))

    def treat(self, is_treated):
        self.table["Metadata_Drug"] = np.where(is_treated, "drug", "none")

    def open(self, label="Metadata_Drug", **options):
        path = self.folder / "load_data.csv"
        self.table.to_csv(path, index=False)
        return open_images(path, label=label, check_files=False, **options)

    def inspect(self, label="Metadata_Drug", group=None, num_fields=None):
        return inspect_images(self.open(label, group=group), num_fields=num_fields)


def separate_experiments(screen):
    screen.table["Metadata_Experiment"] = np.where(screen.is_first, "E1", "E2")
    screen.treat(screen.is_first)


def separate_plates(screen):
    screen.treat(screen.is_first)
    screen.path(3).unlink()


def same_plate_names(screen):
    names = screen.table["Metadata_Plate"].str.split("-", expand=True)
    screen.table["Metadata_Experiment"], screen.table["Metadata_Plate"] = names[0], names[1]
    number = np.random.default_rng(0).integers(0, 12, 96) * 2 + (names[1] == "2")
    screen.table["Metadata_Drug"] = "drug " + number.astype(str)


def missing_and_blank_files(screen):
    screen.path(5).unlink()
    screen.table.loc[7, "FileName_GFP"] = ""


def file_listed_twice(screen):
    screen.table.loc[1, "FileName_DNA"] = screen.table["FileName_DNA"][0]


def sizes(screen):
    for channel in ("DNA", "GFP"):
        screen.write(4, screen.read(4, channel)[:40], channel)


def almost_identical_channels(screen):
    def changed(row):
        pixels = screen.read(row, "GFP")
        pixels[0, 0] += 1
        return 2 * pixels

    screen.change(changed)


def wells_under_another_name(screen):
    """24 wells of one plate, two fields each."""
    table = screen.table
    table["Metadata_CPD_WELL_POSITION"] = table.pop("Metadata_Well")
    table["Metadata_Plate"] = "P1"
    table["Metadata_Drug"] = [*table["Metadata_Drug"][:24]] * 2


def noise(screen):
    rng = np.random.default_rng(0)
    screen.change(lambda row: rng.poisson(100, (SIZE, SIZE)))


DEFECTS = {
    "separate_plates": separate_plates,
    "separate_experiments": separate_experiments,
    "uneven_plates": lambda s: s.treat(s.is_first ^ s.table["Metadata_Well"].isin(["A01", "C04"])),
    "same_plate_names": same_plate_names,
    "columns": lambda s: s.treat(s.column > 2),
    "rows": lambda s: s.treat(s.row.isin(["C", "D"])),
    "edge": lambda s: s.treat((s.row != "A") & (s.column != 1)),
    "few_groups": lambda s: None,
    "no_wells": lambda s: s.table.pop("Metadata_Well"),
    "brightness": lambda s: None,
    "truncated_file": lambda s: s.path(5).write_bytes(s.path(5).read_bytes()[:2000]),
    "missing_and_blank_files": missing_and_blank_files,
    "file_listed_twice": file_listed_twice,
    "bit_depths": lambda s: s.write(4, (s.read(4) // 8).astype(np.uint8)),
    "sizes": sizes,
    "sizes_within_a_field": lambda s: s.write(4, s.read(4)[:40]),
    "constant_image": lambda s: s.write(4, np.full_like(s.read(4), 7)),
    "identical_channels": lambda s: s.table.insert(4, "FileName_RNA", s.table["FileName_GFP"]),
    "almost_identical_channels": almost_identical_channels,
    "saturation": lambda s: s.change(lambda row: np.minimum(s.read(row).astype(int) * 8, 4095)),
    "noise": noise,
    "wells_under_another_name": wells_under_another_name,
}
PLATES = {
    "same_plate_names": {"plates": ("E1-1", "E1-2", "E2-1", "E2-2")},
    "brightness": {"brightness": (1000, 9000)},
}


@pytest.fixture
def screen(tmp_path):
    return Screen(tmp_path)


@pytest.fixture(scope="session")
def make_screen():
    return Screen


@pytest.fixture
def make_defective(tmp_path):
    """Plates with the defect of that name."""

    def made(name):
        screen = Screen(tmp_path, **PLATES.get(name, {}))
        DEFECTS[name](screen)
        return screen

    return made


@pytest.fixture
def defective(make_defective):
    """The inspection of plates with the defect of that name."""

    def inspection(name):
        group = "Metadata_Plate" if name == "few_groups" else None
        return make_defective(name).inspect(group=group)

    return inspection


@pytest.fixture(scope="session")
def draw_cells():
    return cells
