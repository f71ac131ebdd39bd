"""From finished runs to a ranking: those of `rank_channels`, or of a custom training loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from keras_dcmix._common.errors import RankingError
from keras_dcmix.data.labelled_images import LabelledImages, label_images
from keras_dcmix.evidence.panel_verdict import PanelsVerdict, read_panels
from keras_dcmix.experiments.check import ChannelCheck
from keras_dcmix.experiments.examples import example_cells
from keras_dcmix.experiments.fold_plan import FoldPlan
from keras_dcmix.experiments.panel_runs import panel_hits, panel_probabilities
from keras_dcmix.experiments.predictions import Predictions
from keras_dcmix.experiments.ranking import ChannelRanking
from keras_dcmix.experiments.run_store import RunStore, names_of
from keras_dcmix.experiments.seed_runs import SeedRun, probabilities_of, run_name
from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.importance.methods.mixing_weights import mixing_weights
from keras_dcmix.importance.subsets.image_scores import make_blocks
from keras_dcmix.models.custom_model import name_channels
from keras_dcmix.models.options import Training
from keras_dcmix.models.probabilities import predicted_probabilities

if TYPE_CHECKING:
    import pandas as pd

_HISTORY = ["seed", "epoch", "step", "channel", "mix", "alpha", "share"]
_RUNS = ["seed", "repeat", "fold", "accuracy", "epochs", "seconds"]


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """One model of a custom training loop, and how it was trained.

    Attributes:
        model: Keras classifier with one `DCMix` layer on the image channels; takes raw pixels. A
            layer without channel names gets those of the images.
        history: `ChannelWeightHistory.to_frame()` of its training.
        validation_loss: On its validation images, in nats; the ranking shows the model with the
            lowest. NaN where it is not known.
        seconds: Wall time of the training; NaN where it is not known.
        train_groups: Wells or plates that it was trained on.
        validation_groups: Wells or plates on which its weights were chosen.
    """

    model: keras.Model
    history: pd.DataFrame
    validation_loss: float = float("nan")
    seconds: float = float("nan")
    train_groups: Sequence[str] = ()
    validation_groups: Sequence[str] = ()


def ranking_from_store(
    plan: FoldPlan,
    training: Training,
    store: RunStore,
    check: ChannelCheck | None,
    retrained: Sequence[tuple[str, ...]],
    named: Sequence[tuple[str, ...]],
    margin: float,
) -> ChannelRanking:
    """The ranking of the runs that a store holds.

    Args:
        plan: The folds.
        training: How the models were built and trained.
        store: The finished trainings.
        check: The scores of subsets, or `None`.
        retrained: The retrained panels, all channels among them; none where nothing was.
        named: Those that the user named.
        margin: Largest loss of accuracy that is accepted.
    """
    runs = [store.record(run_name(run.seed), SeedRun) for run in plan.runs]
    best = min(runs, key=lambda run: run.validation_loss).seed
    probabilities = plan.joined({run: probabilities_of(store, run.seed) for run in plan.runs})
    dataset, tested = plan.dataset, plan.tested
    panels = None
    if len(retrained) > 1:
        blocks = make_blocks(np.asarray(dataset.groups[tested]), dataset.labels[tested])
        panels = read_panels(
            {panel: panel_hits(plan, store, panel) for panel in retrained},
            dataset.channel_names,
            blocks,
            margin,
            asked=frozenset(named),
        )
    every = None
    if check is not None or retrained:
        every = plan.joined({run: _on_all_channels(dataset, store, run.seed) for run in plan.runs})
    return _ranking(
        dataset,
        tested,
        runs,
        [store.table(run_name(run.seed)) for run in plan.runs],
        probabilities,
        store.model(run_name(best)),
        best_seed=best,
        training=training,
        check=check,
        retrained=panels,
        all_channels=every,
    )


def _on_all_channels(dataset: LabelledImages, store: RunStore, seed: int) -> np.ndarray:
    return panel_probabilities(dataset, store, seed, dataset.channel_names)


def ranking_from_runs(
    runs: Sequence[TrainedRun],
    images: Any,
    labels: Any,
    *,
    channel_names: Sequence[str] | None = None,
    groups: Any = None,
    check: ChannelCheck | None = None,
) -> ChannelRanking:
    """Makes a ranking from models that were trained in a custom loop.

    Args:
        runs: One `TrainedRun` for each training, numbered from 0 as `seed` in the tables.
        images: `(num_images, height, width, num_channels)` raw test images that no model was
            trained on, or `Crops`.
        labels: `(num_images,)` their classes, integers or strings. Sorted, these are the classes
            of the models' outputs, so every class has a test image.
        channel_names: One name a channel; `None` takes those of the images.
        groups: `(num_images,)` wells or plates of the test images.
        check: A `keras_dcmix.experiments.ChannelCheck`, from `subset_scores` of a model that was
            trained behind `keras_dcmix.layers.ChannelSubsets`; `None` where there is none.

    Returns:
        A `ChannelRanking`, as from `keras_dcmix.rank_channels`.

    Raises:
        ValueError: If there is no run, or a model does not fit the images or the classes.

    Example:

    ```python
    import numpy as np

    import keras_dcmix
    from keras_dcmix.experiments import TrainedRun, ranking_from_runs

    cells = keras_dcmix.datasets.simulated_cells(240, size=32)
    test = np.isin(cells.groups, np.unique(cells.groups)[::4])
    classes = (cells.labels == "treated").astype("int32")

    runs = []
    for _ in range(2):
        model = keras_dcmix.models.build_classifier(
            cells.images.shape[1:], 2, channel_names=cells.channel_names
        )
        model.get_layer("standardize").adapt(cells.images[~test])
        model.compile("adam", "sparse_categorical_crossentropy")
        weights = keras_dcmix.callbacks.ChannelWeightHistory()
        model.fit(cells.images[~test], classes[~test], epochs=2, verbose=0, callbacks=[weights])
        runs.append(TrainedRun(model, weights.to_frame()))

    ranking = ranking_from_runs(
        runs,
        cells.images[test],
        cells.labels[test],
        groups=cells.groups[test],
        channel_names=cells.channel_names,
    )
    page = keras_dcmix.report.ranking_report(ranking, arguments={})
    ```
    """
    if not runs:
        raise RankingError("Expected at least one run. Received: runs=[]")
    dataset = label_images(images, labels, channel_names=channel_names, groups=groups)
    test = dataset.labelled
    histories = [_named_history(run, dataset.channel_names) for run in runs]
    probabilities = [_probabilities(seed, run, dataset, test) for seed, run in enumerate(runs)]
    tested = names_of(dataset.groups[test])
    records = [
        _record(seed, run, float((found.argmax(axis=1) == dataset.labels[test]).mean()), tested)
        for seed, (run, found) in enumerate(zip(runs, probabilities, strict=True))
    ]
    losses = [run.validation_loss for run in records]
    best = int(np.nanargmin(losses)) if np.isfinite(losses).any() else 0
    model = runs[best].model
    return _ranking(
        dataset,
        test,
        records,
        histories,
        np.stack(probabilities),
        model,
        best_seed=best,
        check=check,
    )


def _named_history(run: TrainedRun, channel_names: tuple[str, ...]) -> pd.DataFrame:
    """The history by the names of the images' channels, which the mixing layer may lack."""
    name_channels(run.model, channel_names)
    recorded = run.history["channel"].unique().tolist()  # in the order of the channels
    if len(recorded) != len(channel_names):
        raise RankingError(
            f"A history must record the channels {', '.join(channel_names)}, as "
            f"ChannelWeightHistory.to_frame() does. Received: {', '.join(map(str, recorded))}"
        )
    names = dict(zip(recorded, channel_names, strict=True))
    return run.history.assign(channel=run.history["channel"].map(names))


