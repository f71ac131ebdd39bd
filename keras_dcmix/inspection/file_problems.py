"""Files that are missing, listed twice, unreadable, or different from the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from keras_dcmix._common.wording import precise_percent, quoted
from keras_dcmix.data.formats.validation import missing_files, repeated_files
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.inspection.findings import Finding
from keras_dcmix.inspection.pixels import FieldStatistics

COLUMNS = ["field", "where", "channel", "path", "problem", "reason"]
UNREADABLE = ("blank", "missing", "unreadable")


def file_problems(image_set: ImageSet) -> pd.DataFrame:
    """Finds problems without opening a file: blank cells, files missing or listed twice.

    Returns:
        One row a file, with the columns `COLUMNS`.
    """
    missing, repeated = missing_files(image_set), repeated_files(image_set)
    is_blank = missing["path"].isna()
    missing = missing.assign(
        problem=is_blank.map({True: "blank", False: "missing"}),
        reason=is_blank.map({True: "the source lists no file", False: "there is no such file"}),
    )
    repeated = repeated.assign(problem="repeated", reason="several fields list this file")
    found = pd.concat([missing, repeated], ignore_index=True)
    return found.assign(where=[image_set.where(row) for row in found["field"]])[COLUMNS]


def pixel_problems(image_set: ImageSet, fields: Sequence[FieldStatistics]) -> pd.DataFrame:
    """Finds problems of the fields that were read.

    Images are compared with the most common size, and with the most common data type of their
    channel.

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
    problems: pd.DataFrame, fields: Sequence[FieldStatistics], *, num_files: int
) -> list[Finding]:
    """Summarises the problems, those that prevent a ranking first.

    Args:
        problems: Rows of `file_problems` and `pixel_problems`.
        fields: The fields that were read.
        num_files: Files that the source lists or should list, over all fields.
    """
    found = []
    num_read = sum(len(field.planes) + len(field.reasons) for field in fields)
    for name, text, total in (
        ("blank", "Images without a file", num_files),
        ("missing", "Missing files", num_files),
        ("unreadable", "Unreadable files", num_read),
    ):
        rows = problems[problems["problem"] == name]
        if len(rows):
            way_out = "Check --root, or skip" if name == "missing" else "Skip"
            found.append(
                f"{text}: {len(rows)} of {total} images ({_by_channel(rows)}), the first in "
                f"{rows['where'].iloc[0]}. {way_out} such fields with --skip-unreadable."
            )
    repeated = problems[problems["problem"] == "repeated"]
    if len(repeated):
        found.append(
            f"{len(repeated)} cells of the source list a file that another field lists too, the "
            f"first in {repeated['where'].iloc[0]}: a model would be tested on images it was "
            "trained on. Remove all but one of these rows from the source."
        )
    return [Finding(text) for text in (*found, *_mixture_warnings(problems, fields))]


def _by_channel(rows: pd.DataFrame) -> str:
    counts = rows["channel"].value_counts()
    return ", ".join(f"'{name}': {count}" for name, count in counts.head(4).items())


def _mixture_warnings(problems: pd.DataFrame, fields: Sequence[FieldStatistics]) -> list[str]:
    found = []
    sizes = Counter(plane.size for field in fields for plane in field.planes.values())
    uneven = sum(len({plane.shape for plane in field.planes.values()}) > 1 for field in fields)
    if uneven:
        found.append(
            f"In {uneven} of {len(fields)} fields the channels differ in size ({_counts(sizes)}) "
            "and cannot be combined. Choose --channels of one size, or skip the fields with "
            "--skip-unreadable."
        )
    elif len(sizes) > 1:
        found.append(
            f"Images differ in size ({_counts(sizes)}): if they also differ in magnification, a "
            "ranking may learn the apparent size of the cells. Use a separate source for each "
            "size, or make sure that images of each size contain all classes."
        )
    other = problems[problems["problem"] == "other data type"]
    if len(other):
        share = precise_percent(other["field"].nunique() / len(fields))
        found.append(
            f"Images of one channel differ in data type in {share} of the fields "
            f"({quoted(sorted(set(other['channel'])))}: {other['reason'].iloc[0]}), so the same "
            "brightness has different values, and `rank` does not accept them: save all images in "
            "one bit depth, or use a separate source for each."
        )
    return found


def _counts(values: Counter[str]) -> str:
    return ", ".join(f"{count} of {value}" for value, count in values.most_common(3))
