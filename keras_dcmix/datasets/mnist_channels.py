"""Handwritten digits with planted channels."""

import os
import zipfile
import zlib
from pathlib import Path

import numpy as np

from keras_dcmix._common.errors import DataError, argument
from keras_dcmix.datasets.channel_dataset import ChannelDataset
from keras_dcmix.datasets.planted_channels import check_scenario, planted_channels


def mnist_channels(
    scenario: str = "graded",
    *,
    num_images: int = 10_000,
    path: str | os.PathLike[str] | None = None,
    seed: int = 0,
) -> ChannelDataset:
    """Plants channels of known importance into the training digits of MNIST.

    Args:
        scenario: One of `SCENARIOS`, described at `planted_channels`.
        num_images: Number of digits, 2..60000, drawn at random without replacement
            from the training digits; the test digits stay untouched.
        path: An `.npz` file laid out as the one Keras keeps (`x_train`, `y_train`,
            `x_test`, `y_test`). `None` asks `keras.datasets.mnist`, which downloads
            the file once.
        seed: Seed of the draw of digits and of the planted channels.

    Returns:
        A `ChannelDataset` with float32 images of shape
        `(num_images, 28, 28, channels)`; see `planted_channels`.

    Raises:
        FileNotFoundError: If there is no file at `path`.
        TypeError: If `num_images` is not an integer.
        ValueError: If the file cannot be read or holds no training digits, or
            `num_images` or `scenario` is out of range.

    Reference:
        - LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document
          recognition, Proceedings of the IEEE 86, 1998.
    """
    if not isinstance(num_images, int | np.integer) or isinstance(num_images, bool):
        raise TypeError(f"`num_images` must be an integer. Received: num_images={num_images!r}")
    check_scenario(scenario)
    digits, labels = _load_with_keras() if path is None else _read_npz(Path(path))
    if not 2 <= num_images <= len(digits):
        raise DataError(
            f"{argument('num_images')} must be between 2 and {len(digits)}, the number of training "
            f"digits. Received: {argument('num_images', num_images)}"
        )
    chosen = np.random.default_rng(seed).choice(len(digits), size=num_images, replace=False)
    return planted_channels(digits[chosen], labels[chosen], scenario=scenario, seed=seed)


def _load_with_keras() -> tuple[np.ndarray, np.ndarray]:
    # The datasets do without Keras; only the download of its copy of MNIST needs it.
    import keras

    try:
        (digits, labels), _ = keras.datasets.mnist.load_data()
    except Exception as error:  # Keras raises a plain Exception where the download fails
        raise OSError(
            f"MNIST could not be loaded through Keras ({error}): check the network, or pass the "
            "path of an mnist.npz"
        ) from error
    return digits, labels


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no file {path}: correct the path, or omit it to let Keras download MNIST"
        )
    # np.load takes a file that is no archive for a pickle, and leaves it open.
    if not zipfile.is_zipfile(path):
        raise DataError(
            f"{path} is not an .npz file, or is incomplete: download it again, or pass the "
            "mnist.npz in the cache of Keras"
        )
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return arrays["x_train"], arrays["y_train"]
    except KeyError as error:
        raise DataError(
            f"Expected an .npz file with x_train and y_train. {path} lacks one of them: pass the "
            "mnist.npz in the cache of Keras"
        ) from error
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged ({error}): download it again") from error
