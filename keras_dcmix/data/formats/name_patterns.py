"""Names of image files: patterns that describe them, and the channels in them."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from keras_dcmix._common.errors import DataError, InputWarning, argument
from keras_dcmix.data.columns import metadata_column
from keras_dcmix.data.formats.wells import well_at, well_name

_BRACES = re.compile(r"\{([A-Za-z_]\w*)\}")
_STAINS = (
    "DAPI|Hoechst\\d*|DNA|GFP|EGFP|YFP|CFP|RFP|mCherry|FITC|TRITC|Cy\\d|Texas ?Red|Alexa ?\\d*|"
    "ER|RNA|AGP|Mito|MitoTracker|Actin|Phalloidin|Tubulin|ConA|WGA|Syto ?14|BF|Brightfield|Phase"
)
# One digit after a C alone: C01 is a well.
_CHANNEL = re.compile(
    rf"(?<![A-Za-z0-9])(?:(?:channel|ch|w)[_-]?\d+|c\d|{_STAINS})(?![A-Za-z0-9])", re.IGNORECASE
)
_EXAMPLE = "'{plate}/{well}_s{site}_{channel}.tif'"
_PLACE = re.compile(r"(?:.+([_\- ]))?[A-P]\d{1,2}(?:([_\- ]s(?:ite)?)\d+)?")
# What a name in braces stands for. Tighter than the others, or "{plate}_{well}" would read
# "my_plate_B02" as plate "my" and well "plate_B02".
_STANDS_FOR = {
    "well": r"[A-Za-z]{1,2}[ -]?\d{1,3}",
    "row": r"[A-Za-z]{1,2}|\d{1,2}",
    "column": r"\d{1,3}",
    "z": r"-?\d+(?:\.\d+)?",
}


class NamePattern:
    """The meaning of the parts of a file's path.

    Args:
        text: a regular expression with named groups, or a path with names in braces.

    Raises:
        ValueError: if it is no such expression, or has no name.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        is_template = bool(_BRACES.search(text)) and "(?P<" not in text
        expression = _expression(text) if is_template else text
        try:
            self._regex = re.compile(expression)
        except re.error as error:
            raise DataError(
                f"{argument('pattern')} must be a path with names in braces, such as {_EXAMPLE}, "
                f"or a regular expression. Received: {argument('pattern', text)} ({error})"
            ) from error
        self._match = self._regex.fullmatch if is_template else self._regex.search
        self._refuse_groups(list(self._regex.groupindex))

    def planes(self, names: Sequence[str], path: Path) -> pd.DataFrame:
        """Reads the names of files.

        Args:
            names: paths below the folder, with `/` between folders.
            path: the folder.

        Returns:
            One row a file that matches: `name`, `Metadata_*`, and `channel` and `z` where the
            pattern has them. Files that do not match are left out with a warning.

        Raises:
            ValueError: if no file matches, or what a group matched is no well or no number.
        """
        matches = {name: match for name in names if (match := self._match(name))}
        if not matches:
            raise DataError(
                f"{argument('pattern')} must match the paths of files in '{path}'. Received: "
                f"{argument('pattern', self.text)}, which matches none of {len(names)}, the first "
                f"is '{names[0]}'. Try '{example_pattern(names[0])}'"
            )
        if len(matches) < len(names):
            first = next(name for name in names if name not in matches)
            warnings.warn(
                InputWarning(
                    f"{len(names) - len(matches)} of {len(names)} image files in '{path}' are left "
                    f"out, the first is '{first}': they do not match "
                    f"{argument('pattern', self.text)}"
                ),
                stacklevel=4,
            )
        rows = [_row(name, match.groupdict("")) for name, match in matches.items()]
        return pd.DataFrame(rows)

    def _refuse_groups(self, groups: list[str]) -> None:
        roles = [name.lower() for name in groups if not name.startswith("_")]
        if not set(roles) - {"channel", "z"}:
            raise DataError(
                f"{argument('pattern')} must name what identifies a field, such as {{well}} and "
                f"{{site}}. Received: {argument('pattern', self.text)} with only "
                f"{', '.join(roles) or 'unnamed parts'}"
            )
        if ("row" in roles) != ("column" in roles):
            raise DataError(
                f"{argument('pattern')} must name row and column of a well together. Received: "
                f"{argument('pattern', self.text)} with only one of them"
            )
        repeated = sorted({name for name in roles if roles.count(name) > 1})
        if repeated or ("well" in roles and "row" in roles):
            name = repeated[0] if repeated else "well"
            raise DataError(
                f"{argument('pattern')} must name each part once. Received: "
                f"{argument('pattern', self.text)} with '{name}' twice"
            )


