"""The panels of all methods, judged by their artists and places, never by pixels."""

import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from keras_dcmix.importance.channel_importance import ChannelImportance
from keras_dcmix.plotting import plot_methods
from keras_dcmix.plotting.style import BLUE, CATEGORIES

METHODS = [
    "dcmix",
    "shapley",
    "permutation",
    "occlusion",
    "integrated_gradients",
    "deletion_insertion",
    "cbam",
    "$x_1$",
    "squeeze_excitation",
    "efficient_channel_attention",
    "soft_attention",
    "single_channel",
    "leave_one_out",
    "mixing_weights_of_a_model_with_two_planes",
    "channel_attention",
    "lime",
    "expert",
    "random",
    "deep_lift",
    "other",
]
CROWDS = list(itertools.product([2, 6, 30, 200], [3, 11, 20]))


def names(number):
    return [f"Marker {index:02d} of a long $panel_" for index in range(number)]


def results(num_channels, num_methods, num_repeats=5):
    draw = np.random.default_rng(num_channels)
    return [
        ChannelImportance.from_repeats(
            method,
            names(num_channels),
            draw.normal(size=num_channels) + 0.2 * draw.normal(size=(num_repeats, num_channels)),
            "contribution to the model's output",
        )
        for method in METHODS[:num_methods]
    ]


def one(method, scores, channel_names="abcd", **options):
    return ChannelImportance(method, list(channel_names)[: len(scores)], scores, **options)


def lengths(panel):
    return [bar.get_width() for bar in panel.patches]


def ranks(panel):
    return [text.get_text() for text in panel.texts]


def labels(panel):
    return [label.get_text() for label in panel.get_yticklabels()]


def test_panels_stand_in_the_order_given_with_the_same_channels_in_each_row():
    first = one("first", [1, 5, 3], "abc")
    second = one("second", [40, 20, 10], "bca")
    ax = plot_methods([first, second])
    assert [panel.get_title(loc="left") for panel in ax.child_axes] == ["first", "second"]
    assert labels(ax.child_axes[0]) == ["b", "c", "a"]
    assert lengths(ax.child_axes[0]) == [5, 3, 1]
    assert lengths(ax.child_axes[1]) == [40, 20, 10]


def test_the_first_row_is_on_top():
    ax = plot_methods(results(6, 3))
    for panel in ax.child_axes:
        heights = [bar.get_window_extent().y0 for bar in panel.patches]
        assert heights == sorted(heights, reverse=True)


def test_without_a_truth_channels_are_sorted_by_mean_rank():
    ax = plot_methods([one("p", [4, 3, 2, 1]), one("q", [1, 4, 3, 2]), one("r", [1, 4, 2, 3])])
    assert labels(ax.child_axes[0]) == list("bcad")


def test_the_truth_comes_first_in_orange_and_sorts_the_channels():
    truth = one("truth", [0, 2, 0, 1], unit="planted importance")
    ax = plot_methods([one("p", [1, 2, 3, 4]), one("q", [1, 2, 3, 4])], truth=truth)
    panel, *others = ax.child_axes
    assert panel.get_title(loc="left") == "truth"
    assert labels(panel) == list("bdca")  # the tie of a and c goes to the methods
    assert to_hex(panel.patches[0].get_facecolor()) == CATEGORIES[1].lower()
    assert to_hex(others[0].patches[1].get_facecolor()) == BLUE.lower()


def test_a_truth_among_the_methods_is_drawn_once():
    truth = one("single_channel", [3, 2, 1])
    ax = plot_methods([one("p", [1, 2, 3]), truth], truth=truth)
    assert [panel.get_title(loc="left") for panel in ax.child_axes] == ["single_channel", "p"]


def test_ranks_stand_beside_the_bars_and_ties_share_theirs():
    ax = plot_methods(
        [one("p", [4, 3, 2, 1]), one("q", [1, 7, 7, 2])], truth=one("t", [4, 3, 2, 1])
    )
    assert [ranks(panel) for panel in ax.child_axes[1:]] == [
        ["1", "2", "3", "4"],
        ["4", "1.5", "1.5", "3"],
    ]
    for panel in ax.child_axes:
        for text, bar in zip(panel.texts, panel.patches, strict=True):
            box, row = text.get_window_extent(), bar.get_window_extent()
            assert row.y0 < (box.y0 + box.y1) / 2 < row.y1
            assert box.x0 > row.x1