def _probabilities(
    seed: int, run: TrainedRun, dataset: LabelledImages, test: np.ndarray
) -> np.ndarray:
    expected = (None, len(dataset.classes))
    if run.model.output_shape != expected:
        raise RankingError(
            f"The model of run {seed} must have one output for each class "
            f"({', '.join(dataset.classes)}). Received: output shape {run.model.output_shape}"
        )
    outputs = [
        run.model.predict_on_batch(np.asarray(dataset.images[rows]))
        for rows in np.array_split(test, -(-len(test) // 256))
    ]
    return predicted_probabilities(run.model, np.concatenate(outputs))


def _record(seed: int, run: TrainedRun, accuracy: float, tested: list[str]) -> SeedRun:
    return SeedRun(
        seed=seed,
        accuracy=accuracy,
        validation_loss=run.validation_loss,
        epochs=int(run.history["epoch"].nunique()),
        seconds=run.seconds,
        shares=mixing_weights(run.model).scores.tolist(),
        train_groups=sorted(map(str, run.train_groups)),
        validation_groups=sorted(map(str, run.validation_groups)),
        test_groups=tested,
        repeat=seed,
    )


def _ranking(
    dataset: LabelledImages,
    test: np.ndarray,
    runs: Sequence[SeedRun],
    histories: Sequence[pd.DataFrame],
    probabilities: np.ndarray,
    model: keras.Model,
    *,
    best_seed: int,
    training: Training | None = None,
    check: ChannelCheck | None = None,
    retrained: PanelsVerdict | None = None,
    all_channels: np.ndarray | None = None,
) -> ChannelRanking:
    import pandas as pd

    labels, groups = dataset.labels[test], dataset.groups[test]
    with_seeds = zip(histories, runs, strict=True)
    history = pd.concat([table.assign(seed=run.seed) for table, run in with_seeds])[_HISTORY]
    rows = [[getattr(run, name) for name in _RUNS] for run in runs]
    examples = [test[np.flatnonzero(labels == k)[0]] for k in range(len(dataset.classes))]
    plates = None if dataset.plates is None else dataset.plates[test]

    def predicted(values: np.ndarray) -> Predictions:
        return Predictions(dataset.classes, labels, groups, values, plates)

    predictions = predicted(probabilities)
    every = None if all_channels is None else predicted(all_channels)
    return ChannelRanking(
        importance=ChannelImportance.from_repeats(
            "dcmix",
            dataset.channel_names,
            [run.shares for run in runs],
            unit="share of the mix",
        ),
        runs=pd.DataFrame(rows, columns=_RUNS),
        history=history.reset_index(drop=True),
        model=model,
        best_seed=best_seed,
        classes=dataset.classes,
        majority_baseline=float(np.bincount(labels).max() / len(labels)),
        num_unlabelled=dataset.num_unlabelled,
        num_empty_fields=dataset.num_empty_fields,
        split={
            run.seed: {
                "train": run.train_groups,
                "validation": run.validation_groups,
                "test": run.test_groups,
            }
            for run in runs
        },
        num_test_images=len(test),
        predictions=predictions,
        examples=np.asarray(dataset.images[np.array(examples)]),
        cells=example_cells(dataset, test, every or predictions),
        training=training,
        check=check,
        retrained=retrained,
        all_channels=every,
        recipe=dataset.recipe,
        group_unit=dataset.group_unit,
        constant_channels=dataset.constant_channels,
    )
