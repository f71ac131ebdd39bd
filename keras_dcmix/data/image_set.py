"""The image set: one row a field of view, one file a channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.names import checked_channel_names, suggestion
from keras_dcmix.data.columns import texts
from keras_dcmix.data.image_files import UnreadableImageError, read_image
from keras_dcmix.data.labelling import group_columns, group_unit, group_values, labelled_rows
from keras_dcmix.data.planes import read_planes

_PLACE = ("Metadata_Experiment", "Metadata_Plate", "Metadata_Well", "Metadata_Site")


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Fields of view with their files, labels and groups; pixels are read on request.

    Args:
        table: metadata, one row a field of view.
        files: absolute file paths, or `Stack` objects of planes, the same rows, one column a
            channel; None where a field lacks a channel.
        labels: `(fields,)` class of each field, or None before `with_labels`.
        groups: `(fields,)` well, plate or experiment of each field, or None.
        num_unlabelled: how many rows were left out because their label was blank.
        unlabelled: these rows; plates may be normalised by controls among them.
        reader: from a file path, and the number of the plane for a `Stack`, to `(height, width)`
            pixels; a module's function, so that the set can be pickled.
        row_numbers: `(fields,)` number of each row in the source's table; None where the source
            is no table.
        illumination: `.npy` file of the illumination function of each field and channel, the same
            rows and columns as `files`; None where there is none.
        z: `"max"` or the number of the plane that is read of z stacks; None where the format has no
            stacks.
        group_unit: what a group is, such as `"well"` or `"plate"`; None without groups.
        all_channels: the same fields in all channels, where some were chosen: nuclei may be found
            in one of the others.

    Raises:
        ValueError: if there are no rows or no channels, a channel name comes twice, or lengths
            differ.
    """

    table: pd.DataFrame
    files: pd.DataFrame
    labels: np.ndarray | None = None
    groups: np.ndarray | None = None
    num_unlabelled: int = 0
    unlabelled: ImageSet | None = None
    reader: Callable[..., np.ndarray] = read_image
    row_numbers: np.ndarray | None = None
    illumination: pd.DataFrame | None = None
    z: str | int | None = None
    group_unit: str | None = None
    all_channels: ImageSet | None = None

    def __post_init__(self) -> None:
        checked_channel_names(list(self.files.columns))
        if not self.files.shape[0] or not self.files.shape[1]:
            raise DataError(
                "An image set needs at least one field and one channel. Received: "
                f"{self.files.shape[0]} fields and {self.files.shape[1]} channels"
            )
        columns = {"table": self.table, "labels": self.labels, "groups": self.groups}
        for name, column in columns.items():
            if column is not None and len(column) != len(self):
                raise DataError(
                    f"`{name}` must have {len(self)} entries, one a field. Received: "
                    f"len({name})={len(column)}"
                )
        for frame in (self.table, self.files):
            if list(frame.index) != list(range(len(self))):
                raise DataError(
                    "`table` and `files` must be indexed 0..n-1: call reset_index(drop=True) first"
                )

    def __repr__(self) -> str:
        return f"ImageSet({len(self)} fields, channels: {', '.join(self.channel_names)})"

    def __len__(self) -> int:
        return len(self.files)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels, in the order of the last axis of the images."""
        return tuple(self.files.columns)

    @property
    def num_channels(self) -> int:
        """Number of channels."""
        return self.files.shape[1]

    def read(self, index: int) -> np.ndarray:
        """Reads one field of view.

        Args:
            index: row of the field, 0..n-1.

        Returns:
            Raw pixels `(height, width, channels)`.

        Raises:
            UnreadableImageError: if a file cannot be read or channels differ in size, naming
                field, channel and file.
        """
        return np.stack(self.read_planes(index), axis=-1)

    def read_planes(self, index: int) -> list[np.ndarray]:
        """Reads the channels of one field `(height, width)`, each in its own data type.

        Args:
            index: row of the field, 0..n-1.

        Raises:
            UnreadableImageError: as in `read`.
        """
        planes = [self._read_plane(index, name) for name in self._cells]
        for name, plane in zip(self.channel_names, planes, strict=True):
            if plane.shape != planes[0].shape:
                raise UnreadableImageError(
                    f"{self.where(index)}: channels of one field must have the same size. "
                    f"Received: '{self.channel_names[0]}' with {_size(planes[0])} and '{name}' "
                    f"with {_size(plane)} pixels ('{self.files[name].iloc[index]}')",
                    channel=name,
                )
        return planes

    def where(self, index: int) -> str:
        """The name of a field in errors: its row in the source's table, or its metadata."""
        if self.row_numbers is not None:
            return f"row {self.row_numbers[index]}"
        names = [name for name in _PLACE if name in self.table]
        places = [
            f"{name.removeprefix('Metadata_').lower()} {self.table[name][index]}" for name in names
        ]
        return ", ".join(places) or f"field {index}"

    @cached_property
    def _cells(self) -> dict[str, np.ndarray]:
        """The files, out of pandas: looking one up there takes longer than opening it."""
        return {name: self.files[name].to_numpy(dtype=object) for name in self.channel_names}

    def _read_plane(self, index: int, name: str) -> np.ndarray:
        cell = self._cells[name][index]
        try:
            if cell is None:
                raise DataError("the source has no file")
            plane = read_planes(cell, self.reader)
            if plane.ndim != 2:
                raise DataError(
                    f"`reader` must return pixels (height, width). Received: shape={plane.shape} "
                    f"for '{cell}'"
                )
        except (OSError, ValueError) as error:
            where = f"{self.where(index)}, channel '{name}'"
            raise UnreadableImageError(f"{where}: {error}", channel=name) from error
        return plane

    def select_channels(self, names: Sequence[str]) -> ImageSet:
        """Keeps the named channels, in the order given.

        Args:
            names: channel names.

        Raises:
            ValueError: if a name is unknown or comes twice.
        """
        if isinstance(names, str):
            raise TypeError(
                f"`channels` must be a list of channel names. Received: channels={names!r}"
            )
        unknown = next((name for name in names if name not in self.channel_names), None)
        if unknown is not None:
            raise DataError(
                f"{argument('channels')} must be channels of the source. Received: '{unknown}'"
                f"{suggestion(unknown, self.channel_names)} Channels are: "
                f"{', '.join(self.channel_names)}"
            )
        return replace(
            self,
            files=self.files[list(names)],
            illumination=None if self.illumination is None else self.illumination[list(names)],
            unlabelled=self.unlabelled and self.unlabelled.select_channels(names),
            all_channels=self.all_channels
            or replace(self, labels=None, groups=None, group_unit=None, unlabelled=None),
        )

    def rename_channels(self, names: Mapping[str, str]) -> ImageSet:
        """Gives channels other names.

        Args:
            names: from names of channels to new ones; other channels keep theirs.

        Raises:
            ValueError: if two channels get the same name.
        """
        new, functions = dict(names), self.illumination
        return replace(
            self,
            files=self.files.rename(columns=new),
            illumination=None if functions is None else functions.rename(columns=new),
            unlabelled=self.unlabelled and self.unlabelled.rename_channels(names),
        )

    def subset(self, indices: np.ndarray | Sequence[int]) -> ImageSet:
        """Keeps the rows at `indices` (numbers 0..n-1, or one truth value a row), in that order."""
        rows = np.arange(len(self))[list(indices)]
        return replace(
            self,
            table=self.table.iloc[rows].reset_index(drop=True),
            files=self.files.iloc[rows].reset_index(drop=True),
            labels=None if self.labels is None else self.labels[rows],
            groups=None if self.groups is None else self.groups[rows],
            row_numbers=None if self.row_numbers is None else self.row_numbers[rows],
            illumination=(
                None
                if self.illumination is None
                else self.illumination.iloc[rows].reset_index(drop=True)
            ),
            all_channels=None if self.all_channels is None else self.all_channels.subset(rows),
        )

    def with_labels(self, label: str, group: str | Sequence[str] | None = None) -> ImageSet:
        """Takes labels and groups from columns of the table.

        Rows whose label is blank (missing, or only spaces) are left out and counted in
        `num_unlabelled`.

        Args:
            label: column that holds the class of each field.
            group: column whose equal values are kept together in every split, or several columns,
                whose values are joined by `/`. Where None: experiment (if the table has it),
                plate and well, or each row its own group if the table has no `Metadata_Well`.

        Returns:
            A new set; labels and groups are texts.

        Raises:
            ValueError: if a column is unknown, a group is blank, or fewer than two classes are
                left.
        """
        is_labelled = labelled_rows(self.table, label)
        kept = self.subset(is_labelled)
        columns = group_columns(self.table, group)
        return replace(
            kept,
            labels=texts(kept.table[label]),
            groups=group_values(kept.table, columns, kept.row_numbers),
            group_unit=group_unit(columns),
            num_unlabelled=self.num_unlabelled + int((~is_labelled).sum()),
            unlabelled=None if is_labelled.all() else self.subset(~is_labelled),
        )

    def joined(self, other: ImageSet) -> ImageSet:
        """The fields of this set, then those of another of the same source, without labels."""
        return ImageSet(
            _stacked(self.table, other.table),
            _stacked(self.files, other.files),
            reader=self.reader,
            row_numbers=(
                None
                if self.row_numbers is None or other.row_numbers is None
                else np.concatenate([self.row_numbers, other.row_numbers])
            ),
            illumination=(
                None
                if self.illumination is None or other.illumination is None
                else _stacked(self.illumination, other.illumination)
            ),
            z=self.z,
            all_channels=(
                None
                if self.all_channels is None or other.all_channels is None
                else self.all_channels.joined(other.all_channels)
            ),
        )


def _stacked(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([first, second], ignore_index=True)


def _size(plane: np.ndarray) -> str:
    return f"{plane.shape[0]} x {plane.shape[1]}"
