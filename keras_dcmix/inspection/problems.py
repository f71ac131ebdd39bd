"""Files that are missing, repeated, unreadable, or unlike the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from keras_dcmix.data.formats.validation import missing_files, repeated_files
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.inspection.pixels import Field
from keras_dcmix.inspection.words import percent, quoted

COLUMNS = ["field", "where", "channel", "path", "problem", "reason"]
UNREADABLE = ("blank", "missing", "unreadable")


def file_problems(image_set: ImageSet) -> pd.DataFrame:
    """Finds what shows without opening a file: cells left blank, files missing or repeated.

    Returns:
        One row a file, with the columns `COLUMNS`.
    """
    missing, repeated = missing_files(image_set), repeated_files(image_set)
    is_blank = missing["path"].isna()
    missing = missing.assign(
        problem=is_blank.map({True: "blank", False: "missing"}),
        reason=is_blank.map({True: "the source names no file", False: "there is no such file"}),
    )
    repeated = repeated.assign(problem="repeated", reason="several fields name this file")
    found = pd.concat([missing, repeated], ignore_index=True)
    return found.assign(where=[image_set.where(row) for row in found["field"]])[COLUMNS]


def pixel_problems(image_set: ImageSet, fields: Sequence[Field]) -> pd.DataFrame:
    """Finds what shows in the fields that were read.

    Images are held against the most common size of all, and against the most common data type of
    their channel.

    Returns:
        One row a file, with the columns `COLUMNS`.
    """
    sizes = Counter(plane.size for field in fields for plane in field.planes.values())
    types = {
        name: Counter(field.planes[name].dtype for field in fields if name in field.planes)
        for name in image_set.channel_names
    }
    rows = []
    for field in fields:
        found = [(name, "unreadable", reason) for name, reason in field.reasons.items()]
        for name, plane in field.planes.items():
            size, dtype = sizes.most_common(1)[0][0], types[name].most_common(1)[0][0]
            if plane.size != size:
                found.append((name, "other size", f"{plane.size} pixels, others {size}"))
            if plane.dtype != dtype:
                found.append((name, "other data type", f"{plane.dtype}, others {dtype}"))
            if plane.is_constant:
                found.append((name, "constant", f"all pixels are {plane.minimum:g}"))
        where = image_set.where(field.row)
        for name, problem, reason in found:
            path = str(image_set.files[name].iloc[field.row])
            short = reason.replace(f": '{path}'", "")
            rows.append((field.row, where, name, path, problem, short))
    return pd.DataFrame(rows, columns=COLUMNS)


def problem_warnings(
    problems: pd.DataFrame, fields: Sequence[Field], *, num_files: int
) -> list[str]:
    """Sums the problems up, what stops a ranking first.

    Args:
        problems: rows of `file_problems` and `pixel_problems`.
        fields: the fields that were read.
        num_files: files that the source names or should name, over all fields.
    """
    found = []
    num_read = sum(len(field.planes) + len(field.reasons) for field in fields)
    for name, text, total in (
        ("blank", "have no file", num_files),
        ("missing", "are not where the source says", num_files),
        ("unreadable", "cannot be read", num_read),
    ):
        rows = problems[problems["problem"] == name]
        if len(rows):
            root = "check --root, or " if name == "missing" else ""
            found.append(
                f"{len(rows)} of {total} images {text} ({_by_channel(rows)}), the first in "
                f"{rows['where'].iloc[0]}: {root}leave such fields out with --skip-unreadable."
            )
    repeated = problems[problems["problem"] == "repeated"]
    if len(repeated):
        found.append(
            f"{len(repeated)} cells of the source name a file that another field names too, the "
            f"first in {repeated['where'].iloc[0]}: a model would be tested on what it was "
            "trained on. Leave all but one row out of the source."
        )
    return [*found, *_mixture_warnings(problems, fields)]


def _by_channel(rows: pd.DataFrame) -> str:
    counts = rows["channel"].value_counts()
    return ", ".join(f"'{name}': {count}" for name, count in counts.head(4).items())


def _mixture_warnings(problems: pd.DataFrame, fields: Sequence[Field]) -> list[str]:
    found = []
    sizes = Counter(plane.size for field in fields for plane in field.planes.values())
    uneven = sum(len({plane.shape for plane in field.planes.values()}) > 1 for field in fields)
    if uneven:
        found.append(
            f"In {uneven} of {len(fields)} fields the channels differ in size ({_counts(sizes)}): "
            "such fields cannot be put together. Choose --channels of one size, or leave the "
            "fields out with --skip-unreadable."
        )
    elif len(sizes) > 1:
        found.append(
            f"Images differ in size ({_counts(sizes)}): if they also differ in magnification, "
            "cells of one kind look larger, which a ranking may learn. Give each kind a source "
            "of its own, or make sure that both kinds hold all classes."
        )
    other = problems[problems["problem"] == "other data type"]
    if len(other):
        share = percent(other["field"].nunique() / len(fields))
        found.append(
            f"Images of one channel differ in data type in {share} of the fields "
            f"({quoted(sorted(set(other['channel'])))}: {other['reason'].iloc[0]}), so equal "
            "brightness has unequal numbers, and a ranking refuses them: save all in one bit "
            "depth, or give each kind a source of its own."
        )
    return found


def _counts(values: Counter[str]) -> str:
    return ", ".join(f"{count} of {value}" for value, count in values.most_common(3))
