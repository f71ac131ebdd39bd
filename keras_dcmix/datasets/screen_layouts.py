"""A simulated screen on disk, in the layouts that microscopes and public data sets have."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix._common.files import written_atomically
from keras_dcmix._common.names import suggestion
from keras_dcmix._common.optional_imports import import_zarr
from keras_dcmix._common.validation import check_jobs
from keras_dcmix.datasets import ome_zarr_plates
from keras_dcmix.datasets.camera import MAX_COUNT
from keras_dcmix.datasets.simulated_cells import CHANNEL_NAMES
from keras_dcmix.datasets.simulated_screen import CONTROL, SimulatedScreen

if TYPE_CHECKING:
    import pandas as pd

# The stains of RxRx1 in the order of its file names: w1 to w6.
RXRX1_STAINS = {
    "DNA": "Hoechst",
    "ER": "ConA",
    "Actin": "Phalloidin",
    "RNA": "Syto14",
    "Mito": "MitoTracker",
    "Golgi": "WGA",
}
RXRX1_COLUMNS = (
    *("site_id", "well_id", "cell_type", "dataset", "experiment", "plate", "well", "site"),
    *("well_type", "sirna", "sirna_id"),
)
# JUMP writes OrigDNA where it means the channel DNA, and `from_load_data` reads it so.
STAINS = {name: name for name in CHANNEL_NAMES}
# Fields that another process draws at a time; each time it receives the screen's table.
CHUNK = 8


def write_screen(
    screen: SimulatedScreen,
    folder: str | PathLike[str],
    layout: str,
    *,
    n_jobs: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> Path:
    """Draws every field of a screen and writes it as a microscope or a public data set would.

    - `"rxrx1"`: `metadata.csv` and `images/<experiment>/Plate<p>/<well>_s<site>_w<1-6>.png`,
      8 bits, camera counts divided by 16. The last quarter of the experiments is the dataset
      `"test"`, at least one of two or more.
    - `"loaddata"`: `load_data.csv` for CellProfiler and `images/<plate>/*.tiff`, 16 bits.
    - `"ome-zarr"`: `<plate>.zarr` for each plate, OME-Zarr 0.4, axes c, y, x, 16 bits, and
      `platemap.csv` with the treatments.

    Each comes with `truth.csv`: phenotype, channel (named as its reader names it), effect.

    Args:
        screen: What `simulated_screen` returned.
        folder: Where to write; it must not exist or be empty, its parent must exist. It appears
            when everything is written: an error or an interruption leaves nothing.
        layout: One of `LAYOUTS`.
        n_jobs: Fields drawn at a time, each in a process of its own if not 1 (`joblib`).
        progress: Called with the number of fields written and the number of all fields.

    Returns:
        The folder's absolute path.

    Raises:
        ValueError: If the layout is unknown, the folder is taken or its parent is missing, or
            `n_jobs` is no number of processes.
        ImportError: If the layout is `"ome-zarr"` and the package `zarr` 3 is missing.

    Reference:
        - Sypetkowski et al., RxRx1: A Dataset for Evaluating Experimental Batch Correction
          Methods, CVPR Workshops 2023, and its `metadata.csv`.
        - CellProfiler manual, module LoadData.
        - OME-NGFF specification 0.4, sections on multiscales, plate and well.
    """
    if layout not in _LAYOUTS:
        raise DataError(
            f"{argument('layout')} must be one of {', '.join(LAYOUTS)}. Received: "
            f"{argument('layout', layout)}{suggestion(layout, LAYOUTS)}"
        )
    check_jobs(n_jobs)
    folder = _checked_folder(Path(folder))
    if layout == "ome-zarr":
        import_zarr()
    with written_atomically(folder) as temporary:
        temporary.mkdir()
        _LAYOUTS[layout].write_tables(screen, temporary)
        _truth_table(screen, _LAYOUTS[layout].channels).to_csv(temporary / "truth.csv", index=False)
        _write_fields(screen, temporary, layout, n_jobs, progress)
    return folder


def _checked_folder(folder: Path) -> Path:
    folder = folder.expanduser().resolve()
    if not folder.parent.is_dir():
        raise DataError(
            f"{argument('folder')} must be inside a folder that exists: create '{folder.parent}' "
            f"first. Received: '{folder}'"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            f"{argument('folder')} must not exist, or be empty: choose another or remove it. "
            f"Received: '{folder}'"
        )
    return folder


def _write_fields(
    screen: SimulatedScreen,
    folder: Path,
    layout: str,
    n_jobs: int,
    progress: Callable[[int, int], object] | None,
) -> None:
    import joblib

    total, step = len(screen.table), 1 if n_jobs == 1 else CHUNK
    jobs = [
        joblib.delayed(_write_some)(screen, folder, layout, range(i, min(i + step, total)))
        for i in range(0, total, step)
    ]
    done = 0
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    with _ending(parallel(jobs)) as finished:
        for count in finished:
            done += count
            if progress is not None:
                progress(done, total)


@contextmanager
def _ending(jobs: Generator[int, None, None]) -> Iterator[Generator[int, None, None]]:
    """Ends the processes with the block, before the folder that they write to is removed."""
    try:
        yield jobs
    finally:
        with warnings.catch_warnings():
            # joblib warns about the tasks that it cancels here.
            warnings.filterwarnings("ignore", ".* tasks", UserWarning)
            jobs.close()


def _write_some(screen: SimulatedScreen, folder: Path, layout: str, indices: Sequence[int]) -> int:
    for index in indices:
        row = screen.table.iloc[index]
        _LAYOUTS[layout].write_field(screen.field(index), row, folder)
    return len(indices)


def _truth_table(screen: SimulatedScreen, channels: Mapping[str, str]) -> pd.DataFrame:
    """One row for each phenotype and channel, in the order of the layout's channels."""
    import pandas as pd

    rows = [
        (phenotype, channels[name], screen.truth.loc[phenotype, name])
        for phenotype in screen.truth.index
        for name in channels
    ]
    return pd.DataFrame(rows, columns=["phenotype", "channel", "effect"])


