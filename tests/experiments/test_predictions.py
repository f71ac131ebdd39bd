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
    return Predictions(CLASSES, LABELS, GROUPS, np.eye(3)[list(predicted)])


def test_the_class_with_the_highest_probability_is_predicted():
    assert found(FIRST, SECOND).predicted.tolist() == [FIRST, SECOND]


def test_confusion_counts_images_and_is_the_mean_over_repeats():
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


def test_one_repeat_has_no_spread():
    assert found(FIRST).by_class()["accuracy_std"].isna().all()


def test_a_class_without_a_test_image_has_no_accuracy():
    table = Predictions((*CLASSES, "new"), LABELS, GROUPS, np.eye(4)[[FIRST]]).by_class()
    assert np.isnan(table["accuracy"].iloc[-1])
    assert table["images"].iloc[-1] == 0


def test_each_group_has_its_mean_probabilities_over_images_and_repeats():
    probabilities = [[[0.9, 0.1], [0.4, 0.6], [0.3, 0.7]], [[0.8, 0.2], [0.7, 0.3], [0.1, 0.9]]]
    table = Predictions(("no", "yes"), [0, 0, 1], ["W1", "W1", "W2"], probabilities).group_table()
    assert list(table) == ["group", "label", "images", "accuracy", "predicted", "p:no", "p:yes"]
    assert table["images"].tolist() == [2, 1]
    assert table["accuracy"].tolist() == [0.75, 1]
    assert table["predicted"].tolist() == ["no", "yes"]
    np.testing.assert_allclose(table["p:yes"], [0.3, 0.8])


def test_groups_are_sorted_by_plate_and_well_as_people_count():
    wells, plates = ["A10", "A02", "B1", "A1"], ["P2", "P2", "P10", "P10"]
    uniform = np.full((1, 4, 3), 1 / 3)
    table = Predictions(CLASSES, [0, 0, 1, 1], wells, uniform, plates).group_table()
    assert table["group"].tolist() == ["A02", "A10", "A1", "B1"]
    assert table["plate"].tolist() == ["P2", "P2", "P10", "P10"]


def test_a_group_of_two_classes_has_a_row_for_each():
    table = Predictions(CLASSES, [2, 0, 0], ["W", "W", "W"], np.eye(3)[[[2, 0, 1]]]).group_table()
    assert table["label"].tolist() == ["control", "toxic"]
    assert table["images"].tolist() == [2, 1]


def test_a_group_on_two_plates_lists_both():
    uniform = np.full((1, 2, 3), 1 / 3)
    table = Predictions(CLASSES, [0, 0], ["donor", "donor"], uniform, ["P10", "P2"]).group_table()
    assert table["plate"].tolist() == ["P2 and P10"]


def wells_of(scores, labels, images: int = 1) -> Predictions:
    """Two classes, a number of equal images of each well, and one repeat."""
    second = np.repeat(np.asarray(scores, dtype="float32"), images)
    groups = np.repeat([f"W{k}" for k in range(len(scores))], images)
    probabilities = np.stack([1 - second, second], axis=1)[None]
    return Predictions(("control", "treated"), np.repeat(labels, images), groups, probabilities)


def metrics_of(predictions: Predictions):
    return predictions.metrics(unit="well").set_index("metric")


def test_perfect_predictions_have_metrics_of_1():
    table = metrics_of(wells_of([0, 0, 1, 1], [0, 0, 1, 1], images=3))
    assert table.index.tolist() == ["accuracy", "balanced_accuracy", "auc", "z_prime"]
    assert table["per_group"].tolist() == [1, 1, 1, 1]
    assert table["per_image"].tolist()[:3] == [1, 1, 1]
    assert table["note"].tolist() == ["", "", "", "from the mean probabilities of wells"]


def test_constant_predictions_are_right_by_balanced_accuracy_and_auc_in_half_of_cases():
    table = metrics_of(wells_of([0.3] * 5, [0, 0, 0, 1, 1], images=7))
    assert table["per_image"].tolist()[:3] == [0.6, 0.5, 0.5]
    assert table["per_group"].tolist()[:3] == [0.6, 0.5, 0.5]
    assert np.isnan(table.loc["z_prime", "per_group"])
    assert table.loc["z_prime", "note"] == "all scores are equal"