def example_pattern(name: str) -> str:
    """A pattern that may fit a file's path, to be shown in errors.

    Example:

    >>> example_pattern("control/x_DAPI.tif"), example_pattern("my_plate_B02_s1.png")
    ('{class}/{image}_{channel}.tif', '{plate}_{well}_s{site}.png')
    """
    *folders, file = name.split("/")
    stem, suffix = os.path.splitext(file)
    parts = [f"{{folder{number}}}" for number in range(1, len(folders))] + ["{class}"]
    parts = parts[: len(folders)]
    channels = list(_CHANNEL.finditer(stem))
    if not channels:
        shown = ["{channel}" if _CHANNEL.fullmatch(folder) else "" for folder in folders]
        parts = [one or other for one, other in zip(shown, parts, strict=True)]
        return "/".join([*parts, _place(stem) + suffix])
    before, after = stem[: channels[-1].start()], stem[channels[-1].end() :]
    if not before and not after:
        fields = [*parts[:-1], "{image}"]
        return "/".join([*fields, "{channel}"] if folders else fields) + suffix
    before = _place(before[:-1]) + before[-1] if before else ""
    after = after[0] + ("{part}" if before else _place(after[1:])) if after else ""
    return "/".join([*parts, f"{before}{{channel}}{after}{suffix}"])


def _place(stem: str) -> str:
    """The part of a pattern that identifies the field of a file."""
    match = _PLACE.fullmatch(stem)
    if match is None:
        return "{image}"
    plate = f"{{plate}}{match[1]}" if match[1] else ""
    return f"{plate}{{well}}{match[2] + '{site}' if match[2] else ''}"


def channel_twins(names: Sequence[str]) -> tuple[str, str] | None:
    """Two files whose paths differ only in what looks like the name of a channel, or None."""
    seen: dict[tuple[str, str], str] = {}
    for name in names:
        stem = os.path.splitext(name)[0]
        for channel in _CHANNEL.finditer(stem):
            rest = (stem[: channel.start()], stem[channel.end() :])
            first = seen.setdefault(rest, name)
            if os.path.splitext(first)[0] != stem:
                return first, name
    return None


def _expression(template: str) -> str:
    """The regular expression of a path with names in braces; repeated names are equal."""
    known: set[str] = set()
    parts = _BRACES.split(template)
    for i, part in enumerate(parts):
        if i % 2 == 0:
            parts[i] = re.escape(part)
        elif part == "_":
            parts[i] = "[^/]+?"
        else:
            stands_for = _STANDS_FOR.get(part.lower(), "[^/]+?")
            parts[i] = f"(?P={part})" if part in known else f"(?P<{part}>{stands_for})"
            known.add(part)
    return "".join(parts)


def _row(name: str, groups: dict[str, str]) -> dict[str, str | float]:
    """The parts of a name, by the columns of `fields_from_planes`."""
    parts = {group: text for group, text in groups.items() if not group.startswith("_")}
    roles = {group.lower(): group for group in parts}
    row: dict[str, str | float] = {"name": name}
    if "channel" in roles:
        row["channel"] = parts.pop(roles["channel"])
    if "z" in roles:
        row["z"] = _number(parts.pop(roles["z"]), name)
    if "row" in roles:
        row["Metadata_Well"] = _well(parts.pop(roles["row"]), parts.pop(roles["column"]), name)
    return row | {metadata_column(group): text for group, text in parts.items()}


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise DataError(
            f"z in {argument('pattern')} must be the number of a plane. Received: '{text}' in "
            f"'{name}'"
        ) from error


def _well(row: str, column: str, name: str) -> str:
    """The well in a row, a letter or a number, and a column."""
    if row.isdigit() and column.isdigit():
        return well_at(int(row), int(column))
    well = well_name(row + column)
    if well == row + column and not column.isdigit():
        raise DataError(
            f"row and column in {argument('pattern')} must be a letter or number and a number. "
            f"Received: '{row}' and '{column}' in '{name}'"
        )
    return well
