"""Inspects a source: reads some of its fields and collects all tables and warnings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.inspection.cells import count_cells
from keras_dcmix.inspection.channels import channel_table
from keras_dcmix.inspection.checks import CHECKS, check_plates, findings, observe
from keras_dcmix.inspection.file_problems import UNREADABLE
from keras_dcmix.inspection.findings import proposed_options
from keras_dcmix.inspection.label_columns import label_columns
from keras_dcmix.inspection.places import count_places, plate_table
from keras_dcmix.inspection.result import Inspection

# Enough for two wells of each of 12 plates; a ranking reads every field anyway.
_SAMPLE = 24


def inspect_images(
    image_set: ImageSet,
    *,
    num_fields: int | None = 200,
    progress: Callable[[int, int], None] | None = None,
) -> Inspection:
    """Inspects a source before any training: what does it contain, and is it sound?

    All fields are checked for missing files; pixels are read from some, in threads. A file that
    is missing or damaged becomes a row of `problems` and does not stop the inspection.

    Args:
        image_set: Fields with or without labels, opened without a check of its files.
        num_fields: Maximum number of fields read, spread evenly over plates and wells; all where
            None.
        progress: Called with `(done, total)` while fields are read.

    Raises:
        ValueError: If `num_fields` is neither None nor an integer of at least 1.
    """
    is_number = isinstance(num_fields, int) and not isinstance(num_fields, bool)
    if num_fields is not None and not (is_number and num_fields >= 1):
        raise DataError(
            "`num_fields` must be an integer of at least 1, or None for all fields. "
            f"Received: num_fields={num_fields!r}"
        )
    seen = observe(image_set, num_fields=num_fields, progress=progress)
    found = findings(seen)
    cells = count_cells(image_set, seen.rows)
    return Inspection(
        counts=count_places(image_set, seen.places),
        rows=seen.rows,
        channels=channel_table(seen.channels, seen.pairs),
        plates=plate_table(seen.places, image_set.labels),
        intensities=seen.intensities,
        problems=seen.problems,
        labels=seen.labels,
        label_columns=label_columns(image_set.table, seen.places),
        warnings=tuple(finding.text for finding in found),
        num_unlabelled=image_set.num_unlabelled,
        cells=cells,
        proposed=proposed_options(found) | ({} if cells is None else cells.options),
    )


def source_warnings(image_set: ImageSet, *, normalize: str) -> list[str]:
    """The warnings of `inspect_images` that concern a ranking of these fields, in sentences.

    Pixels of 24 fields are read. What reading itself refuses or reports is left out: files that
    are missing or damaged. So is the brightness of plates, where pixels are normalised.

    Args:
        image_set: Fields with labels.
        normalize: As in `Preprocessing`.
    """
    seen = observe(image_set, num_fields=_SAMPLE)
    is_reported = seen.problems["problem"].isin(UNREADABLE)
    seen = replace(seen, problems=seen.problems[~is_reported].reset_index(drop=True))
    needless = () if normalize == "none" else (check_plates,)
    return [finding.text for check in CHECKS if check not in needless for finding in check(seen)]
