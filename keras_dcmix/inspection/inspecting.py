"""The inspection as one call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.threads import ordered_map
from keras_dcmix.inspection.batches import batch_warnings, plate_intensities
from keras_dcmix.inspection.candidates import label_candidates
from keras_dcmix.inspection.channels import channel_table, channel_warnings
from keras_dcmix.inspection.design import design_warnings, group_warnings, label_table
from keras_dcmix.inspection.pixels import Field, look_at_field
from keras_dcmix.inspection.places import count_places, places_of, plate_table, spread_fields
from keras_dcmix.inspection.problems import file_problems, pixel_problems, problem_warnings
from keras_dcmix.inspection.report import Inspection

_MOST_SAMPLED = 2**22  # pixels of a channel kept for its percentiles
_FEWEST_SAMPLED = 64  # of one field


def inspect_images(
    image_set: ImageSet,
    *,
    num_fields: int | None = 200,
    progress: Callable[[int, int], None] | None = None,
) -> Inspection:
    """Looks at a source before any training: what is there, and is it sound?

    Files are looked for in all fields; pixels are read from some, in threads. A file that is
    missing or damaged becomes a row of `problems` and stops nothing.

    Args:
        image_set: fields with or without labels, opened without a check of its files.
        num_fields: how many fields are read at most, spread evenly over plates and wells; all
            where None.
        progress: called with `(done, total)` while fields are read.

    Raises:
        ValueError: if `num_fields` is not None or a whole number of at least 1.
    """
    is_number = isinstance(num_fields, int) and not isinstance(num_fields, bool)
    if num_fields is not None and not (is_number and num_fields >= 1):
        raise DataError(
            "num_fields must be a whole number of at least 1, or None for all fields, received "
            f"{num_fields!r}"
        )
    places = places_of(image_set)
    problems = file_problems(image_set)
    rows = spread_fields(places, num_fields)
    fields = _read(image_set, rows, problems, progress)
    problems = pd.concat([problems, pixel_problems(image_set, fields)], ignore_index=True)
    channels = channel_table(fields, image_set.channel_names)
    intensities = plate_intensities(fields, places, image_set.channel_names)
    labels = None if image_set.labels is None else label_table(image_set, places)
    warnings = [
        *([] if labels is None else design_warnings(image_set, places)),
        *channel_warnings(channels, fields),
        *problem_warnings(problems, fields, num_files=image_set.files.size),
        *batch_warnings(intensities),
        *([] if labels is None else group_warnings(labels, places)),
    ]
    return Inspection(
        fields=count_places(image_set, places),
        rows=rows,
        channels=channels,
        plates=plate_table(places, image_set.labels),
        intensities=intensities,
        problems=problems,
        labels=labels,
        candidates=label_candidates(image_set.table, places),
        warnings=tuple(warnings),
        num_unlabelled=image_set.num_unlabelled,
    )


def layout_warnings(image_set: ImageSet) -> list[str]:
    """What its table alone says against a labelled set, in whole sentences; no pixel is read."""
    return design_warnings(image_set, places_of(image_set))


def _read(
    image_set: ImageSet,
    rows: np.ndarray,
    problems: pd.DataFrame,
    progress: Callable[[int, int], None] | None,
) -> list[Field]:
    singles = {name: image_set.select_channels([name]) for name in image_set.channel_names}
    absent: dict[int, set[str]] = defaultdict(set)
    lost = problems[problems["problem"].isin(["blank", "missing"])]
    for row, channel in zip(lost["field"], lost["channel"], strict=True):
        absent[row].add(channel)
    sample = max(_MOST_SAMPLED // len(rows), _FEWEST_SAMPLED)
    look = partial(look_at_field, singles=singles, absent=dict(absent), sample=sample)
    fields = []
    for field in ordered_map(look, rows.tolist()):
        fields.append(field)
        if progress is not None:
            progress(len(fields), len(rows))
    return fields
