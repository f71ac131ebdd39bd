"""The result of an inspection: tables, warnings, and a summary in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from keras_dcmix.inspection.cells import CellCount
from keras_dcmix.inspection.file_problems import UNREADABLE
from keras_dcmix.inspection.groups import FEWEST_GROUPS
from keras_dcmix.inspection.places import SourceCounts


@dataclass(frozen=True, eq=False, repr=False)
class Inspection:
    """What is known of a source before any training; made by `inspect_images`.

    Args:
        counts: Numbers of experiments, plates, wells, fields and files.
        rows: `(fields read,)` numbers of the fields whose pixels were read.
        channels: One row a channel, see `channel_table`: intensities, saturation, notes.
        plates: One row a plate: `plate`, `wells`, `fields`, and for up to six classes `<class>
            wells`.
        intensities: One row a channel and plate, see `plate_intensities`.
        problems: One row a file with a problem: `field`, `where`, `channel`, `path`, `problem`
            (blank, missing, repeated, unreadable, other size, other data type, constant),
            `reason`. All fields are checked for the first three, those read for the others.
        labels: One row a class: `label`, `fields`, `wells`, `plates`, `groups`; None for a source
            without labels.
        label_columns: One row a value of a column that could be the label: `column`, `value`,
            `wells`.
        warnings: Sentences that name options of the command line, the most serious first.
        num_unlabelled: Fields that are not used because their label is blank.
        cells: How many cells a field shows; None where no channel is named as a stain of DNA.
        proposed: Options of a ranking that warnings and cells propose, as names in Python and
            values, such as `{"crop": "cells"}`.
    """

    counts: SourceCounts
    rows: np.ndarray
    channels: pd.DataFrame
    plates: pd.DataFrame
    intensities: pd.DataFrame
    problems: pd.DataFrame
    labels: pd.DataFrame | None
    label_columns: pd.DataFrame
    warnings: tuple[str, ...]
    num_unlabelled: int = 0
    cells: CellCount | None = None
    proposed: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return (
            f"Inspection({self.counts.fields} fields, {len(self.problems)} problems, "
            f"{len(self.warnings)} warnings)"
        )

    @property
    def is_readable(self) -> bool:
        """Whether no file is missing, and none of those read is damaged."""
        return not self.problems["problem"].isin(UNREADABLE).any()

    @property
    def has_few_groups(self) -> bool:
        """Whether a class has too few groups for a ranking."""
        return self.labels is not None and bool((self.labels["groups"] < FEWEST_GROUPS).any())

    def describe(self) -> str:
        """What the source contains, in one to three sentences."""
        counts = self.counts
        units = {"experiment": counts.experiments, "plate": counts.plates, "well": counts.wells}
        places = [_counted(number, unit) for unit, number in units.items() if number]
        where = f" of {', '.join(places)}" if places else ""
        inside = f", up to {counts.sites} in a well" if counts.sites > 1 else ""
        text = (
            f"{_counted(counts.fields, 'field')}{where}{inside}, in "
            f"{_counted(len(self.channels), 'channel')} ({', '.join(self.channels['channel'])}), "
            f"{_counted(counts.files, 'file')}."
        )
        if self.num_unlabelled:
            skipped = _counted(self.num_unlabelled, "further field")
            text += f" Not used because of a blank label: {skipped}."
        if len(self.rows) < counts.fields:
            text += f" The pixels of {len(self.rows):,} fields were read, spread over all plates."
        return text

    def verdict(self) -> str:
        """One sentence in the place of warnings, where there are none."""
        if self.labels is None:
            return (
                "No problem found in the files and the images read. Run with --label to check "
                "whether classes coincide with plates."
            )
        return "No problem found in the files, the images read and the layout."

    def summary(self) -> str:
        """What the source contains, and all warnings."""
        if not self.warnings:
            return f"{self.describe()}\n{self.verdict()}"
        numbered = [f"{number}. {text}" for number, text in enumerate(self.warnings, 1)]
        return "\n".join([self.describe(), *numbered])

    def to_dict(self) -> dict[str, Any]:
        """All fields in a form for JSON: tables as lists of rows, NaN and infinity as None."""
        return {
            "summary": self.summary(),
            "warnings": list(self.warnings),
            "fields": asdict(self.counts),
            "num_unlabelled": self.num_unlabelled,
            "rows_read": self.rows.tolist(),
            "channels": _rows(self.channels),
            "plates": _rows(self.plates),
            "intensities": _rows(self.intensities),
            "problems": _rows(self.problems),
            "labels": None if self.labels is None else _rows(self.labels),
            "label_candidates": _rows(self.label_columns),
            "cells": None if self.cells is None else asdict(self.cells),
            "proposed_options": dict(self.proposed),
        }


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value
