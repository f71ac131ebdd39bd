"""Wells and sites in names of files."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from keras_dcmix.data.formats.wells import well_name

_WELL = re.compile(r"(?<![A-Za-z0-9])([A-P]|A[A-F])(\d{1,2})(?![A-Za-z0-9])")
_SITE = re.compile(
    r"(?<![A-Za-z0-9])(?:site|series|field|fov|pos|s|f)[_-]?(\d{1,4})(?![A-Za-z0-9])", re.I
)


def places_of(stems: Sequence[str]) -> pd.DataFrame:
    """Reads wells and sites from names of files.

    Args:
        stems: names without their extension, each once.

    Returns:
        One row a name. `Metadata_Well` is added if each name contains one well; `Metadata_Site` is
        the site where each name contains one and no two fields become the same, else the name.

    Example:

    >>> places_of(["scan_B03_s1", "scan_B03_s2"]).to_numpy().tolist()
    [['B03', '1'], ['B03', '2']]
    >>> places_of(["neuron"]).to_dict("list")
    {'Metadata_Site': ['neuron']}
    """
    wells = [_well(stem) for stem in stems]
    places = pd.DataFrame(index=range(len(stems)))
    if all(wells):
        places["Metadata_Well"] = wells
    found = [_SITE.findall(stem) for stem in stems]
    if all(len(sites) == 1 for sites in found):
        places["Metadata_Site"] = [str(int(sites[0])) for sites in found]
        if not places.duplicated().any():
            return places
    return places.assign(Metadata_Site=list(stems))


def _well(stem: str) -> str | None:
    """The only well in a name; of several, the only one with a column of two digits."""
    found = [row + column for row, column in _WELL.findall(stem) if 1 <= int(column) <= 48]
    if len(found) > 1:
        found = [well for well in found if re.fullmatch(r"\D+\d\d", well)]
    return well_name(found[0]) if len(found) == 1 else None
