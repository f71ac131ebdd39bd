"""Which cells are shown as typical and as worst."""

import numpy as np
import pytest

from keras_dcmix.data.labelled_images import label_images
from keras_dcmix.experiments.examples import example_cells
from keras_dcmix.experiments.predictions import Predictions


def shown(num_images: int = 20, num_classes: int = 2, num_repeats: int = 1):
    """Image k is tested last but k, and the more surely the larger its number."""
    labels = np.arange(num_images) % num_classes
    images = np.arange(num_images)[:, None, None, None] * np.ones((1, 2, 2, 2))
    groups = np.array([f"W{number}" for number in range(num_images)])
    tested = np.arange(num_images)[::-1]
    sure = (tested + 1) / (num_images + 1)
    probabilities = np.tile(((1 - sure) / (num_classes - 1))[:, None], (1, num_classes))
    probabilities[np.arange(num_images), labels[tested]] = sure
    dataset = label_images(images, labels, groups=groups)
    predictions = Predictions(
        dataset.classes, labels[tested], groups[tested], np.stack([probabilities] * num_repeats)
    )
    return example_cells(dataset, tested, predictions)


def numbers(cells) -> list[int]:
    return cells.images[:, 0, 0, 0].tolist()


def test_three_surest_and_three_most_wrong_images_of_each_class():
    found = shown()
    assert [each.label for each in found.typical] == ["0", "1"]
    assert [numbers(each) for each in found.typical] == [[18, 16, 14], [19, 17, 15]]
    assert [numbers(each) for each in found.worst] == [[0, 2, 4], [1, 3, 5]]
    assert found.worst[0].groups == ("W0", "W2", "W4")
    np.testing.assert_allclose(found.worst[0].probabilities, np.array([1, 3, 5]) / 21)


def test_probabilities_are_the_mean_over_repeats():
    np.testing.assert_allclose(
        shown(num_repeats=3).typical[0].probabilities, shown().typical[0].probabilities
    )


@pytest.mark.parametrize(("num_images", "each"), [(2, 1), (4, 1), (6, 2), (10, 3)])
def test_few_images_are_typical_or_worst_and_not_both(num_images, each):
    found = shown(num_images)
    assert [len(cells.images) for cells in (*found.typical, *found.worst)] == [each] * 4


def test_of_many_classes_six_are_shown():
    assert [each.label for each in shown(20, 10).typical] == list("012345")
