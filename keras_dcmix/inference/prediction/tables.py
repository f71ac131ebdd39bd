"""Predictions as tables: a row a crop, a row a well."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_dcmix._common.errors import InputWarning
from keras_dcmix.data import Crops
from keras_dcmix.data.columns import prefix_source_columns
from keras_dcmix.inference.prediction.predictor import Predictor

_WELL = ("Metadata_Experiment", "Metadata_Plate", "Metadata_Well")
_ROWS_AT_A_TIME = 10_000
_ROUNDING = 1e-3  # of probabilities, at half precision too
_MOST_CLASSES = 10  # in a sentence


@dataclass(frozen=True, eq=False)
class CropPredictions:
    """Predictions for the crops of a source.

    Args:
        crops: The crops.
        classes: Names of the classes.
        probabilities: `(num_crops, num_classes)`, 0 to 1.
    """

    crops: Crops
    classes: tuple[str, ...]
    probabilities: np.ndarray

    def to_frame(self, rows: slice = slice(None)) -> pd.DataFrame:
        """A row a crop.

        Returns:
            The field's metadata, `field` (its row in the source, from 0), `top` and `left` in
            pixels, `predicted`, and `probability:NAME` for each class.
        """
        positions = self.crops.positions.iloc[rows].reset_index(drop=True)
        metadata = self.crops.image_set.table.iloc[positions["field"]].reset_index(drop=True)
        named = self._named(self.probabilities[rows])
        metadata = prefix_source_columns(metadata, [*positions, *named])
        return pd.concat([metadata, positions, named], axis=1)

    def to_wells(self) -> pd.DataFrame | None:
        """A row a well: the mean probability over its crops.

        Returns:
            Experiment, plate and well as far as they are known, metadata that is constant within
            every well, `fields`, `crops`, `predicted`, and `probability:NAME`; None where the
            source has no wells.
        """
        table = self.crops.image_set.table
        if "Metadata_Well" not in table:
            return None
        keys = [name for name in _WELL if name in table]
        # Only fields that gave crops: there is no mean of nothing.
        used = table.iloc[np.unique(self.crops.fields)]
        wells = used.groupby(keys, sort=False, dropna=False)
        number = pd.Series(-1, index=table.index)
        number[used.index] = wells.ngroup()
        crop_wells = number.to_numpy()[self.crops.fields]
        counts = np.bincount(crop_wells, minlength=wells.ngroups)
        sums = np.zeros((wells.ngroups, len(self.classes)))
        np.add.at(sums, crop_wells, self.probabilities)
        rest = [name for name in table if name not in keys]
        same = [name for name in rest if wells[[name]].nunique(dropna=False)[name].max() == 1]
        frame = wells[same].first().reset_index() if same else wells.size().reset_index()[keys]
        named = self._named(sums / counts[:, None])
        frame = prefix_source_columns(frame, ["fields", "crops", *named])
        frame = frame.assign(fields=wells.size().to_numpy(), crops=counts)
        return pd.concat([frame, named], axis=1)

    def to_csv(self, path: Path) -> None:
        """Writes the row of each crop, some thousands at a time."""
        for start in range(0, max(1, len(self.probabilities)), _ROWS_AT_A_TIME):
            frame = self.to_frame(slice(start, start + _ROWS_AT_A_TIME))
            frame.to_csv(path, mode="a", header=not start, index=False)

    def describe(self) -> str:
        """How many crops of each class, the most frequent class first, in one sentence."""
        counts = np.bincount(self.probabilities.argmax(axis=1), minlength=len(self.classes))
        first = np.argsort(-counts, kind="stable")
        named = ", ".join(f"{self.classes[n]} ({counts[n]})" for n in first[:_MOST_CLASSES])
        if len(first) > _MOST_CLASSES:
            rest = first[_MOST_CLASSES:]
            named += f" and {len(rest)} other classes ({counts[rest].sum()})"
        made = (len(self.probabilities), len(np.unique(self.crops.fields)))
        images, fields = (
            f"{n} {what}{'' if n == 1 else 's'}"
            for n, what in zip(made, ("image", "field"), strict=True)
        )
        return f"{images} from {fields}; predicted: {named}"

    def _named(self, probabilities: np.ndarray) -> pd.DataFrame:
        names = [f"probability:{name}" for name in self.classes]
        frame = pd.DataFrame(probabilities, columns=names)
        frame.insert(0, "predicted", np.array(self.classes)[probabilities.argmax(axis=1)])
        return frame


def predict_crops(
    predictor: Predictor,
    crops: Crops,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> CropPredictions:
    """Classifies all crops of a source, which are read batch by batch.

    Args:
        predictor: The model.
        crops: Its images, see `keras_dcmix.inference.prediction.open_crops`.
        progress: Called with `(done, total)` after each batch.

    Warns where the outputs of the model are not probabilities.
    """
    probabilities = predictor.predict(crops, progress=progress)
    low, high = probabilities.min(initial=0), probabilities.max(initial=0)
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        warnings.warn(
            InputWarning(
                f"{predictor.path} has outputs from {low:.3g} to {high:.3g}, which are not "
                "probabilities: the class of the largest one is predicted; end the model with a "
                "softmax"
            ),
            stacklevel=2,
        )
    return CropPredictions(crops, predictor.card.classes, probabilities)
