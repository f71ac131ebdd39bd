"""The result of a ranking: which channels matter, over several trained models."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import keras
import numpy as np

from keras_dcmix.evidence.channel_evidence import Evidence, read_evidence
from keras_dcmix.evidence.leaders import find_leaders
from keras_dcmix.evidence.panel_verdict import PanelsVerdict
from keras_dcmix.evidence.sentences import ranking as sentences
from keras_dcmix.evidence.verdict import HeldOut, RankingVerdict
from keras_dcmix.experiments.check import ChannelCheck
from keras_dcmix.experiments.examples import ExampleCells
from keras_dcmix.experiments.panel_table import panel_table
from keras_dcmix.experiments.predictions import Predictions
from keras_dcmix.experiments.reliability import read_reliability
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.subsets import SubsetScores
from keras_dcmix.layers.dcmix import find_dcmix, nested_layers
from keras_dcmix.models.options import Training

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from keras_dcmix.data.cells.recipe import CropRecipe


@dataclass(frozen=True, eq=False)
class ChannelRanking:
    """Which channels matter, how sure that is, and what dropping some costs.

    Attributes:
        importance: Share of the mix of each channel; mean over runs, the runs as repeats.
        runs: One row a run: `seed`, `repeat`, `fold`, `accuracy` (0 to 1), `epochs`, `seconds`.
        history: The weights' paths: `seed`, `epoch`, `step`, `channel`, `mix`, `alpha`, `share`.
        model: The model of the run with the lowest validation loss; takes raw pixels.
        best_seed: The seed of that run.
        classes: Names of the classes, in the order of the model's outputs.
        majority_baseline: Share of the most common class among the tested images, 0 to 1.
        num_unlabelled: Images or rows left out because their label was blank.
        num_empty_fields: Fields of view that gave no crop.
        split: For the seed of each run its groups: `train`, `validation` and `test`.
        num_test_images: Tested images, each by a model that has not seen its group.
        predictions: What the DCMIX models predict for the tested images: accuracy by class and by
            group, metrics.
        examples: Raw tested images, one a class: `(num_classes, height, width, num_channels)`.
        cells: Tested images that are classified most surely, and those that are most wrong.
        training: How the models were built and trained; `None` for runs of a custom loop.
        check: Scores of subsets of the channels; `None` where they were not measured.
        retrained: Panels that were trained again, as they were measured; `None` where none was.
        all_channels: What classifiers on all channels, without a mix unless the user's own model
            has one, predict for the tested images; `None` where none were trained.
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
    split: dict[int, dict[str, list[str]]]
    num_test_images: int
    predictions: Predictions
    examples: np.ndarray
    training: Training | None
    check: ChannelCheck | None = None
    retrained: PanelsVerdict | None = None
    all_channels: Predictions | None = None
    cells: ExampleCells | None = None
    recipe: CropRecipe | None = None
    group_unit: str = "group"
    constant_channels: tuple[str, ...] = ()

    @property
    def accuracy(self) -> np.ndarray:
        """`(num_runs,)`: share of images of unseen groups classified correctly, 0 to 1."""
        return self.runs["accuracy"].to_numpy()

    @property
    def main_predictions(self) -> Predictions:
        """`all_channels`, which the headline speaks of, or without them `predictions`."""
        return self.all_channels or self.predictions

    def verdict(self) -> RankingVerdict:
        """What the ranking shows, typed: reliability, evidence, retrained panels, leaders.

        Its reliability is that of the classifiers on all channels where they were trained. Where
        they are not better than the majority baseline, no channel shows evidence.
        """
        return self._verdict

    @cached_property
    def _verdict(self) -> RankingVerdict:
        of_mix = read_reliability(self.predictions)
        every = None if self.all_channels is None else read_reliability(self.all_channels)
        return RankingVerdict(
            reliability=every or of_mix,
            mix=of_mix if every else None,
            num_mixes=find_dcmix(self.model).num_mixes,
            held_out=self._held_out(),
            leaders=find_leaders(self.importance),
            evidence=None if self.check is None else self._read(self.check.scores),
            panels=self.retrained,
            classes={}
            if self.check is None
            else {name: self._read(scores) for name, scores in self.check.by_class.items()},
        )

    def _held_out(self) -> HeldOut:
        groups, labels = self.predictions.groups, self.predictions.labels
        names, of_image = np.unique(groups, return_inverse=True)
        pairs = np.unique(np.stack([of_image, labels]), axis=1)
        return HeldOut(
            num_images=self.num_test_images,
            num_groups=len(names),
            group_unit=self.group_unit,
            num_mixed_groups=int((np.bincount(pairs[0]) > 1).sum()),
            # Runs of a custom loop are not known to be repeats of folds.
            num_repeats=None if self.training is None else len(self.predictions.probabilities),
        )

    def _read(self, scores: SubsetScores) -> Evidence:
        """The evidence from the scores of all images, or of those of one class."""
        check = self.check
        if check is None:
            raise TypeError("a ranking without a check has no evidence")
        is_all = scores is check.scores
        return read_evidence(
            scores,
            self.importance,
            num_groups=check.num_groups if is_all else scores.num_blocks,
            block_classes=check.block_classes if is_all else None,
        )

    @property
    def evidence(self) -> pd.DataFrame | None:
        """The evidence, one row a channel.

        Columns `channel`, `share`, `share_std`; `alone`, `unique` and `shapley` in nats of
        log-likelihood an image, each with `_low`, `_high` (95 % interval over groups) and `_p`
        (one-sided, adjusted over channels); `verdict`; `replaced_by`. `None` without a check.
        """
        found = self.verdict().evidence
        return None if found is None else found.to_frame()

    @property
    def panels(self) -> pd.DataFrame | None:
        """Panels of channels, one row each, with estimated and, if done, retrained accuracy.

        See `keras_dcmix.experiments.panel_table.panel_table`. `None` where there is neither.
        """
        scores = None if self.check is None else self.check.scores
        retrained = self.verdict().panels
        if scores is None and retrained is None:
            return None
        return panel_table(self.importance.channel_names, scores, retrained)

    def summary(self) -> str:
        """The result in a few sentences: accuracy, evidence, panels, weights."""
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
