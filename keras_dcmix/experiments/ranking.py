"""The result of a ranking: which channels matter, over several trained models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from keras_dcmix.evidence.leaders import find_leaders
from keras_dcmix.evidence.sentences import ranking as sentences
from keras_dcmix.evidence.verdict import (
    HeldOut,
    RankingVerdict,
    Reliability,
    read_check,
)
from keras_dcmix.experiments.check import ChannelCheck
from keras_dcmix.experiments.predictions import Predictions
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.layers.dcmix import find_dcmix, nested_layers
from keras_dcmix.models.options import Training

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from keras_dcmix.data.cells.recipe import CropRecipe


@dataclass(frozen=True, eq=False)
class ChannelRanking:
    """Which channels matter, over several independently trained models.

    Attributes:
        importance: Share of the mix of each channel; mean over seeds, the seeds as repeats.
        runs: One row a seed: `seed`, `accuracy` (0 to 1), `epochs`, `seconds`.
        history: The weights' paths: `seed`, `epoch`, `step`, `channel`, `mix`, `alpha`, `share`.
        model: The model of the seed with the lowest validation loss; takes raw pixels.
        best_seed: That seed.
        classes: Names of the classes, in the order of the model's outputs.
        majority_baseline: Share of the most common class among the test images, 0 to 1.
        num_unlabelled: Images or rows left out because their label was blank.
        num_empty_fields: Fields of view that gave no crop.
        split: Groups in the test part, and in training and validation for each seed.
        num_test_images: Images in the test part.
        predictions: Predicted classes of the test images; accuracy by class and by group.
        examples: Raw test images, one a class: `(num_classes, height, width, num_channels)`.
        training: How the models were built and trained; `None` for runs of a custom loop.
        check: What one model that knows every subset of the channels says, beside the weights;
            `None` where it was not asked for.
        recipe: How the images were cut and corrected; `None` where they came as arrays.
        group_unit: What a group is, such as `"well"` or `"plate"`.
        constant_channels: Channels that were left out because all their pixels are equal.
    """

    importance: ChannelImportance
    runs: pd.DataFrame
    history: pd.DataFrame
    model: keras.Model
    best_seed: int
    classes: tuple[str, ...]
    majority_baseline: float
    num_unlabelled: int
    num_empty_fields: int
    split: dict[str, Any]
    num_test_images: int
    predictions: Predictions
    examples: np.ndarray
    training: Training | None
    check: ChannelCheck | None = None
    recipe: CropRecipe | None = None
    group_unit: str = "group"
    constant_channels: tuple[str, ...] = ()

    @property
    def accuracy(self) -> np.ndarray:
        """`(num_seeds,)`: share of images of unseen groups classified correctly, 0 to 1."""
        return self.runs["accuracy"].to_numpy()

    def verdict(self) -> RankingVerdict:
        """What the ranking shows, typed: reliability, leaders, check, what can be dropped."""
        baseline, images = self.majority_baseline, self.num_test_images
        check = None
        if self.check is not None:
            model = Reliability(self.check.accuracy, baseline, images)
            check = read_check(self.importance, self.check.scores, model)
        return RankingVerdict(
            reliability=Reliability(float(self.accuracy.mean()), baseline, images),
            held_out=HeldOut(images, len(self.split["test"]), self.group_unit),
            leaders=find_leaders(self.importance),
            check=check,
        )

    def summary(self) -> str:
        """The result in a few sentences: the weights, then the check."""
        return sentences.summary(self.verdict())

    def plot_mix(self, *, ax: Axes | None = None) -> Axes:
        """Draws the examples: their channels with their shares, and the image the model sees.

        Args:
            ax: Axes that give their place to the pictures. By default a new figure.

        Returns:
            The axes, see `keras_dcmix.plotting.plot_mix`.
        """
        from keras_dcmix.plotting import plot_mix

        mean, std = _standardization(self.model)
        return plot_mix(
            self.examples[:4],
            find_dcmix(self.model).alpha,
            channel_names=self.importance.channel_names,
            image_names=self.classes[:4],
            mean=mean,
            std=std,
            ax=ax,
        )


def _standardization(model: keras.Model) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Mean and standard deviation that a model applies to its channels, if it does so at all."""
    num_channels = len(find_dcmix(model).alpha)
    for layer in nested_layers(model):
        if isinstance(layer, keras.layers.Normalization) and len(layer.weights) == 3:
            mean, variance, _ = layer.get_weights()
            if mean.shape == (num_channels,):
                return mean, np.sqrt(variance)
    return None, None
