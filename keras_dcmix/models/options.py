"""How classifiers are built and trained, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from keras_dcmix._common.errors import ModelError, argument
from keras_dcmix._common.validation import check_positive_integer


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
        augment: Whether training images are flipped and rotated by 90 degrees at random.
        balance: Whether the loss weights images so that every class counts the same.
        fractions: Shares of images in training, validation and test, adding up to 1.
        check_steps: Training steps of the masked model, at least 1, after those of the classifier
            on all channels that it starts from: it has to learn every subset of the channels.

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
    # What fewer and more cost and gain is in docs/decisions.md.
    check_steps: int = 300

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "num_mixes", "check_steps"):
            check_positive_integer(name, getattr(self, name), error=ModelError)
        check_dropout(self.dropout)
        if len(self.fractions) != 3 or min(self.fractions) <= 0:
            raise ModelError(
                f"{argument('fractions')} must be three shares above 0: training, validation and "
                f"test. Received: {argument('fractions', self.fractions)}"
            )
        if not self.learning_rate > 0:
            raise ModelError(
                f"{argument('learning_rate')} must be above 0. "
                f"Received: {argument('learning_rate', self.learning_rate)}"
            )


def check_dropout(dropout: float) -> None:
    """Refuses a rate of dropout that is not from 0 up to 1."""
    if not 0 <= dropout < 1:
        raise ModelError(
            f"{argument('dropout')} must be at least 0 and below 1. "
            f"Received: {argument('dropout', dropout)}"
        )