def test_a_better_rank_has_a_stronger_colour():
    _, panel = plot_methods([one("p", [1, 4, 2, 3])], truth=one("t", [4, 3, 2, 1])).child_axes
    strength = [1 - np.mean(bar.get_facecolor()[:3]) for bar in panel.patches]
    assert np.argsort(strength).tolist() == [0, 2, 3, 1]


def test_negative_scores_go_left_of_the_zero_line():
    panel, _ = plot_methods([one("p", [2, -1]), one("q", [2, 1])]).child_axes
    assert lengths(panel) == [2, -1]
    (zero,) = panel.lines
    assert list(zero.get_xdata()) == [0, 0]
    low, high = panel.get_xlim()
    assert low <= -1
    assert high > 2


def test_each_panel_has_a_scale_of_its_own():
    small, large = plot_methods([one("p", [2e-6, 1e-6]), one("q", [900, 100])]).child_axes
    assert small.get_xlim()[1] < 1e-5
    assert large.get_xlim()[1] > 900


def test_whiskers_reach_one_standard_deviation_to_each_side():
    noisy = ChannelImportance.from_repeats("p", ["a", "b"], [[1, 5], [3, 9]])
    panel, quiet = plot_methods([noisy, one("q", [1, 2])]).child_axes
    (whiskers,) = (c for c in panel.collections if isinstance(c, LineCollection))
    ends = [segment[:, 0] for segment in whiskers.get_segments()]
    np.testing.assert_allclose(ends, [[7 - 8**0.5, 7 + 8**0.5], [2 - 2**0.5, 2 + 2**0.5]])
    assert not quiet.collections


def test_the_note_speaks_of_whiskers_only_where_there_are_some():
    (bare,) = plot_methods([one("p", [1, 2])]).texts
    (spread,) = plot_methods(results(2, 2)).texts
    assert "whiskers" not in bare.get_text()
    assert "standard deviation over repeats" in spread.get_text().replace("\n", " ")


def test_of_many_channels_the_first_have_rows_and_the_others_share_one():
    ax = plot_methods([one("p", np.arange(47.0), [f"c{index}" for index in range(47)])], top=5)
    (panel,) = ax.child_axes
    assert labels(panel) == ["c46", "c45", "c44", "c43", "c42", "42 other channels"]
    assert lengths(panel)[:5] == [46, 45, 44, 43, 42]
    last = panel.patches[-1]
    assert (last.get_x(), last.get_width()) == (0, 41)
    assert "score of the 42 other channels" in ax.texts[-1].get_text().replace("\n", " ")


def test_a_channel_without_a_row_that_a_method_ranks_first_is_seen_in_its_rank():
    ax = plot_methods(
        [one("p", [4, 3, 2, 1]), one("q", [3, 2, 1, 4])], truth=one("t", [4, 3, 2, 1]), top=2
    )
    assert [ranks(panel) for panel in ax.child_axes] == [
        ["1", "2", "3+"],
        ["1", "2", "3+"],
        ["2", "3", "1+"],
    ]
    weights = [text.get_fontweight() for text in ax.child_axes[2].texts]
    assert weights == ["normal", "normal", "bold"]


@pytest.mark.parametrize(("number", "num_rows"), [(12, 12), (20, 20), (21, 21), (200, 21)])
def test_there_are_never_more_than_twenty_rows_and_one(number, num_rows):
    ax = plot_methods(results(number, 2))
    assert len(labels(ax.child_axes[0])) == num_rows
    assert len(labels(plot_methods(results(number, 2), top=None).child_axes[0])) == number


@pytest.mark.parametrize("score", [0.5, 0.0, -2.0])
def test_a_constant_method_is_grey_with_tied_ranks_and_says_so(score):
    flat = one("flat", [score] * 3, unit="share")
    ax = plot_methods([one("p", [3, 2, 1]), flat])
    panel = ax.child_axes[1]
    assert ranks(panel) == ["2"] * 3
    assert panel.get_xlabel() == "share, all tied"
    for bar in panel.patches:
        red, green, blue, _ = bar.get_facecolor()
        assert red == green == blue


