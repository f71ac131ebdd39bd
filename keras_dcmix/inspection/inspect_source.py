"""Inspects a source: reads some of its fields and collects all tables and warnings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.threads import ordered_map
from keras_dcmix.inspection.channels import (
    channel_table,
    channel_warnings,
    similar_pairs,
    summarise_channels,
)
from keras_dcmix.inspection.file_problems import file_problems, pixel_problems, problem_warnings
from keras_dcmix.inspection.label_columns import label_columns
from keras_dcmix.inspection.layout import class_warnings, group_warnings, label_table
from keras_dcmix.inspection.pixels import FieldStatistics, measure_field
from keras_dcmix.inspection.places import count_places, places_of, plate_table, spread_fields
from keras_dcmix.inspection.plate_brightness import plate_intensities, plate_warnings
from keras_dcmix.inspection.result import Inspection

_MOST_SAMPLED = 2**22  # pixels of a channel kept for its percentiles
_FEWEST_SAMPLED = 64  # of one field


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
    places = places_of(image_set)
    problems = file_problems(image_set)
    rows = spread_fields(places, num_fields)
    fields = _read(image_set, rows, problems, progress)
    problems = pd.concat([problems, pixel_problems(image_set, fields)], ignore_index=True)
    channels = summarise_channels(fields, image_set.channel_names)
    pairs = similar_pairs(fields, image_set.channel_names)
    intensities = plate_intensities(fields, places, image_set.channel_names)
    labels = None if image_set.labels is None else label_table(image_set, places)
    warnings = [
        *([] if labels is None else class_warnings(image_set, places)),
        *channel_warnings(channels, pairs),
        *problem_warnings(problems, fields, num_files=image_set.files.size),
        *plate_warnings(intensities),
        *([] if labels is None else group_warnings(labels, places)),
    ]
    return Inspection(
        counts=count_places(image_set, places),
        rows=rows,
        channels=channel_table(channels, pairs),
        plates=plate_table(places, image_set.labels),
        intensities=intensities,
        problems=problems,
        labels=labels,
        label_columns=label_columns(image_set.table, places),
        warnings=tuple(warnings),
        num_unlabelled=image_set.num_unlabelled,
    )


def layout_warnings(image_set: ImageSet) -> list[str]:
    """Warnings about a labelled set from its table, in sentences; no pixel is read."""
    return class_warnings(image_set, places_of(image_set))


def _read(
    image_set: ImageSet,
    rows: np.ndarray,
    problems: pd.DataFrame,
    progress: Callable[[int, int], None] | None,
) -> list[FieldStatistics]:
    singles = {name: image_set.select_channels([name]) for name in image_set.channel_names}
    absent: dict[int, set[str]] = defaultdict(set)
    lost = problems[problems["problem"].isin(["blank", "missing"])]
    for row, channel in zip(lost["field"], lost["channel"], strict=True):
        absent[row].add(channel)
    sample = max(_MOST_SAMPLED // len(rows), _FEWEST_SAMPLED)
    look = partial(measure_field, singles=singles, absent=dict(absent), sample=sample)
    fields = []
    for field in ordered_map(look, rows.tolist()):
        fields.append(field)
        if progress is not None:
            progress(len(fields), len(rows))
    return fields
