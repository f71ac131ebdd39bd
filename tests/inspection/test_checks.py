"""One list of checks: what inspect warns of, rank and compare warn of."""

from __future__ import annotations

import pandas as pd
import pytest

from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.inspection import source_warnings
from keras_dcmix.inspection.findings import Finding, proposed_options


@pytest.mark.parametrize(
    "defect", ["identical_channels", "wells_under_another_name", "uneven_plates", "no_wells"]
)
def test_a_ranking_of_the_same_fields_has_the_warnings_of_their_inspection(make_defective, defect):
    screen = make_defective(defect)
    warnings = source_warnings(screen.open(), normalize="none")
    assert warnings
    assert warnings == list(screen.inspect(num_fields=24).warnings)


def test_bright_plates_are_no_warning_once_they_are_normalised(make_defective):
    fields = make_defective("brightness").open()
    assert any("--normalize plate" in text for text in source_warnings(fields, normalize="none"))
    assert source_warnings(fields, normalize="plate") == []


def test_files_that_reading_reports_are_not_warned_of_twice(make_defective):
    fields = make_defective("missing_and_blank_files").open()
    assert source_warnings(fields, normalize="none") == []


def test_a_ranking_reads_few_fields_for_its_warnings(screen, monkeypatch):
    sites = [screen.table.assign(Metadata_Site=str(site)) for site in range(10)]
    screen.table = pd.concat(sites, ignore_index=True)
    read, seen = ImageSet.read, set()

    def counted(self, row):
        seen.add(row)
        return read(self, row)

    monkeypatch.setattr(ImageSet, "read", counted)
    source_warnings(screen.open(), normalize="none")
    assert len(seen) == 24


@pytest.mark.parametrize(
    ("defect", "expected"),
    [
        ("brightness", {"normalize": "plate"}),
        ("uneven_plates", {"normalize": "plate"}),
        ("separate_plates", {"normalize": "plate"}),
        ("wells_under_another_name", {"group": "Metadata_Plate,Metadata_CPD_WELL_POSITION"}),
        ("noise", {}),
    ],
)
def test_a_warning_proposes_the_options_that_it_names(defective, defect, expected):
    assert defective(defect).proposed == expected


def test_of_two_proposals_the_more_serious_counts():
    findings = [Finding("a", {"group": "Plate"}), Finding("b", {"group": "Well", "crop": "cells"})]
    assert proposed_options(findings) == {"group": "Plate", "crop": "cells"}


def test_three_plates_of_each_class_are_enough_to_test_on_unseen_ones(tmp_path, make_screen):
    screen = make_screen(tmp_path, plates=("P1", "P2", "P3", "P4"))
    is_edge = screen.table["Metadata_Well"].isin(["A01", "C04"])
    screen.treat(screen.table["Metadata_Plate"].isin(["P1", "P3"]) ^ is_edge)
    inspection = screen.inspect()
    assert inspection.proposed == {"normalize": "plate", "group": "Metadata_Plate"}
    assert "on unseen plates with --group Metadata_Plate" in inspection.warnings[0]
