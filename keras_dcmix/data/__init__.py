"""Image sets, crops, splits and batches."""

from __future__ import annotations

from typing import Any

from keras_dcmix.data.cells.crop_fields import crop_fields
from keras_dcmix.data.cells.crops import Crops
from keras_dcmix.data.cells.cutting import CROPS
from keras_dcmix.data.cells.preprocessing import Preprocessing
from keras_dcmix.data.cells.recipe import CropRecipe
from keras_dcmix.data.channel_statistics import channel_statistics
from keras_dcmix.data.formats import open_images
from keras_dcmix.data.formats.folders import from_folders
from keras_dcmix.data.formats.harmony import from_harmony
from keras_dcmix.data.formats.imagexpress import from_imagexpress
from keras_dcmix.data.formats.load_data import from_load_data
from keras_dcmix.data.formats.ome_tiff import from_ome_tiff
from keras_dcmix.data.formats.ome_zarr import from_ome_zarr
from keras_dcmix.data.formats.rxrx1 import from_rxrx1
from keras_dcmix.data.image_set import ImageSet
from keras_dcmix.data.images import UnreadableImageError, read_image
from keras_dcmix.data.reading import Reading
from keras_dcmix.data.splits import split_by_group

__all__ = [
    "CROPS",
    "CropRecipe",
    "Crops",
    "ImageBatches",
    "ImageSet",
    "Preprocessing",
    "Reading",
    "UnreadableImageError",
    "channel_statistics",
    "crop_fields",
    "from_folders",
    "from_harmony",
    "from_imagexpress",
    "from_load_data",
    "from_ome_tiff",
    "from_ome_zarr",
    "from_rxrx1",
    "open_images",
    "read_image",
    "split_by_group",
]


def __getattr__(name: str) -> Any:
    # ImageBatches is the only name here that needs Keras, whose import takes seconds.
    if name == "ImageBatches":
        from keras_dcmix.data.batches import ImageBatches

        return ImageBatches
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
