"""Planted channels carry exactly what their names and the truth say."""

import numpy as np
import pytest

from keras_dcmix.datasets import SCENARIOS, planted_channels

LABELS = np.arange(300) % 10


@pytest.fixture(scope="module")
def digits():
    """300 images of 12 x 12 pixels, skewed as real digits are."""
    return np.random.default_rng(7).uniform(size=(300, 12, 12)) ** 3


@pytest.fixture(scope="module")
def planted(digits):
    return {name: planted_channels(digits, LABELS, scenario=name) for name in SCENARIOS}


def channel(dataset, name):
    return dataset.images[..., dataset.channel_names.index(name)]


def correlation(first, second):
    return np.corrcoef(first.ravel(), second.ravel())[0, 1]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_channel_is_standardised_float32(planted, scenario):
    images = planted[scenario].images
    assert images.dtype == np.float32
    np.testing.assert_allclose(images.mean(axis=(0, 1, 2), dtype=float), 0, atol=1e-5)
    np.testing.assert_allclose(images.std(axis=(0, 1, 2), dtype=float), 1, atol=1e-5)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_noise_knows_nothing_of_the_image_and_has_no_truth(planted, digits, scenario):
    dataset = planted[scenario]
    for name, truth in zip(dataset.channel_names, dataset.truth, strict=True):
        if name.startswith("noise"):
            assert abs(correlation(channel(dataset, name), digits)) < 0.02
            assert truth == 0


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_seed_decides_everything(planted, digits, scenario):
    again = planted_channels(digits, LABELS, scenario=scenario)
    other = planted_channels(digits, LABELS, scenario=scenario, seed=1)
    np.testing.assert_array_equal(again.images, planted[scenario].images)
    assert again.channel_names == planted[scenario].channel_names
    assert other.channel_names != planted[scenario].channel_names
    assert sorted(other.channel_names) == sorted(again.channel_names)


def test_graded_correlation_with_the_image_falls_with_the_truth(planted, digits):
    dataset = planted["graded"]
    strength = [abs(correlation(dataset.images[..., i], digits)) for i in range(6)]
    np.testing.assert_array_equal(np.argsort(strength), np.argsort(dataset.truth))
    assert sorted(dataset.truth) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(("name", "noise"), [("image+0.3", 0.3), ("image+2.6", 2.6)])
def test_noise_has_the_standard_deviation_of_its_name(planted, digits, name, noise):
    spread = digits.std() / np.ptp(digits)
    expected = spread / np.hypot(spread, noise)
    assert correlation(channel(planted["graded"], name), digits) == pytest.approx(
        expected, abs=0.02
    )


def test_distractors_show_other_images_of_the_set(planted, digits):
    dataset = planted["distractor"]
    shown = [channel(dataset, f"other_image_{i}+0.3").reshape(300, -1) for i in (1, 2)]
    x = (digits - digits.mean()).reshape(300, -1)
    nearest = [np.argmax(pixels @ x.T, axis=1) for pixels in shown]
    for found in nearest:
        assert np.mean(found == np.arange(300)) < 0.02
        assert len(np.unique(found)) > 250
    assert np.mean(nearest[0] == nearest[1]) < 0.02


def test_half_an_image_correlates_less_than_a_whole_one(planted, digits):
    dataset = planted["distractor"]
    whole, half = (
        correlation(channel(dataset, name), digits) for name in ("image+0.3", "half_image+0.3")
    )
    assert 0.2 < half < whole - 0.1
    useful = {
        name for name, truth in zip(dataset.channel_names, dataset.truth, strict=True) if truth
    }
    assert useful == {"image+0.3", "image+1.0", "half_image+0.3"}


def test_copies_are_nearly_the_same_channel(planted):
    dataset = planted["redundant"]
    original = channel(dataset, "image+0.5")
    for name in ("copy_1", "copy_2"):
        assert 0.98 < correlation(channel(dataset, name), original) < 0.9999
    assert abs(correlation(original, channel(dataset, "image+1.6"))) < 0.2
    assert sorted(dataset.truth) == [0, 0, 1, 1, 1, 1]


