"""How classifiers are built and trained, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from keras_dcmix._common.errors import ModelError


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
        backbone: `"convnet"`, a name in `keras.applications`, the path of a `.keras` file, or
            `module:function` of a function that takes a tensor, or nothing and returns a
            `keras.Model`.
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
                raise ModelError(f"`{name}` must be a positive integer. Received: {value!r}")
        if not 0 <= self.dropout < 1:
            raise ModelError(f"`dropout` must be from 0 up to 1. Received: {self.dropout!r}")
        if len(self.fractions) != 3 or min(self.fractions) <= 0:
            raise ModelError(
                "`fractions` must be three shares above 0: training, validation and test. "
                f"Received: {self.fractions!r}"
            )
        if not self.learning_rate > 0:
            raise ModelError(f"`learning_rate` must be above 0. Received: {self.learning_rate!r}")