def test_a_well_can_be_right_where_many_of_its_images_are_wrong():
    probabilities = np.array([[[0.9, 0.1], [0.4, 0.6], [0.4, 0.6], [0.2, 0.8]]])
    wells = ["W1", "W1", "W1", "W2"]
    table = metrics_of(Predictions(("a", "b"), [0, 0, 0, 1], wells, probabilities))
    assert table.loc["accuracy", ["per_image", "per_group"]].tolist() == [0.5, 1]


def test_metrics_of_images_are_the_mean_over_repeats():
    table = metrics_of(found(FIRST, SECOND))
    assert table.index.tolist() == ["accuracy", "balanced_accuracy", "auc"]
    np.testing.assert_allclose(table.loc["accuracy", "per_image"], 3.5 / 6)
    np.testing.assert_allclose(table.loc["balanced_accuracy", "per_image"], (0.5 + 0.75 + 0.5) / 3)


def test_one_image_has_an_accuracy_and_words_for_the_rest():
    table = metrics_of(wells_of([0.8], [1]))
    assert table["per_image"].tolist()[:2] == [1, 1]
    assert table["per_image"].isna().tolist() == [False, False, True, True]
    assert table.loc["auc", "note"] == "all test images are treated"
    assert table.loc["z_prime", "note"] == "all wells are treated"


@pytest.mark.parametrize(
    ("scores", "labels", "note"),
    [
        ([0.1, 0.9], [0, 1], "each class has one well"),
        ([0.1, 0.2, 0.9], [0, 0, 1], "treated has one well"),
        ([0.25, 0.75, 0.5, 0.5], [0, 0, 1, 1], "both classes have the same mean score"),
    ],
)
def test_an_undefined_z_prime_says_why(scores, labels, note):
    table = metrics_of(wells_of(scores, labels))
    assert np.isnan(table.loc["z_prime", "per_group"])
    assert table.loc["z_prime", "note"] == note


def test_every_value_that_is_missing_has_a_note():
    for scores, labels in (([0.5], [0]), ([0.5] * 4, [0, 0, 1, 1]), ([0.1, 0.7], [0, 1])):
        table = metrics_of(wells_of(scores, labels))
        assert (table["note"] != "")[table[["per_image", "per_group"]].isna().any(axis=1)].all()


def test_500_classes_of_which_some_are_missing_have_metrics():
    classes = tuple(f"compound {k}" for k in range(500))
    labels = np.repeat(np.arange(497), 2)
    predictions = Predictions(classes, labels, labels, np.eye(500, dtype="float32")[labels][None])
    table = metrics_of(predictions)
    assert table[["per_image", "per_group"]].to_numpy().tolist() == [[1, 1]] * 3
    note = "without compound 497, compound 498 and compound 499: no test images"
    assert table["note"].tolist() == ["", note, note]
    assert len(predictions.group_table()) == 497


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"probabilities": np.ones((1, 5, 3))}, r"\(num_repeats, 6, 3\).*shape=\(1, 5, 3\)"),
        ({"probabilities": np.ones((6, 3))}, r"Received: shape=\(6, 3\)"),
        ({"probabilities": np.ones((0, 6, 3))}, r"Received: shape=\(0, 6, 3\)"),
        ({"probabilities": np.full((1, 6, 3), 2)}, "from 0 to 1. Received: 2 to 2"),
        ({"probabilities": np.full((1, 6, 3), np.nan)}, "from 0 to 1. Received: nan"),
        ({"groups": GROUPS[1:]}, r"`groups` must hold one group.*Received: shape=\(5,\)"),
        ({"plates": ["P"]}, r"`plates` must hold one plate.*Received: shape=\(1,\)"),
        ({"labels": [0, 0, 0, 1, 1, 3]}, "`labels` must be from 0 to 2. Received: 0 to 3"),
    ],
)
def test_what_does_not_fit_is_refused(changed, words):
    given = {"labels": LABELS, "groups": GROUPS, "probabilities": np.eye(3)[[FIRST]]} | changed
    with pytest.raises(ValueError, match=words):
        Predictions(CLASSES, **given)
