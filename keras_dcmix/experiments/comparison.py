"""The result of a comparison: what several methods say of the same channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keras_dcmix.evidence.comparison_verdict import ComparisonVerdict, read_comparison
from keras_dcmix.evidence.sentences import comparison as sentences
from keras_dcmix.evidence.verdict import HeldOut
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.models.options import Training

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class MethodComparison:
    """What several methods say of the same channels.

    Attributes:
        table: One row a method: `method`, `accuracy` and `accuracy_std` (0 to 1, of the model that
            the method looks at, on unseen groups; of the best one where it trains several),
            `spearman_truth` and `spearman_truth_std` (-1 to 1), `parameters` (trainable, of one
            model), `train_seconds` and `score_seconds` (means over seeds), `note`.
        importances: One result a method, the seeds as repeats.
        truth: What the methods are held against, or `None`.
        spearman: Spearman's rank correlation of all methods and a planted truth, from -1 to 1, or
            `None` with fewer than three channels or methods that have an order.
        curves: For each method what deleting and inserting channels in its order does to the
            accuracy, see `keras_dcmix.importance.deletion_insertion`.
        skipped: Why a method was left out, by its name.
        split: Groups in the test part.
        seeds: The seeds.
        training: How the models were built and trained.
        majority_baseline: Share of the most common class among the test images, 0 to 1.
        num_test_images: Images in the test part.
        group_unit: What a group is, such as `"well"` or `"plate"`.
        constant_channels: Channels that were left out because all their pixels are equal.
    """

    table: pd.DataFrame
    importances: tuple[ChannelImportance, ...]
    truth: ChannelImportance | None
    spearman: pd.DataFrame | None
    curves: dict[str, dict[str, Any]]
    skipped: dict[str, str]
    split: dict[str, list[str]]
    seeds: tuple[int, ...]
    training: Training
    majority_baseline: float
    num_test_images: int
    group_unit: str = "group"
    constant_channels: tuple[str, ...] = ()

    @property
    def planted_truth(self) -> ChannelImportance | None:
        """The truth, unless it is what one of the methods found."""
        return None if self.truth in self.importances else self.truth

    def verdict(self) -> ComparisonVerdict:
        """What the comparison shows, typed: reliability, first channels, agreement with a truth."""
        held_out = HeldOut(self.num_test_images, len(self.split["test"]), self.group_unit)
        return read_comparison(
            self.table, self.importances, self.truth, self.majority_baseline, held_out
        )

    def summary(self) -> str:
        """The result in a few sentences."""
        return sentences.summary(self.verdict())

    def curves_frame(self) -> pd.DataFrame:
        """The curves in one table: `method`, `curve`, `num_channels` (changed so far), `score`."""
        import pandas as pd

        rows = [
            (method, curve, count, score)
            for method, details in self.curves.items()
            for curve in ("deletion", "insertion")
            for count, score in enumerate(details[curve])
        ]
        return pd.DataFrame(rows, columns=["method", "curve", "num_channels", "score"])

    def to_frame(self) -> pd.DataFrame:
        """Every single score: `method`, `seed`, `channel`, `score`, `rank` (1 is the highest)."""
        import pandas as pd

        rows = []
        for importance in self.importances:
            repeats = importance.scores[None] if importance.repeats is None else importance.repeats
            for seed, scores in zip(self.seeds, repeats, strict=True):
                single = ChannelImportance(importance.method, importance.channel_names, scores)
                frame = single.to_frame()[["method", "channel", "score", "rank"]]
                frame.insert(1, "seed", seed)
                rows.append(frame)
        return pd.concat(rows, ignore_index=True)
