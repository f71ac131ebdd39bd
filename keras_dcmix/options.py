"""What a user may choose, as plain data: how to read a source and how to train."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SourceOptions:
    """What to read from a source and how to cut it; `None` leaves the reader's default.

    Attributes:
        format: Name of the format (image files); `None` detects it.
        label: Column of the labels (image files).
        group: Column of the groups, or several joined with commas (image files).
        platemap: Table of wells whose other columns join the metadata (image files).
        channels: Channels to use, joined with commas, in this order.
        root: Folder that the images are in, where the table or index lies elsewhere (image files).
        pattern: Names of wells and channels in file names (folders).
        z: `"max"` or the number of a plane of z stacks, from 1 (image files).
        allow_outside: Whether tables may name files outside of the root (image files).
        skip_unreadable: Whether fields with missing or damaged files are left out (image files).
        crop: `"none"`, `"tiles"` or `"cells"` (image files).
        size: Height and width of an image in pixels (image files, simulated).
        nuclei_channel: Channel in which `"cells"` finds the nuclei (image files).
        max_per_field: Crops taken from one field at most (image files).
        illumination: `"none"`, `"files"` or `"estimate"` (image files).
        background: Percentile subtracted from each field and channel (image files).
        clip: Lower and upper percentile joined with a comma (image files).
        normalize: `"none"`, `"image"` or `"plate"` (image files).
        controls: `COLUMN=VALUE`, the fields that plates are normalised by (image files).
        cache: Folder that keeps decoded crops (image files).
        scenario: Planted problem (MNIST).
        mnist_file: MNIST as `.npz` in the layout of Keras' cache (MNIST).
        num_images: Number of images (simulated, MNIST).
    """

    format: str | None = None
    label: str | None = None
    group: str | None = None
    platemap: Path | None = None
    channels: str | None = None
    root: Path | None = None
    pattern: str | None = None
    z: str | None = None
    allow_outside: bool | None = None
    skip_unreadable: bool | None = None
    crop: str | None = None
    size: int | None = None
    nuclei_channel: str | None = None
    max_per_field: int | None = None
    illumination: str | None = None
    background: float | None = None
    clip: str | None = None
    normalize: str | None = None
    controls: str | None = None
    cache: Path | None = None
    scenario: str | None = None
    mnist_file: Path | None = None
    num_images: int | None = None


@dataclass(frozen=True)
class Training:
    """How classifiers are built and trained; the same for every seed.

    Adam with a cosine decay of the rate to 0; the weights of the epoch with the lowest validation
    loss are kept. The defaults were chosen by measuring, see `docs/choosing.md`.

    Args:
        epochs: Passes through the training images, at least 1.
        batch_size: Images in a batch, at least 1.
        learning_rate: Rate at the start, above 0.
        mixer: See `keras_dcmix.models.build_classifier`; only `"dcmix"` gives mixing weights.
        num_mixes: Planes that DCMIX makes.
        backbone: `"convnet"` or a name in `keras.applications`.
        weights: `None` or `"imagenet"`, for a backbone from `keras.applications`.
        dropout: Rate of dropout before the head, 0 to 1 (1 excluded).
        attention: Attention layer after each block of `"convnet"`, see `build_classifier`.
        channel_subsets: Whether random subsets of channels are masked in training, so that the
            model can be asked about any subset of channels.
        augment: Whether training images are flipped and turned by quarters at random.
        balance: Whether the loss weighs images so that every class counts the same.
        fractions: Shares of images in training, validation and test, adding up to 1.

    Raises:
        ValueError: If a number is out of its range.
    """

    epochs: int = 12
    batch_size: int = 32
    learning_rate: float = 5e-3
    mixer: str = "dcmix"
    num_mixes: int = 1
    backbone: str = "convnet"
    weights: str | None = None
    dropout: float = 0.0
    attention: str | None = None
    channel_subsets: bool = False
    augment: bool = False
    balance: bool = False
    fractions: tuple[float, float, float] = (0.6, 0.15, 0.25)

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "num_mixes"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"`{name}` must be a positive integer. Received: {value!r}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"`dropout` must be from 0 up to 1. Received: {self.dropout!r}")
        if len(self.fractions) != 3 or min(self.fractions) <= 0:
            raise ValueError(
                "`fractions` must be three shares above 0: training, validation and test. "
                f"Received: {self.fractions!r}"
            )
        if not self.learning_rate > 0:
            raise ValueError(f"`learning_rate` must be above 0. Received: {self.learning_rate!r}")
