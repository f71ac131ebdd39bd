"""Which subsets are scored, and how scores of images become means over groups."""

import numpy as np
import pytest

from keras_dcmix.importance.subsets.gains import find_rows, prefixes
from keras_dcmix.importance.subsets.image_scores import MOST_BLOCKS, ImageScores, make_blocks
from keras_dcmix.importance.subsets.sampling import MOST_EXACT, NUM_ORDERS, choose_subsets


def chosen(num_channels: int, num_orders: int | None = None, seed: int = 0):
    return choose_subsets(num_channels, np.random.default_rng(seed), num_orders)


@pytest.mark.parametrize("num_channels", [1, 2, MOST_EXACT])
def test_few_channels_have_all_subsets(num_channels):
    sampling = chosen(num_channels)
    assert sampling.orders is None
    assert len(np.unique(sampling.subsets, axis=0)) == len(sampling.subsets) == 2**num_channels


def test_more_channels_have_the_subsets_that_sampled_orders_meet():
    sampling = chosen(MOST_EXACT + 1)
    assert sampling.orders.shape == (NUM_ORDERS, MOST_EXACT + 1)
    met = prefixes(sampling.orders).reshape(-1, MOST_EXACT + 1)
    assert (find_rows(sampling.subsets, met) >= 0).all()
    assert len(np.unique(sampling.subsets, axis=0)) == len(sampling.subsets)


def test_each_order_is_followed_by_its_reverse():
    orders = chosen(12).orders
    np.testing.assert_array_equal(orders[::2], orders[1::2, ::-1])
    assert (np.sort(orders, axis=1) == np.arange(12)).all()


def test_single_channels_and_leave_one_outs_are_always_scored():
    subsets = chosen(12, num_orders=2).subsets
    one = np.eye(12, dtype=bool)
    for wanted in (one, ~one, np.ones((1, 12), bool), np.zeros((1, 12), bool)):
        assert (find_rows(subsets, wanted) >= 0).all()


def test_orders_follow_from_the_generator():
    np.testing.assert_array_equal(chosen(12).subsets, chosen(12).subsets)
    assert not np.array_equal(chosen(12).orders, chosen(12, seed=1).orders)


def test_orders_can_be_asked_for_where_channels_are_few():
    assert chosen(4, num_orders=6).orders.shape == (6, 4)


def test_a_group_is_a_block_and_its_class_is_known():
    blocks = make_blocks(np.array(["b", "a", "b", "c"]), np.array([1, 0, 1, 1]))
    assert blocks.numbers.tolist() == [1, 0, 1, 2]
    assert blocks.classes.tolist() == [0, 1, 1]


def test_classes_count_alike_whatever_their_images():
    labels = np.array([0] * 9 + [1])
    blocks = make_blocks(np.arange(10), labels)
    assert np.bincount(labels, blocks.weights).tolist() == pytest.approx([0.5, 0.5])
    assert blocks.sums.sum() == pytest.approx(1)


def test_a_class_without_images_does_not_count():
    blocks = make_blocks(np.arange(4), np.array([0, 0, 2, 2]))
    assert blocks.weights.tolist() == [0.25] * 4


def test_groups_that_hold_two_classes_have_no_class():
    assert make_blocks(np.array(["a", "a", "b"]), np.array([0, 1, 1])).classes is None


def test_many_groups_are_bundled_within_their_classes():
    labels = np.array([0] * 300 + [1] * 20)
    groups = np.arange(320)
    blocks = make_blocks(groups, labels)
    assert 0 < blocks.number <= MOST_BLOCKS
    assert np.unique(blocks.numbers).tolist() == list(range(blocks.number))
    assert all(len(set(labels[blocks.numbers == block])) == 1 for block in range(blocks.number))
    assert (blocks.classes[blocks.numbers] == labels).all()


def test_many_classes_of_one_group_each_are_all_in_a_bundle():
    blocks = make_blocks(np.arange(500), np.arange(500))
    assert blocks.sums.sum() == pytest.approx(1)
    assert blocks.number == 500


def test_many_groups_that_hold_both_classes_are_bundled_too():
    groups, labels = np.repeat(np.arange(100), 2), np.arange(200) % 2
    blocks = make_blocks(groups, labels)
    assert blocks.number == MOST_BLOCKS
    assert blocks.classes is None
    assert (blocks.numbers[::2] == blocks.numbers[1::2]).all()


@pytest.fixture
def image_scores():
    """Six images of three classes in five wells, random scores of all subsets of two channels."""
    rng = np.random.default_rng(0)
    labels = np.array([0, 0, 0, 1, 1, 2])
    groups = np.array(["A", "A", "B", "C", "D", "E"])
    return ImageScores(
        ("x", "y"), chosen(2).subsets, None, labels, groups,
        rng.integers(0, 2, (4, 6)).astype(float), rng.normal(size=(4, 6)),
    )  # fmt: skip


def test_the_table_is_the_mean_over_classes(image_scores):
    table = image_scores.table()
    expected = [
        np.mean([row[image_scores.labels == k].mean() for k in range(3)])
        for row in image_scores.log_likelihood
    ]
    np.testing.assert_allclose(table.scores("log_likelihood"), expected)
    assert table.metrics == ("accuracy", "log_likelihood")
    assert table.block_sizes.tolist() == pytest.approx([4 / 3, 2 / 3, 1, 1, 2])


def test_the_table_of_a_class_has_its_images_alone(image_scores):
    table = image_scores.of_class(0).table()
    np.testing.assert_allclose(table.scores("accuracy"), image_scores.accuracy[:, :3].mean(axis=1))
    assert table.num_blocks == 2
