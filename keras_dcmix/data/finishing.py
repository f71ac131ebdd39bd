"""The last step of every reader: channels chosen, labels joined, files checked."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pandas as pd

from keras_dcmix._common.errors import DataError
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.planes import paths_of
from keras_dcmix.data.platemap import join_platemap


def finish(
    image_set: ImageSet,
    *,
    channels: Sequence[str] | None = None,
    label: str | None = None,
    group: str | Sequence[str] | None = None,
    platemap: str | os.PathLike[str] | None = None,
    check_files: bool = True,
) -> ImageSet:
    """Makes what a format has read into what a user asked for.

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
        raise DataError(f"group needs a label column, received group={group!r} and label=None")
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
    """Finds the files that are not there.

    Returns:
        One row a missing file: `field` (row of the image set), `channel`, `path` (None where the
        source names no file for this channel).
    """
    missing = []
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
    repeated = []
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
            f"every field needs a file for each channel, received none for {blank.sum()} of "
            f"{number_of_files}, the first in {where}: complete the table, choose other "
            "channels=, or leave such fields out with skip_unreadable=True (opened by open_images "
            "with check_files=False)"
        )
    raise DataError(
        f"{len(missing)} of {number_of_files} image files are missing, the first in {where}: "
        f"'{first['path']}'; check root= and the folders that the source names"
    )


def _refuse_repeated(image_set: ImageSet) -> None:
    repeated = repeated_files(image_set)
    if repeated.empty:
        return
    first = repeated.iloc[0]
    same = repeated[(repeated["path"] == first["path"]) & (repeated["channel"] == first["channel"])]
    wheres = [image_set.where(field) for field in same["field"][:4]]
    raise DataError(
        f"{'; '.join(wheres)} name the same file for channel '{first['channel']}': "
        f"'{first['path']}'; a field in two wells could be trained on and tested on, so leave all "
        "but one row out"
    )
