"""The figure of deletion and insertion, judged by what was drawn, never by pixels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from keras_dcmix.importance.methods.deletion_insertion import curves_along
from keras_dcmix.plotting.deletion_insertion import plot_deletion_insertion
from keras_dcmix.plotting.style import CATEGORIES

NAMES = ["DNA", "ER", "a $ and another $", "x_1^2"]
WEIGHTS = dict(zip(NAMES, [0.4, 0.3, 0.2, 0.1], strict=True))


def along(order):
    return curves_along(order, lambda panel: 0.1 + sum(WEIGHTS[name] for name in panel) ** 2)


def methods(number: int) -> dict:
    """The first order is the best one, the last the worst of them."""
    orders = list(itertools.permutations(NAMES))[:: 24 // number][:number]
    return {f"a method of the long name {i:02}": along(order) for i, order in enumerate(orders)}


def lines(ax, name):
    label = [line for line in ax.lines if line.get_label() == name]
    hidden = [line for line in ax.lines if line.get_label() == f"_{name}, deletion"]
    assert len(label) == len(hidden) == 1
    return label[0], hidden[0]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_both_lines_of_a_method_are_its_curves_over_channels_in_the_image():
    curves = methods(3)
    ax = plot_deletion_insertion(curves)
    for name, entries in curves.items():
        insertion, deletion = lines(ax, name)
        for line in (insertion, deletion):
            assert line.get_xdata().tolist() == [0, 1, 2, 3, 4]
        np.testing.assert_array_equal(insertion.get_ydata(), entries["insertion"])
        np.testing.assert_array_equal(deletion.get_ydata(), entries["deletion"][::-1])
        assert insertion.get_linestyle() == "-"
        assert deletion.get_linestyle() == "--"
        assert insertion.get_color() == deletion.get_color()


def test_the_table_lists_methods_by_how_far_their_lines_are_apart():
    curves = methods(3)
    gap = {name: c["insertion_area"] - c["deletion_area"] for name, c in curves.items()}
    written = texts(plot_deletion_insertion(dict(reversed(curves.items()))))
    listed = [text for text in written if text in curves]
    assert listed == sorted(curves, key=gap.get, reverse=True)
    assert len(set(gap.values())) == 3
    best = curves[listed[0]]
    areas = (best["insertion_area"], best["deletion_area"], gap[listed[0]])
    assert written[:3] == ["insertion", "deletion", "gap"]
    assert written[3:6] == [f"{area:.2f}" for area in areas]


def test_an_area_below_zero_has_a_minus_sign():
    entries = curves_along(["A", "B"], lambda panel: -3.0 + len(panel))
    assert "\N{MINUS SIGN}2.00" in texts(plot_deletion_insertion({"m": entries}))


def test_the_best_method_lies_on_top_and_is_filled():
    curves = methods(3)
    ax = plot_deletion_insertion(curves)
    first, *others = [text for text in texts(ax) if text in curves]
    heights = {name: lines(ax, name)[0].get_zorder() for name in curves}
    assert all(heights[first] > heights[name] for name in others)
    (filled,) = [c for c in ax.collections if isinstance(c, PolyCollection)]
    assert filled.get_zorder() < min(heights.values())


def test_of_many_methods_six_are_coloured_and_all_are_listed():
    curves = methods(12)
    ax = plot_deletion_insertion(curves)
    listed = [text for text in texts(ax) if text in curves]
    assert set(listed) == set(curves)
    colors = [to_hex(lines(ax, name)[0].get_color()).upper() for name in listed]
    assert colors[:6] == list(CATEGORIES)
    assert len(set(colors[6:])) == 1
    assert not set(colors[6:]) & set(CATEGORIES)


@pytest.mark.parametrize("number", [1, 3, 12, 24])
def test_texts_neither_overlap_nor_leave_the_figure(number, assert_apart, assert_inside):
    ax = plot_deletion_insertion(methods(number), unit="log likelihood")
    ax.figure.draw_without_rendering()
    (title,) = ax.findobj(lambda a: isinstance(a, Text) and a.get_text().startswith("solid"))
    written = [*ax.texts, ax.xaxis.label, ax.yaxis.label, title]
    assert_apart(written)
    assert_inside(ax.figure.bbox, written)


def test_the_title_says_which_line_is_which():
    title = plot_deletion_insertion(methods(1)).get_title(loc="left")
    assert title.startswith("solid: insertion, most important first; dashed: deletion, ")


def test_the_unit_names_the_axis():
    assert plot_deletion_insertion(methods(1), unit="accuracy").get_ylabel() == "accuracy"
    assert plot_deletion_insertion(methods(1)).get_ylabel() == "score"


def test_one_channel_is_two_lines_of_one_step():
    ax = plot_deletion_insertion({"m": curves_along(["only"], len)})
    assert lines(ax, "m")[0].get_ydata().tolist() == [0, 1]
    assert ax.get_xlim() == (0, 1)


@pytest.mark.parametrize(
    ("curves", "words"),
    [
        ({}, "at least one method. Received: none"),
        ({"m": {"order": ("A",)}}, "of 'm' must have .* none for deletion, insertion, del"),
        (
            {"m": curves_along(["A", "B"], len), "n": curves_along(["A", "C"], len)},
            "of the same channels. Received: A, C for 'n', A, B for 'm'",
        ),
    ],
)
def test_curves_that_cannot_be_drawn_are_refused_in_words(curves, words):
    with pytest.raises(ValueError, match=words):
        plot_deletion_insertion(curves)
