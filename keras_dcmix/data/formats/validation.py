"""The last step of every reader: channels selected, labels joined, files checked."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pandas as pd

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix.data.formats.platemap import join_platemap
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.planes import paths_of


def label_and_validate(
    image_set: ImageSet,
    *,
    channels: Sequence[str] | None = None,
    label: str | None = None,
    group: str | Sequence[str] | None = None,
    platemap: str | os.PathLike[str] | None = None,
    check_files: bool = True,
) -> ImageSet:
    """Selects channels, takes labels and groups, and checks files.

    Args:
        image_set: the fields, as their format gives them.
        channels: names of the channels to keep, in this order; all where None.
        label: metadata column that holds the classes; rows where it is blank are left out and
            counted. Where None, the set has no labels.
        group: as in `ImageSet.with_labels`; needs `label`.
        platemap: a table with a column of wells, whose other columns join the metadata.
        check_files: whether to raise where files are missing or come twice.

    Raises:
        ValueError: if a column or a channel is wrong, or a file is missing or comes twice.
    """
    if group is not None and label is None:
        raise DataError(
            f"{argument('group')} needs {argument('label')}. Received: {argument('group', group)} "
            "without a label"
        )
    if channels is not None:
        image_set = image_set.select_channels(channels)
    if platemap is not None:
        image_set = join_platemap(image_set, platemap)
    if label is not None:
        image_set = image_set.with_labels(label, group)
    if check_files:
        refuse_missing(image_set)
        _refuse_repeated(image_set)
    return image_set


def missing_files(image_set: ImageSet) -> pd.DataFrame:
    """Finds the files that do not exist.

    Returns:
        One row a missing file: `field` (row of the image set), `channel`, `path` (None where the
        source names no file for this channel).
    """
    missing: list[tuple[int, str, str | None]] = []
    for column, channel in enumerate(image_set.channel_names):
        for field, cell in enumerate(image_set.files.iloc[:, column]):
            if cell is None:
                missing.append((field, channel, None))
            else:
                absent = (path for path in paths_of(cell) if not os.path.exists(path))
                missing.extend((field, channel, path) for path in absent)
    # As objects, or pandas 3 makes NaN of None.
    found = pd.DataFrame(missing, columns=["field", "channel", "path"], dtype=object)
    found = found.astype({"field": int})
    return found.sort_values("field", kind="stable", ignore_index=True)


def repeated_files(image_set: ImageSet) -> pd.DataFrame:
    """Finds files that are the same channel of several fields.

    Returns:
        One row a field: `field`, `channel`, `path`, rows of the same file side by side.
    """
    repeated: list[tuple[object, str, str]] = []
    for channel in image_set.channel_names:
        cells = image_set.files[channel].astype(object)
        twice = cells[cells.notna() & cells.duplicated(keep=False)]
        repeated.extend((field, channel, str(cell)) for field, cell in twice.items())
    found = pd.DataFrame(repeated, columns=["field", "channel", "path"])
    return found.sort_values(["channel", "path"], kind="stable", ignore_index=True)


def refuse_missing(image_set: ImageSet) -> None:
    """Raises where files are missing.

    Raises:
        ValueError: if one is; it says how many, and names the first.
    """
    missing = missing_files(image_set)
    if missing.empty:
        return
    number_of_files = image_set.files.size
    blank = missing["path"].isna()
    first = missing[blank if blank.any() else ~blank].iloc[0]
    where = f"{image_set.where(first['field'])}, channel '{first['channel']}'"
    if blank.any():
        raise DataError(
            f"Each field needs a file for each channel. Received: none for {blank.sum()} of "
            f"{number_of_files}, the first in {where}. Complete the table, choose other "
            f"{argument('channels')}, or leave such fields out with "
            f"{argument('skip_unreadable', True)} (in Python: open_images(..., check_files=False))"
        )
    raise DataError(
        f"Image files must exist. Received: {len(missing)} of {number_of_files} missing, the first "
        f"is '{first['path']}' ({where}). Check {argument('root')} and the folders in the source"
    )


def _refuse_repeated(image_set: ImageSet) -> None:
    repeated = repeated_files(image_set)
    if repeated.empty:
        return
    first = repeated.iloc[0]
    same = repeated[(repeated["path"] == first["path"]) & (repeated["channel"] == first["channel"])]
    wheres = [image_set.where(field) for field in same["field"][:4]]
    raise DataError(
        "Each file must be a channel of one field, or a field could be trained on and tested on. "
        f"Received: '{first['path']}' as channel '{first['channel']}' of {'; '.join(wheres)}. "
        "Leave all but one row out"
    )
