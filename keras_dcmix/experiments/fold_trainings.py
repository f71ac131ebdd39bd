"""All trainings of a ranking, fold by fold, each of them done once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import keras
import numpy as np

from keras_dcmix._common.progress import RunProgress
from keras_dcmix.evidence.channel_evidence import needed_channels
from keras_dcmix.evidence.panel_verdict import Decision, read_panels
from keras_dcmix.experiments.check import ChannelCheck, gather_check, next_subsets
from keras_dcmix.experiments.fold_plan import FoldPlan, FoldRun
from keras_dcmix.experiments.masked_runs import (
    is_scored,
    masked_training,
    run_masked,
    score_more,
)
from keras_dcmix.experiments.panel_runs import (
    is_panel_trained,
    panel_hits,
    train_panel,
)
from keras_dcmix.experiments.proposals import propose
from keras_dcmix.experiments.run_store import RunStore
from keras_dcmix.experiments.seed_runs import (
    SeedRun,
    describe_run,
    is_trained,
    run_name,
    train_seed,
)
from keras_dcmix.importance.subsets.image_scores import make_blocks
from keras_dcmix.importance.subsets.sampling import choose_subsets
from keras_dcmix.models.custom import CustomParts
from keras_dcmix.models.options import Training
from keras_dcmix.models.training import TrainedClassifier

Panel = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class FoldTrainings:
    """The trainings of a ranking; what the store holds is not done again.

    Attributes:
        plan: The folds.
        training: How to build and train.
        store: Where everything is kept.
        custom: Model, callbacks or optimizer of the user.
        n_jobs: Trainings at a time.
        is_verbose: Whether to show progress.
    """

    plan: FoldPlan
    training: Training
    store: RunStore
    custom: CustomParts
    n_jobs: int
    is_verbose: bool

    def train_mixes(self) -> None:
        """Trains the DCMIX model of each fold."""
        names = self.plan.dataset.channel_names
        done = [run for run in self.plan.runs if is_trained(self.store, run.seed)]
        with RunProgress(
            len(self.plan.runs), self.training.epochs, enabled=self.is_verbose
        ) as progress:
            for run in done:
                finished = self.store.record(run_name(run.seed), SeedRun)
                progress.finished(describe_run(finished, names, again=True))
            left = [run for run in self.plan.runs if run not in done]
            for found in self._each(self._train_mix, left, progress):
                progress.finished(describe_run(found, names))

    def measure(self) -> ChannelCheck:
        """Trains the masked model of each fold and scores every subset on its test groups."""
        dataset = self.plan.dataset
        rng = np.random.default_rng(self.plan.runs[0].seed)
        sampling = choose_subsets(len(dataset.channel_names), rng)
        left = [run for run in self.plan.runs if not self._is_measured(run)]
        largest = len(self.plan.split(self.plan.runs[0], self.training).train)
        masked = masked_training(self.training, len(dataset.channel_names), largest)
        with RunProgress(
            len(left), self.training.epochs + masked.epochs, enabled=self.is_verbose
        ) as progress:
            for line in self._each(self._train_masked, left, progress, sampling.subsets):
                progress.finished(line)
        check = gather_check(self.plan, self.store, sampling.orders)
        more = next_subsets(check, sampling)
        if more is None:
            return check
        jobs = [
            joblib.delayed(score_more)(
                dataset,
                self.plan.split(run, self.training),
                self.training,
                self.store,
                run.seed,
                more,
            )
            for run in self.plan.runs
        ]
        joblib.Parallel(n_jobs=self.n_jobs)(jobs)
        return gather_check(self.plan, self.store, sampling.orders)

    def retrain(
        self, check: ChannelCheck | None, named: Sequence[Panel], margin: float, *, proposals: bool
    ) -> list[Panel]:
        """Trains panels again on all folds: the named ones, then proposals until one is sufficient.

        Args:
            check: The scores that panels are proposed from.
            named: Panels that the user names.
            margin: Largest loss of accuracy that is accepted.
            proposals: Whether to propose panels.

        Returns:
            The retrained panels, all channels first; none where there is nothing to compare.
        """
        every = self.plan.dataset.channel_names
        done: list[Panel] = []
        for panel in [every, *named] if named else []:
            self._retrain(panel)
            done.append(panel)
        if check is None or not proposals:
            return done
        if not done:
            self._retrain(every)
            done.append(every)
        needed = needed_channels(
            check.scores, num_groups=check.num_groups, block_classes=check.block_classes
        )
        for panel in propose(check.scores, margin, needed):
            if panel not in done:
                self._retrain(panel)
                done.append(panel)
            if self._decision(panel, margin) is Decision.SUFFICIENT:
                break
        return done

    def _decision(self, panel: Panel, margin: float) -> Decision:
        dataset, every = self.plan.dataset, self.plan.dataset.channel_names
        tested = self.plan.tested
        blocks = make_blocks(np.asarray(dataset.groups[tested]), dataset.labels[tested])
        hits = {each: panel_hits(self.plan, self.store, each) for each in (every, panel)}
        return read_panels(hits, every, blocks, margin).panels[0].decision

    def _retrain(self, panel: Panel) -> None:
        dataset = self.plan.dataset
        left = [
            run
            for run in self.plan.runs
            if not is_panel_trained(dataset, self.store, run.seed, panel)
        ]
        if not left:
            return
        with RunProgress(len(left), self.training.epochs, enabled=self.is_verbose) as progress:
            for line in self._each(self._train_panel, left, progress, panel):
                progress.finished(line)

    def _is_measured(self, run: FoldRun) -> bool:
        dataset = self.plan.dataset
        return is_scored(self.store, run.seed) and is_panel_trained(
            dataset, self.store, run.seed, dataset.channel_names
        )

    def _each(
        self,
        job: Callable[..., Any],
        runs: Sequence[FoldRun],
        progress: RunProgress | None,
        *arguments: Any,
    ) -> Iterable[Any]:
        """Does a job for each run, several at a time."""
        # A progress bar does not travel into other processes.
        shown = progress if self.n_jobs == 1 else None
        jobs = [
            joblib.delayed(job)(run, shown and shown.callback(f"fold {run.fold + 1}"), *arguments)
            for run in runs
        ]
        return joblib.Parallel(n_jobs=self.n_jobs, return_as="generator_unordered")(jobs)

    def _train_mix(self, run: FoldRun, watch: keras.callbacks.Callback | None) -> SeedRun:
        split = self.plan.split(run, self.training)
        return train_seed(
            self.plan.dataset, split, self.training, self.store, run, self.custom, watch
        )

    def _train_masked(
        self, run: FoldRun, watch: keras.callbacks.Callback | None, subsets: np.ndarray
    ) -> str:
        every = self.plan.dataset.channel_names
        start = self._train(run, watch, every)
        run_masked(
            self.plan.dataset,
            self.plan.split(run, self.training),
            self.training,
            self.store,
            run.seed,
            subsets,
            start.model,
            self.custom,
            watch,
        )
        return (
            f"fold {run.fold + 1}: accuracy {start.accuracy:.3f} with all channels, "
            f"{len(subsets)} sets of channels scored"
        )

    def _train_panel(
        self, run: FoldRun, watch: keras.callbacks.Callback | None, panel: Panel
    ) -> str:
        trained = self._train(run, watch, panel)
        is_all = panel == self.plan.dataset.channel_names
        names = "all channels" if is_all else " + ".join(panel)
        return f"fold {run.fold + 1}: accuracy {trained.accuracy:.3f} with {names}"

    def _train(
        self, run: FoldRun, watch: keras.callbacks.Callback | None, panel: Panel
    ) -> TrainedClassifier:
        return train_panel(
            self.plan.dataset,
            self.plan.split(run, self.training),
            self.training,
            self.store,
            run.seed,
            panel,
            self.custom,
            watch,
        )