def test_each_half_carries_its_half_alone(planted, digits):
    dataset = planted["complementary"]
    upper, lower = channel(dataset, "upper_half+0.3"), channel(dataset, "lower_half+0.3")
    assert correlation(upper[:, :6], digits[:, :6]) > 0.5
    assert correlation(lower[:, 6:], digits[:, 6:]) > 0.5
    assert abs(correlation(upper[:, 6:], digits[:, 6:])) < 0.03
    assert abs(correlation(lower[:, :6], digits[:, :6])) < 0.03
    # Outside its half a channel shows the mean of the set, not black.
    assert abs(upper[:, 6:].mean()) < 0.05
    assert dataset.truth.sum() == 3


def test_the_inverted_channel_is_the_negative(planted, digits):
    dataset = planted["inverted"]
    assert correlation(channel(dataset, "inverted+0.3"), digits) < -0.5
    assert correlation(channel(dataset, "image+0.6"), digits) > 0.3
    assert dataset.truth.sum() == 3


def test_exclusive_channels_light_up_in_their_own_class_alone(planted, digits):
    dataset = planted["exclusive"]
    for k in range(3):
        own = dataset.labels == k
        for letter in "ab":
            pixels = channel(dataset, f"class{k}_{letter}")
            assert correlation(pixels[own], digits[own]) > 0.5
            assert abs(correlation(pixels[~own], digits[~own])) < 0.03


def test_exclusive_distractors_light_up_in_a_third_of_each_class(planted, digits):
    dataset = planted["exclusive"]
    x = digits - digits.mean()
    shares = []
    for i in range(1, 25):
        lit = (channel(dataset, f"random_{i:02d}") * x).sum(axis=(1, 2)) > 10
        shares.append([lit[dataset.labels == k].mean() for k in range(3)])
    np.testing.assert_allclose(np.mean(shares, axis=0), 1 / 3, atol=0.05)
    assert len(dataset.channel_names) == 30
    assert dataset.truth.sum() == 6


def test_exclusive_labels_are_its_own(planted):
    labels = planted["exclusive"].labels
    assert set(labels) == {0, 1, 2}
    assert np.all(np.bincount(labels) > 70)


def test_other_scenarios_keep_the_labels_and_every_image_is_a_group(digits):
    words = np.array(["one", "two"])[LABELS % 2]
    dataset = planted_channels(digits, words)
    np.testing.assert_array_equal(dataset.labels, words)
    np.testing.assert_array_equal(dataset.groups, np.arange(300))
    assert dataset.group_unit == "image"


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32])
def test_units_and_a_last_axis_of_one_change_nothing(dtype):
    pixels = np.random.default_rng(0).integers(0, 100, size=(20, 6, 6))
    plain = planted_channels(pixels, np.zeros(20))
    scaled = planted_channels((2 * pixels + 1).astype(dtype)[..., None], np.zeros(20))
    np.testing.assert_allclose(scaled.images, plain.images, atol=1e-5)


@pytest.mark.parametrize("wrong", ["greded", "Graded", "grade"])
def test_an_unknown_scenario_names_the_known_and_the_nearest(digits, wrong):
    with pytest.raises(ValueError, match=r"graded, distractor, .*exclusive.* mean 'graded'\?"):
        planted_channels(digits, LABELS, scenario=wrong)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((300, 4)), r"must have the shape .* shape=\(300, 4\)"),
        (np.zeros((300, 4, 4, 3)), r"must have the shape .* shape=\(300, 4, 4, 3\)"),
        (np.ones((1, 4, 4)), r"at least 2 images. Received: shape=\(1, 4, 4\)"),
        (np.full((300, 4, 4), 7), "must differ in at least one pixel. Received: 7 everywhere"),
        (np.full((300, 4, 4), np.nan), "must be finite; .*Received: NaN or infinite"),
        (np.where(np.eye(4), np.inf, np.zeros((300, 4, 4))), "must be finite"),
        (np.arange(64).reshape(4, 4, 4), r"`labels` must hold one value for each of the 4 images"),
    ],
)
def test_images_that_cannot_be_used_are_refused(images, words):
    with pytest.raises(ValueError, match=words):
        planted_channels(images, LABELS)


def test_images_of_text_are_refused():
    with pytest.raises(TypeError, match=r"must be real numbers; .*dtype=<U1"):
        planted_channels(np.full((2, 3, 3), "a"), [0, 1])
