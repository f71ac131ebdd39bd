"""Which run tests which groups: folds, repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from keras_dcmix.data.folds import deal_folds, most_folds
from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.models.options import Training
from keras_dcmix.models.split import Split, fold_split


class FoldRun(NamedTuple):
    """One run: a fold of a repeat.

    Attributes:
        seed: Its seed, which is also its name.
        repeat: Number of the repeat, from 0.
        fold: Number of the fold, from 0.
    """

    seed: int
    repeat: int
    fold: int


@dataclass(frozen=True, eq=False)
class FoldPlan:
    """How groups are dealt into folds.

    Attributes:
        dataset: Checked images and labels.
        folds: `(num_repeats, num_labelled)`, the fold that tests each labelled image; -1 where
            none does, which happens only with a single fold.
        runs: The runs, fold by fold and repeat by repeat.
    """

    dataset: LabelledImages
    folds: np.ndarray
    runs: tuple[FoldRun, ...]

    @classmethod
    def deal(
        cls, dataset: LabelledImages, *, num_folds: int, num_repeats: int, seed: int
    ) -> FoldPlan:
        """Deals the groups anew for each repeat.

        With a single fold all repeats test the same groups, by models that are trained on others.

        Args:
            dataset: Checked images and labels.
            num_folds: Folds that are asked for; there are no more than groups of a class.
            num_repeats: Number of repeats.
            seed: The first seed; the others count on from it.

        Raises:
            ValueError: If a class has fewer than three groups.
        """
        rows = dataset.labelled
        labels, groups = dataset.labels[rows], dataset.groups[rows]
        plates = None if dataset.plates is None else dataset.plates[rows]
        named = np.array(dataset.classes)[labels]
        number = min(num_folds, most_folds(named, groups))
        folds = [
            deal_folds(named, groups, plates=plates, num_folds=number, seed=dealt)
            for dealt in (range(seed, seed + num_repeats) if number > 1 else [seed] * num_repeats)
        ]
        runs = [
            FoldRun(seed + repeat * number + fold, repeat, fold)
            for repeat in range(num_repeats)
            for fold in range(number)
        ]
        return cls(dataset, np.stack(folds), tuple(runs))

    @property
    def num_folds(self) -> int:
        """Number of folds."""
        return len({run.fold for run in self.runs})

    @property
    def num_repeats(self) -> int:
        """Number of repeats."""
        return len(self.folds)

    @property
    def tested(self) -> np.ndarray:
        """Sorted numbers of the images that are tested in every repeat."""
        return self.dataset.labelled[(self.folds >= 0).all(axis=0)]

    def split(self, run: FoldRun, training: Training) -> Split:
        """Training, validation and test images of a run."""
        return fold_split(self.dataset, training, self.folds[run.repeat], run.fold, seed=run.seed)

    def test_rows(self, run: FoldRun) -> np.ndarray:
        """Sorted numbers of the images that a run tests."""
        return self.dataset.labelled[self.folds[run.repeat] == run.fold]

    def joined(self, of_run: dict[FoldRun, np.ndarray]) -> np.ndarray:
        """Values of the test images of all runs, put together: `(num_repeats, num_tested, ...)`.

        Args:
            of_run: For each run `(num_test_images, ...)`, in the order of `test_rows`.
        """
        tested = self.tested
        shape = next(iter(of_run.values())).shape[1:]
        values = np.zeros((self.num_repeats, len(tested), *shape))
        for run, found in of_run.items():
            rows = self.test_rows(run)
            kept = np.isin(rows, tested)
            values[run.repeat, np.searchsorted(tested, rows[kept])] = found[kept]
        return values
