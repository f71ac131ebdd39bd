"""Packages that only some work needs, and what to install where one is missing."""

from __future__ import annotations

from types import ModuleType


def import_zarr() -> ModuleType:
    """The package `zarr`.

    Raises:
        ImportError: if it is missing or older than version 3, saying how to get it.
    """
    try:
        import zarr
    except ImportError as error:
        raise ImportError(
            "OME-Zarr needs the package zarr, version 3, which is not installed: "
            "pip install 'keras-dcmix[hci]'"
        ) from error
    if int(zarr.__version__.split(".")[0]) < 3:
        raise ImportError(
            f"OME-Zarr needs the package zarr, version 3, but {zarr.__version__} is installed: "
            "pip install 'keras-dcmix[hci]'"
        )
    return zarr
