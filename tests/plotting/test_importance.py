"""The bars of one method, judged by their artists and places, never by pixels."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection

from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.plotting import plot_importance
from keras_dcmix.plotting.style import shorten

TRICKY = ["a $ and another $", "x_1^2", "<b>", "ER (Concanavalin A / Alexa Fluor 488 conjugate)"]


def names(number):
    return [f"Marker number {index:02d} of a long panel" for index in range(number)]


def importance(number, method="dcmix", num_repeats=5):
    repeats = np.random.default_rng(number).random((num_repeats, number))
    return ChannelImportance.from_repeats(method, names(number), repeats, "share of the mix")


@pytest.mark.parametrize("number", [1, 2, 6, 30])
def test_bars_are_the_scores_with_the_highest_on_top(number):
    result = importance(number)
    ax = plot_importance(result, top=None)
    bars = [bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(bars, sorted(result.scores, reverse=True))
    heights = [bar.get_window_extent().y0 for bar in ax.patches]
    assert heights == sorted(heights, reverse=True)


def test_names_stay_with_their_bars():
    ax = plot_importance(ChannelImportance("dcmix", ["a", "b", "c"], [1, 3, -2]))
    labels = [label.get_text() for label in ax.get_yticklabels()]
    widths = [bar.get_width() for bar in ax.patches]
    assert dict(zip(labels, widths, strict=True)) == {"a": 1, "b": 3, "c": -2}


def test_every_repeat_is_a_dot_in_the_row_of_its_channel():
    result = importance(6, num_repeats=5)
    (dots,) = (c for c in plot_importance(result).collections if isinstance(c, PathCollection))
    x, y = dots.get_offsets().T
    assert len(x) == 5 * 6
    for row, name in enumerate(result.order):
        repeats = result.repeats[:, result.channel_names.index(name)]
        np.testing.assert_allclose(sorted(x[np.round(y) == row]), sorted(repeats))


def test_whiskers_reach_one_standard_deviation_to_each_side():
    result = ChannelImportance.from_repeats("dcmix", ["a", "b"], [[1, 5], [3, 9]])
    (whiskers,) = (c for c in plot_importance(result).collections if isinstance(c, LineCollection))
    ends = [segment[:, 0] for segment in whiskers.get_segments()]
    np.testing.assert_allclose(ends, [[7 - 8**0.5, 7 + 8**0.5], [2 - 2**0.5, 2 + 2**0.5]])


def test_numbers_stand_beside_the_whiskers_where_repeats_are_too_many_to_draw():
    repeats = np.random.default_rng(0).normal([0.2, 0.8], 0.05, (1000, 2))
    result = ChannelImportance.from_repeats("shapley", ["a", "b"], repeats)
    places = [text.xy[0] for text in plot_importance(result).texts]
    np.testing.assert_allclose(sorted(places), sorted(result.scores + result.std))


@pytest.mark.parametrize("repeats", [None, [[0.2, 0.8]]])
def test_without_a_spread_there_are_no_whiskers_and_no_word_of_them(repeats):
    ax = plot_importance(ChannelImportance("dcmix", ["a", "b"], [0.2, 0.8], repeats, "share"))
    assert not [c for c in ax.collections if isinstance(c, LineCollection)]
    assert ax.get_xlabel() == "share"


@pytest.mark.parametrize("scores", [[0.0, 0.0], [-1.0, -2.0], [5.0, -0.0004]])
def test_zero_and_negative_scores_lie_within_the_limits(scores):
    ax = plot_importance(ChannelImportance("dcmix", ["a", "b"], scores))
    low, high = ax.get_xlim()
    assert low <= min(0, *scores)
    assert high > max(0, *scores)
    assert "\N{MINUS SIGN}0.00" not in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("number", [2, 6, 30])
def test_names_and_values_of_channels_never_touch(number, assert_apart, assert_inside):
    ax = plot_importance(importance(number))
    ax.figure.canvas.draw()
    assert_apart(ax.get_yticklabels())
    assert_apart([*ax.get_yticklabels(), *ax.texts])
    assert_inside(ax.figure.bbox, ax.get_yticklabels())
    frame = ax.get_window_extent()
    assert max(text.get_window_extent().x1 for text in ax.texts) <= frame.x1 + 1


def test_in_small_axes_names_shrink_and_values_are_left_out(assert_apart):
    _, axes = plt.subplots(2, 2, figsize=(7, 4), layout="constrained")
    ax = plot_importance(importance(30), top=None, ax=axes[0, 0])
    ax.figure.canvas.draw()
    assert_apart(ax.get_yticklabels())
    assert not ax.texts


def shares(number):
    drawn = np.random.default_rng(number).random((5, number)) ** 4
    repeats = drawn / drawn.sum(axis=1, keepdims=True)
    return ChannelImportance.from_repeats("dcmix", names(number), repeats, "share of the mix")


@pytest.mark.parametrize("number", [21, 47, 200])
def test_of_many_channels_twenty_have_bars_and_one_bar_covers_the_others(number):
    result = shares(number)
    ax = plot_importance(result)
    *bars, last = ax.patches
    ordered = np.sort(result.scores)[::-1]
    np.testing.assert_allclose([bar.get_width() for bar in bars], ordered[:20])
    assert (last.get_x(), last.get_width()) == (0, ordered[20])
    (ticks,) = (line for line in ax.lines if line.get_label() == "_others")
    np.testing.assert_allclose(np.sort(ticks.get_xdata())[::-1], ordered[20:])
    assert ax.get_yticklabels()[-1].get_text().startswith(f"{number - 20} other channel")


def test_shares_of_bars_and_of_the_others_add_up_to_all():
    result = shares(47)
    ax = plot_importance(result, top=10)
    together, limit = re.findall(r"([\d.]+)%", ax.texts[-1].get_text())
    shown = sum(bar.get_width() for bar in ax.patches[:10])
    assert float(together) / 100 == pytest.approx(1 - shown, abs=0.005)
    assert float(limit) / 100 >= np.sort(result.scores)[::-1][10]


@pytest.mark.parametrize("number", [3, 12, 20])
def test_up_to_twenty_channels_all_have_bars_and_nothing_is_said_of_others(number):
    ax = plot_importance(shares(number))
    assert len(ax.patches) == number
    assert not any("together" in text.get_text() for text in ax.texts)


def test_scores_that_are_no_shares_are_not_added_up():
    ax = plot_importance(ChannelImportance("dcmix", list("abcd"), [3, 2, -1, -4]), top=2)
    assert ax.texts[-1].get_text() == "scores from \N{MINUS SIGN}4.00 to \N{MINUS SIGN}1.00"
    last = ax.patches[-1]
    assert (last.get_x(), last.get_width()) == (-4, 4)
    assert ax.get_xlim()[0] < -4


def test_dots_belong_to_the_bars_that_are_drawn():
    result = shares(47)
    (dots,) = (c for c in plot_importance(result).collections if isinstance(c, PathCollection))
    assert len(dots.get_offsets()) == 5 * 20


@pytest.mark.parametrize(
    ("result", "is_drawn"), [(shares(12), False), (shares(13), True), (importance(30), False)]
)
def test_an_even_share_is_marked_where_many_channels_have_shares(result, is_drawn):
    ax = plot_importance(result)
    places = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2]
    assert (1 / result.num_channels in places) == is_drawn
    assert ("even share, 1/13 = 7.7%" in ax.get_xlabel()) == is_drawn


@pytest.mark.parametrize("top", [1, 20, None])
def test_texts_of_many_channels_never_touch(top, assert_apart, assert_inside):
    ax = plot_importance(shares(47), top=top)
    ax.figure.canvas.draw()
    texts = [*ax.get_yticklabels(), *ax.texts, ax.xaxis.label]
    assert_apart(texts)
    assert_inside(ax.figure.bbox, texts)


def test_names_are_shown_literally_or_shortened_in_the_middle():
    ax = plot_importance(ChannelImportance("$m$", TRICKY, [4, 3, 2, 1]))
    labels = ax.get_yticklabels()
    (title,) = ax.findobj(lambda artist: getattr(artist, "get_text", str)() == "$m$")
    assert [label.get_text() for label in labels[:3]] == TRICKY[:3]
    assert labels[3].get_text() == shorten(TRICKY[3], 32)
    assert not any(label.get_parse_math() for label in [*labels, title, ax.xaxis.label])


@pytest.mark.parametrize("length", range(1, 12))
def test_a_shortened_name_is_no_longer_than_asked(length):
    short = shorten("mitochondria", length)
    assert len(short) <= length
    assert short.count("…") == 1
    assert shorten("mitochondria", 12) == "mitochondria"


def test_an_axis_of_shares_has_whole_percents():
    ax = plot_importance(ChannelImportance("dcmix", ("a", "b", "c"), np.array([0.53, 0.27, 0.2])))
    ax.figure.draw_without_rendering()
    shown = [tick.get_text() for tick in ax.get_xticklabels()]
    assert shown
    assert all(re.fullmatch(r"\d+%", text) for text in shown)
