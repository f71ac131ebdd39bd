"""Each defect of a source gives its warnings, in order, and no others."""

from pathlib import Path

import pandas as pd
import pytest

TEXT = Path(__file__).with_name("warnings.txt").read_text(encoding="utf-8")
EXPECTED = dict(section.split("\n", 1) for section in TEXT.split("## ")[1:])


@pytest.mark.parametrize("name", EXPECTED)
def test_a_defect_gives_its_warnings_in_order(defective, name):
    assert " ".join(defective(name).warnings).split() == EXPECTED[name].split()


def test_without_a_defect_there_is_no_warning(screen):
    inspection = screen.inspect()
    assert inspection.warnings == ()
    assert inspection.problems.empty
    assert inspection.summary().endswith(inspection.verdict())


def test_plates_of_the_same_name_in_two_experiments_are_two(screen):
    screen.table["Metadata_Experiment"] = screen.table["Metadata_Plate"]
    screen.table["Metadata_Plate"] = "1"
    inspection = screen.inspect()
    counts = inspection.counts
    assert (counts.experiments, counts.plates, counts.wells) == (2, 2, 48)
    assert inspection.warnings == ()


def test_sites_of_a_well_are_not_independent_wells(screen):
    wells = screen.table[screen.table["Metadata_Well"].isin(["A01", "A02", "A03", "A04"])]
    wells = wells.assign(Metadata_Drug=list("xxxyxyyy"))
    screen.table = pd.concat([wells.assign(Metadata_Site=str(site)) for site in range(20)])
    assert not [text for text in screen.inspect().warnings if "Cramer" in text]


def test_channels_that_are_identical_in_one_field_only_are_different_channels(screen):
    screen.write(0, screen.read(0, "GFP"))
    assert not screen.inspect().channels["note"].any()
