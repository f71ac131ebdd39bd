"""One plate in three layouts: are the pixels the same, and is the ranking?

    python benchmarks/three_layouts.py bbbc013 --work work

`bbbc013` holds `load_data.csv` and `images/Channel1-01-A-01.tif` ...: BBBC013 of the Broad
Bioimage Benchmark Collection. It is opened as a LoadData table, as a folder with a pattern, and
saved again as an OME-Zarr HCS plate; the last two get labels from a platemap. Every pixel of
every field is compared, then each layout is ranked with the same seed.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd
import zarr

import keras_dcmix
from keras_dcmix.data import ImageSet, crop_fields, from_folders, from_load_data, from_ome_zarr

LABEL, GROUP = "Metadata_Control", "Metadata_Well"
PATTERN = "Channel{channel}-{_}-{row}-{column}.tif"


def save_as_ome_zarr(image_set: ImageSet, folder: Path) -> None:
    """Writes a plate as OME-Zarr 0.4, one well a field."""
    wells = list(image_set.table["Metadata_Well"])
    rows, columns = sorted({w[0] for w in wells}), sorted({w[1:] for w in wells})
    plate = zarr.create_group(folder, zarr_format=2)
    plate.attrs["plate"] = {
        "version": "0.4",
        "rows": [{"name": row} for row in rows],
        "columns": [{"name": column} for column in columns],
        "wells": [
            {
                "path": f"{w[0]}/{w[1:]}",
                "rowIndex": rows.index(w[0]),
                "columnIndex": columns.index(w[1:]),
            }
            for w in wells
        ],
    }
    for number, name in enumerate(wells):
        well = plate.require_group(f"{name[0]}/{name[1:]}")
        well.attrs["well"] = {"version": "0.4", "images": [{"path": "0"}]}
        image = well.create_group("0")
        axes = [{"name": "c", "type": "channel"}, *({"name": n, "type": "space"} for n in "yx")]
        scale = [{"type": "scale", "scale": [1, 1, 1]}]
        image.attrs["multiscales"] = [
            {
                "version": "0.4",
                "axes": axes,
                "datasets": [{"path": "0", "coordinateTransformations": scale}],
            }
        ]
        image.attrs["omero"] = {"channels": [{"label": n} for n in image_set.channel_names]}
        pixels = np.moveaxis(image_set.read(number), -1, 0)
        # Written also where it is all 0: a chunk that is not there reads as an error here.
        image.create_array(
            "0", data=pixels, chunks=(1, *pixels.shape[1:]), config={"write_empty_chunks": True}
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plate", type=Path)
    parser.add_argument("--work", type=Path, default=Path("three_layouts"))
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    table = from_load_data(arguments.plate / "load_data.csv", label=LABEL, group=GROUP)
    everything = from_load_data(arguments.plate / "load_data.csv")
    platemap = arguments.work / "platemap.csv"
    everything.table[["Metadata_Well", LABEL]].to_csv(platemap, index=False)
    saved = arguments.work / "BBBC013v1.zarr"
    if not saved.exists():
        save_as_ome_zarr(everything, saved)
    joined = {"label": LABEL, "group": GROUP, "platemap": platemap}
    layouts = {
        "LoadData": table,
        "folder pattern": from_folders(
            arguments.plate / "images",
            pattern=PATTERN,
            channel_names={"1": "GFP", "2": "DNA"},
            **joined,
        ),
        "OME-Zarr": from_ome_zarr(saved, **joined),
    }
    rows = []
    for name, image_set in layouts.items():
        same = all(
            np.array_equal(image_set.read(number), table.read(number))
            for number in range(len(table))
        )
        ranking = keras_dcmix.rank_channels(
            crop_fields(image_set, crop="cells"), num_seeds=arguments.seeds, check=False
        )
        shares = dict(zip(ranking.importance.channel_names, ranking.importance.scores, strict=True))
        rows.append(
            {
                "layout": name,
                "fields": len(image_set),
                "same pixels": same,
                "same labels": list(image_set.labels) == list(table.labels),
                **shares,
                "accuracy": ranking.accuracy.mean(),
            }
        )
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.6f}".format))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
