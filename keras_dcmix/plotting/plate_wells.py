"""Where groups lie on plates, read from their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from keras_dcmix._common.errors import DataError
from keras_dcmix._common.wording import natural_key, quoted

_WELL = re.compile(
    r"(?:(?P<plate>.*\S)[/_ .:|-]+)?(?P<row>A[A-F]|[A-Z])[ _-]?(?P<column>\d{1,2})", re.I
)

# Rows and columns of plates with 24, 96, 384 and 1536 wells.
FORMATS = ((4, 6), (8, 12), (16, 24), (32, 48))


@dataclass(frozen=True)
class Place:
    """A well: its plate, and its row and column from 0."""

    plate: str
    row: int
    column: int


def place_of(group: str) -> Place | None:
    """The place of a group whose name ends with a well; `None` where it does not.

    Example:
        >>> place_of("P1_A01"), place_of("screen/P2/AF48")
        (Place(plate='P1', row=0, column=0), Place(plate='screen/P2', row=31, column=47))
        >>> place_of("B2").column, place_of("donor 7"), place_of("A49")
        (1, None, None)
    """
    match = _WELL.fullmatch(group.strip())
    if match is None:
        return None
    letters, column = match["row"].upper(), int(match["column"])
    row = ord(letters[-1]) - ord("A") + 26 * (len(letters) - 1)
    rows, columns = FORMATS[-1]
    if not (row < rows and 1 <= column <= columns):
        return None
    return Place(match["plate"] or "", row, column - 1)


def are_wells(groups: Iterable[str]) -> bool:
    """Whether every group, at least one, has the name of a well."""
    places = [place_of(str(each)) for each in groups]
    return bool(places) and None not in places


def places_of(groups: Iterable[str]) -> list[Place]:
    """The place of every group.

    Raises:
        ValueError: If a group has no name of a well.
    """
    names = [str(each) for each in groups]
    places = [place_of(each) for each in names]
    others = [name for name, place in zip(names, places, strict=True) if place is None]
    if others:
        raise DataError(
            "Groups must be wells, such as 'A01' or 'plate/A01', to be drawn as a plate. "
            f"Received: {quoted(others)}. Use plot_groups"
        )
    return [place for place in places if place is not None]


def plate_format(places: Iterable[Place]) -> tuple[int, int]:
    """Rows and columns of the smallest plate with these wells.

    Example:
        >>> plate_format([Place("", 7, 11)]), plate_format([Place("", 4, 2)])
        ((8, 12), (8, 12))
    """
    found = list(places)
    rows, columns = (1 + max(getattr(each, name) for each in found) for name in ("row", "column"))
    return next(each for each in FORMATS if rows <= each[0] and columns <= each[1])


def row_name(row: int) -> str:
    """The letters of a row, from 0."""
    return ("A" if row >= 26 else "") + chr(ord("A") + row % 26)


def sorted_plates(places: Iterable[Place]) -> list[str]:
    """Names of the plates, as people count."""
    return sorted({each.plate for each in places}, key=natural_key)
