"""OME-Zarr images and plates written to disk."""

import json

import numpy as np
import pytest
import zarr


class OmeZarr:
    """Writes what tests read, and changes it."""

    def __init__(self):
        self.sizes = {"t": 2, "c": 3, "z": 4, "y": 5, "x": 6}

    def image(
        self,
        folder,
        axes="cyx",
        labels=("DNA", "GFP", "ER"),
        version=2,
        pixels=None,
        path="0",
        **array,
    ):
        """Writes numbered pixels from 1, or those given; returns them."""
        if pixels is None:
            shape = [self.sizes[axis] for axis in axes]
            pixels = np.arange(1, np.prod(shape) + 1, dtype=np.uint16).reshape(shape)
        datasets = [{"path": path}, {"path": "absent"}]
        described = {
            "multiscales": [{"axes": [{"name": axis} for axis in axes], "datasets": datasets}]
        }
        if labels is not None:
            described["omero"] = {"channels": [{"label": label} for label in labels]}
        array = {"chunks": (*[1] * (len(axes) - 2), 3, 4), **array}
        self.group(folder, described, version).create_array(str(path), data=pixels, **array)
        return pixels

    def plate(self, folder, wells, images=("0",), version=2):
        """Writes a plate's groups without its images."""
        self.group(folder, {"plate": {"wells": [{"path": path} for path in wells]}}, version)
        for path in wells:
            well = {"images": [{"path": image} for image in images]}
            self.group(folder / path, {"well": well}, version)

    @staticmethod
    def group(folder, described, version=2):
        """Writes a group."""
        described = {"ome": described} if version == 3 else described
        return zarr.create_group(folder, zarr_format=version, attributes=described)

    @staticmethod
    def edit(path, change):
        """Changes a metadata file by a function of what it holds."""
        described = json.loads(path.read_text())
        change(described)
        path.write_text(json.dumps(described))


@pytest.fixture
def ome_zarr():
    return OmeZarr()
