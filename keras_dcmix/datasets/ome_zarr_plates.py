"""Plates of a simulated screen as OME-Zarr 0.4."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.optional_imports import import_zarr
from keras_dcmix.datasets.camera import MAX_COUNT
from keras_dcmix.datasets.simulated_cells import CHANNEL_NAMES
from keras_dcmix.datasets.simulated_screen import SimulatedScreen

if TYPE_CHECKING:
    import pandas as pd

VERSION = "0.4"
COLORS = ("0000FF", "00FF00", "FFFF00", "FF8000", "FF0000", "FF00FF")


def write_plates(screen: SimulatedScreen, folder: Path) -> None:
    """Writes `platemap.csv` and, for each plate, the groups that its fields go into."""
    columns = ["Metadata_Plate", "Metadata_Well", "Metadata_Treatment"]
    wells = screen.table[columns].drop_duplicates()
    wells.to_csv(folder / "platemap.csv", index=False)
    zarr = import_zarr()
    num_sites = screen.shape[-1]
    images = [{"path": str(site), "acquisition": 0} for site in range(num_sites)]
    for plate in wells["Metadata_Plate"].unique():
        names = list(wells.loc[wells["Metadata_Plate"] == plate, "Metadata_Well"])
        root = zarr.create_group(
            folder / f"{plate}.zarr",
            zarr_format=2,
            attributes={"plate": _plate_metadata(plate, names, num_sites)},
        )
        for name in names:
            attributes = {"well": {"version": VERSION, "images": images}}
            root.create_group(_well_path(name), attributes=attributes)


def write_field(field: np.ndarray, row: pd.Series, folder: Path) -> None:
    """Writes one field as an image of its well, a chunk for each channel."""
    well, name = row["Metadata_Well"], str(row["Metadata_Site"] - 1)
    group = import_zarr().create_group(
        folder / f"{row['Metadata_Plate']}.zarr" / well[0] / well[1:] / name,
        zarr_format=2,
        attributes=_image_metadata(f"{row['Metadata_Plate']} {well} {name}"),
    )
    group.create_array(
        "0",
        data=np.ascontiguousarray(np.moveaxis(field, -1, 0)),
        chunks=(1, *field.shape[:2]),
        chunk_key_encoding={"name": "v2", "separator": "/"},
    )


def _well_path(well: str) -> str:
    return f"{well[0]}/{well[1:]}"


def _plate_metadata(name: str, wells: list[str], num_sites: int) -> dict[str, object]:
    rows = sorted({well[0] for well in wells})
    columns = sorted({well[1:] for well in wells})
    return {
        "version": VERSION,
        "name": name,
        "acquisitions": [{"id": 0, "name": name, "maximumfieldcount": num_sites}],
        "field_count": num_sites,
        "rows": [{"name": row} for row in rows],
        "columns": [{"name": column} for column in columns],
        "wells": [
            {
                "path": _well_path(well),
                "rowIndex": rows.index(well[0]),
                "columnIndex": columns.index(well[1:]),
            }
            for well in wells
        ],
    }


def _image_metadata(name: str) -> dict[str, object]:
    """No unit of length: the simulator knows pixels only."""
    window = {"min": 0, "max": MAX_COUNT, "start": 0, "end": MAX_COUNT}
    scale = {"type": "scale", "scale": [1.0, 1.0, 1.0]}
    return {
        "multiscales": [
            {
                "version": VERSION,
                "name": name,
                "axes": [
                    {"name": "c", "type": "channel"},
                    {"name": "y", "type": "space"},
                    {"name": "x", "type": "space"},
                ],
                "datasets": [{"path": "0", "coordinateTransformations": [scale]}],
            }
        ],
        "omero": {
            "version": VERSION,
            "name": name,
            "channels": [
                {"label": label, "color": color, "window": window, "active": True}
                for label, color in zip(CHANNEL_NAMES, COLORS, strict=True)
            ],
        },
    }
