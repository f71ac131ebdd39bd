from __future__ import annotations

import numpy as np
import pytest

from keras_dcmix.experiments.predictions import Predictions

CLASSES = ("control", "dose", "toxic")
LABELS = [0, 0, 0, 1, 1, 2]
GROUPS = ["W1", "W1", "W2", "W3", "W3", "W4"]
FIRST = [0, 0, 1, 1, 1, 0]
SECOND = [0, 1, 1, 1, 2, 2]


def found(*predicted: list[int]) -> Predictions:
    return Predictions(CLASSES, LABELS, GROUPS, list(predicted))


def test_confusion_counts_images_and_is_the_mean_over_seeds():
    table = found(FIRST, SECOND).confusion()
    assert table.to_numpy().tolist() == [[1.5, 1.5, 0], [0, 1.5, 0.5], [0.5, 0, 0.5]]
    assert table.index.tolist() == list(table) == list(CLASSES)


def test_accuracy_by_class_stays_in_the_order_of_the_classes():
    table = found(FIRST, SECOND).by_class()
    assert table["label"].tolist() == list(CLASSES)
    assert table["images"].tolist() == [3, 2, 1]
    np.testing.assert_allclose(table["accuracy"], [0.5, 0.75, 0.5])
    np.testing.assert_allclose(table["accuracy_std"], np.array([1 / 6, 0.25, 0.5]) * 2**0.5)


def test_the_worst_group_comes_first():
    table = found(FIRST, SECOND).by_group()
    assert table["group"].tolist() == ["W2", "W4", "W1", "W3"]
    np.testing.assert_allclose(table["accuracy"], [0, 0.5, 0.75, 0.75])


def test_one_seed_has_no_spread():
    assert found(FIRST).by_class()["accuracy_std"].isna().all()


def test_a_class_without_a_test_image_has_no_accuracy():
    table = Predictions((*CLASSES, "new"), LABELS, GROUPS, [FIRST]).by_class()
    assert np.isnan(table["accuracy"].iloc[-1])
    assert table["images"].iloc[-1] == 0


@pytest.mark.parametrize(
    ("predicted", "groups", "words"),
    [
        ([FIRST[1:]], GROUPS, r"`predicted` must have shape.*6 labels. Received: shape \(1, 5\)"),
        (FIRST, GROUPS, r"Received: shape \(6,\)"),
        ([FIRST], GROUPS[1:], r"`groups` must hold one group.*Received: shape \(5,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(predicted, groups, words):
    with pytest.raises(ValueError, match=words):
        Predictions(CLASSES, LABELS, groups, predicted)