def _write_rxrx1_tables(screen: SimulatedScreen, folder: Path) -> None:
    table = screen.table
    experiments = list(table["Metadata_Experiment"].unique())
    num_test = max(len(experiments) // 4, min(len(experiments) - 1, 1))
    number = {name: i for i, name in enumerate([*screen.truth.index, CONTROL])}
    well_id = table["Metadata_Plate"] + "_" + table["Metadata_Well"]
    rows = table.assign(
        site_id=well_id + "_" + table["Metadata_Site"].astype(str),
        well_id=well_id,
        cell_type="SIM",
        dataset=np.where(
            table["Metadata_Experiment"].isin(experiments[len(experiments) - num_test :]),
            "test",
            "train",
        ),
        experiment=table["Metadata_Experiment"],
        plate=table["Metadata_Plate"].str.rpartition("_")[2],
        well=table["Metadata_Well"],
        site=table["Metadata_Site"],
        well_type=table["Metadata_WellType"],
        sirna=table["Metadata_Treatment"],
        sirna_id=table["Metadata_Treatment"].map(number),
    )
    rows[list(RXRX1_COLUMNS)].to_csv(folder / "metadata.csv", index=False)
    for _, row in table.drop_duplicates("Metadata_Plate").iterrows():
        _rxrx1_folder(row, folder).mkdir(parents=True)


def _rxrx1_folder(row: pd.Series, folder: Path) -> Path:
    plate = row["Metadata_Plate"].rpartition("_")[2]
    return folder / "images" / row["Metadata_Experiment"] / f"Plate{plate}"


def _write_rxrx1_field(field: np.ndarray, row: pd.Series, folder: Path) -> None:
    import imageio.v3 as imageio

    stem = f"{row['Metadata_Well']}_s{row['Metadata_Site']}"
    pixels = (field // ((MAX_COUNT + 1) // 256)).astype(np.uint8)
    for number, name in enumerate(RXRX1_STAINS, start=1):
        path = _rxrx1_folder(row, folder) / f"{stem}_w{number}.png"
        plane = pixels[..., CHANNEL_NAMES.index(name)]
        imageio.imwrite(path, plane, plugin="pillow", compress_level=1)


def _write_load_data(screen: SimulatedScreen, folder: Path) -> None:
    table = screen.table
    files: dict[str, Sequence[str] | pd.Series] = {}
    for name in CHANNEL_NAMES:
        files[f"FileName_Orig{name}"] = [_tiff_name(row, name) for _, row in table.iterrows()]
        files[f"PathName_Orig{name}"] = "images/" + table["Metadata_Plate"]
    table.assign(**files).to_csv(folder / "load_data.csv", index=False)
    for plate in table["Metadata_Plate"].unique():
        (folder / "images" / plate).mkdir(parents=True)


def _tiff_name(row: pd.Series, channel: str) -> str:
    return f"{row['Metadata_Well']}_s{row['Metadata_Site']}_{channel}.tiff"


def _write_tiffs(field: np.ndarray, row: pd.Series, folder: Path) -> None:
    import tifffile

    for i, name in enumerate(CHANNEL_NAMES):
        path = folder / "images" / row["Metadata_Plate"] / _tiff_name(row, name)
        tifffile.imwrite(path, np.ascontiguousarray(field[..., i]))


@dataclass(frozen=True)
class _Layout:
    """What differs between layouts.

    Args:
        channels: For each of our channels, in the order of the layout, its name in `truth.csv`.
        write_tables: Writes tables and makes folders, before any field.
        write_field: Writes the field of one row of the screen's table.
    """

    channels: Mapping[str, str]
    write_tables: Callable[[SimulatedScreen, Path], None]
    write_field: Callable[[np.ndarray, pd.Series, Path], None]


_LAYOUTS = {
    "rxrx1": _Layout(RXRX1_STAINS, _write_rxrx1_tables, _write_rxrx1_field),
    "loaddata": _Layout(STAINS, _write_load_data, _write_tiffs),
    "ome-zarr": _Layout(STAINS, ome_zarr_plates.write_plates, ome_zarr_plates.write_field),
}
LAYOUTS = tuple(_LAYOUTS)
