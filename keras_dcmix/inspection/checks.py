"""The checks of a source: one list, for every command that opens it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.threads import ordered_map
from keras_dcmix.inspection.channels import (
    ChannelPair,
    ChannelSummary,
    channel_warnings,
    similar_pairs,
    summarise_channels,
)
from keras_dcmix.inspection.file_problems import file_problems, pixel_problems, problem_warnings
from keras_dcmix.inspection.findings import Finding
from keras_dcmix.inspection.groups import group_warnings
from keras_dcmix.inspection.layout import class_warnings, label_table
from keras_dcmix.inspection.pixels import FieldStatistics, measure_field
from keras_dcmix.inspection.places import places_of, spread_fields
from keras_dcmix.inspection.plate_brightness import plate_intensities, plate_warnings

_MOST_SAMPLED = 2**22  # pixels of a channel kept for its percentiles
_FEWEST_SAMPLED = 64  # of one field


@dataclass(frozen=True, eq=False)
class Observations:
    """What the checks look at; made by `observe`.

    Args:
        image_set: The fields.
        places: As `places_of` returns them.
        rows: `(fields read,)` numbers of the fields whose pixels were read.
        fields: Their statistics.
        problems: As `file_problems` and `pixel_problems` return them.
        channels: One summary a channel.
        pairs: Channels that show the same.
        intensities: As `plate_intensities` returns them.
        labels: As `label_table` returns them; None for a source without labels.
    """

    image_set: ImageSet
    places: pd.DataFrame
    rows: np.ndarray
    fields: list[FieldStatistics]
    problems: pd.DataFrame
    channels: list[ChannelSummary]
    pairs: list[ChannelPair]
    intensities: pd.DataFrame
    labels: pd.DataFrame | None


def observe(
    image_set: ImageSet,
    *,
    num_fields: int | None,
    progress: Callable[[int, int], None] | None = None,
) -> Observations:
    """Looks up all files and reads some fields, in threads.

    Args:
        image_set: Fields with or without labels.
        num_fields: Maximum number of fields read, spread over plates and wells; all where None.
        progress: Called with `(done, total)` while fields are read.
    """
    places = places_of(image_set)
    problems = file_problems(image_set)
    rows = spread_fields(places, num_fields)
    fields = _read(image_set, rows, problems, progress)
    names = image_set.channel_names
    return Observations(
        image_set=image_set,
        places=places,
        rows=rows,
        fields=fields,
        problems=pd.concat([problems, pixel_problems(image_set, fields)], ignore_index=True),
        channels=summarise_channels(fields, names),
        pairs=similar_pairs(fields, names),
        intensities=plate_intensities(fields, places, names),
        labels=None if image_set.labels is None else label_table(image_set, places),
    )


def check_classes(seen: Observations) -> list[Finding]:
    """Classes that coincide with plates, or with positions on the plate."""
    return [] if seen.labels is None else class_warnings(seen.image_set, seen.places)


def check_channels(seen: Observations) -> list[Finding]:
    """Channels that are identical, empty or saturated."""
    return channel_warnings(seen.channels, seen.pairs)


def check_files(seen: Observations) -> list[Finding]:
    """Files that are missing, damaged, listed twice, or different from the others."""
    return problem_warnings(seen.problems, seen.fields, num_files=seen.image_set.files.size)


def check_plates(seen: Observations) -> list[Finding]:
    """Plates that differ in brightness."""
    return plate_warnings(seen.intensities)


def check_groups(seen: Observations) -> list[Finding]:
    """Classes with too few groups, and wells that splits tear apart."""
    if seen.labels is None:
        return []
    return group_warnings(seen.image_set, seen.labels, seen.places)


# The most serious first.
CHECKS: tuple[Callable[[Observations], list[Finding]], ...] = (
    check_classes,
    check_channels,
    check_files,
    check_plates,
    check_groups,
)


def findings(seen: Observations) -> list[Finding]:
    """All warnings about a source, the most serious first."""
    return [finding for check in CHECKS for finding in check(seen)]


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
