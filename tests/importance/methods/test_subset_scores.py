"""Scores of every subset of the channels, against models whose scores are known."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest

from keras_dcmix.importance import subset_scores
from keras_dcmix.importance.subsets.sampling import MOST_EXACT


def linear_model(weights: list[float]) -> keras.Model:
    """Logits `(0, sum_c weights[c] * image[c])` of 1 x 1 images."""
    inputs = keras.Input((1, 1, len(weights)))
    layer = keras.layers.Dense(2, use_bias=False)
    model = keras.Model(inputs, layer(keras.layers.Flatten()(inputs)))
    layer.set_weights([np.stack([np.zeros(len(weights)), weights], axis=1)])
    return model


def problem(num_channels: int, num_images: int = 60) -> tuple[np.ndarray, np.ndarray]:
    images = np.random.default_rng(0).normal(size=(num_images, 1, 1, num_channels))
    return images.astype("float32"), np.arange(num_images) % 2


def scored(model: keras.Model, images: np.ndarray, labels: np.ndarray, **kwargs):
    return subset_scores(model, images, labels, **{"verbose": False, **kwargs})


def test_each_subset_scores_what_the_masked_images_score():
    weights = [2.0, -1.0, 0.5]
    images, labels = problem(3)
    fill = np.array([0.1, 0.2, -0.3])
    table = scored(linear_model(weights), images, labels, baseline=fill)
    assert len(table.subsets) == 8
    for member in itertools.product([False, True], repeat=3):
        logits = np.where(member, images[:, 0, 0], fill) @ weights
        log_likelihood = -np.logaddexp(0, np.where(labels == 1, -logits, logits))
        names = [name for name, is_in in zip(table.channel_names, member, strict=True) if is_in]
        found = table.score_of(names, "log_likelihood")
        assert found == pytest.approx(log_likelihood.mean(), abs=1e-5)
        right = ((logits > 0) == labels).mean()
        assert table.score_of(names, "accuracy") == pytest.approx(right)


def test_shapley_values_add_up_to_the_whole_gain():
    images, labels = problem(4)
    table = scored(linear_model([1, 2, 3, 4]), images, labels)
    for metric in ("accuracy", "log_likelihood"):
        gain = table.score_of(table.channel_names, metric) - table.score_of([], metric)
        assert table.shapley(metric).scores.sum() == pytest.approx(gain)


def test_a_channel_that_the_model_ignores_is_worth_exactly_nothing():
    images, labels = problem(3)
    assert scored(linear_model([1, 0, 2]), images, labels).shapley("log_likelihood").scores[1] == 0


def test_a_group_is_a_block_and_its_size_counts():
    images, labels = problem(2)
    groups = np.array(["A"] * 10 + ["B"] * 50)
    table = scored(linear_model([1, 2]), images, labels, groups=groups, baseline="zero")
    assert table.block_sizes.tolist() == [10, 50]
    alone = scored(linear_model([1, 2]), images[:10], labels[:10], baseline="zero")
    np.testing.assert_allclose(
        table.block_scores["log_likelihood"][0], alone.scores("log_likelihood"), rtol=1e-6
    )


def test_many_groups_are_bundled_into_blocks_and_none_is_lost():
    images, labels = problem(2, 200)
    table = scored(linear_model([1, 2]), images, labels)
    assert len(table.block_sizes) == 64
    assert table.block_sizes.sum() == 200
    assert set(table.block_sizes) == {3, 4}


def test_above_ten_channels_orders_are_walked_instead():
    num_channels = MOST_EXACT + 1
    images, labels = problem(num_channels)
    weights = np.zeros(num_channels)
    weights[[3, 7]] = 3
    labels = (images[:, 0, 0] @ weights > 0).astype(int)
    table = scored(linear_model(weights), images, labels)
    assert not table.exact
    assert table.orders.shape == (10, num_channels)
    np.testing.assert_array_equal(table.orders[1::2], table.orders[::2, ::-1])
    assert len(table.subsets) <= 12 * (num_channels - 1) + 2
    shapley = table.shapley("log_likelihood")
    assert set(shapley.order[:2]) == {"channel_3", "channel_7"}
    assert table.score_of(["channel_3", "channel_7"]) == pytest.approx(1)


def test_orders_can_be_asked_for_and_agree_with_all_subsets():
    images, labels = problem(4)
    model = linear_model([3, 1, 0.5, 0])
    exact = scored(model, images, labels).shapley("log_likelihood").scores
    sampled = scored(model, images, labels, num_orders=200).shapley("log_likelihood").scores
    np.testing.assert_allclose(sampled, exact, atol=0.02)


def test_the_same_seed_gives_the_same_table():
    images, labels = problem(3, 40)
    draws = [
        scored(linear_model([1, 2, 3]), images, labels, max_images=20, num_orders=4, seed=seed)
        for seed in (1, 1, 2)
    ]
    frames = [table.to_frame() for table in draws]
    assert frames[0].equals(frames[1])
    assert not frames[0].equals(frames[2])


def test_at_most_so_many_images_are_scored():
    images, labels = problem(2, 40)
    table = scored(linear_model([1, 2]), images, labels, max_images=25)
    assert table.block_sizes.sum() == 25


def test_batches_change_nothing():
    images, labels = problem(3, 37)
    tables = [
        scored(linear_model([1, 2, 3]), images, labels, batch_size=size).to_frame()
        for size in (5, 37, 256)
    ]
    for table in tables[1:]:
        assert np.allclose(table["log_likelihood"], tables[0]["log_likelihood"], atol=1e-6)


def test_one_image_and_one_channel_are_enough():
    images, _ = problem(1)
    table = scored(linear_model([1]), images[:1], [1])
    assert table.subsets.tolist() == [[False], [True]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"groups": ["A", "B"]}, r"groups of shape \(60,\).*\(2,\)"),
        ({"num_orders": 3}, "even number of at least 4.*num_orders=3"),
        ({"num_orders": 2}, "even number of at least 4.*num_orders=2"),
        ({"max_images": 0}, "`max_images` must be at least 1. Received: 0"),
        ({"baseline": [1.0]}, r"shape \(2,\), one value a channel.*\(1,\)"),
    ],
)
def test_bad_input_is_refused_in_words(change, words):
    images, labels = problem(2)
    with pytest.raises(ValueError, match=words):
        scored(linear_model([1, 2]), images, labels, **change)


def test_more_channels_say_what_will_be_scored_instead(capsys):
    images, labels = problem(MOST_EXACT + 1, 4)
    subset_scores(linear_model([1.0] * (MOST_EXACT + 1)), images, labels)
    said = capsys.readouterr().err
    assert "11 channels have 2,048 subsets; 10 orders" in " ".join(said.split())
