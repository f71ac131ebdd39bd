"""Channels and their mix, judged by their artists and places, never by pixels."""

import itertools

import numpy as np
import pytest

from keras_dcmix.plotting import plot_mix


def names(number):
    return [f"Marker number {index:02d} of a long panel" for index in range(number)]


def images(number, *leading, height=8):
    return np.random.default_rng(number).random((*leading, height, 8, number))


def pictures(ax):
    return [child for child in ax.child_axes if child.images]


@pytest.mark.parametrize("number", [1, 2, 6, 30])
def test_channels_stand_in_the_order_of_their_shares_before_the_mix(number):
    alpha = np.random.default_rng(0).permutation(number) + 1.0
    data = images(number)
    *channels, mix = pictures(plot_mix(data, alpha))
    order = np.argsort(-alpha)
    for picture, index in zip(channels, order, strict=True):
        assert picture.get_title().startswith("channel")
        np.testing.assert_array_equal(picture.images[0].get_array(), data[..., index])
    assert mix.get_title() == "mix"


def test_titles_hold_name_and_share():
    ax = plot_mix(images(3), [1, 6, 1], channel_names=["DNA", "$RNA$", "ER"])
    titles = [picture.get_title() for picture in pictures(ax)]
    assert titles == ["$RNA$\n75 %", "DNA\n12 %", "ER\n12 %", "mix"]
    assert not pictures(ax)[0].title.get_parse_math()


def test_the_mix_weighs_standardised_pixels():
    data, alpha = images(3), np.array([0.5, 2.0, 0.0])
    mean, std = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 0.5])
    mix = pictures(plot_mix(data, alpha, mean=mean, std=std))[-1]
    np.testing.assert_allclose(mix.images[0].get_array(), (data - mean) / std @ alpha)


def test_scaling_a_raw_channel_does_not_change_the_mix():
    data = images(2)
    plain, scaled = (pictures(plot_mix(data * scale, [1, 2]))[-1] for scale in (1, [1, 900]))
    np.testing.assert_allclose(plain.images[0].get_array(), scaled.images[0].get_array())


def test_several_planes_give_several_mixes():
    ax = plot_mix(images(6), np.random.default_rng(0).random((6, 3)))
    titles = [picture.get_title() for picture in pictures(ax)]
    assert titles[6:] == ["mix 1", "mix 2", "mix 3"]


def test_each_image_is_a_row_of_its_own_stretched_like_the_others():
    data = images(3, 4) * np.array([1, 2, 3, 4])[:, None, None, None]
    ax = plot_mix(data, [3, 2, 1])
    channels = pictures(ax)[: 4 * 3]
    np.testing.assert_array_equal(channels[3].images[0].get_array(), data[1, ..., 0])
    assert len({channels[index].images[0].get_clim() for index in (0, 3, 6, 9)}) == 1
    assert len(pictures(ax)) == 4 * (3 + 1)


def test_grey_values_are_stretched_between_percentiles():
    data = images(2)
    first = pictures(plot_mix(data, [2, 1]))[0]
    np.testing.assert_allclose(first.images[0].get_clim(), np.percentile(data[..., 0], [1, 99.5]))


@pytest.mark.parametrize("alpha", [[0.0, 0.0], [1.0, 0.0]])
def test_a_constant_channel_and_zero_weights_are_drawn(alpha):
    data = images(2)
    data[..., 0] = 7
    *_, mix = pictures(plot_mix(data, alpha))
    np.testing.assert_array_equal(mix.images[0].get_array(), np.zeros((8, 8)))


@pytest.mark.parametrize(
    ("number", "leading", "num_mixes"), [(6, (), 1), (30, (), 2), (5, (3,), 1)]
)
def test_pictures_and_their_titles_never_touch(number, leading, num_mixes):
    alpha = np.random.default_rng(0).random((number, num_mixes))
    ax = plot_mix(images(number, *leading, height=10), alpha, channel_names=names(number))
    ax.figure.canvas.draw()
    titles = [p.title.get_window_extent() for p in pictures(ax) if p.get_title()]
    frames = [p.get_window_extent() for p in pictures(ax)]
    bars = [patch.get_window_extent() for p in pictures(ax) for patch in p.patches]
    for one, other in itertools.combinations(titles + frames, 2):
        assert not one.overlaps(other)
    assert not any(bar.overlaps(title) for bar in bars for title in titles)


@pytest.mark.parametrize(
    ("shape", "alpha", "options", "words"),
    [
        ((8, 8), [1], {}, r"`images` must have shape.*\(8, 8\)"),
        ((5, 8, 8, 2), [1, 1], {}, r"up to 4 images.*\(5, 8, 8, 2\)"),
        ((8, 8, 2), [1, 1, 1], {}, r"`alpha` must have shape.*2 channels.*\(3, 1\)"),
        ((8, 8, 2), [1, -1], {}, "`alpha` must be finite and at least 0"),
        ((8, 8, 2), [1, np.nan], {}, "`alpha` must be finite and at least 0"),
        ((8, 8, 2), [1, 1], {"channel_names": ["a"]}, r"list of 2 names.*\['a'\]"),
        ((8, 8, 2), [1, 1], {"channel_names": "ab"}, "list of 2 names.*'ab'"),
        ((8, 8, 2), [1, 1], {"mean": [0]}, "`mean` must contain one finite number for each of 2"),
        ((8, 8, 2), [1, 1], {"std": [1, np.inf]}, "`std` must contain one finite number"),
        ((8, 8, 2), [1, 1], {"std": [1, -1]}, "`std` must be at least 0"),
    ],
)
def test_what_cannot_be_mixed_is_refused(shape, alpha, options, words):
    with pytest.raises(ValueError, match=words):
        plot_mix(np.zeros(shape), alpha, **options)


def test_images_with_gaps_are_refused():
    with pytest.raises(ValueError, match="`images` must be finite"):
        plot_mix(np.full((8, 8, 1), np.nan), [1])


def test_image_names_stand_above_the_arrows_as_they_are():
    images = np.random.default_rng(0).random((2, 8, 8, 3))
    ax = plot_mix(images, [0.2, 0.3, 0.5], image_names=["control", "$x_1$"])
    ax.figure.canvas.draw()
    texts = [text for text in ax.texts if text.get_text()]
    assert [text.get_text() for text in texts] == ["control", "$x_1$"]
    arrow = texts[0].get_window_extent()
    assert all(not arrow.overlaps(each.get_window_extent()) for each in ax.child_axes)


def test_a_wrong_number_of_image_names_is_refused():
    with pytest.raises(ValueError, match=r"list of 2 names, one for each image.*\['control'\]"):
        plot_mix(np.ones((2, 8, 8, 3)), [1, 1, 1], image_names=["control"])
