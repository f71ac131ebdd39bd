"""Cells that the models classify most surely, and those that they get most wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_dcmix.data.labelled_images import LabelledImages
from keras_dcmix.experiments.predictions import Predictions

_EACH = 3  # cells of a kind and class
_MOST_CLASSES = 6


@dataclass(frozen=True, eq=False)
class CellsOfClass:
    """Some test images of one class, of which each model has seen none.

    Attributes:
        label: Name of the class.
        images: `(num_images, height, width, num_channels)` raw pixels.
        probabilities: `(num_images,)`, mean probability of the class.
        groups: Well, plate or experiment of each image.
    """

    label: str
    images: np.ndarray
    probabilities: np.ndarray
    groups: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ExampleCells:
    """Test images by how they are classified; at most six classes.

    Attributes:
        typical: For each class the images with the highest probability of their class.
        worst: Those with the lowest.
    """

    typical: tuple[CellsOfClass, ...]
    worst: tuple[CellsOfClass, ...]


def example_cells(
    dataset: LabelledImages, tested: np.ndarray, predictions: Predictions
) -> ExampleCells:
    """Picks the cells.

    Args:
        dataset: Checked images and labels.
        tested: Numbers of the tested images, in the order of the predictions.
        predictions: Of the tested images.
    """
    labels = predictions.labels
    found = predictions.probabilities.mean(axis=0)[np.arange(len(labels)), labels]
    typical: list[CellsOfClass] = []
    worst: list[CellsOfClass] = []
    for number in np.unique(labels)[:_MOST_CLASSES]:
        rows = np.flatnonzero(labels == number)
        ranked = rows[np.argsort(-found[rows], kind="stable")]
        half = min(_EACH, (len(ranked) + 1) // 2)
        for chosen, cells in ((ranked[:half], typical), (ranked[::-1][:half], worst)):
            cells.append(
                CellsOfClass(
                    label=dataset.classes[number],
                    images=np.asarray(dataset.images[tested[chosen]]),
                    probabilities=found[chosen],
                    groups=tuple(str(group) for group in predictions.groups[chosen]),
                )
            )
    return ExampleCells(tuple(typical), tuple(worst))