def test_a_single_channel_and_a_single_method_are_drawn():
    (panel,) = plot_methods([one("p", [3])]).child_axes
    assert ranks(panel) == ["1"]
    assert panel.get_xlabel() == ""


@pytest.mark.parametrize(("num_channels", "num_methods"), CROWDS)
def test_texts_never_touch_and_stay_inside_the_figure(
    num_channels, num_methods, assert_apart, assert_inside
):
    ax = plot_methods(results(num_channels, num_methods))
    ax.figure.canvas.draw()
    panels = ax.child_axes
    assert len(panels) == num_methods
    titles = [
        part
        for panel in panels
        for part in panel.findobj(mpl.text.Text)
        if part.get_text() and part.get_text() == panel.get_title(loc="left")
    ]
    units = [panel.xaxis.label for panel in panels]
    channels = [label for panel in panels for label in panel.get_yticklabels()]
    assert len(titles) == num_methods
    assert_apart([*titles, *units, *ax.texts, *channels])
    assert_apart([*titles, *(text for panel in panels for text in panel.texts)])
    assert_inside(ax.figure.bbox, [*titles, *units, *channels, *ax.texts])


@pytest.mark.parametrize(("num_channels", "num_methods"), CROWDS)
def test_panels_never_overlap_and_wrap_into_rows_of_a_readable_width(num_channels, num_methods):
    ax = plot_methods(results(num_channels, num_methods))
    frames = [panel.get_window_extent() for panel in ax.child_axes]
    for first, other in itertools.combinations(frames, 2):
        assert not first.overlaps(other)
    assert ax.figure.get_figwidth() < 10.5
    assert len({round(frame.y0) for frame in frames}) == {3: 1, 11: 2, 20: 3}[num_methods]
    assert min(frame.width for frame in frames) >= 60 * ax.figure.dpi / 72


def test_names_of_channels_stand_once_in_each_row_of_panels():
    panels = plot_methods(results(6, 20)).child_axes
    left = min(panel.get_window_extent().x0 for panel in panels)
    for panel in panels:
        is_first = panel.get_window_extent().x0 < left + 1
        assert len(labels(panel)) == (6 if is_first else 0)


@pytest.mark.parametrize("size", [(12, 5), (7, 3), (5, 3)])
def test_given_axes_contain_all_panels(size):
    _, (_, right) = plt.subplots(1, 2, figsize=size)
    plot_methods(results(6, 5), ax=right)
    frame = right.get_window_extent()
    for panel in right.child_axes:
        box = panel.get_window_extent()
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1 + 1
        assert frame.y0 <= box.y0 < box.y1 <= frame.y1 + 1


def test_on_a_dark_background_no_bar_is_black():
    with plt.style.context("dark_background"):
        for panel in plot_methods(results(6, 3)).child_axes:
            assert min(sum(bar.get_facecolor()[:3]) for bar in panel.patches) > 0.4


def test_names_are_shown_literally():
    ax = plot_methods([one("$m_1$", [1, 2], ["$a$", "x_1^2"], unit="$u$")])
    (panel,) = ax.child_axes
    assert labels(panel) == ["x_1^2", "$a$"]
    shown = [text for text in panel.findobj(mpl.text.Text) if "$" in text.get_text()]
    assert {text.get_text() for text in shown} == {"$a$", "$m_1$", "$u$"}
    assert not any(text.get_parse_math() for text in shown)


@pytest.mark.parametrize(
    ("importances", "truth", "words"),
    [
        ([], None, "at least one method"),
        ([one("p", [1, 2]), one("p", [2, 1])], None, r"once.*\['p'\]"),
        ([one("p", [1, 2])], one("p", [2, 1]), r"once.*\['p'\]"),
        ([one("p", [1, 2], "ab"), one("q", [1, 2], "ac")], None, r"\['b', 'c'\] in only one"),
        ([one("p", [1, 2], "ab")], one("t", [1, 2], "ac"), r"\['b', 'c'\] in only one"),
    ],
)
def test_methods_that_cannot_stand_side_by_side_are_refused(importances, truth, words):
    with pytest.raises(ValueError, match=words):
        plot_methods(importances, truth=truth)
