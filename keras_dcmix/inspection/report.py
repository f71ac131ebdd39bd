"""What an inspection found: tables, warnings, and both in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from keras_dcmix.inspection.problems import UNREADABLE

_UNITS = ("experiments", "plates", "wells")


@dataclass(frozen=True, eq=False, repr=False)
class Inspection:
    """What is known of a source before any training; made by `inspect_images`.

    Args:
        fields: numbers of `experiments`, `plates`, `wells`, `sites` (the most in one well),
            `fields` and `files`; 0 where the source names none.
        rows: `(fields read,)` numbers of the fields whose pixels were read.
        channels: one row a channel, see `channel_table`: intensities, saturation, remarks.
        plates: one row a plate: `plate`, `wells`, `fields`, and for up to six classes `<class>
            wells`.
        intensities: one row a channel and plate, see `plate_intensities`.
        problems: one row a file with a problem: `field`, `where`, `channel`, `path`, `problem`
            (blank, missing, repeated, unreadable, other size, other data type, constant),
            `reason`. The first three are looked for in all fields, the others in those read.
        labels: one row a class: `label`, `fields`, `wells`, `plates`, `groups`; None for a source
            without labels.
        candidates: one row a value of a column that could be the label: `column`, `value`,
            `wells`.
        warnings: sentences, the loudest first.
        num_unlabelled: fields left out because their label is blank.
    """

    fields: dict[str, int]
    rows: np.ndarray
    channels: pd.DataFrame
    plates: pd.DataFrame
    intensities: pd.DataFrame
    problems: pd.DataFrame
    labels: pd.DataFrame | None
    candidates: pd.DataFrame
    warnings: tuple[str, ...]
    num_unlabelled: int = 0

    def __repr__(self) -> str:
        return (
            f"Inspection({self.fields['fields']} fields, {len(self.problems)} problems, "
            f"{len(self.warnings)} warnings)"
        )

    @property
    def is_readable(self) -> bool:
        """Whether no file that was looked for or read is missing or damaged."""
        return not self.problems["problem"].isin(UNREADABLE).any()

    def describe(self) -> str:
        """What there is, in one or two sentences."""
        counts = self.fields
        places = [_counted(counts[unit], unit) for unit in _UNITS if counts[unit]]
        where = f" of {', '.join(places)}" if places else ""
        inside = f", up to {counts['sites']} to a well" if counts["sites"] > 1 else ""
        text = (
            f"{_counted(counts['fields'], 'fields')}{where}{inside}, in "
            f"{_counted(len(self.channels), 'channels')} ({', '.join(self.channels['channel'])}), "
            f"{_counted(counts['files'], 'files')}."
        )
        if self.num_unlabelled:
            text += f" {self.num_unlabelled:,} fields more are left out for a blank label."
        if len(self.rows) < self.fields["fields"]:
            text += f" The pixels of {len(self.rows):,} fields were read, spread over all plates."
        return text

    def verdict(self) -> str:
        """One sentence in the place of warnings, where there are none."""
        if self.labels is None:
            return (
                "Nothing is wrong with the images that were read; whether classes coincide with "
                "plates shows with --label."
            )
        return "Nothing that was looked at speaks against a ranking."

    def summary(self) -> str:
        """What there is and what to beware of, in plain words."""
        if not self.warnings:
            return f"{self.describe()}\n{self.verdict()}"
        numbered = [f"{number}. {text}" for number, text in enumerate(self.warnings, 1)]
        return "\n".join([self.describe(), *numbered])

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON can hold it: tables as lists of rows, what is not finite as None."""
        return {
            "summary": self.summary(),
            "warnings": list(self.warnings),
            "fields": dict(self.fields),
            "num_unlabelled": self.num_unlabelled,
            "rows_read": self.rows.tolist(),
            "channels": _rows(self.channels),
            "plates": _rows(self.plates),
            "intensities": _rows(self.intensities),
            "problems": _rows(self.problems),
            "labels": None if self.labels is None else _rows(self.labels),
            "label_candidates": _rows(self.candidates),
        }


def _counted(number: int, things: str) -> str:
    return f"{number:,} {things if number != 1 else things[:-1]}"


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value
