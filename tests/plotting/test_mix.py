"""Channels and their mix, judged by their artists and places, never by pixels."""

import itertools
import re

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
    *channels, mix = pictures(plot_mix(data, alpha, top=None))
    order = np.argsort(-alpha)
    for picture, index in zip(channels, order, strict=True):
        assert picture.get_title().startswith("channel")
        np.testing.assert_array_equal(picture.images[0].get_array(), data[..., index])
    assert mix.get_title() == "mix"


def test_of_many_channels_twelve_have_pictures_and_all_are_in_the_mix():
    data, alpha = images(47), np.random.default_rng(0).random(47)
    ax = plot_mix(data, alpha)
    *channels, mix = pictures(ax)
    order = np.argsort(-alpha)[:12]
    assert len(channels) == 12
    for picture, index in zip(channels, order, strict=True):
        np.testing.assert_array_equal(picture.images[0].get_array(), data[..., index])
    expected = (data - data.mean(axis=(0, 1))) / data.std(axis=(0, 1)) @ alpha
    np.testing.assert_allclose(mix.images[0].get_array(), expected)


def test_shares_of_pictures_and_of_the_others_add_up_to_all():
    ax = plot_mix(images(47), np.arange(47) + 1.0)
    line = next(text.get_text() for text in ax.texts if "channels" in text.get_text())
    assert line.startswith("and 35 more channels, ")
    shares = [picture.get_title().split("\n")[1] for picture in pictures(ax)[:12]]
    found = [float(re.search(r"([\d.]+)%", text)[1]) for text in (*shares, line)]
    assert sum(found) == pytest.approx(100, abs=1)


def test_the_others_have_a_share_of_each_mix():
    ax = plot_mix(images(3), [[5, 5], [4, 2], [1, 3]], top=1)
    assert ax.texts[-1].get_text() == "and 2 more channels, 50% and 50% of the mixes together"
    ax = plot_mix(images(3), [5, 4, 1], top=2)
    assert ax.texts[-1].get_text() == "and 1 more channel, 10% of the mix"


def test_up_to_twelve_channels_all_have_pictures_and_no_line_below():
    ax = plot_mix(images(12), np.ones(12))
    assert len(pictures(ax)) == 12 + 1
    assert not any(text.get_text() for text in ax.texts)


def test_titles_hold_name_and_share():
    ax = plot_mix(images(3), [1, 6, 1], channel_names=["DNA", "$RNA$", "ER"])
    titles = [picture.get_title() for picture in pictures(ax)]
    assert titles == ["$RNA$\n75%", "DNA\n12%", "ER\n12%", "mix"]
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
    ("number", "leading", "num_mixes", "top"),
    [(6, (), 1, 12), (30, (), 2, None), (5, (3,), 1, 12), (47, (), 1, 12), (47, (4,), 2, 12)],
)
def test_pictures_and_their_titles_never_touch(number, leading, num_mixes, top):
    alpha = np.random.default_rng(0).random((number, num_mixes))
    data = images(number, *leading, height=10)
    ax = plot_mix(data, alpha, channel_names=names(number), top=top)
    ax.figure.canvas.draw()
    titles = [p.title.get_window_extent() for p in pictures(ax) if p.get_title()]
    titles += [text.get_window_extent() for text in ax.texts if text.get_text()]
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
