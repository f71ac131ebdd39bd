"""Whether models are better than the majority baseline, with wells as the unit."""

import numpy as np
import pytest

from keras_dcmix.experiments.predictions import Predictions
from keras_dcmix.experiments.reliability import read_reliability


def predictions(right, labels, groups, plates=None) -> Predictions:
    """Two classes; `right` says which images are classified correctly."""
    shown = np.where(right, labels, 1 - labels)
    return Predictions(("a", "b"), labels, groups, np.eye(2)[shown][None], plates)


def wells(num: int, images: int = 10):
    groups = np.repeat(np.arange(num), images)
    return groups % 2, groups


def test_the_interval_is_over_wells_and_wider_than_over_images():
    labels, groups = wells(12)
    in_wells = read_reliability(predictions(groups % 3 > 0, labels, groups))
    in_images = read_reliability(predictions(np.arange(120) % 3 > 0, labels, groups))
    assert in_wells.accuracy == pytest.approx(2 / 3, abs=0.01)
    assert in_images.accuracy == pytest.approx(2 / 3, abs=0.01)
    assert in_wells.high - in_wells.low > 3 * (in_images.high - in_images.low)


def test_an_interval_of_accuracy_ends_at_0_and_1():
    labels, groups = wells(6)
    found = read_reliability(predictions(groups > 0, labels, groups))
    assert 0 <= found.low < found.accuracy < found.high == 1


def test_many_images_in_few_wells_do_not_make_a_model_reliable():
    labels, groups = wells(4, images=500)
    assert read_reliability(predictions(groups > 0, labels, groups)).p_value > 0.05


def test_perfect_wells_are_better_than_the_baseline():
    labels, groups = wells(10)
    found = read_reliability(predictions(np.ones(100, bool), labels, groups))
    assert (found.accuracy, found.majority_baseline, found.num_images) == (1, 0.5, 100)
    assert found.p_value < 0.05
    assert found.is_reliable


def test_always_the_same_class_is_not_better_than_the_baseline():
    labels, groups = wells(10)
    found = read_reliability(predictions(labels == 0, labels, groups))
    assert found.p_value > 0.5
    assert not found.is_reliable


def test_a_plate_effect_is_no_evidence_where_labels_are_permuted_within_plates():
    groups = np.repeat(np.arange(40), 3)
    plates = np.where(groups < 20, "P1", "P2")
    labels = (groups % 10 < np.where(groups < 20, 7, 3)).astype(int)
    by_plate = (plates == "P1").astype(int) == labels
    assert read_reliability(predictions(by_plate, labels, groups)).p_value < 0.05
    assert read_reliability(predictions(by_plate, labels, groups, plates)).p_value > 0.5


def test_plates_of_one_class_each_are_permuted_over_all_wells():
    labels, groups = wells(10)
    plates = np.where(labels == 0, "P1", "P2")
    found = read_reliability(predictions(np.ones(100, bool), labels, groups, plates))
    assert found.p_value < 0.05


def test_groups_that_hold_both_classes_are_permuted_within_themselves():
    groups = np.repeat(np.arange(8), 10)
    labels = np.arange(80) % 2
    found = read_reliability(predictions(np.ones(80, bool), labels, groups))
    assert found.p_value < 0.05
